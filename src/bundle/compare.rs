//! Whether a store reads back as it was meant, as far as its format can tell.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::keystore::{Content, Entry, Format, KeyState, Keystore};

type Hash = [u8; 32];

/// What differs between the store that was meant and the one that was read back; `None` where
/// nothing does.
pub(super) fn difference(meant: &Keystore, found: &Keystore, format: Format) -> Option<String> {
    let describe = |store: &Keystore| -> BTreeSet<Trait> {
        let traits = store.entries.iter();
        traits.flat_map(|entry| traits_of(entry, format)).collect()
    };
    let (meant, found) = (describe(meant), describe(found));
    if let Some(missing) = meant.difference(&found).next() {
        return Some(format!("{} is missing or changed", missing.name()));
    }
    let surplus = found.difference(&meant).next();
    surplus.map(|surplus| format!("{} is there and was not meant", surplus.name()))
}

/// Something about an entry that must survive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Entry {
        alias: String,
        kind: &'static str,
        created: i128,
        material: Hash,
        chain: Vec<Hash>,
    },
    /// Formats that keep no chains: each certificate somewhere.
    Certificate(Hash),
}

impl Trait {
    fn name(&self) -> String {
        match self {
            Self::Entry { alias, .. } => format!("the entry `{alias}`"),
            Self::Certificate(_) => "a certificate".to_owned(),
        }
    }
}

fn traits_of(entry: &Entry, format: Format) -> Vec<Trait> {
    let (kind, material, chain) = parts(&entry.content);
    let hashes: Vec<Hash> = chain.iter().map(|der| hash(der)).collect();
    let certificates = hashes.iter().copied().map(Trait::Certificate);
    let whole = |alias: String, created, chain| Trait::Entry {
        alias,
        kind,
        created,
        material,
        chain,
    };
    match format {
        Format::Pem if matches!(kind, "certificate" | "trusted") => {
            vec![Trait::Certificate(material)]
        }
        Format::Pem => std::iter::once(whole(String::new(), 0, Vec::new()))
            .chain(certificates)
            .collect(),
        // Which certificate follows which is found again by issuer; the leaf is what is marked.
        Format::Pkcs12 if kind == "certificate" => {
            vec![Trait::Certificate(material)]
        }
        // It ends the chain of every key that it vouches for, also where the chain left it out.
        Format::Pkcs12 if kind == "trusted" => {
            let alias = entry.alias.to_string();
            vec![whole(alias, 0, Vec::new()), Trait::Certificate(material)]
        }
        Format::Pkcs12 => {
            let leaf = hashes.first().copied().into_iter().collect();
            let alias = entry.alias.to_string();
            std::iter::once(whole(alias, 0, leaf))
                .chain(certificates)
                .collect()
        }
        _ => {
            let alias = entry.alias.to_string();
            vec![whole(alias, created(entry, format), hashes)]
        }
    }
}

/// Kind, hash of the key or certificate, and chain.
fn parts(content: &Content) -> (&'static str, Hash, &[Vec<u8>]) {
    match content {
        Content::TrustedCertificate { certificate } => ("trusted", hash(certificate), &[]),
        Content::Certificate { certificate } => ("certificate", hash(certificate), &[]),
        Content::PrivateKey { key, chain } => {
            let key = state(key, |key| hash(key.secret_pkcs8_der()));
            ("private key", key, chain)
        }
        Content::SecretKey { key, chain, .. } => (
            "secret key",
            state(key, |key| hash(key.secret_bytes())),
            chain,
        ),
        Content::PublicKey { key, chain, .. } => ("public key", state(key, |key| hash(key)), chain),
        Content::Sealed { sealed, chain } => ("sealed", hash(&sealed.blob), chain),
        Content::Opaque { bytes, chain, .. } => ("opaque", hash(bytes.secret_bytes()), chain),
    }
}

fn state<T>(key: &KeyState<T>, open: impl Fn(&T) -> Hash) -> Hash {
    match key {
        KeyState::Open { value, .. } => open(value),
        KeyState::Sealed(sealed) => hash(&sealed.blob),
    }
}

/// Milliseconds, or seconds where the format keeps no more.
fn created(entry: &Entry, format: Format) -> i128 {
    let nanoseconds = entry.created.map_or(0, |time| time.unix_timestamp_nanos());
    match format {
        Format::Bcfks => nanoseconds.div_euclid(1_000_000_000),
        _ => nanoseconds.div_euclid(1_000_000),
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}
