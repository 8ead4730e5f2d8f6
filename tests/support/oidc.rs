//! An identity provider: a token endpoint over HTTPS that hands out signed tokens
//! for a client's id and secret, and the public key that the broker reads.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;

use super::certificates::Signed;

/// Whom the broker believes, and for whom the tokens are: as in `secured.properties`.
const ISSUER: &str = "https://issuer.test";
const AUDIENCE: &str = "kafka";
const SCOPE: &str = "kafka:write";

pub struct Provider {
    key: PKey<Private>,
    client: String,
    secret: Mutex<String>,
}

impl Provider {
    pub fn new(client: &str, secret: &str) -> Arc<Self> {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        Arc::new(Self { key, client: client.to_owned(), secret: Mutex::new(secret.to_owned()) })
    }

    /// The key set (RFC 7517) that the broker checks signatures with.
    pub fn key_set(&self) -> String {
        let key = self.key.rsa().unwrap();
        let (n, e) = (BASE64URL_NOPAD.encode(&key.n().to_vec()), BASE64URL_NOPAD.encode(&key.e().to_vec()));
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"1","use":"sig","alg":"RS256","n":"{n}","e":"{e}"}}]}}"#)
    }

    pub fn set_secret(&self, secret: &str) {
        secret.clone_into(&mut self.secret.lock().unwrap());
    }

    /// Serves for as long as this process lives; returns the endpoint's address.
    pub fn serve(self: Arc<Self>, certificate: &Signed) -> String {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate(&X509::from_pem(certificate.certificate.as_bytes()).unwrap()).unwrap();
        acceptor.set_private_key(&PKey::private_key_from_pem(certificate.key.as_bytes()).unwrap()).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that does not trust the certificate goes away again.
                if let Ok(stream) = acceptor.accept(stream) {
                    let _ = self.answer(stream);
                }
            }
        });
        format!("https://{address}/token")
    }

    fn answer(&self, stream: openssl::ssl::SslStream<TcpStream>) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut login, mut length, mut line) = (String::new(), 0, String::new());
        while stream.read_line(&mut line)? > 2 {
            let (name, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
            match name.to_ascii_lowercase().as_str() {
                "authorization" => value.trim().clone_into(&mut login),
                "content-length" => length = value.trim().parse().unwrap(),
                _ => {}
            }
            line.clear();
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        let secret = self.secret.lock().unwrap().clone();
        let right = format!("Basic {}", BASE64.encode(format!("{}:{secret}", self.client).as_bytes()));
        let scope = body.split('&').any(|field| field == "scope=kafka%3Awrite" || field == "scope=kafka:write");
        let (status, answer) = match (login == right, scope && body.contains("grant_type=client_credentials")) {
            (true, true) => {
                ("200 OK", format!(r#"{{"access_token":"{}","token_type":"Bearer","expires_in":3600}}"#, self.token()))
            }
            (true, false) => ("400 Bad Request", r#"{"error":"invalid_scope"}"#.to_owned()),
            (false, _) => ("401 Unauthorized", r#"{"error":"invalid_client"}"#.to_owned()),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
        let stream = stream.get_mut();
        write!(stream, "{head}content-length: {}\r\n\r\n{answer}", answer.len())?;
        stream.flush()?;
        let _ = stream.shutdown();
        Ok(())
    }

    /// A token (RFC 7519) of an hour.
    fn token(&self) -> String {
        #[allow(clippy::disallowed_methods)] // a token has a date
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"{}","scope":"{SCOPE}","iat":{now},"exp":{}}}"#,
            self.client,
            now + 3600
        );
        let head = BASE64URL_NOPAD.encode(br#"{"alg":"RS256","typ":"JWT","kid":"1"}"#);
        let signed = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.as_bytes()));
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}
