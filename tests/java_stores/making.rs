//! Entries and stores to test with, and what must be equal of them.
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::allow_attributes,
    reason = "helpers of one test"
)]

use certgen::keystore::{
    Content, EncodeOptions, Entry, Error, Format, KeyState, Keystore, Limits, Opened, Passwords,
    decode, encode,
};
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey, SecretBytes};
use certgen::time::Timestamp;

/// What must be equal after a round trip.
#[derive(Debug, PartialEq)]
pub struct Facts {
    alias: Vec<u16>,
    created: Option<Timestamp>,
    kind: &'static str,
    algorithm: String,
    material: Vec<u8>,
    certificates: Vec<Vec<u8>>,
}

pub fn facts(entries: &[Entry]) -> Vec<Facts> {
    let of = |entry: &Entry| {
        let none = String::new();
        let (kind, algorithm, material) = match &entry.content {
            Content::TrustedCertificate { .. } => ("trusted", &none, &[][..]),
            Content::PrivateKey { key, .. } => {
                ("private", &none, key.open().unwrap().secret_pkcs8_der())
            }
            Content::SecretKey { algorithm, key, .. } => {
                ("secret", algorithm, key.open().unwrap().secret_bytes())
            }
            Content::PublicKey { algorithm, key, .. } => {
                ("public", algorithm, key.open().unwrap().as_slice())
            }
            Content::Opaque { bytes, .. } => ("opaque", &none, bytes.secret_bytes()),
            content => panic!("{content:?}"),
        };
        Facts {
            alias: entry.alias.units().to_vec(),
            created: entry.created.or(Some(Timestamp::UNIX_EPOCH)),
            kind,
            algorithm: algorithm.clone(),
            material: material.to_vec(),
            certificates: entry.content.certificates().to_vec(),
        }
    };
    entries.iter().map(of).collect()
}

pub fn open(bytes: &[u8], text: &str) -> Result<Keystore, Error> {
    let store = password(text);
    let passwords = Passwords {
        store: Some(&store),
        keys: &[],
    };
    decode(bytes, &passwords, &Limits::default())
}

pub fn written(format: Format, entries: Vec<Entry>) -> Vec<u8> {
    try_write(format, entries).unwrap()
}

pub fn try_write(format: Format, entries: Vec<Entry>) -> Result<Vec<u8>, Error> {
    let password = password("password");
    let mut options = EncodeOptions::new(format, &password);
    options.iterations = Some(2);
    let store = Keystore::new(format, entries);
    encode(&store, &options, &mut SystemRandom).map(|bytes| bytes.secret_bytes().to_vec())
}

pub fn with_passwords(format: Format, entries: Vec<Entry>, store: &str, key: &str) -> Vec<u8> {
    let (store, key) = (password(store), password(key));
    let mut options = EncodeOptions::new(format, &store);
    options.key_password = Some(&key);
    options.iterations = Some(2);
    let store = Keystore::new(format, entries);
    let bytes = encode(&store, &options, &mut SystemRandom).unwrap();
    bytes.secret_bytes().to_vec()
}

pub fn aes_key(millis: i64) -> Entry {
    let key = KeyState::Open {
        value: SecretBytes::new(vec![0; 16]),
        opened: Opened::StorePassword,
    };
    let content = Content::SecretKey {
        algorithm: "AES".into(),
        key,
        chain: Vec::new(),
    };
    Entry::new("a", Some(date(millis)), content)
}

/// A private key, which all formats hold.
pub fn private_key() -> Entry {
    let key = KeyState::Open {
        value: PrivateKey::from_pkcs8_der(der(b"key")),
        opened: Opened::StorePassword,
    };
    let chain = vec![der(b"leaf")];
    Entry::new("a", None, Content::PrivateKey { key, chain })
}

pub fn trusted(inside: &[u8]) -> Content {
    trusted_der(der(inside))
}

pub fn trusted_der(certificate: Vec<u8>) -> Content {
    Content::TrustedCertificate { certificate }
}

/// A DER sequence around fewer than 128 bytes.
pub fn der(inside: &[u8]) -> Vec<u8> {
    let length = u8::try_from(inside.len()).unwrap();
    [&[0x30, length], inside].concat()
}

pub fn date(millis: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + ::time::Duration::milliseconds(millis)
}

pub fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

pub fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}
