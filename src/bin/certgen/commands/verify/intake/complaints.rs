//! What is wrong with a file that was given: as an error where it cannot be used, as a finding where
//! it can.

use std::path::Path;

use certgen::finding::{Action, Code, Finding, Remedy};
use certgen::keystore::{Integrity, Keystore};
use certgen::x509::Certificate;

use crate::failure::Failure;

pub(super) fn without_integrity(path: &Path, store: &Keystore) -> Failure {
    let shown = path.display();
    let mut failure = Failure::new(
        Code::StoreWithoutIntegrity,
        format!(
            "nothing proves that the {} store `{shown}` was not altered",
            store.format
        ),
    );
    failure.because.push(match store.integrity {
        Integrity::Weak => {
            "its integrity check can be forged (BKS version 1, CVE-2018-5382)".to_owned()
        }
        _ => "it has no integrity check, or none was made for want of a password".to_owned(),
    });
    let extra = vec!["--allow-unauthenticated".to_owned()];
    failure.with_remedy(Remedy::run(
        "make the store again with a current tool, or read it all the same",
        Action::Again { extra },
    ))
}

pub(super) fn without_key(path: &Path, store: &Keystore) -> Finding {
    let shown = path.display();
    let count = store.entries.len();
    let aliases: Vec<String> = store
        .entries
        .iter()
        .take(5)
        .map(|entry| format!("`{}`", entry.alias))
        .collect();
    let cause = format!(
        "the store holds {count} {}, and none of them is a private key ({}): no client certificate can be sent",
        if count == 1 { "entry" } else { "entries" },
        aliases.join(", "),
    );
    Finding::warning(Code::StoreWithoutKey, cause)
        .about(shown.to_string())
        .with_remedy(Remedy::text(
            "give the store that holds the client's key, or make it with `certgen bundle`",
        ))
}

pub(super) fn without_trust(path: &Path, given: bool) -> Finding {
    let cause = "the store has no trusted certificate of its own: apps that know this store alone (phones, Java) trust no broker";
    let severity = if given {
        certgen::finding::Severity::Note
    } else {
        certgen::finding::Severity::Warning
    };
    Finding::new(Code::StoreWithoutTrust, severity, cause)
        .about(path.display().to_string())
        .with_remedy(Remedy::text(
            "put the CA into the store as its own trusted entry, as `certgen bundle` does",
        ))
}

/// The certificate of the key is there, and others stand before it.
pub(super) fn out_of_order(first: &Certificate, place: usize, of: &str, key_of: &str) -> Failure {
    let cause = format!(
        "the private key of {key_of} belongs to certificate {} of {of}, and the client's own must stand first",
        place + 1
    );
    let mut failure = Failure::new(Code::KeyMismatch, cause);
    failure.because.push(format!(
        "the certificate of `{}` stands first: TLS sends it as the client's, and OpenSSL refuses such a file",
        first.subject
    ));
    failure.with_remedy(Remedy::text(
        "put the client's certificate first in the file, and the CAs that issued it after it",
    ))
}
