//! The trusted certificates themselves: one that stands for the leaf, an intermediate without its
//! root, a file that holds no CA.

use super::Case;
use super::path::{Path, is_copy};
use super::trust::{is_issuer, trusted_names, whose};
use super::words::{certificate_name, issuer_name};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::time;
use crate::x509::Certificate;

/// How many trusted CAs stand above one another.
const DEPTH: usize = 12;

/// What is to be said of a path that ends at `anchor`.
pub(super) fn trusted<'a>(
    case: &Case<'a>,
    path: &Path<'a>,
    anchor: &'a Certificate,
) -> Option<Finding> {
    if !case.is_server() {
        return None;
    }
    if path.leaf_is_anchor {
        return Some(pinned(case));
    }
    let highest = above(case, anchor).last().copied().unwrap_or(anchor);
    (!is_root(highest)).then(|| without_root(case, highest))
}

/// The trusted CAs above a trusted one, from the nearest to the highest: OpenSSL wants the last of
/// them to be a root.
pub(super) fn above<'a>(case: &Case<'a>, anchor: &'a Certificate) -> Vec<&'a Certificate> {
    let mut found: Vec<&Certificate> = Vec::new();
    let mut last = anchor;
    while !is_root(last) && found.len() < DEPTH {
        let known = |other: &Certificate| {
            other.der == anchor.der || found.iter().any(|one| one.der == other.der)
        };
        let issuers = case.anchors.iter().map(AsRef::as_ref);
        let issuers = issuers.filter(|other| !known(other) && is_issuer(case, other, last));
        // OpenSSL takes one that is valid, or else the one that was so last.
        let Some(next) = issuers.max_by_key(|other| other.not_after) else {
            break;
        };
        found.push(next);
        last = next;
    }
    found
}

/// What OpenSSL takes for a root: self-issued, whatever the signature.
fn is_root(certificate: &Certificate) -> bool {
    let (authority, subject) = (&certificate.authority_key_id, &certificate.subject_key_id);
    certificate.is_self_issued()
        && (authority.is_none() || subject.is_none() || authority == subject)
}

fn without_root(case: &Case<'_>, highest: &Certificate) -> Finding {
    let (name, issuer) = (certificate_name(highest), issuer_name(highest));
    let sends = if case
        .presented
        .iter()
        .any(|sent| sent.subject.der() == highest.issuer.der())
    {
        ", and does not take it from the broker"
    } else {
        ""
    };
    let cause = format!(
        "the trusted file holds the intermediate CA `{name}`, and not the root `{issuer}` that issued it: OpenSSL (mosquitto, Python before 3.13, Node) wants the root among the trusted{sends}, and says \"unable to get issuer certificate\""
    );
    let text = format!(
        "give clients a CA file with `{issuer}`; `{name}` may stay beside it, and the broker sends `{name}` with its own certificate"
    );
    Finding::failure(Code::TrustAnchorIncomplete, cause)
        .with_remedy(Remedy::text(text))
        .for_stacks(&[Stack::OpenSsl])
}

fn pinned(case: &Case<'_>) -> Finding {
    let cause = format!(
        "the broker's certificate `{}` is self-signed and trusted as it is: replacing it means touching every client",
        certificate_name(case.leaf)
    );
    let remedy = case.reissue("issue the broker's certificate from a CA, and give clients the CA");
    Finding::warning(Code::SelfSignedCertificate, cause).with_remedy(remedy)
}

/// The leaf was signed by a CA, and is itself what is trusted.
pub(super) fn leaf_as_anchor(case: &Case<'_>) -> Finding {
    let cause = format!(
        "the trusted file holds the broker's own certificate `{}`, and not the CA `{}` that issued it",
        certificate_name(case.leaf),
        issuer_name(case.leaf)
    );
    Finding::failure(Code::LeafAsTrustAnchor, cause)
        .with_remedy(authority_instead(case.leaf))
        .for_stacks(&[Stack::OpenSsl, Stack::RustlsGo, Stack::Python313])
}

fn authority_instead(end: &Certificate) -> Remedy {
    Remedy::text(format!(
        "trust the CA `{}` instead: with certgen it is `ca/ca.crt`",
        issuer_name(end)
    ))
}

/// Certificates are trusted, and none of them is a CA's: an earlier one of the broker, or a client's.
pub(super) fn without_authority(case: &Case<'_>, end: &Certificate) -> Option<Finding> {
    let may_issue =
        |anchor: &Certificate| anchor.is_ca() || anchor.version < 3 || anchor.is_self_issued();
    let first = case.anchors.first()?;
    if !case.is_server() || case.anchors.iter().any(|anchor| may_issue(anchor)) {
        return None;
    }
    let issuer = issuer_name(end);
    let mut earlier = case.anchors.iter();
    let earlier = earlier.find(|anchor| anchor.subject.der() == case.leaf.subject.der());
    let (code, cause) = match earlier {
        Some(earlier) => (
            Code::LeafAsTrustAnchor,
            format!(
                "the trusted file holds another certificate of the broker's, `{}` of {}, and not the CA `{issuer}` that issued the present one",
                certificate_name(earlier),
                time::date(earlier.not_before)
            ),
        ),
        None => (
            Code::TrustAnchorNotACa,
            format!(
                "the trusted file holds no CA: `{}` is {}; `{}` was issued by `{issuer}`",
                certificate_name(first),
                if first.allows_client() && !first.allows_server() {
                    "the certificate of a client"
                } else {
                    "no CA's certificate"
                },
                certificate_name(end)
            ),
        ),
    };
    Some(Finding::failure(code, cause).with_remedy(authority_instead(end)))
}

/// The leaf signed itself, and is not trusted.
pub(super) fn self_signed(case: &Case<'_>) -> Finding {
    let code = case.code(
        Code::SelfSignedCertificate,
        Code::ClientCertificateUntrusted,
    );
    let mut old = case.anchors.iter();
    let old = old.find(|anchor| anchor.subject.der() == case.leaf.subject.der());
    if let Some(old) = old.filter(|_| case.is_server()) {
        return replaced(case, old);
    }
    let cause = format!(
        "the {} certificate `{}` is self-signed, and not among the trusted certificates ({})",
        whose(case),
        certificate_name(case.leaf),
        trusted_names(case, &case.leaf.subject)
    );
    let text = if case.is_server() {
        "issue the broker's certificate from a CA that clients trust"
    } else {
        "issue the client's certificate from the CA that the broker trusts"
    };
    Finding::failure(code, cause).with_remedy(case.reissue(text))
}

/// An earlier edition of the self-signed leaf is trusted: by name, perhaps also by key.
fn replaced(case: &Case<'_>, old: &Certificate) -> Finding {
    let same_key = is_copy(case.leaf, old);
    let why = if same_key {
        "both have one key, but OpenSSL, Go and Python trust a self-signed certificate only as it is"
    } else {
        "the broker's was made anew, with another key"
    };
    let (now_shown, trusted) = (time::date(case.leaf.not_before), time::date(old.not_before));
    let (of, from) = if now_shown == trusted {
        (String::new(), "another of that name is trusted".to_owned())
    } else {
        (
            format!(" of {now_shown}"),
            format!("the trusted one of that name is of {trusted}"),
        )
    };
    let cause = format!(
        "the broker shows the self-signed certificate `{}`{of}, and {from}: {why}",
        certificate_name(case.leaf)
    );
    let text = "if the broker's certificate was renewed, give every client the new one; a certificate from a CA could be renewed without touching them";
    let finding = Finding::failure(Code::SelfSignedCertificate, cause);
    let finding = finding.with_remedy(Remedy::text(text));
    match (same_key, old.is_ca()) {
        (false, _) => finding,
        (true, true) => finding.for_stacks(&[Stack::OpenSsl, Stack::Python313]),
        (true, false) => finding.for_stacks(&[Stack::OpenSsl, Stack::Java, Stack::Python313]),
    }
}
