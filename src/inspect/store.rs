//! Keystores of any format.

use super::file::{is_issued_by, lock, private_key};
use super::{Entry, EntryKind, Item, Key, KeyLock, Kind, Look};
use crate::bundle::refusals;
use crate::finding::{Action, Code, Finding, Remedy, Stack};
use crate::keystore::{
    self, Content, Error, Format, Integrity, KeyState, Keystore, SealedKey, decode,
};
use crate::pki::audit::certificate_name;
use crate::x509::Certificate;

/// Looks at a store.
pub(super) fn examine(path: &str, bytes: &[u8], look: &Look<'_>) -> Result<Item, Error> {
    let store = decode(bytes, &look.passwords, &look.limits)?;
    let mut item = Item {
        path: path.to_owned(),
        kind: Kind::Keystore,
        format: store.format.as_str().to_owned(),
        size: bytes.len(),
        version: store.version,
        integrity: Some(store.integrity),
        protection: store.protection.clone(),
        entries: store.entries.iter().map(entry).collect(),
        findings: Vec::new(),
    };
    let has_password = look.passwords.store.is_some();
    let mut findings = integrity(&store, has_password);
    findings.extend(store.oddities.iter().map(|oddity| odd(oddity)));
    findings.extend(locks(&store, &item, has_password));
    findings.extend(trust(&store));
    findings.extend(item.entries.iter().filter_map(disorder));
    findings.extend(item.entries.iter().filter_map(mismatch));
    if let Some(target) = look.target {
        findings.extend(refusals(&store, target));
    }
    let about = |finding: Finding| match finding.subject {
        Some(_) => finding,
        None => finding.about(path.to_owned()),
    };
    item.findings = findings.into_iter().map(about).collect();
    Ok(item)
}

fn entry(entry: &keystore::Entry) -> Entry {
    let (kind, key, chain): (_, _, &[Vec<u8>]) = match &entry.content {
        Content::TrustedCertificate { certificate } => (
            EntryKind::TrustedCertificate,
            None,
            std::slice::from_ref(certificate),
        ),
        Content::Certificate { certificate } => (
            EntryKind::Certificate,
            None,
            std::slice::from_ref(certificate),
        ),
        Content::PrivateKey { key, chain } => {
            (EntryKind::PrivateKey, Some(private_key(key)), chain)
        }
        Content::SecretKey { key, chain, .. } => (EntryKind::SecretKey, Some(any_key(key)), chain),
        Content::PublicKey { key, chain, .. } => (EntryKind::PublicKey, Some(any_key(key)), chain),
        Content::Sealed { sealed, chain } => (EntryKind::Sealed, Some(sealed_key(sealed)), chain),
        Content::Opaque { chain, .. } => (EntryKind::Other, None, chain),
    };
    let mut view = Entry::new(kind);
    view.alias = Some(entry.alias.to_string());
    view.created = entry.created;
    view.key = key;
    view.certificates = chain
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    view
}

fn any_key<T>(state: &KeyState<T>) -> Key {
    match state {
        KeyState::Open { opened, .. } => Key {
            kind: None,
            public: None,
            lock: lock(*opened),
            algorithm: String::new(),
            iterations: None,
        },
        KeyState::Sealed(sealed) => sealed_key(sealed),
    }
}

fn sealed_key(sealed: &SealedKey) -> Key {
    Key {
        kind: None,
        public: None,
        lock: KeyLock::Sealed,
        algorithm: sealed.algorithm.clone(),
        iterations: sealed.iterations,
    }
}

fn integrity(store: &Keystore, has_password: bool) -> Vec<Finding> {
    let finding = match store.integrity {
        Integrity::Verified => return Vec::new(),
        Integrity::Weak => {
            let cause = format!(
                "{} version {} has an integrity check of 16 bits, which anybody can forge (CVE-2018-5382)",
                store.format,
                store.version.unwrap_or_default()
            );
            Finding::warning(Code::StoreWithoutIntegrity, cause)
                .with_remedy(Remedy::text("make the store again as version 2"))
        }
        Integrity::None if has_password => {
            let cause = "nothing in the store proves that it was not altered";
            Finding::warning(Code::StoreWithoutIntegrity, cause)
                .with_remedy(Remedy::text("make the store again with a password"))
        }
        Integrity::None => {
            let cause =
                "without the store's password it was not checked whether the store was altered";
            Finding::note(Code::PasswordNeeded, cause)
                .with_remedy(Remedy::text("give the store's password to check that too"))
        }
    };
    vec![finding]
}

fn odd(oddity: &str) -> Finding {
    Finding::note(Code::UnusualEncoding, oddity.to_owned())
}

/// Keys that the store's password does not open: phones and brokers know only that one.
fn locks(store: &Keystore, item: &Item, has_password: bool) -> Vec<Finding> {
    let keys = item.entries.iter().filter_map(|entry| {
        let key = entry.key.as_ref()?;
        let lock = match key.lock {
            KeyLock::Sealed if has_password => "none of the passwords given opens it",
            KeyLock::KeyPassword => "it has a password of its own",
            _ => return None,
        };
        Some((entry, lock))
    });
    keys.map(|(entry, lock)| {
        let alias = entry.alias.as_deref().unwrap_or_default();
        let cause = format!(
            "the key `{alias}` does not open with the store's password ({lock}): phones know only that one, and silently send no certificate"
        );
        let text = "make the store again with one password for both";
        Finding::warning(Code::KeyPasswordDiffers, cause)
            .about(entry.place(&item.path))
            .with_remedy(Remedy::run(text, remake(store, alias)))
            .for_stacks(&[Stack::Android])
    })
    .collect()
}

fn remake(store: &Keystore, alias: &str) -> Action {
    Action::Bundle {
        name: if alias.is_empty() { "client" } else { alias }.to_owned(),
        formats: vec![store.format.extension().to_owned()],
        replace: true,
    }
}

/// A phone trusts nothing but the trusted entries of the store.
fn trust(store: &Keystore) -> Option<Finding> {
    let is_key =
        |content: &Content| matches!(content, Content::PrivateKey { .. } | Content::Sealed { .. });
    let has_key = store.entries.iter().any(|entry| is_key(&entry.content));
    let has_trust = store
        .entries
        .iter()
        .any(|entry| matches!(entry.content, Content::TrustedCertificate { .. }));
    if has_trust || !has_key {
        return None;
    }
    let cause = "the store has no trusted certificate of its own: apps that know this store alone trust no broker";
    let remedy = Remedy::text("put the CA into the store as its own trusted entry");
    let finding = if store.format == Format::Bks {
        Finding::warning(Code::StoreWithoutTrust, cause).for_stacks(&[Stack::Android])
    } else {
        Finding::note(Code::StoreWithoutTrust, cause)
    };
    Some(finding.with_remedy(remedy))
}

/// A key's chain in which a certificate was not issued by the next.
fn disorder(entry: &Entry) -> Option<Finding> {
    let pairs = entry
        .certificates
        .iter()
        .zip(entry.certificates.iter().skip(1));
    let (subject, issuer) = pairs
        .into_iter()
        .find(|(subject, issuer)| !is_issued_by(subject, issuer))?;
    let cause = format!(
        "in the chain of `{}` the certificate `{}` is followed by `{}`, which did not issue it",
        entry.alias.as_deref().unwrap_or_default(),
        certificate_name(subject),
        certificate_name(issuer)
    );
    let remedy = "make the store again, with the chain in order: leaf, intermediates, CA";
    Some(Finding::warning(Code::ChainOutOfOrder, cause).with_remedy(Remedy::text(remedy)))
}

fn mismatch(entry: &Entry) -> Option<Finding> {
    let public = entry.key.as_ref()?.public.as_ref()?;
    let leaf = entry.certificates.first()?;
    if leaf.public_key.key_bits() == public.key_bits() {
        return None;
    }
    let cause = format!(
        "the key of the entry `{}` does not belong to its certificate `{}`",
        entry.alias.as_deref().unwrap_or_default(),
        certificate_name(leaf)
    );
    let remedy = "make the store again from a key and its own certificate";
    Some(Finding::failure(Code::KeyMismatch, cause).with_remedy(Remedy::text(remedy)))
}
