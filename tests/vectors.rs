//! Stores that other software wrote, from the vectors beside the project: each must read as its
//! manifest says, with equal aliases, dates and hashes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

use certgen::keystore::{
    Content, Entry, Error, Format, KeyState, Keystore, Limits, Opened, Passwords, decode,
};
use certgen::secret::Password;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

#[test]
fn bks() {
    check(Format::Bks, "BKS");
}

#[test]
fn uber() {
    check(Format::Uber, "UBER");
}

#[test]
fn jks() {
    check(Format::Jks, "JKS");
}

#[test]
fn jceks() {
    check(Format::Jceks, "JCEKS");
}

#[test]
fn pkcs12() {
    check(Format::Pkcs12, "PKCS12");
}

#[test]
fn bcfks() {
    check(Format::Bcfks, "BCFKS");
}

fn check(format: Format, name: &str) {
    let Some(folder) = vectors() else { return };
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let manifest: Vec<Value> = serde_json::from_slice(&manifest).unwrap();
    let mut failures = Vec::new();
    let mut checked = 0;
    for vector in manifest.iter().filter(|vector| vector["format"] == name) {
        checked += 1;
        if let Err(why) = check_one(format, &folder, vector) {
            failures.push(format!("{}: {why}", vector["file"].as_str().unwrap()));
        }
    }
    assert!(checked > 0, "the manifest has vectors of {name}");
    assert!(
        failures.is_empty(),
        "{} of {checked}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Written past the capture of output, where `scripts/test` counts it.
static SAID: Once = Once::new();

/// The folder of the vectors, or `None`, which is said by name, where it is not there.
fn vectors() -> Option<PathBuf> {
    let shared = std::env::var_os("CERTGEN_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let folder = shared.join("formats/vectors");
    if folder.is_dir() {
        return Some(folder);
    }
    SAID.call_once(|| {
        let what = "the keystore vectors, because ../shared/formats/vectors is not there";
        let _ = writeln!(std::io::stderr(), "skipped: {what}");
    });
    None
}

fn check_one(format: Format, folder: &Path, vector: &Value) -> Result<(), String> {
    let bytes = std::fs::read(folder.join(vector["file"].as_str().unwrap())).unwrap();
    let store = vector["store_password"]
        .as_str()
        .map(|text| Password::new(text.to_owned()));
    let keys: Vec<Password> = vector["key_passwords"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|text| Password::new(text.as_str().unwrap().to_owned()))
        .collect();
    let passwords = Passwords {
        store: store.as_ref(),
        keys: &keys,
    };
    let outcome = decode(&bytes, &passwords, &Limits::default());
    match (vector["expect"].as_str().unwrap(), outcome) {
        ("ok", Ok(store)) => same_entries(format, &store, vector),
        ("ok", Err(error)) => Err(error.to_string()),
        ("unsupported", Err(Error::Unsupported { .. })) | ("info", _) => Ok(()),
        ("unsupported", outcome) => Err(format!("expected unsupported, got {outcome:?}")),
        ("reject", Err(Error::Unsupported { algorithm, .. })) => {
            Err(format!("rejected for want of {algorithm}"))
        }
        ("reject", Err(_)) => Ok(()),
        ("reject", Ok(_)) => Err("accepted, and is to be rejected".into()),
        ("entry-unrecoverable", Ok(store)) => one_sealed_and_named(&store),
        (expect, outcome) => panic!("{expect} of {}: {outcome:?}", vector["file"]),
    }
}

/// The one entry stays sealed, and the store says why.
fn one_sealed_and_named(store: &Keystore) -> Result<(), String> {
    let [entry] = store.entries.as_slice() else {
        return Err(format!("{} entries", store.entries.len()));
    };
    let named = store
        .oddities
        .iter()
        .any(|oddity| oddity.contains(&entry.alias.to_string()));
    (named && entry.content.sealed().is_some())
        .then_some(())
        .ok_or_else(|| format!("not named: {:?}", store.oddities))
}

fn same_entries(format: Format, store: &Keystore, vector: &Value) -> Result<(), String> {
    if store.format != format {
        return Err(format!("read as {}", store.format));
    }
    let none = Vec::new();
    let expected = vector["entries"].as_array().unwrap_or(&none);
    let (mut expected, mut found): (Vec<String>, Vec<String>) = if format == Format::Pkcs12 {
        // The manifest lists bags; chains are made of them here.
        let expected = expected.iter().map(describe_expected_bag).collect();
        (
            expected,
            store.entries.iter().flat_map(describe_bags).collect(),
        )
    } else {
        (
            last_of_each_alias(expected)
                .map(|entry| describe_expected(&dated(format, entry, vector)))
                .collect(),
            store.entries.iter().map(describe).collect(),
        )
    };
    expected.sort();
    found.sort();
    if format == Format::Pkcs12 {
        expected.dedup();
        found.dedup();
    }
    if expected == found {
        return match format {
            Format::Pkcs12 => as_java_lists(store, vector),
            _ => Ok(()),
        };
    }
    Err(format!(
        "expected\n  {}\nfound\n  {}",
        expected.join("\n  "),
        found.join("\n  ")
    ))
}

/// The manifest has the dates of BCFKS as BouncyCastle shows them, not beside the entries.
fn dated(format: Format, entry: &Value, vector: &Value) -> Value {
    let mut entry = entry.clone();
    let shown = vector["reference_entries"].as_array();
    let shown = shown.and_then(|all| all.iter().find(|other| other["alias"] == entry["alias"]));
    if let (Format::Bcfks, Some(shown)) = (format, shown) {
        entry["date"] = shown["date"].clone();
    }
    entry
}

/// What Java's own PKCS#12 store lists, found here under the same names in lower case; chains of
/// private keys alike, entry for entry.
fn as_java_lists(store: &Keystore, vector: &Value) -> Result<(), String> {
    let lower = |entry: &Entry| entry.alias.to_string().to_lowercase();
    for listed in vector["reference_entries"].as_array().into_iter().flatten() {
        let alias = listed["alias"].as_str().unwrap_or_default();
        let found: Vec<&Entry> = store.entries.iter().filter(|e| lower(e) == alias).collect();
        let chain = listed["chain"].as_array();
        let same = |entry: &&Entry| match (&entry.content, chain) {
            (Content::PrivateKey { chain: found, .. }, Some(chain)) => {
                let found: Vec<Value> = found.iter().map(|der| hash(der).into()).collect();
                found == *chain
            }
            (Content::PrivateKey { chain, .. }, None) => {
                chain.is_empty() && listed["kind"] == "key"
            }
            (Content::TrustedCertificate { certificate }, None) => {
                listed["cert"] == hash(certificate)
            }
            (Content::SecretKey { .. }, None) => listed["kind"] == "key",
            _ => false,
        };
        if !found.iter().any(same) {
            return Err(format!(
                "Java lists `{alias}`, which is not found like that"
            ));
        }
    }
    Ok(())
}

/// Of entries with the same alias, Java keeps the last.
fn last_of_each_alias(entries: &[Value]) -> impl Iterator<Item = &Value> {
    let later = |at: usize| {
        entries[at + 1..]
            .iter()
            .any(|later| later["alias"] == entries[at]["alias"])
    };
    (0..entries.len())
        .filter(move |at| !later(*at))
        .map(|at| &entries[at])
}

fn describe_expected(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let kind = entry["ktype"]
        .as_str()
        .unwrap_or_else(|| entry["kind"].as_str().unwrap());
    let chain: Vec<&str> = entry["chain"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|hash| hash.as_str().unwrap())
        .collect();
    let date = entry["date"]
        .as_i64()
        .map_or_else(String::new, |date| date.to_string());
    let material = ["key", "cert", "blob"]
        .iter()
        .find(|name| entry[**name].is_string());
    let material = material.map(|name| text(name)).unwrap_or_default();
    format!(
        "{} {kind} {date} {material} [{}]",
        text("alias"),
        chain.join(" ")
    )
}

fn describe_expected_bag(entry: &Value) -> String {
    let kind = entry["kind"].as_str().unwrap();
    let material = entry["key"]
        .as_str()
        .or_else(|| entry["cert"].as_str())
        .unwrap_or_default();
    format!("{kind} {material}")
}

fn describe_bags(entry: &Entry) -> Vec<String> {
    let (kind, material, chain): (_, _, &[Vec<u8>]) = match &entry.content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            ("cert", hash(certificate), &[])
        }
        Content::PrivateKey {
            key: KeyState::Open { value, .. },
            chain,
        } => ("key", hash(value.secret_pkcs8_der()), chain),
        Content::SecretKey {
            key: KeyState::Open { value, .. },
            ..
        } => ("secret", hash(value.secret_bytes()), &[]),
        _ => ("sealed", String::new(), &[]),
    };
    let chain = chain.iter().map(|der| format!("cert {}", hash(der)));
    std::iter::once(format!("{kind} {material}"))
        .chain(chain)
        .collect()
}

fn describe(entry: &Entry) -> String {
    let (kind, material) = match &entry.content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            ("cert", hash(certificate))
        }
        Content::PrivateKey { key, .. } => match key {
            KeyState::Open { value, .. } => (kind("private", key), hash(value.secret_pkcs8_der())),
            _ => ("key", String::new()),
        },
        Content::SecretKey { key, .. } => {
            let material = key.open().map(|value| hash(value.secret_bytes()));
            (kind("secret", key), material.unwrap_or_default())
        }
        Content::PublicKey { key, .. } => {
            let material = key.open().map(|value| hash(value));
            (kind("public", key), material.unwrap_or_default())
        }
        Content::Opaque { bytes, .. } => ("secretblob", hash(bytes.secret_bytes())),
        _ => ("sealed", String::new()),
    };
    let chain = match &entry.content {
        Content::TrustedCertificate { .. } | Content::Certificate { .. } => &[],
        content => content.certificates(),
    };
    let date = entry.created.map_or_else(String::new, |time| {
        (time.unix_timestamp_nanos() / 1_000_000).to_string()
    });
    let chain: Vec<String> = chain.iter().map(|der| hash(der)).collect();
    format!(
        "{} {kind} {date} {material} [{}]",
        entry.alias,
        chain.join(" ")
    )
}

fn kind<T>(kind: &'static str, key: &KeyState<T>) -> &'static str {
    match key {
        KeyState::Open {
            opened: Opened::Clear,
            ..
        } => "plainkey",
        _ => kind,
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
