//! The entries of a store, as text and as JSON.

use serde_json::{Map, Value, json};

use super::escape::terminal;
use crate::keystore::{Content, Entry, KeyState, Keystore};
use crate::time::{date, rfc3339};
use crate::x509::{Certificate, key};

/// One line an entry: alias, what it is, whose certificates.
#[must_use]
pub fn entries_text(store: &Keystore) -> String {
    let aliases: Vec<String> = store
        .entries
        .iter()
        .map(|entry| terminal(&entry.alias.to_string()).into_owned())
        .collect();
    let width = aliases.iter().map(|alias| alias.chars().count()).max();
    let width = width.unwrap_or_default().min(40);
    let lines = store.entries.iter().zip(&aliases).map(|(entry, alias)| {
        let what = terminal(&describe(&entry.content)).into_owned();
        format!("  {alias:<width$}  {what}\n")
    });
    lines.collect()
}

/// The entries as JSON: `alias`, `kind`, `created`, `key`, `certificates`.
#[must_use]
pub fn entries_json(store: &Keystore) -> Value {
    store.entries.iter().map(entry_json).collect()
}

fn entry_json(entry: &Entry) -> Value {
    let mut object = Map::new();
    object.insert("alias".into(), entry.alias.to_string().into());
    object.insert("kind".into(), kind(&entry.content).into());
    if let Some(created) = entry.created {
        object.insert("created".into(), rfc3339(created).into());
    }
    if let Content::PrivateKey { key, .. } = &entry.content {
        object.insert("key".into(), key_name(key).into());
    }
    let certificates = certificates(&entry.content).iter().map(|der| {
        let read = Certificate::from_der(der).ok();
        let subject = read
            .as_ref()
            .map(|certificate| certificate.subject.to_string());
        let until = read
            .as_ref()
            .map(|certificate| rfc3339(certificate.not_after));
        let sha256 = read.as_ref().map(Certificate::sha256_hex);
        json!({"subject": subject, "not_after": until, "sha256": sha256})
    });
    object.insert("certificates".into(), certificates.collect());
    Value::Object(object)
}

fn kind(content: &Content) -> &'static str {
    match content {
        Content::TrustedCertificate { .. } => "trusted-certificate",
        Content::Certificate { .. } => "certificate",
        Content::PrivateKey { .. } => "private-key",
        Content::SecretKey { .. } => "secret-key",
        Content::PublicKey { .. } => "public-key",
        Content::Sealed { .. } => "sealed",
        Content::Opaque { .. } => "opaque",
    }
}

fn describe(content: &Content) -> String {
    match content {
        Content::TrustedCertificate { certificate } => {
            format!("trusted certificate  {}", name(certificate))
        }
        Content::Certificate { certificate } => format!("certificate  {}", name(certificate)),
        Content::PrivateKey { key, chain } => {
            let chain: Vec<String> = chain.iter().map(|der| name(der)).collect();
            let key = key_name(key);
            match chain.is_empty() {
                true => format!("private key ({key}) without certificate"),
                false => format!("private key ({key})  {}", chain.join(" ← ")),
            }
        }
        Content::SecretKey { algorithm, .. } => format!("secret key  {algorithm}"),
        Content::PublicKey { algorithm, .. } => format!("public key  {algorithm}"),
        Content::Sealed { .. } => "key that did not open".to_owned(),
        Content::Opaque { kind, .. } => format!("bytes, {kind}"),
    }
}

fn key_name(key: &KeyState<crate::secret::PrivateKey>) -> String {
    match key.open() {
        None => "did not open".to_owned(),
        Some(key) => {
            key::kind(key).map_or_else(|| "of an unknown kind".to_owned(), |kind| kind.to_string())
        }
    }
}

/// Common name and end of a certificate.
fn name(der: &[u8]) -> String {
    let Ok(certificate) = Certificate::from_der(der) else {
        return "unreadable certificate".to_owned();
    };
    let subject = certificate.subject.common_name().map(str::to_owned);
    let subject = subject.unwrap_or_else(|| certificate.subject.to_string());
    format!("{subject} (until {})", date(certificate.not_after))
}

fn certificates(content: &Content) -> &[Vec<u8>] {
    match content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            std::slice::from_ref(certificate)
        }
        Content::PrivateKey { chain, .. }
        | Content::SecretKey { chain, .. }
        | Content::PublicKey { chain, .. }
        | Content::Sealed { chain, .. }
        | Content::Opaque { chain, .. } => chain,
    }
}
