//! Whether those who issued may issue: CA flag, key usage, path length, distinct names.

use super::path::Path;
use super::trust::key_id;
use super::words::certificate_name;
use super::{Case, Role};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, hex};

/// What is wrong with the CAs of the path.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let below = path.certificates(case);
    let mut findings: Vec<Finding> = below
        .iter()
        .skip(1)
        .filter_map(|issuer| not_a_ca(issuer))
        .collect();
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    findings.extend(anchor.and_then(anchor_not_a_ca));
    let issuers = below.iter().skip(1).copied().chain(anchor);
    let links = below.iter().copied().zip(issuers.clone());
    findings.extend(links.filter_map(|(subject, issuer)| key_ids(case, subject, issuer)));
    findings.extend(path_length(&below, issuers));
    findings.extend(same_subject(case, path));
    findings
}

/// Why a certificate may not issue others.
fn objection(issuer: &Certificate) -> Option<&'static str> {
    if !issuer.is_ca() {
        return Some(match issuer.basic_constraints {
            Some(_) => "its basic constraints say CA:FALSE",
            None if issuer.version < 3 => {
                "it is an X.509 v1 certificate, which cannot say that it is a CA"
            }
            None => "it has no basic constraints with CA:TRUE",
        });
    }
    let usage = issuer.key_usage?;
    (!usage.key_cert_sign()).then_some("its key usage lacks keyCertSign")
}

fn not_a_ca(issuer: &Certificate) -> Option<Finding> {
    let why = objection(issuer)?;
    let name = certificate_name(issuer);
    let cause = format!("the issuing certificate `{name}` is not a CA's: {why}");
    let remedy = "issue the certificate again from a real CA";
    Some(Finding::failure(Code::IssuerNotACa, cause).with_remedy(Remedy::text(remedy)))
}

fn anchor_not_a_ca(anchor: &Certificate) -> Option<Finding> {
    let why = objection(anchor)?;
    let name = certificate_name(anchor);
    if anchor.version < 3 {
        let cause = format!(
            "the trusted CA `{name}` is an X.509 v{} certificate: strict stacks do not take it for a CA",
            anchor.version
        );
        return Some(
            Finding::warning(Code::X509V1, cause)
                .with_remedy(new_authority())
                .for_stacks(&[Stack::Python313, Stack::Android]),
        );
    }
    let cause = format!("the trusted CA `{name}` is not marked as one: {why}");
    let signs = anchor.basic_constraints.is_none()
        && anchor.key_usage.is_some_and(|usage| usage.key_cert_sign());
    let finding = if signs {
        Finding::warning(Code::TrustAnchorNotACa, cause).for_stacks(&[
            Stack::Java,
            Stack::Android,
            Stack::Python313,
        ])
    } else {
        Finding::failure(Code::TrustAnchorNotACa, cause).for_stacks(&[
            Stack::OpenSsl,
            Stack::Java,
            Stack::Android,
            Stack::Python313,
        ])
    };
    Some(finding.with_remedy(new_authority()))
}

fn new_authority() -> Remedy {
    Remedy::run(
        "make a CA with critical basic constraints and keyCertSign, and issue everything below it again",
        crate::finding::Action::CreateAuthority,
    )
}

/// OpenSSL's `X509_check_akid`: the issuer is the one whose key id and serial number are named.
fn key_ids(case: &Case<'_>, subject: &Certificate, issuer: &Certificate) -> Option<Finding> {
    let (name, above) = (certificate_name(subject), certificate_name(issuer));
    let wrong = match (&subject.authority_key_id, &issuer.subject_key_id) {
        (Some(wanted), Some(had)) if wanted != had => format!(
            "the key id {}, and `{above}` has {}",
            key_id(wanted),
            key_id(had)
        ),
        _ => {
            let wanted = subject.authority_serial()?;
            if wanted == issuer.serial {
                return None;
            }
            format!(
                "the serial number {}, and `{above}` has {}",
                hex(&wanted),
                issuer.serial_hex()
            )
        }
    };
    let cause = format!(
        "`{name}` says of its issuer that it has {wrong}: the signature is right, but OpenSSL looks for another CA and finds none"
    );
    let text = "issue the certificate again from the CA as it is now";
    let remedy = if subject.der == case.leaf.der {
        case.reissue(text)
    } else {
        Remedy::text(text)
    };
    let finding = Finding::failure(Code::KeyIdMismatch, cause).with_remedy(remedy);
    Some(finding.for_stacks(&[Stack::OpenSsl, Stack::Python313]))
}

/// Counts, for each CA, the intermediates below it that are not self-issued (RFC 5280 6.1.4 l).
fn path_length<'a>(
    below: &[&Certificate],
    issuers: impl Iterator<Item = &'a Certificate>,
) -> Option<Finding> {
    let mut intermediates = 0_u32;
    for (position, issuer) in issuers.enumerate() {
        let limit = issuer.basic_constraints.and_then(|basic| basic.path_length);
        if let Some(limit) = limit.filter(|limit| intermediates > *limit) {
            let under = below
                .get(position)
                .map_or_else(String::new, |c| certificate_name(c));
            let cause = format!(
                "`{}` allows {limit} CAs below it (pathlen), and there are {intermediates}, the nearest being `{under}`",
                certificate_name(issuer)
            );
            let remedy = "issue from a CA that is nearer to the root, or make the CA with a greater path length";
            let finding = Finding::failure(Code::PathLengthExceeded, cause);
            return Some(finding.with_remedy(Remedy::text(remedy)));
        }
        if !issuer.is_self_issued() {
            intermediates += 1;
        }
    }
    None
}

fn same_subject<'a>(case: &Case<'a>, path: &Path<'a>) -> Option<Finding> {
    let leaf = case.leaf;
    if !leaf.is_self_issued() || path.leaf_is_anchor || case.memory.is_self_signed(leaf) {
        return None;
    }
    let whose = match case.question.role {
        Role::Server { .. } => "broker's",
        Role::Client => "client's",
    };
    let cause = format!(
        "the {whose} certificate has the same subject `{}` as the CA that issued it: OpenSSL takes it for a self-signed certificate (error 18)",
        leaf.subject
    );
    let remedy = case.reissue("issue it again under a subject of its own");
    let finding = Finding::failure(Code::SameSubjectAsIssuer, cause).with_remedy(remedy);
    Some(finding.for_stacks(&[Stack::OpenSsl, Stack::Python313]))
}
