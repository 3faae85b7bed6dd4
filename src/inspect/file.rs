//! PEM and DER files.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use super::target::refused;
use super::{Entry, EntryKind, Fact, Item, Key, KeyLock, Kind, Look};
use crate::finding::{Action, Code, Finding, Remedy};
use crate::keystore::{Error, KeyState, Opened, decode, pem};
use crate::pki::audit::Lone;
use crate::secret::PrivateKey;
use crate::time;
use crate::x509::{
    Certificate, GeneralName, Name, PublicKey, RevocationList, Signed, Verification, key,
};

/// Looks at a PEM or DER file.
pub(super) fn examine(path: &str, bytes: &[u8], look: &Look<'_>) -> Result<Item, Error> {
    let contents = pem::read(bytes, &look.passwords, &look.limits)?;
    let mut item = Item {
        path: path.to_owned(),
        kind: Kind::Mixed,
        format: if contents.is_text { "PEM" } else { "DER" }.to_owned(),
        size: bytes.len(),
        version: None,
        integrity: None,
        protection: Vec::new(),
        entries: Vec::new(),
        findings: Vec::new(),
    };
    let about = |finding: Finding| finding.about(path.to_owned());
    item.findings
        .extend(contents.findings.into_iter().map(about));
    let lists: Vec<RevocationList> = contents.items.iter().filter_map(list).collect();
    for found in contents.items {
        take(&mut item, found, look.judge);
    }
    item.findings
        .extend(outdated(&lists, look.judge).map(about));
    item.kind = kind(&item.entries);
    item.findings.extend(mismatch(&item).map(about));
    if !look.passwords.keys.is_empty() {
        item.findings.extend(stays_sealed(&item).map(about));
    }
    if let Some(target) = look.target
        && let Ok(store) = decode(bytes, &look.passwords, &look.limits)
    {
        item.findings.extend(refused(&store, target, path));
    }
    Ok(item)
}

fn list(item: &pem::Item) -> Option<RevocationList> {
    match item {
        pem::Item::RevocationList(der) => RevocationList::from_der(der).ok(),
        _ => None,
    }
}

fn take(item: &mut Item, found: pem::Item, judge: Lone) {
    let entry = match found {
        pem::Item::Certificate { der, .. } => return certificate(item, &der),
        pem::Item::PrivateKey(key) => {
            let mut entry = Entry::new(EntryKind::PrivateKey);
            entry.key = Some(private_key(&key));
            entry
        }
        pem::Item::Request(der) => request(&der),
        pem::Item::RevocationList(der) => {
            let (entry, finding) = revocation_list(&item.path, &der, judge);
            item.findings.extend(finding);
            entry
        }
        pem::Item::PublicKey(der) => {
            let mut entry = Entry::new(EntryKind::PublicKey);
            if let Some(public) = PublicKey::from_spki_der(&der) {
                entry.facts.push(fact("key", public.kind().to_string()));
            }
            entry
        }
        pem::Item::Other { label, .. } => {
            let mut entry = Entry::new(EntryKind::Other);
            entry.facts.push(fact("block", label));
            entry
        }
    };
    item.entries.push(entry);
}

/// A certificate goes to the entry before it where it issued that entry's last certificate.
fn certificate(item: &mut Item, der: &[u8]) {
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate,
        Err(error) => {
            let finding = Finding::failure(Code::NotACertificate, error.to_string())
                .about(item.path.clone())
                .with_remedy(Remedy::text("get the file again from where it was made"));
            item.findings.push(finding);
            return;
        }
    };
    let before = item.entries.last_mut().filter(|entry| {
        entry.kind == EntryKind::Certificate
            && entry
                .certificates
                .last()
                .is_some_and(|last| is_issued_by(last, &certificate))
    });
    match before {
        Some(entry) => entry.certificates.push(certificate),
        None => {
            let mut entry = Entry::new(EntryKind::Certificate);
            entry.certificates.push(certificate);
            item.entries.push(entry);
        }
    }
}

pub(super) fn is_issued_by(subject: &Certificate, issuer: &Certificate) -> bool {
    subject.issuer.der() == issuer.subject.der()
        && subject.der != issuer.der
        && Signed::from_der(&subject.der)
            .is_some_and(|signed| signed.verify(&issuer.public_key) != Verification::Invalid)
}

fn kind(entries: &[Entry]) -> Kind {
    let keys = count(entries, EntryKind::PrivateKey);
    let certificates = count(entries, EntryKind::Certificate);
    if keys + certificates == entries.len() {
        return match (keys, entries) {
            (1, [_]) => Kind::Key,
            (0, [one]) if one.certificates.len() == 1 => Kind::Certificate,
            (0, [_]) => Kind::Chain,
            (0, _) => Kind::Certificates,
            (1, _) => Kind::Identity,
            _ => Kind::Mixed,
        };
    }
    match entries {
        [one] => match one.kind {
            EntryKind::Request => Kind::Request,
            EntryKind::RevocationList => Kind::RevocationList,
            EntryKind::PublicKey => Kind::PublicKey,
            _ => Kind::Mixed,
        },
        _ => Kind::Mixed,
    }
}

fn count(entries: &[Entry], kind: EntryKind) -> usize {
    entries.iter().filter(|entry| entry.kind == kind).count()
}

/// What shows of a private key.
pub(super) fn private_key(state: &KeyState<PrivateKey>) -> Key {
    match state {
        KeyState::Open { value, opened } => Key {
            kind: key::kind(value),
            public: key::public_key(value).ok(),
            lock: lock(*opened),
            algorithm: String::new(),
            iterations: None,
        },
        KeyState::Sealed(sealed) => Key {
            kind: None,
            public: None,
            lock: KeyLock::of_sealed(sealed),
            algorithm: sealed.algorithm.clone(),
            iterations: sealed.iterations,
        },
    }
}

pub(super) fn lock(opened: Opened) -> KeyLock {
    match opened {
        Opened::Clear => KeyLock::Clear,
        Opened::StorePassword => KeyLock::StorePassword,
        Opened::KeyPassword(_) => KeyLock::KeyPassword,
    }
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

fn request(der: &[u8]) -> Entry {
    let mut entry = Entry::new(EntryKind::Request);
    let Ok((_, request)) = X509CertificationRequest::from_der(der) else {
        return entry;
    };
    let info = &request.certification_request_info;
    if let Some(subject) = Name::from_der(info.subject.as_raw()) {
        entry.facts.push(fact("subject", subject.to_string()));
    }
    let public = PublicKey::from_spki_der(info.subject_pki.raw);
    if let Some(public) = &public {
        entry.facts.push(fact("key", public.kind().to_string()));
    }
    let names: Vec<String> = request
        .requested_extensions()
        .into_iter()
        .flatten()
        .filter_map(|extension| match extension {
            x509_parser::extensions::ParsedExtension::SubjectAlternativeName(names) => Some(names),
            _ => None,
        })
        .flat_map(|names| &names.general_names)
        .map(|name| GeneralName::from_parsed(name).to_string())
        .collect();
    if !names.is_empty() {
        entry.facts.push(fact("names", names.join(", ")));
    }
    let proven = public.is_some_and(|public| {
        Signed::from_der(der).is_some_and(|signed| signed.verify(&public) == Verification::Valid)
    });
    let proof = if proven {
        "valid"
    } else {
        "not valid, or not checked"
    };
    entry.facts.push(fact("signature", proof));
    entry
}

fn revocation_list(path: &str, der: &[u8], judge: Lone) -> (Entry, Option<Finding>) {
    let mut entry = Entry::new(EntryKind::RevocationList);
    let list = match RevocationList::from_der(der) {
        Ok(list) => list,
        Err(error) => {
            let finding = Finding::failure(Code::RevocationDataUnusable, error.to_string())
                .about(path.to_owned())
                .with_remedy(Remedy::text("get the file again from where it was made"));
            return (entry, Some(finding));
        }
    };
    entry.facts.push(fact("issuer", list.issuer.to_string()));
    entry
        .facts
        .push(fact("made", time::rfc3339(list.this_update)));
    if let Some(next) = list.next_update {
        let next = time::end_for_people(judge.now, next);
        entry.facts.push(fact("next due", next));
    }
    if let Some(number) = &list.number {
        let hex: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
        entry.facts.push(fact("number", format!("0x{hex}")));
    }
    entry.facts.push(fact("revoked", list.len().to_string()));
    (entry, None)
}

/// What a broker does with lists that are out of date, where the file has none that is current.
fn outdated(lists: &[RevocationList], judge: Lone) -> impl Iterator<Item = Finding> {
    let outdated = lists
        .iter()
        .filter(move |list| list.is_outdated_among(lists, judge.now));
    outdated.filter_map(move |list| {
        let cause = format!(
            "the revocation list of `{}` was to be replaced by {}: a broker that uses it refuses every client",
            list.issuer,
            time::end_for_people(judge.now, list.next_update?)
        );
        let remedy = Remedy::text("make the current revocation list, and install it");
        Some(Finding::failure(Code::CrlExpired, cause).with_remedy(remedy))
    })
}

/// A password was given for the key, and is not the key's.
fn stays_sealed(item: &Item) -> Option<Finding> {
    let mut keys = item.entries.iter().filter_map(|entry| entry.key.as_ref());
    keys.any(|key| key.lock == KeyLock::Sealed).then(|| {
        let cause = "the private key does not open with the password that was given: wrong password, or the file was altered";
        let extra = ["--key-password", "prompt"].map(str::to_owned).to_vec();
        let remedy = Remedy::run("give the password of the key", Action::Again { extra });
        Finding::warning(Code::StoreIntegrity, cause).with_remedy(remedy)
    })
}

/// The key in the file belongs to none of the certificates beside it.
fn mismatch(item: &Item) -> Option<Finding> {
    let public = item
        .entries
        .iter()
        .find_map(|entry| entry.key.as_ref()?.public.as_ref())?;
    let mut certificates = item.entries.iter().flat_map(|entry| &entry.certificates);
    let first = certificates.next()?;
    let belongs =
        |certificate: &Certificate| certificate.public_key.key_bits() == public.key_bits();
    if belongs(first) || certificates.any(belongs) {
        return None;
    }
    let cause = format!(
        "the private key in the file does not belong to the certificate `{}` beside it",
        crate::pki::audit::certificate_name(first)
    );
    let remedy = "put the key and the certificate together that were made for each other";
    Some(Finding::failure(Code::KeyMismatch, cause).with_remedy(Remedy::text(remedy)))
}
