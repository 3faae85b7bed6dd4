//! Why a path ends without a trust anchor.

use super::path::Path;
use super::words::{certificate_name, issuer_name, list, shorten};
use super::{Case, Role};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, Name, Verification};

/// What is wrong with the end of the path, or with trusting the leaf itself.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    if path.anchor.is_some() {
        return trusted(case, path).into_iter().collect();
    }
    let end = path.end(case);
    let mut findings = vec![untrusted(case, path, end)];
    if path.gave_up {
        let cause = "the chain offers more ways than are tried; the rest was left aside";
        findings.push(Finding::note(Code::UnknownIssuer, cause));
    }
    findings
}

fn trusted<'a>(case: &Case<'a>, path: &Path<'a>) -> Option<Finding> {
    if path.leaf_is_anchor && case.is_server() {
        let cause = format!(
            "the broker's certificate `{}` is self-signed and trusted as it is: replacing it means touching every client",
            certificate_name(case.leaf)
        );
        let remedy =
            case.reissue("issue the broker's certificate from a CA, and give clients the CA");
        return Some(Finding::warning(Code::SelfSignedCertificate, cause).with_remedy(remedy));
    }
    None
}

fn untrusted<'a>(case: &Case<'a>, path: &Path<'a>, end: &Certificate) -> Finding {
    if path.leaf_is_anchor {
        return leaf_as_anchor(case);
    }
    if let Some(finding) = regenerated(case, path, end) {
        return finding;
    }
    if case.memory.is_self_signed(end) {
        return if path.links.len() == 1 {
            self_signed(case)
        } else {
            foreign_root(case, end)
        };
    }
    if let Some(finding) = forged(case, end) {
        return finding;
    }
    match missing(case, end) {
        Some(why) => missing_intermediate(case, end, &why),
        None => unknown(case, end),
    }
}

fn leaf_as_anchor(case: &Case<'_>) -> Finding {
    let cause = format!(
        "the trusted file holds the broker's own certificate `{}`, and not the CA `{}` that issued it",
        certificate_name(case.leaf),
        issuer_name(case.leaf)
    );
    Finding::failure(Code::LeafAsTrustAnchor, cause)
        .with_remedy(Remedy::text(format!(
            "trust the CA `{}` instead: with certgen it is `ca/ca.crt`",
            issuer_name(case.leaf)
        )))
        .for_stacks(&[Stack::OpenSsl, Stack::RustlsGo, Stack::Python313])
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

fn self_signed(case: &Case<'_>) -> Finding {
    let cause = format!(
        "the {} certificate `{}` is self-signed, and not among the trusted certificates ({})",
        whose(case),
        certificate_name(case.leaf),
        trusted_names(case)
    );
    let code = case.code(
        Code::SelfSignedCertificate,
        Code::ClientCertificateUntrusted,
    );
    let text = if case.is_server() {
        "issue the broker's certificate from a CA that clients trust"
    } else {
        "issue the client's certificate from the CA that the broker trusts"
    };
    Finding::failure(code, cause).with_remedy(case.reissue(text))
}

fn foreign_root(case: &Case<'_>, root: &Certificate) -> Finding {
    let cause = format!(
        "the chain ends at the root `{}`, which is not trusted here ({})",
        certificate_name(root),
        trusted_names(case)
    );
    unknown_issuer(case, cause, &certificate_name(root))
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
    let issuer = issuer_name(end);
    let namesake = case
        .anchors
        .iter()
        .find(|anchor| anchor.subject.to_string() == end.issuer.to_string());
    let cause = match namesake {
        Some(_) => format!(
            "`{}` names its issuer `{issuer}` in another encoding than the trusted CA's subject: some stacks take them for two",
            certificate_name(end)
        ),
        None => format!(
            "`{}` was issued by `{}`, which is not trusted here ({}){}",
            certificate_name(end),
            shorten(&end.issuer.to_string()),
            trusted_names(case),
            perhaps_missing(case)
        ),
    };
    unknown_issuer(case, cause, &issuer)
}

/// A certificate that comes alone may lack its intermediate.
fn perhaps_missing(case: &Case<'_>) -> &'static str {
    if case.is_server() && case.presented.len() == 1 && !case.anchors.is_empty() {
        "; the broker sends no other certificate, so if that CA stands below a trusted one, its certificate is missing"
    } else {
        ""
    }
}

fn unknown_issuer(case: &Case<'_>, cause: String, issuer: &str) -> Finding {
    let (code, text) = if case.is_server() {
        let text = format!(
            "if this is your broker, trust the CA `{issuer}` (or append its certificate to the broker's certificate file, where a trusted CA issued it), or issue the broker's certificate from the CA that clients trust; otherwise check host and port"
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

fn missing_intermediate(case: &Case<'_>, end: &Certificate, why: &str) -> Finding {
    let issuer = issuer_name(end);
    let cause = format!(
        "`{}` was issued by `{issuer}`, whose certificate the {} does not send and which is not trusted itself ({why})",
        certificate_name(end),
        if case.is_server() { "broker" } else { "client" },
    );
    let code = case.code(Code::MissingIntermediate, Code::ClientChainIncomplete);
    let text = format!(
        "append the certificate of `{issuer}` to the {} certificate file, after its own",
        whose(case)
    );
    Finding::failure(code, cause).with_remedy(Remedy::text(text))
}

/// Why the issuer looks like an intermediate rather than like a foreign root.
fn missing(case: &Case<'_>, end: &Certificate) -> Option<String> {
    let known = case.memory.certificates(case.question.others);
    let issuer = known
        .iter()
        .find(|other| is_issuer(case, other, end) && !case.memory.is_self_signed(other));
    if let Some(issuer) = issuer {
        let above = case
            .anchors
            .iter()
            .find(|anchor| is_issuer(case, anchor, issuer));
        return Some(match above {
            Some(anchor) => format!("the trusted CA `{}` issued it", certificate_name(anchor)),
            None => format!("`{}` issued it", issuer_name(issuer)),
        });
    }
    if end
        .authority_issuers()
        .iter()
        .any(|name| name.der() != end.issuer.der())
    {
        return Some("the certificate itself says that its issuer has an issuer".to_owned());
    }
    if let Some(place) = end.issuer_address() {
        return Some(format!("it can be had at {}", shorten(&place)));
    }
    let anchor = case
        .anchors
        .iter()
        .find(|a| kindred(&a.subject, &end.issuer))?;
    Some(format!(
        "it belongs with the trusted CA `{}`",
        certificate_name(anchor)
    ))
}

fn is_issuer(case: &Case<'_>, issuer: &Certificate, subject: &Certificate) -> bool {
    issuer.subject.der() == subject.issuer.der()
        && case.memory.signature(&subject.der, issuer) != Verification::Invalid
}

/// Whether two names look like a root and its intermediate: the same organization, or common
/// names that share a distinctive word, and the issuer does not call itself a root.
pub(crate) fn kindred(root: &Name, issuer: &Name) -> bool {
    let common = issuer.common_name().unwrap_or_default();
    if words(common).any(|word| word == "root") {
        return false;
    }
    let organizations = (root.organizations(), issuer.organizations());
    if !organizations.0.is_empty() || !organizations.1.is_empty() {
        return organizations.0 == organizations.1;
    }
    let anchor = root.common_name().unwrap_or_default();
    words(common).any(|word| {
        !COMMON_WORDS.contains(&word.as_str()) && words(anchor).any(|other| other == word)
    })
}

/// Words that say nothing about who runs a CA.
const COMMON_WORDS: &[&str] = &[
    "ca",
    "root",
    "certificate",
    "certification",
    "authority",
    "certgen",
    "mqtt",
    "my",
    "home",
    "private",
    "local",
    "test",
    "the",
    "of",
    "for",
    "issuing",
    "intermediate",
    "sub",
    "signing",
    "tls",
    "server",
    "broker",
    "mosquitto",
    "rsa",
    "ecc",
    "ec",
    "g1",
    "g2",
    "1",
    "2",
    "3",
];

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn trusted_names(case: &Case<'_>) -> String {
    match case.anchors {
        [] => "nothing is trusted at all".to_owned(),
        anchors if anchors.len() > 20 => format!("{} CAs are trusted", anchors.len()),
        anchors => {
            let names: Vec<_> = anchors
                .iter()
                .map(|anchor| certificate_name(anchor))
                .collect();
            format!("trusted: {}", list(&names))
        }
    }
}

fn whose(case: &Case<'_>) -> &'static str {
    match case.question.role {
        Role::Server { .. } => "broker's",
        Role::Client => "client's",
    }
}
