//! The judgement on a presented certificate chain: everything that a client stack would refuse or
//! stumble over, from the certificates themselves, most specific cause first.

mod anchors;
mod chain;
mod constraints;
mod dates;
mod encoding;
mod issuers;
mod keys;
mod lone;
mod memory;
mod missing;
mod names;
mod namesakes;
mod order;
mod path;
mod revocation;
mod strictness;
mod trust;
mod usage;
mod words;

use std::net::IpAddr;
use std::sync::Arc;

pub use lone::{Lone, lone};
pub use memory::Memory;
pub(crate) use missing::kindred;
pub use revocation::{ListVerdict, Lists};
pub use words::{certificate_name, is_fixture};

use crate::finding::{Code, Finding, Remedy, Severity};
use crate::time::{Span, Timestamp};
use crate::x509::Certificate;

/// What is to be judged, and against what.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Question<'a> {
    /// The chain as presented (DER), the end-entity certificate first.
    pub chain: &'a [Vec<u8>],
    /// Whom to trust (DER).
    pub anchors: &'a [Vec<u8>],
    /// Certificates that are known besides, such as those of the client's own chain: they show
    /// which intermediate is missing.
    pub others: &'a [Vec<u8>],
    /// What the end-entity certificate is for.
    pub role: Role<'a>,
    /// The moment of judging.
    pub now: Timestamp,
    /// Revocation lists (DER).
    pub crls: Vec<&'a [u8]>,
    /// The stapled OCSP response (DER).
    pub staple: Option<&'a [u8]>,
    /// webpki has found a way from this chain to one of these anchors, and checked its signatures:
    /// where there is but one certificate that can have signed another, it is not checked again.
    pub is_verified: bool,
    /// What other audits of this run have read and checked.
    pub memory: Option<&'a Memory>,
    /// Certificates that end within this span are reported …
    pub warning_period: Span,
    /// … with this weight.
    pub warning_weight: Severity,
}

impl<'a> Question<'a> {
    /// A question with nothing known but the chain, the anchors, the role and the time; the
    /// warning period is 30 days.
    #[must_use]
    pub fn new(
        chain: &'a [Vec<u8>],
        anchors: &'a [Vec<u8>],
        role: Role<'a>,
        now: Timestamp,
    ) -> Self {
        Self {
            chain,
            anchors,
            others: &[],
            role,
            now,
            crls: Vec::new(),
            staple: None,
            is_verified: false,
            memory: None,
            warning_period: Span::days(30),
            warning_weight: Severity::Warning,
        }
    }
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role<'a> {
    /// A TLS server that is reached under this name or address.
    Server {
        /// As typed: a DNS name, perhaps with a trailing dot, or an IP address.
        host: &'a str,
    },
    /// A TLS client.
    Client,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// The findings, most specific cause first.
    pub findings: Vec<Finding>,
    /// The certificates: those of the chosen path from the leaf to the trust anchor, then those
    /// that serve no path.
    pub links: Vec<Link>,
    /// Whether the path ends at a trust anchor.
    pub trusted: bool,
}

/// A certificate and its place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Link {
    /// The certificate.
    pub certificate: Certificate,
    /// Its place in the chain.
    pub place: Place,
    /// Its position in what was presented; none where it came from the trust anchors alone.
    pub presented: Option<usize>,
}

/// Where a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The end entity.
    Leaf,
    /// A CA between leaf and trust anchor.
    Intermediate,
    /// The trust anchor.
    Anchor,
    /// Sent, and used by no path.
    Unused,
}

impl Place {
    /// The word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Intermediate => "intermediate",
            Self::Anchor => "trust anchor",
            Self::Unused => "unused",
        }
    }
}

/// Judges a presented chain.
#[must_use]
pub fn audit(question: &Question<'_>) -> Report {
    let own = Memory::default();
    let memory = question.memory.unwrap_or(&own);
    let (presented, unreadable) = order::read(question.chain, memory);
    let Some(leaf) = presented.first().cloned() else {
        return Report {
            findings: unreadable,
            ..Report::default()
        };
    };
    let anchors = memory.certificates(question.anchors);
    let case = Case {
        question,
        memory,
        leaf: &leaf,
        presented: &presented,
        anchors: &anchors,
    };
    let paths = path::build(&case);
    let best = paths
        .into_iter()
        .map(|path| (chain::judge(&case, &path), path))
        .min_by_key(|(findings, path)| (weight(findings), path.links.len()));
    let Some((mut findings, path)) = best else {
        return Report::default();
    };
    findings.extend(unreadable);
    Report {
        trusted: path.anchor.is_some(),
        links: order::links(&case, &path),
        findings: sorted(findings),
    }
}

/// One chain under judgement.
struct Case<'a> {
    question: &'a Question<'a>,
    memory: &'a Memory,
    leaf: &'a Certificate,
    presented: &'a [Arc<Certificate>],
    anchors: &'a [Arc<Certificate>],
}

impl Case<'_> {
    fn now(&self) -> Timestamp {
        self.question.now
    }

    fn is_server(&self) -> bool {
        matches!(self.question.role, Role::Server { .. })
    }

    /// The host, without the dot of an absolute name.
    fn host(&self) -> Option<&str> {
        match self.question.role {
            Role::Server { host } => Some(host.strip_suffix('.').unwrap_or(host)),
            Role::Client => None,
        }
    }

    /// The code of the server's certificate, or its counterpart for the client's.
    fn code(&self, server: Code, client: Code) -> Code {
        if self.is_server() { server } else { client }
    }

    /// What makes the leaf anew.
    fn reissue(&self, text: &str) -> Remedy {
        // Under the CA's own name nothing is issued: the command would be refused.
        if self.leaf.is_self_issued() && !self.memory.is_self_signed(self.leaf) {
            return Remedy::text(text);
        }
        words::reissue(self.leaf, self.question.role, text)
    }
}

/// The failures, then the warnings: what decides between paths.
fn weight(findings: &[Finding]) -> (usize, usize) {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    (count(Severity::Failure), count(Severity::Warning))
}

/// Failures before warnings before notes, the most specific first.
fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        (
            std::cmp::Reverse(finding.severity),
            ORDER
                .iter()
                .position(|code| *code == finding.code)
                .unwrap_or(ORDER.len()),
        )
    });
    findings
}

/// What explains most comes first: a wrong clock explains every date, a foreign issuer explains
/// everything else about a chain.
const ORDER: &[Code] = &[
    Code::ClockWrong,
    Code::ServerCertificateRevoked,
    Code::LeafAsTrustAnchor,
    Code::TrustAnchorIncomplete,
    Code::SameSubjectAsIssuer,
    Code::SignatureInvalid,
    Code::CaRegenerated,
    Code::SelfSignedCertificate,
    Code::ChainOutOfOrder,
    Code::MissingIntermediate,
    Code::ClientChainIncomplete,
    Code::UnknownIssuer,
    Code::ClientCertificateUntrusted,
    Code::EncodingInvalid,
    Code::KeyIdMismatch,
    Code::IssuerNotACa,
    Code::TrustAnchorNotACa,
    Code::PathLengthExceeded,
    Code::NameConstraintViolated,
    Code::TrustAnchorExpired,
    Code::CertificateExpired,
    Code::ClientCertificateExpired,
    Code::CertificateNotYetValid,
    Code::X509V1,
    Code::WeakSignature,
    Code::WeakKey,
    Code::UnsupportedKey,
    Code::UnknownCriticalExtension,
    Code::ExtensionInvalid,
    Code::CaUsedAsServerCertificate,
    Code::ServerUsageMissing,
    Code::ClientUsageMissing,
    Code::IpWrittenAsDnsName,
    Code::WildcardScope,
    Code::NoSubjectAltName,
    Code::NameMismatch,
    // Not of the certificate, but of what was given to check it with.
    Code::CrlExpired,
    Code::RevocationDataUnusable,
    Code::CertificateTooLarge,
    Code::ExpiresSoon,
    Code::UnderscoreInHostName,
    Code::UncommonKey,
    Code::ChainUnusedCertificate,
    Code::ValidityTooLong,
    Code::MustStapleMissing,
    Code::FixtureCertificate,
];

/// The address that `host` is, with or without the brackets of a URL.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

#[cfg(test)]
mod tests;
