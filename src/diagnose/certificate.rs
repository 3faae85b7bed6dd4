//! The server's certificate: certgen's own audit of what was recorded, held against webpki's verdict.

use super::transcript::{LegacyAnswer, Presented, Refusal, TlsFailure, Transcript};
use super::words::failure;
use super::{Criteria, default_certificate};
use crate::finding::{Code, Finding, Severity, Stack};
use crate::pki::audit::{self, Question, Report, Role};

/// The audit of the presented chain.
pub(super) fn judge(transcript: &Transcript, criteria: Criteria<'_>) -> Report {
    let Some(presented) = presented(transcript) else {
        return Report::default();
    };
    let mut report = audit_of(transcript, criteria, &presented);
    if !report
        .findings
        .iter()
        .any(|f| f.severity == Severity::Failure)
    {
        report.findings.extend(verdict(transcript, &presented));
    }
    with_address(transcript, &mut report);
    default_certificate::name(transcript, &mut report);
    default_certificate::with_other_names(transcript, &mut report);
    report
}

/// What the server presented: in the handshake, in the second one, or to the old ClientHello.
#[must_use]
pub fn presented(transcript: &Transcript) -> Option<Presented> {
    let handshakes = [transcript.tls.as_ref(), transcript.lenient.as_ref()];
    let in_handshake = handshakes
        .into_iter()
        .flatten()
        .filter_map(|tls| tls.presented.as_ref())
        .find(|presented| !presented.chain.is_empty());
    if let Some(presented) = in_handshake {
        return Some(presented.clone());
    }
    let probes = [&transcript.extra.small_hello, &transcript.extra.second_try];
    let in_probe = probes
        .into_iter()
        .flatten()
        .filter_map(|tls| tls.presented.as_ref())
        .find(|presented| !presented.chain.is_empty());
    if let Some(presented) = in_probe {
        return Some(presented.clone());
    }
    match &transcript.extra.legacy {
        Some(LegacyAnswer::ServerHello(hello)) if !hello.chain.is_empty() => Some(Presented {
            chain: hello.chain.clone(),
            ..Presented::default()
        }),
        _ => None,
    }
}

fn audit_of(transcript: &Transcript, criteria: Criteria<'_>, presented: &Presented) -> Report {
    let others = transcript.material.identity.as_ref();
    let mut question = Question::new(
        &presented.chain,
        &transcript.material.trust.anchors,
        Role::Server {
            host: checked_name(transcript),
        },
        criteria.now,
    );
    question.others = others.map_or(&[], |identity| identity.chain.as_slice());
    let crls = transcript.material.crls.iter();
    question.crls = crls.map(|(_, der)| der.as_slice()).collect();
    question.staple = presented.ocsp.as_deref();
    question.warning_period = criteria.warning_period;
    question.is_verified = is_verified(transcript);
    question.memory = criteria.memory;
    audit::audit(&question)
}

/// Whether webpki took the chain, in the handshake that counts.
fn is_verified(transcript: &Transcript) -> bool {
    let presented = transcript
        .tls
        .as_ref()
        .and_then(|tls| tls.presented.as_ref());
    presented
        .is_some_and(|presented| !presented.chain.is_empty() && presented.chain_verdict.is_ok())
}

/// The name that the certificate is held against.
pub(super) fn checked_name(transcript: &Transcript) -> &str {
    let asked = transcript.request.tls.as_ref();
    let tls = transcript.tls.as_ref().map(|tls| tls.checked_name.as_str());
    tls.filter(|name| !name.is_empty())
        .or_else(|| asked.and_then(|tls| tls.server_name.as_deref()))
        .unwrap_or(&transcript.request.host)
}

/// Whether certgen refused the certificate.
pub(super) fn is_refused(transcript: &Transcript) -> bool {
    transcript
        .tls
        .as_ref()
        .is_some_and(|tls| tls.failure == Some(TlsFailure::CertificateRefused))
}

/// webpki refuses what the audit lets pass.
fn verdict(transcript: &Transcript, presented: &Presented) -> Option<Finding> {
    let signature = presented.signature_verdict.clone().unwrap_or(Ok(()));
    let refusal = [
        presented.chain_verdict.clone(),
        presented.name_verdict.clone(),
        signature,
    ];
    let refusal = refusal.into_iter().find_map(Result::err)?;
    let host = checked_name(transcript);
    let (code, cause) = match refusal {
        Refusal::Expired { .. } => (
            Code::CertificateExpired,
            "a certificate of the chain has expired",
        ),
        Refusal::NotYetValid { .. } => (
            Code::CertificateNotYetValid,
            "a certificate of the chain is not valid yet",
        ),
        Refusal::UnknownIssuer | Refusal::NoTrustAnchors => {
            (Code::UnknownIssuer, "no path leads to a trusted CA")
        }
        Refusal::BadSignature => (Code::SignatureInvalid, "a signature does not verify"),
        Refusal::NotForName => {
            return Some(failure(
                Code::NameMismatch,
                format!("rustls does not take the certificate for `{host}`"),
                "issue the broker's certificate again with that name",
            ));
        }
        Refusal::WrongPurpose => (
            Code::ServerUsageMissing,
            "the usages do not include a TLS server",
        ),
        Refusal::Revoked => (
            Code::ServerCertificateRevoked,
            "a certificate of the chain is revoked",
        ),
        Refusal::UnknownRevocationStatus => {
            return Some(without_list(
                Code::RevocationDataUnusable,
                "none of the revocation lists that were given says anything about it",
            ));
        }
        Refusal::RevocationListExpired => {
            let why = "the revocation list of its CA is out of date";
            return Some(without_list(Code::CrlExpired, why));
        }
        Refusal::UnsupportedVersion => (Code::X509V1, "a certificate of the chain is not X.509 v3"),
        Refusal::CaUsedAsEndEntity => (
            Code::CaUsedAsServerCertificate,
            "a CA certificate is used as the broker's certificate",
        ),
        Refusal::EndEntityUsedAsCa => (Code::IssuerNotACa, "an issuing certificate is no CA's"),
        Refusal::PathLengthExceeded => (
            Code::PathLengthExceeded,
            "too many CAs stand below one another",
        ),
        Refusal::NameConstraintViolated => (
            Code::NameConstraintViolated,
            "a CA of the chain does not allow a name",
        ),
        Refusal::UnknownCriticalExtension => (
            Code::UnknownCriticalExtension,
            "a critical extension is not understood",
        ),
        Refusal::UnsupportedSignatureAlgorithm => (
            Code::UnsupportedKey,
            "a key or signature algorithm is not supported",
        ),
        Refusal::BadEncoding => (
            Code::EncodingInvalid,
            "there is a certificate in the chain that it cannot read: its encoding is broken, or a date lies before 1970",
        ),
        Refusal::TooComplex => {
            let cause = "rustls refuses the broker's certificate: more than six CAs stand between it and the trusted one, or the chain offers too many ways to try";
            let text = "issue the broker's certificate from a CA that is nearer to the root";
            let finding = failure(Code::PathLengthExceeded, cause.to_owned(), text);
            return Some(finding.for_stacks(&[Stack::RustlsGo]));
        }
        Refusal::Other(why) => {
            return Some(failure(
                Code::ExtensionInvalid,
                format!("rustls refuses the broker's certificate: {why}"),
                "issue the broker's certificate again with certgen",
            ));
        }
    };
    let cause = format!("rustls refuses the broker's certificate: {cause}");
    let remedy = "issue the broker's certificate again with certgen";
    Some(failure(code, cause, remedy))
}

/// The fault is that of the lists, not of the certificate.
fn without_list(code: Code, why: &str) -> Finding {
    let cause = format!("rustls does not know whether the broker's certificate was revoked: {why}");
    let remedy = "give the current revocation list of the CA that issued the certificate";
    failure(code, cause, remedy)
}

/// A wrong address in DNS shows as a certificate of somebody else: name the address.
fn with_address(transcript: &Transcript, report: &mut Report) {
    let Some(peer) = transcript.tcp.as_ref().and_then(|tcp| tcp.peer) else {
        return;
    };
    let address = peer.ip().to_string();
    let first = report.findings.first_mut();
    let foreign = |finding: &&mut Finding| {
        matches!(
            finding.code,
            Code::UnknownIssuer | Code::NameMismatch | Code::SelfSignedCertificate
        ) && finding.severity == Severity::Failure
    };
    if let Some(first) = first.filter(foreign)
        && transcript.request.host != address
    {
        let host = &transcript.request.host;
        first.cause.push_str(&format!("; `{host}` is {address}"));
    }
}
