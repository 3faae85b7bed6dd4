//! What is worth a line about each step; raw text, without a judgement.

use crate::diagnose::transcript::{
    AddressAttempt, ClientCertificate, HowClosed, Reply, Resolve, ResolveFailure, Silence, Tcp,
    TcpFailure, Tls, TlsFailure,
};
use crate::mqtt::{Connack, Version};

/// `host:port`, an IPv6 address in brackets.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// The addresses, or what the resolver said instead.
pub(super) fn resolved(resolve: &Resolve) -> String {
    match &resolve.failure {
        None => {
            let shown: Vec<String> = resolve
                .addresses
                .iter()
                .take(4)
                .map(ToString::to_string)
                .collect();
            let more = resolve.addresses.len() - shown.len() + resolve.left_out;
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("{}{more}", shown.join(", "))
        }
        Some(ResolveFailure::NotFound) => "the name does not exist".to_owned(),
        Some(ResolveFailure::NoAddress) => "the name has no address".to_owned(),
        Some(ResolveFailure::Temporary) => "the resolver has no answer for now".to_owned(),
        Some(ResolveFailure::TimedOut) => "the resolver did not answer".to_owned(),
        Some(ResolveFailure::Failed(reason) | ResolveFailure::NotAName(reason)) => reason.clone(),
    }
}

/// Why there is no connection, address by address.
pub(super) fn no_connection(tcp: &Tcp) -> String {
    let lines: Vec<String> = tcp.attempts.iter().take(4).map(attempt).collect();
    let more = tcp.attempts.len() - lines.len();
    let more = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", lines.join("; "))
}

fn attempt(attempt: &AddressAttempt) -> String {
    let address = attempt.address;
    let result = match &attempt.result {
        Ok(_) => "connected",
        Err(TcpFailure::Refused) => "refused",
        Err(TcpFailure::Reset) => "reset at once",
        Err(TcpFailure::TimedOut | TcpFailure::NoAnswerYet) => "no answer",
        Err(TcpFailure::Unreachable(reason) | TcpFailure::Other(reason)) => reason,
        Err(TcpFailure::NotTried) => "not tried",
    };
    format!("{address} {result}")
}

/// What was agreed on, or how the handshake failed.
pub(super) fn handshake(tls: &Tls) -> String {
    let Some(failure) = &tls.failure else {
        return completed(tls);
    };
    match failure {
        TlsFailure::TimedOut if tls.traffic.received == 0 => "no answer to the ClientHello".into(),
        TlsFailure::TimedOut => {
            format!("not finished in time: {} bytes came", tls.traffic.received)
        }
        TlsFailure::Closed => {
            let how = tls.traffic.closed.map(|closing| closing.how);
            let how = if how == Some(HowClosed::Reset) {
                "reset"
            } else {
                "closed"
            };
            format!("{how} by the peer after {} bytes", tls.traffic.received)
        }
        TlsFailure::Alert(alert) => format!("the peer sent the alert {alert}"),
        TlsFailure::CertificateRefused => {
            "refused: the broker's certificate was not accepted".into()
        }
        TlsFailure::NotTls => "the answer is no TLS".into(),
        TlsFailure::MessageTooLarge => "a handshake message is larger than 64 KiB".into(),
        TlsFailure::Incompatible(_) => "nothing in common with the peer".into(),
        TlsFailure::Misbehaved(reason) | TlsFailure::Local(reason) => reason.clone(),
    }
}

fn completed(tls: &Tls) -> String {
    let negotiated = &tls.negotiated;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(negotiated.version.map(|version| version.to_string()));
    parts.extend(negotiated.suite.clone());
    parts.extend(negotiated.group.clone());
    parts.extend(negotiated.alpn.as_ref().map(|alpn| format!("ALPN {alpn}")));
    if let Some(request) = &tls.certificate_request {
        parts.push(match request.answer {
            ClientCertificate::Sent => "client certificate sent".into(),
            _ => "no client certificate sent".into(),
        });
    }
    if !tls.is_verified() {
        parts.push("certificate not accepted".into());
    }
    if let Some(alert) = tls.alert() {
        parts.insert(0, format!("refused after the handshake: alert {alert}"));
    }
    parts.join(", ")
}

/// Which refusal a CONNACK is.
pub(super) fn refusal(connack: &Connack, version: Version) -> String {
    let code = connack.code;
    match (version, code) {
        (Version::V5, 6..) if !connack.without_properties => {
            format!("refused with code {code:#04x}")
        }
        (_, 1) => "refused with code 1: unacceptable protocol version".to_owned(),
        (_, 2) => "refused with code 2: client id rejected".to_owned(),
        (_, 3) => "refused with code 3: server unavailable".to_owned(),
        (_, 4) => "refused with code 4: bad user name or password".to_owned(),
        (_, 5) => "refused with code 5: not authorized".to_owned(),
        _ => format!("refused with code {code:#04x}, which MQTT {version} does not have"),
    }
}

/// Which answer did not come, and what came instead.
pub(super) fn missing<T>(what: &str, reply: &Reply<T>) -> String {
    let Some(instead) = reply.missing() else {
        return format!("no {what}");
    };
    format!("no {what}: {}", silence(instead))
}

/// What came instead of an answer, in a few words.
pub(super) fn silence(instead: &Silence) -> String {
    match instead {
        Silence::TimedOut => "nothing came within the limit".to_owned(),
        Silence::Closed(closing) => match closing.how {
            HowClosed::Reset => "the peer reset the connection".to_owned(),
            HowClosed::CloseNotify | HowClosed::EndOfStream => {
                "the peer closed the connection".to_owned()
            }
        },
        Silence::Alert(alert) => format!("the peer sent the TLS alert {alert}"),
        Silence::Disconnect { code, .. } => format!("the broker sent DISCONNECT {code:#04x}"),
        Silence::Auth => "the broker sent AUTH".to_owned(),
        Silence::Foreign(_) => "the answer is no MQTT".to_owned(),
        Silence::Malformed { reason, .. } | Silence::TooMuch(reason) => reason.clone(),
    }
}
