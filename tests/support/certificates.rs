//! Certificates of a test's own: an authority, and what it signs.

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

/// Certificate and key, both PEM.
#[derive(Debug, Clone)]
pub struct Signed {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = key();
        let mut builder = builder(name, &key);
        builder.set_issuer_name(&subject(name)).unwrap();
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key }
    }

    /// PEM.
    pub fn certificate(&self) -> String {
        pem(self.certificate.to_pem().unwrap())
    }

    /// For a server at 127.0.0.1, and as well for a client of that name.
    pub fn sign(&self, name: &str) -> Signed {
        let key = key();
        let mut builder = builder(name, &key);
        builder.set_issuer_name(self.certificate.subject_name()).unwrap();
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let names = SubjectAlternativeName::new().dns("localhost").ip("127.0.0.1").build(&context).unwrap();
        builder.append_extension(names).unwrap();
        builder.append_extension(ExtendedKeyUsage::new().server_auth().client_auth().build().unwrap()).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        Signed {
            certificate: pem(builder.build().to_pem().unwrap()),
            key: pem(key.private_key_to_pem_pkcs8().unwrap()),
        }
    }
}

fn builder(name: &str, key: &PKey<Private>) -> X509Builder {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::MAYBE_ZERO, false).unwrap();
    builder.set_serial_number(&Asn1Integer::from_bn(&serial).unwrap()).unwrap();
    builder.set_subject_name(&subject(name)).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

fn subject(name: &str) -> X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    builder.append_entry_by_nid(Nid::ORGANIZATIONNAME, "warraq tests").unwrap();
    // Last here is first where Kafka reads it.
    builder.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    builder.build()
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn pem(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
