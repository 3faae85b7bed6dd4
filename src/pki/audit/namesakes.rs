//! Trusted certificates of one name: OpenSSL takes the first that fits by name and key identifier and
//! is valid, and does not go back to try another.

use super::Case;
use super::path::Path;
use super::trust::is_issuer;
use super::words::certificate_name;
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::Certificate;

/// A trusted certificate that stands in the way of the path.
pub(super) fn finding<'a>(case: &Case<'a>, path: &Path<'a>) -> Option<Finding> {
    if !case.is_server() || case.anchors.len() < 2 {
        return None;
    }
    if path.leaf_is_anchor {
        let first = first_fit(case, case.leaf)?;
        return (first.der != case.leaf.der).then(|| before_the_pinned(case, first));
    }
    let links = path.certificates(case);
    let issuers = links.iter().skip(1).copied().chain(path.anchor);
    let mut pairs = links.iter().zip(issuers);
    pairs.find_map(|(link, issuer)| {
        let first = first_fit(case, link)?;
        let is_same = first.public_key.same_key(&issuer.public_key);
        (!is_same && !is_issuer(case, first, link)).then(|| before_the_issuer(link, first))
    })
}

/// The trusted certificate that OpenSSL takes for the issuer.
fn first_fit<'a>(case: &Case<'a>, subject: &Certificate) -> Option<&'a Certificate> {
    let now = case.now();
    let mut anchors = case.anchors.iter().map(AsRef::as_ref);
    anchors.find(|anchor: &&Certificate| {
        anchor.subject.der() == subject.issuer.der()
            && anchor.not_before <= now
            && anchor.not_after >= now
            && is_named(anchor, subject)
    })
}

/// Whether the authority key identifier, as far as there is one, is that of `issuer`.
fn is_named(issuer: &Certificate, subject: &Certificate) -> bool {
    let key = match (&subject.authority_key_id, &issuer.subject_key_id) {
        (Some(wanted), Some(had)) => wanted == had,
        _ => true,
    };
    let serial = subject.authority_serial();
    key && serial.is_none_or(|serial| serial == issuer.serial)
}

fn before_the_issuer(link: &Certificate, first: &Certificate) -> Finding {
    let name = certificate_name(first);
    let cause = format!(
        "the trusted file holds several CAs `{name}` with keys of their own, and the first is not the one that signed `{}`: OpenSSL takes the first and says \"certificate signature failure\"",
        certificate_name(link)
    );
    let text = format!("take the CA `{name}` that is out of use out of every client's CA file");
    Finding::failure(Code::CaRegenerated, cause)
        .with_remedy(Remedy::text(text))
        .for_stacks(&[Stack::OpenSsl, Stack::Python313])
}

fn before_the_pinned(case: &Case<'_>, first: &Certificate) -> Finding {
    let name = certificate_name(case.leaf);
    let cause = format!(
        "the trusted file holds the broker's self-signed certificate `{name}`, and before it another of that name (serial {}): OpenSSL takes the first and says \"self-signed certificate\"",
        first.serial_hex()
    );
    let text = format!("take the earlier `{name}` out of every client's CA file");
    Finding::failure(Code::SelfSignedCertificate, cause)
        .with_remedy(Remedy::text(text))
        .for_stacks(&[Stack::OpenSsl])
}
