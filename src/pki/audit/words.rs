//! How certificates are named in sentences, and what makes them anew.

use super::Role;
use crate::finding::{Action, Remedy};
use crate::time;
use crate::time::Timestamp;
use crate::x509::{Certificate, GeneralName};

/// The organization that certgen's fixtures carry in subject or issuer.
const FIXTURE: &str = "certgen TEST FIXTURE";

/// The longest name that stands in a sentence, in characters.
const NAME_LIMIT: usize = 120;

/// How many names a list shows before it is cut.
const LIST_LIMIT: usize = 8;

/// The certificate's common name, or what else names it.
#[must_use]
pub fn certificate_name(certificate: &Certificate) -> String {
    if let Some(name) = certificate.subject.common_name() {
        return shorten(name);
    }
    if !certificate.subject.is_empty() {
        return shorten(&certificate.subject.to_string());
    }
    let first = certificate.subject_alt_names.iter().flatten().next();
    match first {
        Some(GeneralName::Dns(name)) => shorten(name),
        Some(name) => shorten(&name.to_string()),
        None => format!("serial {}", certificate.serial_hex()),
    }
}

/// Whether it is one of certgen's test fixtures, whose keys are public.
#[must_use]
pub fn is_fixture(certificate: &Certificate) -> bool {
    let names = [&certificate.subject, &certificate.issuer];
    names
        .iter()
        .any(|name| name.organizations().iter().any(|o| o == FIXTURE))
}

pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= NAME_LIMIT {
        return text.to_owned();
    }
    let cut: String = text.chars().take(NAME_LIMIT).collect();
    format!("{cut}…")
}

/// The common name of an issuer, or its whole name.
pub(super) fn issuer_name(certificate: &Certificate) -> String {
    let issuer = &certificate.issuer;
    match issuer.common_name() {
        Some(name) => shorten(name),
        None if issuer.is_empty() => "an empty name".to_owned(),
        None => shorten(&issuer.to_string()),
    }
}

/// `` `a`, `b` and 3 more``.
pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(LIST_LIMIT)
        .map(|name| format!("`{}`", shorten(name.as_ref())))
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(LIST_LIMIT) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The names that count for a TLS client: dNSName and iPAddress.
pub(super) fn host_names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.subject_alt_names.iter().flatten();
    names
        .filter_map(|name| match name {
            GeneralName::Dns(name) => Some(name.clone()),
            GeneralName::Ip(address) => Some(address.to_string()),
            _ => None,
        })
        .collect()
}

/// `2027-01-31 (70 days left)`.
pub(super) fn end(now: Timestamp, certificate: &Certificate) -> String {
    time::end_for_people(now, certificate.not_after)
}

/// `2027-01-31 (in 30 days)`.
pub(super) fn start(now: Timestamp, certificate: &Certificate) -> String {
    time::start_for_people(now, certificate.not_before)
}

/// The remedy that issues the leaf again, for its names and the one asked for.
pub(super) fn reissue(leaf: &Certificate, role: Role<'_>, text: &str) -> Remedy {
    match role {
        Role::Server { host } => {
            let host = host.trim_end_matches('.').to_owned();
            let mut names = vec![host];
            for name in host_names(leaf) {
                if names.len() < LIST_LIMIT && !names.contains(&name) && can_be_issued(&name) {
                    names.push(name);
                }
            }
            let action = Action::IssueBroker {
                names,
                replace: true,
            };
            Remedy::run(text, action)
        }
        Role::Client => {
            let name = leaf.subject.common_name().filter(|name| is_sane(name));
            let action = Action::IssueClient {
                name: name.unwrap_or("client").to_owned(),
                replace: true,
            };
            Remedy::run(text, action)
        }
    }
}

/// Whether certgen would issue a certificate for this name of a stranger's.
fn can_be_issued(name: &str) -> bool {
    let is_wide = name
        .strip_prefix("*.")
        .is_some_and(|suffix| !suffix.contains('.'));
    is_sane(name) && !is_wide && crate::pki::host(name).is_ok()
}

/// Whether a stranger's name may stand in a suggested command.
fn is_sane(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && !name.starts_with('-')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_:*".contains(c))
}
