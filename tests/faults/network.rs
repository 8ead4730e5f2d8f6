//! A network that can be disturbed: a proxy before each node, which reads Kafka's
//! frames and so knows what is asked and by whom.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Kafka's numbers of requests.
pub const PRODUCE: i16 = 0;
pub const JOIN_GROUP: i16 = 11;
pub const HEARTBEAT: i16 = 12;
pub const SYNC_GROUP: i16 = 14;
pub const ADD_OFFSETS_TO_TXN: i16 = 25;
pub const END_TXN: i16 = 26;
pub const TXN_OFFSET_COMMIT: i16 = 28;

/// What happens to the frames of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Connections are closed, and none is made.
    Cut,
    /// The same from the next answer of this number on, which is lost: what was asked
    /// for was done.
    CutAtAnswer(i16),
    /// Connections stay and carry nothing; they are reset at the end.
    HalfOpen,
    /// Requests of this number wait before they are passed on.
    DelayRequest(i16, Duration),
    /// They are carried out at once, their answer waits.
    DelayAnswer(i16, Duration),
    /// Half of the next request of this number is passed on, then the connection ends.
    ResetMidFrame(i16),
}

#[derive(Debug)]
struct Rule {
    number: u64,
    /// By client id; all clients where it is None.
    client: Option<String>,
    trouble: Trouble,
}

/// Both ends of a connection, and the client id that it told.
#[derive(Debug)]
struct Connection {
    client: Mutex<String>,
    /// API number by correlation id of what is not answered yet.
    asked: Mutex<HashMap<i32, i16>>,
    near: TcpStream,
    far: TcpStream,
}

impl Connection {
    fn end(&self) {
        let _ = self.near.shutdown(Shutdown::Both);
        let _ = self.far.shutdown(Shutdown::Both);
    }
}

#[derive(Debug, Default)]
pub struct Network {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    rules: Vec<Rule>,
    connections: Vec<Arc<Connection>>,
    /// Frames that some rule touched.
    touched: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

impl Network {
    /// A proxy before the listener of this port; its own port is returned.
    pub fn serve(self: &Arc<Self>, listener: u16) -> u16 {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = proxy.local_addr().unwrap().port();
        let network = Arc::clone(self);
        std::thread::spawn(move || {
            for near in proxy.incoming().flatten() {
                network.connect(near, listener);
            }
        });
        port
    }

    /// Begins; what is returned ends it.
    pub fn disturb(&self, client: Option<&str>, trouble: Trouble) -> u64 {
        let mut state = self.lock();
        state.next += 1;
        let number = state.next;
        state.rules.push(Rule { number, client: client.map(str::to_owned), trouble });
        drop(state);
        if trouble == Trouble::Cut {
            self.reset(client);
        }
        number
    }

    pub fn calm(&self, number: u64) {
        let mut state = self.lock();
        let Some(at) = state.rules.iter().position(|rule| rule.number == number) else { return };
        let rule = state.rules.remove(at);
        drop(state);
        if rule.trouble == Trouble::HalfOpen {
            self.reset(rule.client.as_deref());
        }
    }

    /// How many frames were held, lost or cut so far.
    pub fn touched(&self) -> u64 {
        self.lock().touched
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reset(&self, client: Option<&str>) {
        for connection in &self.lock().connections {
            if client.is_none_or(|client| *connection.client.lock().unwrap() == client) {
                connection.end();
            }
        }
    }

    fn connect(self: &Arc<Self>, near: TcpStream, listener: u16) {
        // A node that is away refuses; so does its proxy.
        let Ok(far) = TcpStream::connect(("127.0.0.1", listener)) else { return };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let connection = Arc::new(Connection { client: Mutex::default(), asked: Mutex::default(), near, far });
        self.lock().connections.push(Arc::clone(&connection));
        for way in [Way::There, Way::Back] {
            let (network, connection) = (Arc::clone(self), Arc::clone(&connection));
            std::thread::spawn(move || {
                let _ = network.pump(&connection, way);
                connection.end();
                network.lock().connections.retain(|other| !Arc::ptr_eq(other, &connection));
            });
        }
    }

    /// Carries whole frames one way until either end closes.
    fn pump(&self, connection: &Connection, way: Way) -> std::io::Result<()> {
        let (mut from, mut to) = match way {
            Way::There => (&connection.near, &connection.far),
            Way::Back => (&connection.far, &connection.near),
        };
        loop {
            let mut length = [0; 4];
            from.read_exact(&mut length)?;
            let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap_or(0)];
            from.read_exact(&mut frame)?;
            let api = match way {
                Way::There => connection.note(&frame),
                Way::Back => connection.answered(&frame),
            };
            let client = connection.client.lock().unwrap().clone();
            match self.verdict(&client, api, way) {
                Verdict::Pass => {}
                Verdict::Lose => continue,
                Verdict::End => return Ok(()),
                Verdict::Half => {
                    to.write_all(&length)?;
                    to.write_all(&frame[..frame.len() / 2])?;
                    return Ok(());
                }
                Verdict::Hold(rule, time) => self.hold(rule, time),
            }
            to.write_all(&length)?;
            to.write_all(&frame)?;
        }
    }

    fn verdict(&self, client: &str, api: i16, way: Way) -> Verdict {
        let mut state = self.lock();
        let mut verdict = Verdict::Pass;
        let mut cut = None;
        for rule in &mut state.rules {
            if rule.client.as_deref().is_some_and(|named| named != client) {
                continue;
            }
            verdict = match (rule.trouble, way) {
                (Trouble::Cut, _) => Verdict::End,
                (Trouble::CutAtAnswer(last), Way::Back) if last == api => {
                    rule.trouble = Trouble::Cut;
                    cut = Some(rule.client.clone());
                    Verdict::End
                }
                (Trouble::HalfOpen, _) => Verdict::Lose,
                (Trouble::DelayRequest(held, time), Way::There) if held == api => Verdict::Hold(rule.number, time),
                (Trouble::DelayAnswer(held, time), Way::Back) if held == api => Verdict::Hold(rule.number, time),
                (Trouble::ResetMidFrame(cut), Way::There) if cut == api => Verdict::Half,
                _ => continue,
            };
            break;
        }
        if verdict == Verdict::Half {
            // Once: what comes again passes.
            state.rules.retain(|rule| rule.trouble != Trouble::ResetMidFrame(api));
        }
        state.touched += u64::from(verdict != Verdict::Pass);
        drop(state);
        if let Some(client) = cut {
            self.reset(client.as_deref());
        }
        verdict
    }

    /// For so long, or until the trouble ends.
    fn hold(&self, rule: u64, time: Duration) {
        let slice = Duration::from_millis(20);
        let mut held = Duration::ZERO;
        while held < time && self.lock().rules.iter().any(|other| other.number == rule) {
            std::thread::sleep(slice);
            held += slice;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Hold(u64, Duration),
    Lose,
    Half,
    End,
}

impl Connection {
    /// API number of a request: number, version, correlation id, client id.
    fn note(&self, frame: &[u8]) -> i16 {
        let int16 = |at: usize| frame.get(at..at + 2).map_or(-1, |bytes| i16::from_be_bytes([bytes[0], bytes[1]]));
        let api = int16(0);
        if let Some(correlation) = correlation(frame.get(4..)) {
            self.asked.lock().unwrap().insert(correlation, api);
        }
        let name = usize::try_from(int16(8)).ok().and_then(|length| frame.get(10..10 + length));
        if let Some(name) = name {
            *self.client.lock().unwrap() = String::from_utf8_lossy(name).into_owned();
        }
        api
    }

    /// API number of the request that this answers.
    fn answered(&self, frame: &[u8]) -> i16 {
        correlation(Some(frame)).and_then(|asked| self.asked.lock().unwrap().remove(&asked)).unwrap_or(-1)
    }
}

fn correlation(bytes: Option<&[u8]>) -> Option<i32> {
    Some(i32::from_be_bytes(bytes?.get(..4)?.try_into().ok()?))
}

mod tests {
    use std::time::Instant;

    use super::*;

    /// A request of this number by a client of this name.
    fn request(api: i16, client: &str) -> Vec<u8> {
        let mut frame = [api.to_be_bytes(), 1i16.to_be_bytes()].concat();
        frame.extend(7i32.to_be_bytes());
        frame.extend(i16::try_from(client.len()).unwrap().to_be_bytes());
        frame.extend(client.as_bytes());
        [u32::try_from(frame.len()).unwrap().to_be_bytes().to_vec(), frame].concat()
    }

    /// A listener that answers each request with its correlation id.
    fn broker() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut length = [0; 4];
                    while client.read_exact(&mut length).is_ok() {
                        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
                        if client.read_exact(&mut frame).is_err() {
                            return;
                        }
                        let answer = [4u32.to_be_bytes().to_vec(), frame[4..8].to_vec()].concat();
                        let _ = client.write_all(&answer);
                    }
                });
            }
        });
        port
    }

    fn ask(connection: &mut TcpStream, api: i16, client: &str) -> std::io::Result<i32> {
        connection.write_all(&request(api, client))?;
        let mut answer = [0; 8];
        connection.read_exact(&mut answer)?;
        Ok(i32::from_be_bytes(answer[4..].try_into().unwrap()))
    }

    #[test]
    fn frames_pass_until_they_are_disturbed_and_after() {
        let network = Arc::new(Network::default());
        let port = network.serve(broker());
        let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut one, mut other) = (connect(), connect());
        assert_eq!((ask(&mut one, 1, "one").unwrap(), ask(&mut other, 1, "other").unwrap()), (7, 7));
        assert_eq!(network.touched(), 0);

        let held = network.disturb(Some("one"), Trouble::DelayAnswer(END_TXN, Duration::from_millis(300)));
        let start = Instant::now();
        assert_eq!(ask(&mut one, PRODUCE, "one").unwrap(), 7);
        assert_eq!(network.touched(), 0);
        assert_eq!(ask(&mut one, END_TXN, "one").unwrap(), 7);
        assert!(start.elapsed() >= Duration::from_millis(300));
        network.calm(held);

        network.disturb(None, Trouble::ResetMidFrame(PRODUCE));
        assert!(ask(&mut one, PRODUCE, "one").is_err());
        let mut one = connect();
        assert_eq!(ask(&mut one, PRODUCE, "one").unwrap(), 7);

        let cut = network.disturb(Some("other"), Trouble::Cut);
        assert!(ask(&mut other, 1, "other").is_err());
        assert!(ask(&mut connect(), 1, "other").is_err());
        assert_eq!(ask(&mut one, 1, "one").unwrap(), 7);
        network.calm(cut);
        let mut other = connect();
        assert_eq!(ask(&mut other, 1, "other").unwrap(), 7);

        let cut = network.disturb(Some("other"), Trouble::CutAtAnswer(PRODUCE));
        assert_eq!((ask(&mut other, 1, "other").unwrap(), ask(&mut one, PRODUCE, "one").unwrap()), (7, 7));
        assert!(ask(&mut other, PRODUCE, "other").is_err());
        assert!(ask(&mut connect(), 1, "other").is_err());
        network.calm(cut);
        assert_eq!(ask(&mut connect(), PRODUCE, "other").unwrap(), 7);

        let half = network.disturb(None, Trouble::HalfOpen);
        one.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        assert_eq!(ask(&mut one, 1, "one").unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        network.calm(half);
        assert_eq!(ask(&mut connect(), 1, "one").unwrap(), 7);
    }
}
