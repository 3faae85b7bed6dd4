//! What was presented, in which order, and what of it serves a purpose.

use std::sync::Arc;

use super::path::{Path, is_copy};
use super::words::{certificate_name, end};
use super::{Case, Link, Memory, Place};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::time;
use crate::x509::Certificate;

/// The certificates that can be read, and findings about those that cannot.
pub(super) fn read(chain: &[Vec<u8>], memory: &Memory) -> (Vec<Arc<Certificate>>, Vec<Finding>) {
    let mut certificates = Vec::new();
    let mut findings = Vec::new();
    for (index, der) in chain.iter().enumerate() {
        match memory.certificate(der) {
            Ok(certificate) => certificates.push(certificate),
            Err(error) => {
                let cause = format!(
                    "certificate {} of the chain cannot be read: {error}",
                    index + 1
                );
                findings.push(
                    Finding::failure(Code::NotACertificate, cause)
                        .with_remedy(Remedy::text("issue the certificate again")),
                );
            }
        }
    }
    (certificates, findings)
}

/// The certificates with their places.
pub(super) fn links<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Link> {
    let mut links = Vec::new();
    for index in &path.links {
        let Some(certificate) = case.presented.get(*index) else {
            continue;
        };
        let place = if links.is_empty() {
            Place::Leaf
        } else {
            Place::Intermediate
        };
        links.push(Link {
            certificate: Certificate::clone(certificate),
            place,
            presented: Some(*index),
        });
    }
    if let Some(anchor) = path.anchor.filter(|_| !path.leaf_is_anchor) {
        let sent = case
            .presented
            .iter()
            .position(|sent| sent.der == anchor.der);
        links.push(Link {
            certificate: anchor.clone(),
            place: Place::Anchor,
            presented: sent,
        });
    }
    for (index, certificate) in case.presented.iter().enumerate() {
        if !links.iter().any(|link| link.presented == Some(index)) {
            links.push(Link {
                certificate: Certificate::clone(certificate),
                place: Place::Unused,
                presented: Some(index),
            });
        }
    }
    links
}

/// Order, leftovers and size.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(leaf_not_first(case));
    if findings.is_empty() {
        findings.extend(order(case, path));
        findings.extend(unused(case, path));
    }
    findings.extend(size(case));
    findings
}

/// A CA stands first although a certificate that it issued follows.
fn leaf_not_first(case: &Case<'_>) -> Option<Finding> {
    if !case.leaf.is_ca() {
        return None;
    }
    let later = case.presented.iter().skip(1);
    let leaf = later
        .into_iter()
        .find(|other| !other.is_ca() && !other.is_self_issued())?;
    let cause = format!(
        "the CA `{}` stands first in the chain; the broker's certificate `{}` comes after it",
        certificate_name(case.leaf),
        certificate_name(leaf)
    );
    let remedy = "put the broker's own certificate first in its certificate file, then its issuer, and so on upwards";
    Some(Finding::failure(Code::ChainOutOfOrder, cause).with_remedy(Remedy::text(remedy)))
}

fn order<'a>(case: &Case<'a>, path: &Path<'a>) -> Option<Finding> {
    let in_order = path
        .links
        .iter()
        .enumerate()
        .all(|(expected, found)| expected == *found);
    let sorted = path.links.is_sorted();
    let unused_between = path.links.iter().enumerate().any(|(expected, found)| {
        expected != *found
            && case.presented.get(expected).is_some_and(|other| {
                let earlier = case.presented.iter().take(expected);
                if earlier.into_iter().any(|one| one.der == other.der) {
                    return false;
                }
                path.anchor.is_some_and(|anchor| is_copy(anchor, other))
                    || path.certificates(case).iter().any(|c| c.der == other.der)
            })
    });
    if in_order || (sorted && !unused_between) {
        return None;
    }
    let sent: Vec<_> = case
        .presented
        .iter()
        .map(|sent| certificate_name(sent))
        .collect();
    let cause = format!(
        "the certificates come as {}, and not each followed by its issuer",
        super::words::list(&sent)
    );
    let remedy = "put the broker's own certificate first in its certificate file, then its issuer, and so on upwards; leave the root out";
    let finding = Finding::warning(Code::ChainOutOfOrder, cause)
        .with_remedy(Remedy::text(remedy))
        .for_stacks(&[Stack::MbedTls]);
    Some(finding)
}

fn unused<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let links = links(case, path);
    let unused = links.iter().filter(|link| link.place == Place::Unused);
    unused
        .filter(|link| {
            path.anchor
                .is_none_or(|anchor| anchor.der != link.certificate.der)
        })
        .filter(|link| !may_be_needed(case, path, &link.certificate))
        .filter_map(|link| leftover(case, path, &link.certificate))
        .collect()
}

/// Where the line of issuers is broken off, every other CA may belong to what is missing.
fn may_be_needed<'a>(case: &Case<'a>, path: &Path<'a>, unused: &Certificate) -> bool {
    let is_broken_off = path.anchor.is_none()
        && !path.leaf_is_anchor
        && !case.memory.is_self_signed(path.end(case));
    let twice = path.certificates(case).iter().any(|c| c.der == unused.der);
    is_broken_off && unused.is_ca() && !twice
}

fn leftover<'a>(case: &Case<'a>, path: &Path<'a>, unused: &Certificate) -> Option<Finding> {
    let name = certificate_name(unused);
    let remedy = Remedy::text("take the certificate out of the broker's certificate file");
    if unused.not_after < case.now() {
        let cause = format!(
            "the broker also sends `{name}`, which was valid until {}; clients that do not know the newer root follow it and fail",
            end(case.now(), unused)
        );
        return Some(Finding::warning(Code::CertificateExpired, cause).with_remedy(remedy));
    }
    let twice = path.certificates(case).iter().any(|c| c.der == unused.der);
    if let Some(anchor) = path.anchor.filter(|anchor| is_copy(anchor, unused)) {
        return other_edition(case, anchor, unused);
    }
    let cause = if twice {
        format!("the broker sends the certificate `{name}` twice")
    } else if path.anchor.is_none() {
        format!(
            "the broker also sends `{name}`, which is not in the line of issuers of its certificate"
        )
    } else {
        format!("the broker also sends `{name}`, which no path to the trusted CA needs")
    };
    Some(Finding::warning(Code::ChainUnusedCertificate, cause).with_remedy(remedy))
}

/// The trusted CA as somebody else issued it, or of another date.
fn other_edition(case: &Case<'_>, anchor: &Certificate, unused: &Certificate) -> Option<Finding> {
    if anchor.not_after < case.now() {
        // The expiry of the trusted one is reported, and names this one.
        return None;
    }
    let name = certificate_name(unused);
    let cause = if unused.is_self_issued() {
        format!(
            "the broker also sends `{name}` of {}, and the trusted one is of {}: clients that trust either take the broker's certificate",
            time::date(unused.not_before),
            time::date(anchor.not_before)
        )
    } else {
        format!(
            "the broker also sends `{name}` as issued by `{}`, for clients that trust that one",
            super::words::issuer_name(unused)
        )
    };
    Some(Finding::note(Code::ChainUnusedCertificate, cause))
}

fn size(case: &Case<'_>) -> Option<Finding> {
    let bytes: usize = case.presented.iter().map(|c| c.der.len() + 3).sum();
    let (failure, stacks): (bool, &[Stack]) = match bytes {
        0..=16_000 => return None,
        16_001..=32_768 => (false, &[Stack::MbedTls]),
        32_769..=65_535 => (false, &[Stack::MbedTls, Stack::Java]),
        _ => (true, &[]),
    };
    let cause = format!(
        "the certificates that the broker sends have {bytes} bytes; Mbed TLS takes 16 kB, Java 32 kB, rustls 64 kB"
    );
    let remedy =
        Remedy::text("issue the certificate with fewer names, and send fewer certificates");
    let finding = if failure {
        Finding::failure(Code::CertificateTooLarge, cause)
    } else {
        Finding::warning(Code::CertificateTooLarge, cause)
    };
    Some(finding.with_remedy(remedy).for_stacks(stacks))
}
