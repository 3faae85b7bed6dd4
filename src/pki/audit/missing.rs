//! Whether an issuing certificate is missing: why the issuer looks like an intermediate rather than
//! like a foreign root.

use super::Case;
use super::path::is_copy;
use super::trust::{is_issuer, whose};
use super::words::{certificate_name, issuer_name, shorten};
use crate::finding::{Code, Finding, Remedy};
use crate::x509::{Certificate, Name};

/// How many of the certificates that were sent are held against the trusted ones.
const CANDIDATES: usize = 40;

/// The issuer of `end`, where there is a reason to take it for an intermediate that was not sent.
pub(super) fn finding(case: &Case<'_>, end: &Certificate) -> Option<Finding> {
    let issuer = issuer_name(end);
    let text = format!(
        "append the certificate of `{issuer}` to the {} certificate file, after its own",
        whose(case)
    );
    if let Some(why) = known(case, end) {
        return Some(missing(case, end, &why, text));
    }
    if let Some(relative) = relative(case, end) {
        let (why, more) = match relative {
            Relative::Anchor(name) => (
                format!("it does send the trusted CA `{name}`"),
                String::new(),
            ),
            Relative::Below { name, anchor } => (
                format!("it does send `{name}`, which the trusted CA `{anchor}` issued"),
                format!("; `{name}` belongs there only if it issued `{issuer}`"),
            ),
        };
        return Some(missing(case, end, &why, text + &more));
    }
    let why = suspicion(case, end)?;
    Some(missing(case, end, &why, text))
}

fn missing(case: &Case<'_>, end: &Certificate, why: &str, text: String) -> Finding {
    let cause = format!(
        "`{}` was issued by `{}`, whose certificate the {} does not send and which is not trusted itself ({why})",
        certificate_name(end),
        issuer_name(end),
        if case.is_server() { "broker" } else { "client" },
    );
    let code = case.code(Code::MissingIntermediate, Code::ClientChainIncomplete);
    Finding::failure(code, cause).with_remedy(Remedy::text(text))
}

/// The issuer is at hand, and is no root.
fn known(case: &Case<'_>, end: &Certificate) -> Option<String> {
    let known = case.memory.certificates(case.question.others);
    let issuer = known
        .iter()
        .find(|other| is_issuer(case, other, end) && !case.memory.is_self_signed(other))?;
    let above = case
        .anchors
        .iter()
        .find(|anchor| is_issuer(case, anchor, issuer));
    Some(match above {
        Some(anchor) => format!("the trusted CA `{}` issued it", certificate_name(anchor)),
        None => format!("`{}` issued it", issuer_name(issuer)),
    })
}

/// What was sent beside the line of issuers, and stands next to it.
enum Relative {
    /// A trusted CA.
    Anchor(String),
    /// A CA that a trusted one issued.
    Below { name: String, anchor: String },
}

/// A CA among what was sent that leads to a trusted one, and is not above `end`: who sends it means
/// that trusted CA.
fn relative(case: &Case<'_>, end: &Certificate) -> Option<Relative> {
    let sent = case.presented.iter().take(CANDIDATES);
    let mut others = sent.filter(|other| other.der != end.der && other.is_ca());
    let below = others.clone().find_map(|other| {
        let anchor = case
            .anchors
            .iter()
            .find(|anchor| !is_copy(anchor, other) && is_issuer(case, anchor, other))?;
        Some(Relative::Below {
            name: certificate_name(other),
            anchor: certificate_name(anchor),
        })
    });
    below.or_else(|| {
        let copies = |other: &Certificate| case.anchors.iter().any(|anchor| is_copy(anchor, other));
        let other = others.find(|other| copies(other))?;
        Some(Relative::Anchor(certificate_name(other)))
    })
}

/// What the certificate itself says, or its names.
fn suspicion(case: &Case<'_>, end: &Certificate) -> Option<String> {
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
