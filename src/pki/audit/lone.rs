//! A certificate without a conversation around it, as it lies in a file.

use super::encoding;
use super::keys::{self, Standing};
use super::strictness::Deviations;
use super::words::{certificate_name, end, is_fixture, start};
use crate::finding::{Code, Finding, Remedy, Severity};
use crate::time::{self, Span, Timestamp};
use crate::x509::{Certificate, Digest, SignatureAlgorithm, Signed};

/// How a lone certificate is judged.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Lone {
    /// The moment of judging.
    pub now: Timestamp,
    /// Certificates that end within this span are reported …
    pub warning_period: Span,
    /// … with this weight.
    pub warning_weight: Severity,
}

impl Lone {
    /// Judged at `now`; what ends within 30 days is a warning.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            warning_period: Span::days(30),
            warning_weight: Severity::Warning,
        }
    }
}

/// What is to be said about a certificate of which nothing else is known.
#[must_use]
pub fn lone(certificate: &Certificate, how: Lone) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(dates(certificate, how));
    findings.extend(version(certificate));
    findings.extend(key(certificate));
    findings.extend(signature(certificate));
    findings.extend(names(certificate));
    findings.extend(encoding::lone(certificate));
    findings.extend(fixture(certificate));
    if certificate.version >= 3 {
        let mut deviations = Deviations::default();
        deviations.add(certificate);
        findings.extend(deviations.finding());
    }
    super::sorted(findings)
}

fn dates(certificate: &Certificate, how: Lone) -> Option<Finding> {
    let name = certificate_name(certificate);
    let renew = Remedy::text("issue it again before it is needed, and replace it where it is used");
    if certificate.not_after < how.now {
        let cause = format!("`{name}` was valid until {}", end(how.now, certificate));
        let again = Remedy::text("issue it again, and replace it where it is used");
        return Some(Finding::failure(Code::CertificateExpired, cause).with_remedy(again));
    }
    if certificate.not_before > how.now {
        let cause = format!(
            "`{name}` begins only on {}; the clock says {}",
            start(how.now, certificate),
            time::rfc3339(how.now)
        );
        let remedy =
            Remedy::text("check the clocks of this computer and of the one that issued it");
        return Some(Finding::failure(Code::CertificateNotYetValid, cause).with_remedy(remedy));
    }
    let limit = how.warning_period.after(how.now)?;
    let soon = certificate.not_after < limit;
    soon.then(|| {
        let cause = format!("`{name}` ends on {}", end(how.now, certificate));
        Finding::new(Code::ExpiresSoon, how.warning_weight, cause).with_remedy(renew)
    })
}

fn version(certificate: &Certificate) -> Option<Finding> {
    if certificate.version >= 3 {
        return None;
    }
    let cause = format!(
        "`{}` is X.509 v{}, without usages and names: rustls refuses it, Android and strict stacks too",
        certificate_name(certificate),
        certificate.version
    );
    let remedy = Remedy::text("issue it again as X.509 v3");
    Some(Finding::warning(Code::X509V1, cause).with_remedy(remedy))
}

fn key(certificate: &Certificate) -> Option<Finding> {
    let name = certificate_name(certificate);
    let kind = certificate.public_key.kind();
    let finding = match keys::standing(kind) {
        Standing::Good => return None,
        Standing::Weak => Finding::warning(
            Code::WeakKey,
            format!("the key of `{name}` is {kind}, which OpenSSL 3 and rustls refuse"),
        ),
        Standing::Unsupported(why) => {
            let cause = format!("the key of `{name}` is {kind}: {why}");
            Finding::warning(Code::UnsupportedKey, cause)
        }
        Standing::Uncommon(stacks, why) => {
            let cause = format!("the key of `{name}` is {kind}: {why}");
            Finding::warning(Code::UncommonKey, cause).for_stacks(stacks)
        }
    };
    Some(finding.with_remedy(Remedy::text("issue it again with a P-256 key")))
}

fn signature(certificate: &Certificate) -> Option<Finding> {
    if certificate.is_self_issued() {
        return None;
    }
    let signed = Signed::from_der(&certificate.der)?;
    let algorithm = signed.algorithm();
    let is_weak = matches!(
        algorithm.digest(),
        Some(Digest::Md | Digest::Sha1 | Digest::Sha224)
    );
    if !is_weak || matches!(algorithm, SignatureAlgorithm::Other(_)) {
        return None;
    }
    let who = match algorithm.digest() {
        Some(Digest::Sha224) => "rustls and Go",
        _ => "OpenSSL 3 and rustls",
    };
    let cause = format!(
        "`{}` is signed with {algorithm}, which {who} refuse",
        certificate_name(certificate)
    );
    let remedy = Remedy::text("issue it again with SHA-256");
    Some(Finding::warning(Code::WeakSignature, cause).with_remedy(remedy))
}

/// A server's certificate without names, or with an address in the wrong place.
fn names(certificate: &Certificate) -> Option<Finding> {
    let usages = certificate.extended_key_usage.as_ref()?;
    let is_server = usages.iter().any(|usage| usage == "1.3.6.1.5.5.7.3.1");
    if !is_server || certificate.is_ca() || !super::words::host_names(certificate).is_empty() {
        return None;
    }
    let cause = format!(
        "`{}` is for a TLS server, and has no host name or address among its subject alternative names",
        certificate_name(certificate)
    );
    let remedy = Remedy::text("issue it again with the names under which the server is reached");
    Some(Finding::warning(Code::NoSubjectAltName, cause).with_remedy(remedy))
}

fn fixture(certificate: &Certificate) -> Option<Finding> {
    is_fixture(certificate).then(|| {
        let cause = format!(
            "`{}` is a test fixture of certgen: its private key is public",
            certificate_name(certificate)
        );
        let remedy = Remedy::text("use fixtures for tests alone");
        Finding::warning(Code::FixtureCertificate, cause).with_remedy(remedy)
    })
}
