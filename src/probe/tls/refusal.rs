//! webpki's verdicts in the transcript's words, and in rustls's for the alert that goes out.

use std::sync::Arc;

use rustls::{CertificateError, OtherError};
use rustls_pki_types::UnixTime;
use webpki::Error;

use crate::diagnose::transcript::Refusal;
use crate::time::Timestamp;

/// The verdict in the transcript's words.
pub(super) fn refusal(error: &Error) -> Refusal {
    match error {
        Error::CertExpired { not_after, .. } => Refusal::Expired {
            not_after: timestamp(*not_after),
        },
        Error::CertNotValidYet { not_before, .. } => Refusal::NotYetValid {
            not_before: timestamp(*not_before),
        },
        Error::UnknownIssuer => Refusal::UnknownIssuer,
        Error::InvalidSignatureForPublicKey => Refusal::BadSignature,
        Error::CertNotValidForName(_) => Refusal::NotForName,
        Error::RequiredEkuNotFoundContext(_) => Refusal::WrongPurpose,
        Error::CertRevoked => Refusal::Revoked,
        Error::UnknownRevocationStatus
        | Error::InvalidCrlSignatureForPublicKey
        | Error::IssuerNotCrlSigner => Refusal::UnknownRevocationStatus,
        Error::CrlExpired { .. } => Refusal::RevocationListExpired,
        Error::UnsupportedCertVersion => Refusal::UnsupportedVersion,
        Error::CaUsedAsEndEntity => Refusal::CaUsedAsEndEntity,
        Error::EndEntityUsedAsCa => Refusal::EndEntityUsedAsCa,
        Error::PathLenConstraintViolated => Refusal::PathLengthExceeded,
        Error::NameConstraintViolation => Refusal::NameConstraintViolated,
        Error::UnsupportedCriticalExtension => Refusal::UnknownCriticalExtension,
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) | Error::InvalidCertValidity => {
            Refusal::BadEncoding
        }
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumPathDepthExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => Refusal::TooComplex,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | Error::SignatureAlgorithmMismatch => Refusal::UnsupportedSignatureAlgorithm,
        other => Refusal::Other(format!("{other:?}")),
    }
}

/// The verdict in rustls's words, which choose the alert.
pub(super) fn certificate_error(error: Error) -> CertificateError {
    match error {
        Error::CertExpired { .. } => CertificateError::Expired,
        Error::CertNotValidYet { .. } => CertificateError::NotValidYet,
        Error::UnknownIssuer => CertificateError::UnknownIssuer,
        Error::CertNotValidForName(_) => CertificateError::NotValidForName,
        Error::CertRevoked => CertificateError::Revoked,
        Error::UnknownRevocationStatus => CertificateError::UnknownRevocationStatus,
        Error::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => CertificateError::BadEncoding,
        Error::RequiredEkuNotFoundContext(_) => CertificateError::InvalidPurpose,
        other => CertificateError::Other(OtherError(Arc::new(other))),
    }
}

/// rustls's verdict on a handshake signature in the transcript's words.
pub(super) fn signature_refusal(error: &rustls::Error) -> Refusal {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => Refusal::BadSignature,
        rustls::Error::InvalidCertificate(CertificateError::BadEncoding) => Refusal::BadEncoding,
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            match inner.downcast_ref::<Error>() {
                Some(error) => refusal(error),
                None => Refusal::Other(inner.to_string()),
            }
        }
        rustls::Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => Refusal::UnsupportedSignatureAlgorithm,
        other => Refusal::Other(other.to_string()),
    }
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_unix_timestamp(i64::try_from(time.as_secs()).ok()?).ok()
}
