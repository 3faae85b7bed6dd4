//! Keystores of any format.

use std::collections::{HashMap, HashSet};

use super::file::{is_issued_by, lock, private_key};
use super::target::{beside, refused};
use super::{Entry, EntryKind, Fact, Item, Key, KeyLock, Kind, Look};
use crate::finding::{Action, Code, Finding, Remedy, Stack};
use crate::keystore::{
    self, Content, Error, Format, Integrity, KeyState, Keystore, Protection, SealedKey, decode,
    key_of,
};
use crate::pki::audit::certificate_name;
use crate::x509::{Certificate, PublicKey};

/// Looks at a store.
pub(super) fn examine(path: &str, bytes: &[u8], look: &Look<'_>) -> Result<Item, Error> {
    let store = decode(bytes, &look.passwords, &look.limits)?;
    let protections: Protections<'_> = store
        .protection
        .iter()
        .map(|one| (one.what.as_str(), one))
        .collect();
    let mut item = Item {
        path: path.to_owned(),
        kind: Kind::Keystore,
        format: store.format.as_str().to_owned(),
        size: bytes.len(),
        version: store.version,
        integrity: Some(store.integrity),
        protection: store.protection.clone(),
        entries: store
            .entries
            .iter()
            .map(|found| entry(&protections, found))
            .collect(),
        findings: Vec::new(),
    };
    if store.format != Format::Pkcs12 {
        // Each key says itself what seals it.
        item.protection.retain(|one| !one.what.starts_with("key "));
    }
    let has_password = look.passwords.store.is_some();
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(store.oddities.iter().map(|oddity| odd(oddity)));
    findings.extend(item.entries.iter().filter_map(disorder));
    findings.extend(item.entries.iter().filter_map(mismatch));
    let refused = look.target.map(|target| refused(&store, target, path));
    let refused: Vec<Finding> = refused.into_iter().flatten().collect();
    let general = integrity(&store, has_password)
        .map(|finding| finding.about(path))
        .into_iter()
        .chain(locks(&store, &item, has_password))
        .chain(item.entries.iter().filter_map(unsupported))
        .chain(trust(&store, path));
    // What the target refuses is not said once more for all the world.
    let same = |one: &Finding| {
        let twin = |other: &Finding| other.code == one.code && other.subject == one.subject;
        refused.iter().any(twin)
    };
    findings.extend(general.filter(|finding| !same(finding)));
    findings.extend(refused);
    let about = |finding: Finding| match finding.subject {
        Some(_) => finding,
        None => finding.about(path.to_owned()),
    };
    item.findings = findings.into_iter().map(about).collect();
    Ok(item)
}

/// What protects what, by its name.
type Protections<'a> = HashMap<&'a str, &'a Protection>;

fn entry(protections: &Protections<'_>, entry: &keystore::Entry) -> Entry {
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
        Content::PublicKey { key, chain, .. } => {
            (EntryKind::PublicKey, Some(public_key(key)), chain)
        }
        Content::Sealed { sealed, chain } => (EntryKind::Sealed, Some(sealed_key(sealed)), chain),
        Content::Opaque { chain, .. } => (EntryKind::Other, None, chain),
    };
    let mut view = Entry::new(kind);
    view.alias = Some(entry.alias.to_string());
    view.created = entry.created;
    view.key = key;
    if let Some(key) = &mut view.key
        && let Some(protection) = protections.get(key_of(&entry.alias).as_str())
    {
        key.algorithm.clone_from(&protection.algorithm);
        key.iterations = protection.iterations;
    }
    view.facts.extend(secret(&entry.content));
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

fn public_key(state: &KeyState<Vec<u8>>) -> Key {
    let mut key = any_key(state);
    key.public = state.open().and_then(|der| PublicKey::from_spki_der(der));
    key.kind = key.public.as_ref().map(|public| public.kind().clone());
    key
}

/// Algorithm and length of a secret key that is open.
fn secret(content: &Content) -> Option<Fact> {
    let Content::SecretKey { algorithm, key, .. } = content else {
        return None;
    };
    let bits = 8 * key.open()?.secret_bytes().len();
    Some(Fact {
        name: "algorithm",
        value: format!("{algorithm}, {bits} bits"),
    })
}

fn sealed_key(sealed: &SealedKey) -> Key {
    Key {
        kind: None,
        public: None,
        lock: KeyLock::of_sealed(sealed),
        algorithm: sealed.algorithm.clone(),
        iterations: sealed.iterations,
    }
}

fn integrity(store: &Keystore, has_password: bool) -> Option<Finding> {
    Some(match store.integrity {
        Integrity::Verified => return None,
        Integrity::Weak => {
            let cause = format!(
                "{} version {} has an integrity check of 16 bits, which anybody can forge (CVE-2018-5382)",
                store.format,
                store.version.unwrap_or_default()
            );
            Finding::warning(Code::StoreWithoutIntegrity, cause)
                .with_remedy(Remedy::text("make the store again as version 2"))
        }
        Integrity::None if has_password || has_no_check(store) => {
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
    })
}

/// A PKCS#12 without MAC: no password proves anything about it.
fn has_no_check(store: &Keystore) -> bool {
    let is_check = |one: &Protection| one.what == "integrity";
    store.format == Format::Pkcs12 && !store.protection.iter().any(is_check)
}

fn odd(oddity: &str) -> Finding {
    Finding::note(Code::UnusualEncoding, oddity.to_owned())
}

/// Keys that the store's password does not open: phones and brokers know only that one.
fn locks(store: &Keystore, item: &Item, has_password: bool) -> Vec<Finding> {
    // A password opens it, and what is inside is no key: that is said already.
    let opens = store.oddities.iter().filter_map(|oddity| {
        let (alias, _) = oddity
            .strip_prefix("the secret key `")?
            .rsplit_once("` opens")?;
        Some(alias)
    });
    let no_keys: HashSet<&str> = opens.collect();
    let keys = item.entries.iter().filter_map(|entry| {
        let key = entry.key.as_ref()?;
        let alias = entry.alias.as_deref().unwrap_or_default();
        if no_keys.contains(alias) || key.lock == KeyLock::Unsupported {
            return None;
        }
        let lock = match key.lock {
            KeyLock::Sealed if has_password => "none of the passwords given opens it",
            KeyLock::KeyPassword => "it has a password of its own",
            _ => return None,
        };
        Some((entry, lock))
    });
    keys.map(|(entry, lock)| {
        let alias = entry.alias.as_deref().unwrap_or_default();
        let outcome = match entry.kind {
            EntryKind::SecretKey | EntryKind::PublicKey => "most programs know only that one",
            _ => "phones know only that one, and silently send no certificate",
        };
        let cause = format!(
            "the key `{alias}` does not open with the store's password ({lock}): {outcome}"
        );
        Finding::warning(Code::KeyPasswordDiffers, cause)
            .about(entry.place(&item.path))
            .with_remedy(one_password(store, &item.path))
            .for_stacks(&[Stack::Android])
    })
    .collect()
}

/// A key whose encryption is not known here, among others that are.
fn unsupported(entry: &Entry) -> Option<Finding> {
    let key = entry.key.as_ref()?;
    (key.lock == KeyLock::Unsupported).then(|| {
        let alias = entry.alias.as_deref().unwrap_or_default();
        let algorithm = &key.algorithm;
        let cause = format!("the key `{alias}` uses {algorithm}, which is not supported");
        let remedy = "export it again with AES or 3DES from where it was made";
        Finding::warning(Code::AlgorithmUnsupported, cause).with_remedy(Remedy::text(remedy))
    })
}

/// The same store beside this one, with one password.
fn one_password(store: &Keystore, path: &str) -> Remedy {
    let text = "make the store again with one password for both";
    let Some(to) = beside(path, store.format) else {
        return Remedy::text(text);
    };
    let action = Action::Convert {
        from: path.to_owned(),
        to,
        key_password: true,
        target: None,
    };
    Remedy::run(text, action)
}

/// A phone trusts nothing but the trusted entries of the store.
fn trust(store: &Keystore, path: &str) -> Option<Finding> {
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
    Some(finding.about(path).with_remedy(remedy))
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
