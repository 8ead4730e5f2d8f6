//! Grants, spoken to the broker directly: Kafka's tool takes a second a call,
//! and the client library does not have these requests.
//!
//! The numbers are those of Kafka's protocol guide: `CreateAcls`, `DeleteAcls`
//! and `DescribeAcls`, version 1.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::wait_for;

const DESCRIBE: i16 = 29;
const CREATE: i16 = 30;
const DELETE: i16 = 31;
const ANY: u8 = 1;
const LITERAL: u8 = 3;
const ALLOW: u8 = 3;

/// One operation on one resource, such as `Topic articles.raw Read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// As Kafka's documentation calls it: `Topic`, `Group`, `TransactionalId`.
    pub resource: String,
    pub name: String,
    /// Such as `Read`.
    pub operation: String,
}

const RESOURCES: &[(&str, u8)] = &[("Topic", 2), ("Group", 3), ("Cluster", 4), ("TransactionalId", 5)];
const OPERATIONS: &[(&str, u8)] =
    &[("Read", 3), ("Write", 4), ("Describe", 8), ("DescribeConfigs", 10), ("IdempotentWrite", 12)];

fn number(table: &[(&str, u8)], name: &str) -> u8 {
    table.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("unknown: {name}")).1
}

fn name(table: &[(&str, u8)], number: u8) -> String {
    table.iter().find(|(_, known)| *known == number).map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// Grants to a user, and waits until the broker knows it.
pub fn grant(bootstrap: &str, user: &str, grants: &[Grant]) {
    let mut request = Request::new(CREATE);
    request.int32(grants.len());
    for grant in grants {
        request.int8(number(RESOURCES, &grant.resource)).text(&grant.name).int8(LITERAL);
        request.text(&format!("User:{user}")).text("*");
        request.int8(number(OPERATIONS, &grant.operation)).int8(ALLOW);
    }
    let mut answer = request.send(bootstrap);
    answer.int32();
    for _ in 0..answer.int32() {
        answer.error();
    }
    wait_for("the grants are in force", Duration::from_secs(60), || {
        let known = granted(bootstrap, user);
        grants.iter().all(|grant| known.contains(grant)).then_some(())
    });
}

/// Takes one grant back.
pub fn revoke(bootstrap: &str, user: &str, grant: &Grant) {
    assert!(granted(bootstrap, user).contains(grant), "{grant:?} was not granted");
    let mut request = Request::new(DELETE);
    request.int32(1);
    request.int8(number(RESOURCES, &grant.resource)).text(&grant.name).int8(LITERAL);
    request.text(&format!("User:{user}")).text("*");
    request.int8(number(OPERATIONS, &grant.operation)).int8(ALLOW);
    let mut answer = request.send(bootstrap);
    answer.int32();
    for _ in 0..answer.int32() {
        answer.error();
        // How many it has taken: none where a frozen controller was asked twice.
        answer.int32();
    }
    wait_for("the grant is taken back", Duration::from_secs(60), || {
        (!granted(bootstrap, user).contains(grant)).then_some(())
    });
}

/// All that a user is granted.
pub fn granted(bootstrap: &str, user: &str) -> BTreeSet<Grant> {
    let mut request = Request::new(DESCRIBE);
    request.int8(ANY).none().int8(ANY).text(&format!("User:{user}")).none().int8(ANY).int8(ANY);
    let mut answer = request.send(bootstrap);
    answer.int32();
    answer.error();
    let mut grants = BTreeSet::new();
    for _ in 0..answer.int32() {
        let (resource, resource_name, _) = (answer.int8(), answer.text().unwrap(), answer.int8());
        for _ in 0..answer.int32() {
            let (_, _, operation, _) = (answer.text(), answer.text(), answer.int8(), answer.int8());
            grants.insert(Grant {
                resource: name(RESOURCES, resource),
                name: resource_name.clone(),
                operation: name(OPERATIONS, operation),
            });
        }
    }
    grants
}

struct Request(Vec<u8>);

impl Request {
    /// Key, version 1, correlation 1, a client without a name.
    fn new(key: i16) -> Self {
        let mut request = Self(Vec::new());
        request.0.extend(key.to_be_bytes());
        request.0.extend(1_i16.to_be_bytes());
        request.0.extend(1_i32.to_be_bytes());
        request.none();
        request
    }

    fn int8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    fn int32(&mut self, value: usize) -> &mut Self {
        self.0.extend(i32::try_from(value).unwrap().to_be_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn none(&mut self) -> &mut Self {
        self.0.extend((-1_i16).to_be_bytes());
        self
    }

    /// Any broker of the list will do; one may be away or frozen.
    fn send(&self, bootstrap: &str) -> Answer {
        wait_for("a broker answers about grants", Duration::from_secs(60), || {
            bootstrap.split(',').find_map(|address| self.ask(address).ok())
        })
    }

    fn ask(&self, address: &str) -> std::io::Result<Answer> {
        let mut broker = TcpStream::connect(address)?;
        broker.set_read_timeout(Some(Duration::from_secs(10)))?;
        broker.write_all(&u32::try_from(self.0.len()).unwrap().to_be_bytes())?;
        broker.write_all(&self.0)?;
        let mut length = [0; 4];
        broker.read_exact(&mut length)?;
        let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        broker.read_exact(&mut bytes)?;
        let mut answer = Answer { bytes, at: 0 };
        assert_eq!(answer.int32(), 1, "an answer to another request");
        Ok(answer)
    }
}

struct Answer {
    bytes: Vec<u8>,
    at: usize,
}

impl Answer {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        self.at += N;
        self.bytes[self.at - N..self.at].try_into().unwrap()
    }

    fn int8(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    fn int16(&mut self) -> i16 {
        i16::from_be_bytes(self.take())
    }

    fn int32(&mut self) -> i32 {
        i32::from_be_bytes(self.take())
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.int16()).ok()?;
        self.at += length;
        Some(String::from_utf8(self.bytes[self.at - length..self.at].to_vec()).unwrap())
    }

    /// Error code and message.
    fn error(&mut self) {
        let (code, message) = (self.int16(), self.text());
        assert_eq!(code, 0, "{message:?}");
    }
}
