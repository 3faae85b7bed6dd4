//! The lines of the programs in `tests/java` and `tests/python`, and ours like theirs.

use std::path::Path;

use certgen::keystore::{Content, Entry, Format, KeyState, Keystore};
use sha2::{Digest as _, Sha256};

/// Alias, kind, date, hash of key or certificate, hashes of the chain, between tabs.
pub type Line = String;

/// A line of the plan that those programs follow.
pub fn plan_line(
    command: &str,
    format: Format,
    file: &Path,
    store: &str,
    key: &str,
    more: &[String],
) -> String {
    let provider = match format {
        Format::Jks => "SUN",
        Format::Jceks => "SunJCE",
        _ => "BC",
    };
    let file = file.to_str().unwrap();
    let (store, key) = (hex(store), hex(key));
    let mut words = vec![command, format.as_str(), provider, file, &store, &key];
    words.extend(more.iter().map(String::as_str));
    words.join("\t") + "\n"
}

/// The entries, sorted.
pub fn lines_of_store(store: &Keystore) -> Vec<Line> {
    let mut lines: Vec<Line> = store.entries.iter().map(line).collect();
    lines.sort();
    lines
}

pub fn line(entry: &Entry) -> Line {
    let alias: Vec<u8> = entry
        .alias
        .units()
        .iter()
        .flat_map(|unit| unit.to_be_bytes())
        .collect();
    let (kind, hashed) = match &entry.content {
        Content::TrustedCertificate { certificate } => ("cert", hash(certificate)),
        Content::PrivateKey {
            key: KeyState::Open { value, .. },
            ..
        } => ("private", hash(material(value.secret_pkcs8_der()))),
        Content::SecretKey {
            key: KeyState::Open { value, .. },
            ..
        } => ("secret", hash(value.secret_bytes())),
        _ => ("sealed", String::new()),
    };
    let chain = match kind {
        "cert" => &[],
        _ => entry.content.certificates(),
    };
    let chain: Vec<String> = chain.iter().map(|der| hash(der)).collect();
    let millis = entry.created.unwrap().unix_timestamp_nanos() / 1_000_000;
    let alias = bytes_hex(&alias);
    [&alias, kind, &millis.to_string(), &hashed, &chain.join(",")].join("\t")
}

/// What is the same in every encoding: the scalar of an EC key, the seed of an Ed25519 key.
pub fn material(encoded: &[u8]) -> &[u8] {
    for before in [&[2, 1, 1, 4, 32][..], &[2, 1, 1, 4, 48], &[4, 34, 4, 32]] {
        let mut windows = encoded.windows(before.len()).take(60);
        if let Some(at) = windows.position(|window| window == before) {
            let length = usize::from(before[before.len() - 1]);
            return &encoded[at + before.len()..][..length];
        }
    }
    encoded
}

pub fn hex(text: &str) -> String {
    bytes_hex(text.as_bytes())
}

pub fn hash(bytes: &[u8]) -> String {
    bytes_hex(&Sha256::digest(bytes))
}

fn bytes_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
