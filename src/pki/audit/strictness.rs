//! What RFC 5280 asks for and few stacks insist on: one finding about all of it.

use super::Case;
use super::path::Path;
use super::words::certificate_name;
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::Certificate;

/// `subjectAltName`.
const SUBJECT_ALT_NAME: &str = "2.5.29.17";

/// The deviations of the path, as one finding.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Option<Finding> {
    let below = path.certificates(case);
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    let mut found = Deviations::default();
    let all = below.iter().copied().chain(anchor);
    for certificate in all.filter(|certificate| certificate.version >= 3) {
        found.add(certificate);
    }
    let lists = case.question.crls.iter();
    for list in lists.filter_map(|der| case.memory.list(der).ok()) {
        if list.number.is_none() {
            found
                .odd
                .push("the revocation list has no number".to_owned());
        }
    }
    found.finding()
}

/// What is not as RFC 5280 wants it.
#[derive(Debug, Default)]
pub(super) struct Deviations {
    /// What OpenSSL's strict mode refuses, and with it Python 3.13.
    refused: Vec<String>,
    /// What no stack is known to refuse.
    odd: Vec<String>,
}

impl Deviations {
    /// Takes up what is to be said about `certificate`.
    pub(super) fn add(&mut self, certificate: &Certificate) {
        let name = certificate_name(certificate);
        let sentence = |text| format!("`{name}` {text}");
        self.refused.extend(refused(certificate).map(sentence));
        self.odd.extend(odd(certificate).map(sentence));
    }

    /// One finding: a warning where Python 3.13 refuses, a note otherwise.
    pub(super) fn finding(self) -> Option<Finding> {
        let refuses = !self.refused.is_empty();
        let all: Vec<String> = self.refused.into_iter().chain(self.odd).collect();
        let shown: Vec<_> = all.iter().take(6).map(String::as_str).collect();
        let more = match all.len().saturating_sub(6) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let remedy = Remedy::text(
            "issue the certificates again with certgen, whose profile strict stacks accept",
        );
        let list = shown.join("; ");
        match (refuses, all.is_empty()) {
            (true, _) => {
                let cause =
                    format!("Python 3.13 and OpenSSL's strict mode refuse it: {list}{more}");
                let finding = Finding::warning(Code::NotStrict, cause).with_remedy(remedy);
                Some(finding.for_stacks(&[Stack::Python313]))
            }
            (false, false) => {
                let cause = format!("RFC 5280 wants it otherwise: {list}{more}");
                Some(Finding::note(Code::NotStrict, cause).with_remedy(remedy))
            }
            (false, true) => None,
        }
    }
}

/// OpenSSL's `check_extensions` under `X509_V_FLAG_X509_STRICT`.
fn refused(certificate: &Certificate) -> impl Iterator<Item = &'static str> {
    let is_ca = certificate.is_ca();
    let basic = certificate.basic_constraints;
    let checks = [
        (
            !certificate.is_self_issued() && certificate.authority_key_id.is_none(),
            "has no authority key identifier",
        ),
        (
            is_ca && certificate.subject_key_id.is_none(),
            "is a CA without subject key identifier",
        ),
        (
            is_ca && basic.is_some_and(|basic| !basic.critical),
            "has basic constraints that are not critical",
        ),
        (
            is_ca && certificate.key_usage.is_none(),
            "is a CA without key usage",
        ),
        (
            is_ca && certificate.subject.is_empty(),
            "is a CA without a subject",
        ),
        (
            !is_ca
                && certificate
                    .key_usage
                    .is_some_and(|usage| usage.key_cert_sign()),
            "may sign certificates by its key usage, and is no CA",
        ),
        (
            !is_ca && basic.is_some_and(|basic| basic.path_length.is_some()),
            "has a path length, and is no CA",
        ),
        (
            !is_ca && certificate.subject.is_empty() && !is_critical(certificate, SUBJECT_ALT_NAME),
            "has an empty subject and no critical subject alternative name",
        ),
        (
            certificate
                .subject_alt_names
                .as_ref()
                .is_some_and(Vec::is_empty),
            "has an empty subject alternative name",
        ),
        (
            is_critical(certificate, "2.5.29.35") || is_critical(certificate, "2.5.29.14"),
            "has a critical key identifier",
        ),
    ];
    checks
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, text)| text)
}

fn odd(certificate: &Certificate) -> impl Iterator<Item = &'static str> {
    let usages = certificate.extended_key_usage.iter().flatten();
    let checks = [
        (
            serial_is_odd(&certificate.serial),
            "has a serial number that is not a positive number of at most 20 octets",
        ),
        (
            usages.into_iter().any(|usage| usage == "2.5.29.37.0"),
            "allows any extended key usage",
        ),
    ];
    checks
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, text)| text)
}
/// RFC 5280 section 4.1.2.2: positive, at most 20 octets.
fn serial_is_odd(serial: &[u8]) -> bool {
    let negative = serial.first().is_some_and(|first| first & 0x80 != 0);
    negative || serial.len() > 20 || serial.iter().all(|byte| *byte == 0)
}

fn is_critical(certificate: &Certificate, oid: &str) -> bool {
    certificate
        .extension(oid)
        .is_some_and(|extension| extension.critical)
}
