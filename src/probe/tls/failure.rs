//! Failed handshakes in the transcript's words.

use std::io;

use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible};

use crate::diagnose::transcript::{Alert, Incompatible, TlsFailure};

/// Why the handshake failed.
pub(super) fn failure(error: &io::Error) -> TlsFailure {
    if let Some(error) = rustls_error(error) {
        return of_rustls(error);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => TlsFailure::Closed,
        _ => TlsFailure::Misbehaved(crate::probe::reason(error)),
    }
}

/// The error of rustls inside an input or output error.
pub(in crate::probe) fn rustls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The alert inside an input or output error.
pub(in crate::probe) fn alert_in(error: &io::Error) -> Option<Alert> {
    match rustls_error(error)? {
        Error::AlertReceived(description) => Some(alert(*description)),
        _ => None,
    }
}

fn alert(description: AlertDescription) -> Alert {
    Alert(u8::from(description))
}

fn of_rustls(error: &Error) -> TlsFailure {
    match error {
        Error::AlertReceived(description) => TlsFailure::Alert(alert(*description)),
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => {
            TlsFailure::CertificateRefused
        }
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => TlsFailure::NotTls,
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge
            | InvalidMessage::CertificatePayloadTooLarge
            | InvalidMessage::MessageTooLarge,
        ) => TlsFailure::MessageTooLarge,
        Error::PeerIncompatible(reason) => TlsFailure::Incompatible(incompatible(reason)),
        Error::NoApplicationProtocol => TlsFailure::Incompatible(Incompatible::Alpn),
        other => TlsFailure::Misbehaved(sentence(&other.to_string())),
    }
}

fn incompatible(reason: &PeerIncompatible) -> Incompatible {
    match reason {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => Incompatible::Version,
        PeerIncompatible::NoCipherSuitesInCommon => Incompatible::CipherSuite,
        PeerIncompatible::NoKxGroupsInCommon | PeerIncompatible::NoEcPointFormatsInCommon => {
            Incompatible::Group
        }
        PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => {
            Incompatible::SignatureScheme
        }
        other => {
            let text = Error::PeerIncompatible(other.clone()).to_string();
            Incompatible::Other(sentence(&text))
        }
    }
}

/// Lower-case start, no full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
