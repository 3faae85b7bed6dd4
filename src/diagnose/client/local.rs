//! certgen's own judgement on the client's certificate, which says why a broker may refuse it.

use super::Case;
use crate::finding::{Code, Finding, Severity};
use crate::pki::audit::{self, Question, Role};
use crate::x509::Certificate;

impl Case<'_> {
    /// certgen's own judgement on the client's chain, against the anchors that it trusts itself.
    pub(super) fn local(&self, own: &Certificate) -> Vec<Finding> {
        let Some(identity) = &self.transcript.material.identity else {
            return Vec::new();
        };
        let mut question = Question::new(
            &identity.chain,
            &self.transcript.material.trust.anchors,
            Role::Client,
            self.criteria.now,
        );
        let known: Vec<Vec<u8>> = self
            .tls
            .presented
            .iter()
            .flat_map(|presented| presented.chain.iter().cloned())
            .collect();
        question.others = &known;
        question.warning_period = self.criteria.warning_period;
        question.memory = self.criteria.memory;
        let mut findings = audit::audit(&question).findings;
        // Trust is the broker's business; a client whose issuer is not ours may be fine there.
        if own.is_self_issued() && !findings.iter().any(|f| f.code == Code::SameSubjectAsIssuer) {
            findings.retain(|f| f.code != Code::SelfSignedCertificate);
        }
        findings
    }

    /// What is wrong with the client's certificate although nobody refused it here.
    pub(super) fn oddities(&self, said: &[Finding]) -> Vec<Finding> {
        let Some(own) = &self.own else {
            return Vec::new();
        };
        let local = self.local(own).into_iter();
        local
            .filter(|finding| !TRUST.contains(&finding.code))
            .filter(|finding| !said.iter().any(|other| other.code == finding.code))
            .filter(|finding| finding.severity > Severity::Note)
            .filter(|finding| finding.code != Code::NotStrict)
            .map(|mut finding| {
                let accepted =
                    self.tls.is_complete() && said.iter().all(|f| f.severity != Severity::Failure);
                if accepted {
                    finding.severity = finding.severity.min(Severity::Warning);
                }
                finding.subject = self.subject();
                finding
            })
            .collect()
    }

    /// Every broker that looks at the certificate refuses it.
    pub(super) fn is_unfit(&self) -> bool {
        let Some(own) = &self.own else {
            return false;
        };
        let found = self.local(own);
        found
            .iter()
            .any(|finding| finding.severity == Severity::Failure && UNFIT.contains(&finding.code))
    }
}

/// Whom the broker trusts is not known here; only these local findings stand on their own.
const TRUST: &[Code] = &[
    Code::ClientCertificateUntrusted,
    Code::ClientChainIncomplete,
    Code::CaRegenerated,
    Code::UnknownIssuer,
    Code::TrustAnchorExpired,
    Code::TrustAnchorNotACa,
    Code::LeafAsTrustAnchor,
    Code::ChainUnusedCertificate,
];

/// Local findings that explain an unknown issuer, the most telling first.
pub(super) const LOCAL_TRUST: &[Code] = &[
    Code::SameSubjectAsIssuer,
    Code::ClientChainIncomplete,
    Code::CaRegenerated,
    Code::KeyIdMismatch,
    Code::IssuerNotACa,
    Code::TrustAnchorNotACa,
    Code::PathLengthExceeded,
    Code::ClientUsageMissing,
];

/// Local findings that explain a refusal that says nothing.
pub(super) const LOCAL_ALL: &[Code] = &[
    Code::ClientCertificateExpired,
    Code::CertificateNotYetValid,
    Code::CertificateExpired,
    Code::SameSubjectAsIssuer,
    Code::ClientUsageMissing,
    Code::ClientChainIncomplete,
    Code::CaRegenerated,
    Code::KeyIdMismatch,
    Code::WeakSignature,
    Code::WeakKey,
    Code::X509V1,
    Code::UnsupportedKey,
    Code::NameConstraintViolated,
    Code::UnknownCriticalExtension,
];

/// Local findings that explain an alert about dates.
pub(super) const LOCAL_DATES: &[Code] = &[
    Code::ClientCertificateExpired,
    Code::CertificateExpired,
    Code::TrustAnchorExpired,
];

/// What no broker takes, whomever it trusts.
const UNFIT: &[Code] = &[
    Code::ClientCertificateExpired,
    Code::CertificateExpired,
    Code::CertificateNotYetValid,
    Code::ClientUsageMissing,
    Code::UnknownCriticalExtension,
];
