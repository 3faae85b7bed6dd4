//! Whether two stores hold the same, as far as a format can say it.

use std::collections::HashMap;
use std::fmt;

use crate::keystore::{Content, Entry, Format, KeyState, Keystore};

/// How two stores differ, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference(String);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first difference between what was meant and what was read back from another format.
///
/// Entries are matched by alias (without regard to case where the format has none). Keys and
/// certificates must be equal to the byte; dates only where the format keeps them; for PKCS#12 and
/// PEM, certificates that serve a chain need not stand alone as well.
#[must_use]
pub fn compare(meant: &Keystore, read: &Keystore) -> Option<Difference> {
    let fold = matches!(read.format, Format::Jks | Format::Jceks);
    let name = |entry: &Entry| {
        let name = entry.alias.to_string();
        if fold { name.to_lowercase() } else { name }
    };
    let found: HashMap<String, &Entry> = read
        .entries
        .iter()
        .map(|entry| (name(entry), entry))
        .collect();
    if read.format != Format::Pem && found.len() != meant.entries.len() {
        let (meant, found) = (meant.entries.len(), found.len());
        return Some(Difference(format!(
            "{meant} entries were meant, {found} are there"
        )));
    }
    if read.format == Format::Pem {
        return None;
    }
    meant.entries.iter().find_map(|entry| {
        let difference = match found.get(&name(entry)) {
            None => Some("is missing"),
            Some(other) => differs(entry, other, read.format),
        };
        difference.map(|what| Difference(format!("the entry `{}` {what}", entry.alias)))
    })
}

fn differs(meant: &Entry, read: &Entry, format: Format) -> Option<&'static str> {
    let keeps_dates = !matches!(format, Format::Pkcs12 | Format::Pem);
    if keeps_dates && millis(meant) != millis(read) {
        return Some("has another date");
    }
    if kind(&meant.content, format) != kind(&read.content, format) {
        return Some("is of another kind");
    }
    if material(&meant.content) != material(&read.content) {
        return Some("holds another key or certificate");
    }
    (chain(&meant.content) != chain(&read.content)).then_some("has another chain")
}

fn millis(entry: &Entry) -> i128 {
    entry
        .created
        .map_or(0, |time| time.unix_timestamp_nanos() / 1_000_000)
}

/// In most formats every certificate that stands alone is a trusted one.
fn kind(content: &Content, format: Format) -> u8 {
    match content {
        Content::Certificate { .. } if format == Format::Pkcs12 => 0,
        Content::TrustedCertificate { .. } | Content::Certificate { .. } => 1,
        Content::PrivateKey { .. } => 2,
        Content::SecretKey { .. } => 3,
        Content::PublicKey { .. } => 4,
        Content::Sealed { .. } => 5,
        Content::Opaque { .. } => 6,
    }
}

/// The bytes that matter; a sealed key is compared by its blob.
fn material(content: &Content) -> &[u8] {
    match content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            certificate
        }
        Content::PrivateKey { key, .. } => of_key(key, |key| key.secret_pkcs8_der()),
        Content::SecretKey { key, .. } => of_key(key, |key| key.secret_bytes()),
        Content::PublicKey { key, .. } => of_key(key, Vec::as_slice),
        Content::Sealed { sealed, .. } => &sealed.blob,
        Content::Opaque { bytes, .. } => bytes.secret_bytes(),
    }
}

fn of_key<T>(key: &KeyState<T>, bytes: impl Fn(&T) -> &[u8]) -> &[u8] {
    match key {
        KeyState::Open { value, .. } => bytes(value),
        KeyState::Sealed(sealed) => &sealed.blob,
    }
}

fn chain(content: &Content) -> &[Vec<u8>] {
    match content {
        Content::PrivateKey { chain, .. }
        | Content::SecretKey { chain, .. }
        | Content::PublicKey { chain, .. }
        | Content::Sealed { chain, .. }
        | Content::Opaque { chain, .. } => chain,
        Content::TrustedCertificate { .. } | Content::Certificate { .. } => &[],
    }
}
