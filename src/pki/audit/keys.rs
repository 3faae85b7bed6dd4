//! Keys and signatures: too weak, not supported, or not supported everywhere.

use super::Case;
use super::path::Path;
use super::words::certificate_name;
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, Digest, KeyKind, SignatureAlgorithm, Signed};

/// The longest RSA key that rustls takes.
const RSA_LIMIT: usize = 8_192;

/// What a key is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Everybody takes it.
    Good,
    /// Too short.
    Weak,
    /// OpenSSL or rustls refuse it.
    Unsupported(&'static str),
    /// These stacks refuse it.
    Uncommon(&'static [Stack], &'static str),
}

/// How the stacks see a kind of key.
pub(super) fn standing(kind: &KeyKind) -> Standing {
    use Standing::{Good, Uncommon, Unsupported, Weak};
    match kind {
        KeyKind::Rsa(bits) | KeyKind::RsaPss(bits) if *bits < 2_048 => Weak,
        KeyKind::Rsa(bits) if *bits > RSA_LIMIT => {
            Unsupported("rustls takes no RSA key over 8192 bits")
        }
        KeyKind::Rsa(_) | KeyKind::P256 | KeyKind::P384 => Good,
        KeyKind::RsaPss(_) => Unsupported(
            "keys of type id-RSASSA-PSS are refused by rustls, Go, Android and most devices",
        ),
        KeyKind::P521 => Uncommon(
            &[Stack::Android, Stack::RustlsGo],
            "Android and rustls with ring have no P-521",
        ),
        KeyKind::Ed25519 => Uncommon(
            &[Stack::Android, Stack::MbedTls],
            "Android, Mbed TLS (ESP32) and Java before 15 refuse Ed25519",
        ),
        KeyKind::OtherCurve(curve) if curve == "P-192" => Weak,
        KeyKind::OtherCurve(_) => {
            Unsupported("rustls, Go and Java refuse every curve but P-256, P-384 and P-521")
        }
        KeyKind::ExplicitCurve => {
            Unsupported("OpenSSL, rustls and Java refuse curve parameters written out")
        }
        KeyKind::Ed448 => Unsupported("rustls, Go, Android and Mbed TLS refuse Ed448"),
        KeyKind::Dsa(_) => Unsupported("TLS 1.3 and every current client have given up DSA"),
        KeyKind::Other(_) => Unsupported("no current client knows it"),
    }
}

/// What is to be said about keys and signatures of the path.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let below = path.certificates(case);
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    let mut findings = Vec::new();
    for certificate in below.iter().copied().chain(anchor) {
        findings.extend(key(case, certificate));
    }
    for (index, certificate) in below.iter().enumerate() {
        let issuer = below.get(index + 1).copied().or(anchor);
        let is_said = issuer.is_some_and(is_unsupported);
        let found = signature(case, certificate).filter(|_| !certificate.is_self_issued());
        findings.extend(found.filter(|f| !is_said || f.code != Code::UnsupportedKey));
    }
    merge_uncommon(findings)
}

/// A key that hardly anybody takes signs in a way that hardly anybody takes: the key is the cause.
fn is_unsupported(issuer: &Certificate) -> bool {
    matches!(standing(issuer.public_key.kind()), Standing::Unsupported(_))
}

fn key(case: &Case<'_>, certificate: &Certificate) -> Option<Finding> {
    let name = certificate_name(certificate);
    let kind = certificate.public_key.kind();
    let finding = match standing(kind) {
        Standing::Good => return None,
        Standing::Weak => Finding::failure(
            Code::WeakKey,
            format!(
                "the key of `{name}` is {kind}: OpenSSL 3 and rustls take nothing below RSA 2048 or EC P-256"
            ),
        ),
        Standing::Unsupported(why) => Finding::failure(
            Code::UnsupportedKey,
            format!("the key of `{name}` is {kind}: {why}"),
        ),
        Standing::Uncommon(stacks, why) => Finding::warning(
            Code::UncommonKey,
            format!("the key of `{name}` is {kind}: {why}"),
        )
        .for_stacks(stacks),
    };
    Some(finding.with_remedy(replacement(case, certificate, "with a P-256 key")))
}

fn signature(case: &Case<'_>, certificate: &Certificate) -> Option<Finding> {
    let name = certificate_name(certificate);
    let signed = Signed::from_der(&certificate.der)?;
    let algorithm = signed.algorithm();
    let finding = match algorithm {
        SignatureAlgorithm::Other(_) => Finding::failure(
            Code::UnsupportedKey,
            format!("`{name}` is signed with {algorithm}, which most clients do not know"),
        ),
        _ => match algorithm.digest() {
            Some(Digest::Sha224) => Finding::failure(
                Code::WeakSignature,
                format!(
                    "`{name}` is signed with {algorithm}, which OpenSSL still takes; rustls and Go take nothing below SHA-256"
                ),
            )
            .for_stacks(&[Stack::RustlsGo]),
            Some(Digest::Md | Digest::Sha1 | Digest::Other) => Finding::failure(
                Code::WeakSignature,
                format!(
                    "`{name}` is signed with {algorithm}: OpenSSL 3 and rustls take nothing that weak"
                ),
            ),
            _ if signed.has_odd_salt() => Finding::failure(
                Code::UnsupportedKey,
                format!(
                    "`{name}` is signed with {algorithm} and a salt that is not as long as the digest: OpenSSL takes it, rustls and Go do not"
                ),
            )
            .for_stacks(&[Stack::RustlsGo]),
            _ => return None,
        },
    };
    Some(finding.with_remedy(replacement(case, certificate, "with SHA-256")))
}

fn replacement(case: &Case<'_>, certificate: &Certificate, how: &str) -> Remedy {
    if certificate.der == case.leaf.der {
        let whose = if case.is_server() {
            "broker's"
        } else {
            "client's"
        };
        return case.reissue(&format!("issue the {whose} certificate again {how}"));
    }
    Remedy::text(format!(
        "make the CA `{}` again {how}, and issue what is below it again",
        certificate_name(certificate)
    ))
}

/// One finding about uncommon keys, however many certificates have them.
fn merge_uncommon(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        let earlier = merged
            .iter_mut()
            .find(|other| other.code == Code::UncommonKey && finding.code == Code::UncommonKey);
        match earlier {
            Some(earlier) => {
                earlier.cause = format!("{}; {}", earlier.cause, finding.cause);
                for stack in finding.stacks {
                    if !earlier.stacks.contains(&stack) {
                        earlier.stacks.push(stack);
                    }
                }
            }
            None => merged.push(finding),
        }
    }
    merged
}
