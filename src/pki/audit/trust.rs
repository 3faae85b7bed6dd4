//! Why a path ends without a trust anchor.

use super::path::Path;
use super::words::{certificate_name, list, shorten};
use super::{Case, Role, anchors, missing, namesakes};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, Name, Verification};

/// What is wrong with the end of the path.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    if let Some(anchor) = path.anchor {
        let found = namesakes::finding(case, path);
        return found
            .or_else(|| anchors::trusted(case, path, anchor))
            .into_iter()
            .collect();
    }
    let end = path.end(case);
    let mut findings = vec![untrusted(case, path, end)];
    if path.gave_up {
        let cause = "the chain offers more ways than are tried; the rest was left aside";
        findings.push(Finding::note(Code::UnknownIssuer, cause));
    }
    findings
}

fn untrusted<'a>(case: &Case<'a>, path: &Path<'a>, end: &Certificate) -> Finding {
    if path.leaf_is_anchor {
        return anchors::leaf_as_anchor(case);
    }
    if let Some(finding) = regenerated(case, path, end) {
        return finding;
    }
    if case.memory.is_self_signed(end) {
        return if path.links.len() == 1 {
            anchors::self_signed(case)
        } else {
            foreign_root(case, end)
        };
    }
    if let Some(finding) = forged(case, end) {
        return finding;
    }
    anchors::without_authority(case, end)
        .or_else(|| missing::finding(case, end))
        .unwrap_or_else(|| unknown(case, end))
}

/// A trusted CA has the issuer's name, and did not sign this.
fn regenerated<'a>(case: &Case<'a>, path: &Path<'a>, end: &Certificate) -> Option<Finding> {
    let is_root = case.memory.is_self_signed(end) && path.links.len() > 1;
    let names: [&Name; 1] = [if is_root { &end.subject } else { &end.issuer }];
    let old = case
        .anchors
        .iter()
        .find(|anchor| names.iter().any(|name| name.der() == anchor.subject.der()))?;
    if path.links.len() == 1 && case.memory.is_self_signed(end) {
        return None;
    }
    if !is_root && names_key_of(end, old) {
        return Some(altered(case, end, old));
    }
    let ids = match (&end.authority_key_id, &old.subject_key_id) {
        (Some(wanted), Some(had)) if wanted != had => format!(
            " (key id {} is asked for, {} is trusted)",
            key_id(wanted),
            key_id(had)
        ),
        _ => String::new(),
    };
    let cause = format!(
        "the issuer of `{}` has the name of the trusted CA `{}`, but another key{ids}: the CA was made anew",
        certificate_name(end),
        certificate_name(old)
    );
    let remedy = if case.is_server() {
        "give this client the CA file that belongs to the broker's present certificate, or issue the broker's certificate again from the CA that clients trust"
    } else {
        "issue the client's certificate again from the CA that the broker trusts"
    };
    Some(Finding::failure(Code::CaRegenerated, cause).with_remedy(Remedy::text(remedy)))
}

/// Whether `end` says that the key of `issuer` signed it.
fn names_key_of(end: &Certificate, issuer: &Certificate) -> bool {
    end.authority_key_id.is_some() && end.authority_key_id == issuer.subject_key_id
}

/// The issuer's name and key are right, and the signature is not.
fn altered(case: &Case<'_>, end: &Certificate, issuer: &Certificate) -> Finding {
    let cause = format!(
        "`{}` names the key of `{}` as the one that signed it, and the signature is not that key's: the certificate was changed or damaged after it was signed",
        certificate_name(end),
        certificate_name(issuer)
    );
    let text = "issue the certificate again, and install the file whole";
    let remedy = if end.der == case.leaf.der {
        case.reissue(text)
    } else {
        Remedy::text(text)
    };
    Finding::failure(Code::SignatureInvalid, cause).with_remedy(remedy)
}

pub(super) fn key_id(id: &[u8]) -> String {
    let hex: String = id
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{hex}…")
}

fn foreign_root(case: &Case<'_>, root: &Certificate) -> Finding {
    let name = name_beside_trusted(case, &root.subject);
    let cause = format!(
        "the chain ends at the root `{name}`, which is not trusted here ({})",
        trusted_names(case, &root.subject)
    );
    unknown_issuer(case, cause, &name, "")
}

/// The chain holds a certificate of the issuer's name that did not sign.
fn forged(case: &Case<'_>, end: &Certificate) -> Option<Finding> {
    let namesake = case.presented.iter().find(|other| {
        other.der != end.der
            && other.subject.der() == end.issuer.der()
            && case.memory.signature(&end.der, other) == Verification::Invalid
    })?;
    if names_key_of(end, namesake) {
        return Some(altered(case, end, namesake));
    }
    let cause = format!(
        "the chain holds a certificate of the issuer `{}`, but `{}` was not signed with its key",
        certificate_name(namesake),
        certificate_name(end)
    );
    let remedy = "put the issuing certificate that belongs to the broker's certificate into its certificate file";
    Some(Finding::failure(Code::CaRegenerated, cause).with_remedy(Remedy::text(remedy)))
}

fn unknown(case: &Case<'_>, end: &Certificate) -> Finding {
    let namesake = case
        .anchors
        .iter()
        .find(|anchor| anchor.subject.to_string() == end.issuer.to_string());
    if let Some(anchor) = namesake {
        return other_encoding(case, end, anchor);
    }
    let issuer = name_beside_trusted(case, &end.issuer);
    let cause = format!(
        "`{}` was issued by `{}`, which is not trusted here ({}){}",
        certificate_name(end),
        shorten(&end.issuer.to_string()),
        trusted_names(case, &end.issuer),
        perhaps_missing(case)
    );
    let or = " (or append its certificate to the broker's certificate file, where a trusted CA issued it)";
    unknown_issuer(case, cause, &issuer, or)
}

/// The issuer's name and the trusted CA's read alike, and are written in different types of string.
fn other_encoding(case: &Case<'_>, end: &Certificate, anchor: &Certificate) -> Finding {
    let cause = format!(
        "`{}` names its issuer `{}` in another encoding than the trusted CA's subject: OpenSSL and Java take them for one, rustls, Go and GnuTLS for two",
        certificate_name(end),
        certificate_name(anchor)
    );
    let text = "issue the certificate again with software that copies the CA's name byte for byte, such as certgen";
    let remedy = if end.der == case.leaf.der {
        case.reissue(text)
    } else {
        Remedy::text(text)
    };
    let code = case.code(Code::UnknownIssuer, Code::ClientCertificateUntrusted);
    let finding = Finding::failure(code, cause).with_remedy(remedy);
    finding.for_stacks(&[Stack::RustlsGo])
}

/// A chain that ends early may lack an intermediate.
fn perhaps_missing(case: &Case<'_>) -> &'static str {
    match case.presented.len() {
        _ if !case.is_server() || case.anchors.is_empty() => "",
        1 => {
            "; the broker sends no other certificate, so if that CA stands below a trusted one, its certificate is missing"
        }
        _ => {
            "; the broker does not send that CA's certificate, so if it stands below a trusted one, it is missing"
        }
    }
}

fn unknown_issuer(case: &Case<'_>, cause: String, issuer: &str, or: &str) -> Finding {
    let (code, text) = if case.is_server() {
        let text = format!(
            "if this is your broker, trust the CA `{issuer}`{or}, or issue the broker's certificate from the CA that clients trust; otherwise check host and port"
        );
        (Code::UnknownIssuer, text)
    } else {
        let text = format!(
            "issue the client's certificate from the CA that the broker trusts, or add `{issuer}` to the broker's CA file"
        );
        (Code::ClientCertificateUntrusted, text)
    };
    Finding::failure(code, cause).with_remedy(Remedy::text(text))
}

pub(super) fn is_issuer(case: &Case<'_>, issuer: &Certificate, subject: &Certificate) -> bool {
    issuer.subject.der() == subject.issuer.der()
        && case.memory.signature(&subject.der, issuer) != Verification::Invalid
}

/// The common name of an issuer; the whole name where a trusted CA has the same common name.
fn name_beside_trusted(case: &Case<'_>, name: &Name) -> String {
    match name.common_name() {
        Some(common) if !case.anchors.iter().any(|anchor| is_other(anchor, name)) => {
            shorten(common)
        }
        _ if name.is_empty() => "an empty name".to_owned(),
        _ => shorten(&name.to_string()),
    }
}

/// Whether the certificate has the common name of `name`, and is another.
fn is_other(certificate: &Certificate, name: &Name) -> bool {
    certificate.subject.common_name() == name.common_name() && certificate.subject != *name
}

/// What is trusted, with whole names where the common name alone is that of `beside`.
pub(super) fn trusted_names(case: &Case<'_>, beside: &Name) -> String {
    match case.anchors {
        [] => "nothing is trusted at all".to_owned(),
        anchors if anchors.len() > 20 => format!("{} CAs are trusted", anchors.len()),
        anchors => {
            let names: Vec<_> = anchors
                .iter()
                .map(|anchor| {
                    if is_other(anchor, beside) {
                        anchor.subject.to_string()
                    } else {
                        certificate_name(anchor)
                    }
                })
                .collect();
            format!("trusted: {}", list(&names))
        }
    }
}

pub(super) fn whose(case: &Case<'_>) -> &'static str {
    match case.question.role {
        Role::Server { .. } => "broker's",
        Role::Client => "client's",
    }
}
