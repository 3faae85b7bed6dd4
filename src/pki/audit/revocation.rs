//! Revocation: lists that were given, and the OCSP answer that the server stapled.

use std::sync::Arc;

use super::Case;
use super::path::Path;
use super::words::certificate_name;
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::time::{self, Timestamp};
use crate::x509::{
    Certificate, CertificateStatus, OcspResponse, OcspStatus, RevocationList, Verification,
};

/// `TLS feature` (RFC 7633), and its value for "status_request".
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
const STATUS_REQUEST: u8 = 5;
/// EKU of who may sign OCSP answers for a CA.
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

/// What lists and staple say about the path.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let below = path.certificates(case);
    let issuers: Vec<&Certificate> = below.iter().skip(1).copied().chain(path.anchor).collect();
    let lists: Vec<_> = case
        .question
        .crls
        .iter()
        .map(|der| case.memory.list(der))
        .collect();
    let mut findings = Vec::new();
    for list in &lists {
        if let Err(error) = list {
            findings.push(unusable(format!(
                "a revocation list cannot be read: {error}"
            )));
        }
    }
    let lists: Vec<Arc<RevocationList>> = lists.into_iter().flatten().collect();
    for (subject, issuer) in below.iter().zip(&issuers) {
        findings.extend(by_lists(case, subject, issuer, &lists));
    }
    let covered =
        |list: &Arc<RevocationList>| issuers.iter().any(|i| i.subject.der() == list.issuer.der());
    if path.anchor.is_some() && !lists.is_empty() && !lists.iter().any(covered) {
        findings.push(unusable(format!(
            "the revocation list is of `{}`, which issued nothing in this chain",
            lists
                .first()
                .map(|l| l.issuer.to_string())
                .unwrap_or_default()
        )));
    } else if path.anchor.is_some() && !lists.is_empty() {
        findings.extend(uncovered(case, issuers.first().copied(), &lists));
    }
    findings.extend(staple(case, issuers.first().copied()));
    findings
}

/// There are lists, and none of the CA that issued the leaf.
fn uncovered(
    case: &Case<'_>,
    issuer: Option<&Certificate>,
    lists: &[Arc<RevocationList>],
) -> Option<Finding> {
    let issuer = issuer?;
    let is_of_issuer = |list: &Arc<RevocationList>| list.issuer.der() == issuer.subject.der();
    if lists.iter().any(is_of_issuer) {
        return None;
    }
    Some(unusable(format!(
        "no revocation list of `{}` was given, which issued `{}`: whether that was revoked is unknown, and clients that ask for lists refuse it",
        certificate_name(issuer),
        certificate_name(case.leaf)
    )))
}

/// When the newest revocation data was made, as far as it is signed by somebody known.
pub(super) fn made(case: &Case<'_>) -> Option<Timestamp> {
    let lists = case.question.crls.iter();
    let lists = lists.filter_map(|der| case.memory.list(der).ok());
    lists
        .filter(|list| {
            case.anchors.iter().any(|anchor| {
                signs(case, &list.der, anchor) && anchor.subject.der() == list.issuer.der()
            })
        })
        .map(|list| list.this_update)
        .max()
}

fn signs(case: &Case<'_>, der: &[u8], signer: &Certificate) -> bool {
    case.memory.signature(der, signer) == Verification::Valid
}

fn by_lists(
    case: &Case<'_>,
    subject: &Certificate,
    issuer: &Certificate,
    lists: &[Arc<RevocationList>],
) -> Vec<Finding> {
    let own = lists
        .iter()
        .filter(|list| list.issuer.der() == issuer.subject.der());
    let mut findings = Vec::new();
    for list in own {
        match rejected(case, list, issuer) {
            Some(why) => findings.push(unusable(format!(
                "the revocation list of `{}` proves nothing: {why}",
                certificate_name(issuer)
            ))),
            None => {
                findings.extend(expired(case, list, issuer));
                findings.extend(endless(list, issuer));
                findings.extend(revoked(case, subject, list));
            }
        }
    }
    findings
}

fn rejected(case: &Case<'_>, list: &RevocationList, issuer: &Certificate) -> Option<String> {
    if !signs(case, &list.der, issuer) {
        return Some("its signature is not that CA's".to_owned());
    }
    if issuer.key_usage.is_some_and(|usage| !usage.crl_sign()) {
        return Some("the CA's key usage lacks cRLSign".to_owned());
    }
    let unknown = list.unknown_critical.first()?;
    Some(format!(
        "it has the critical extension {unknown}, which is not known here"
    ))
}

fn expired(case: &Case<'_>, list: &RevocationList, issuer: &Certificate) -> Option<Finding> {
    let next = list.next_update.filter(|next| *next < case.now())?;
    let cause = format!(
        "the revocation list of `{}` was to be replaced by {}: what was revoked since is unknown, and strict clients refuse everything",
        certificate_name(issuer),
        time::end_for_people(case.now(), next)
    );
    let remedy = "fetch or make the current revocation list, and give that";
    Some(Finding::failure(Code::CrlExpired, cause).with_remedy(Remedy::text(remedy)))
}

/// RFC 5280 section 5.1.2.5 demands `nextUpdate`.
fn endless(list: &RevocationList, issuer: &Certificate) -> Option<Finding> {
    if list.next_update.is_some() {
        return None;
    }
    let cause = format!(
        "the revocation list of `{}` does not say when the next one comes: Java and rustls do not take it",
        certificate_name(issuer)
    );
    Some(unusable(cause).for_stacks(&[Stack::Java, Stack::RustlsGo]))
}

fn revoked(case: &Case<'_>, subject: &Certificate, list: &RevocationList) -> Option<Finding> {
    let entry = list.find(&subject.serial)?;
    if entry.reason == Some("removeFromCRL") {
        return None;
    }
    let reason = entry
        .reason
        .map(|reason| format!(", {reason}"))
        .unwrap_or_default();
    let cause = format!(
        "`{}` (serial {}) is on the revocation list of its CA, revoked on {}{reason}",
        certificate_name(subject),
        subject.serial_hex(),
        time::date(entry.date)
    );
    Some(revocation(case, cause))
}

fn revocation(case: &Case<'_>, cause: String) -> Finding {
    let code = case.code(
        Code::ServerCertificateRevoked,
        Code::ClientCertificateRevoked,
    );
    let remedy = case
        .reissue("issue a new certificate with a new key, and find out why this one was revoked");
    Finding::failure(code, cause).with_remedy(remedy)
}

fn unusable(cause: String) -> Finding {
    let remedy = "give the current revocation list of the CA that issued the certificate";
    Finding::warning(Code::RevocationDataUnusable, cause).with_remedy(Remedy::text(remedy))
}

fn staple(case: &Case<'_>, issuer: Option<&Certificate>) -> Option<Finding> {
    if !case.is_server() {
        return None;
    }
    let Some(der) = case.question.staple.filter(|der| !der.is_empty()) else {
        return must_staple(case);
    };
    let Some(response) = OcspResponse::from_der(der) else {
        return Some(unusable(
            "the broker staples an OCSP answer that cannot be read, or that is an error".to_owned(),
        ));
    };
    let status = response
        .statuses
        .iter()
        .find(|status| is_about(status, case.leaf))?;
    let vouched = issuer.is_none_or(|issuer| is_vouched(case, &response, issuer));
    match status.status {
        CertificateStatus::Revoked(since) if vouched => Some(revocation(
            case,
            format!(
                "the broker itself staples an OCSP answer which says that its certificate `{}` was revoked{}",
                certificate_name(case.leaf),
                since
                    .map(|time| format!(" on {}", time::date(time)))
                    .unwrap_or_default()
            ),
        )),
        _ if !vouched => Some(unusable(
            "the broker staples an OCSP answer that its CA did not sign".to_owned(),
        )),
        CertificateStatus::Unknown => Some(unusable(format!(
            "the broker staples an OCSP answer in which its CA does not know the certificate `{}`",
            certificate_name(case.leaf)
        ))),
        _ => status
            .next_update
            .filter(|next| *next < case.now())
            .map(|next| {
                unusable(format!(
                    "the broker staples an OCSP answer that was valid until {}",
                    time::end_for_people(case.now(), next)
                ))
            }),
    }
}

fn is_about(status: &OcspStatus, leaf: &Certificate) -> bool {
    status.serial == leaf.serial
}

/// Signed by the issuer, or by whom the issuer has appointed.
fn is_vouched(case: &Case<'_>, response: &OcspResponse, issuer: &Certificate) -> bool {
    let delegates = case.memory.certificates(&response.certificates);
    signs(case, &response.basic, issuer)
        || delegates.iter().any(|delegate| {
            let usages = delegate.extended_key_usage.iter().flatten();
            usages.into_iter().any(|usage| usage == OCSP_SIGNING)
                && signs(case, &delegate.der, issuer)
                && signs(case, &response.basic, delegate)
        })
}

fn must_staple(case: &Case<'_>) -> Option<Finding> {
    let feature = case.leaf.extension(TLS_FEATURE)?;
    // SEQUENCE OF INTEGER; each feature is a small number.
    if !feature
        .value
        .windows(3)
        .any(|w| w == [2, 1, STATUS_REQUEST])
    {
        return None;
    }
    let cause = format!(
        "`{}` demands a stapled OCSP answer (TLS feature, must-staple), and the broker sends none",
        certificate_name(case.leaf)
    );
    let remedy = case.reissue("switch OCSP stapling on in the broker or its proxy, or issue the certificate again without must-staple");
    let finding = Finding::warning(Code::MustStapleMissing, cause).with_remedy(remedy);
    Some(finding.for_stacks(&[Stack::Java]))
}
