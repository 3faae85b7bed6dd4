//! Which ClientHellos pass: large ones, and those with TLS 1.3.

use super::reached_tls;
use crate::diagnose::transcript::{TlsAttempt, TlsFailure, Transcript};
use crate::diagnose::words::{closing, failure, peer, span};
use crate::finding::{Action, Code, Finding, Remedy};

/// A small ClientHello passes, and a large one does not.
pub(super) fn large(transcript: &Transcript) -> Option<Finding> {
    let small = transcript
        .extra
        .small_hello
        .as_ref()
        .filter(|a| reached_tls(a))?;
    if transcript.tls.as_ref().is_some_and(reached_tls) {
        return None;
    }
    let large = transcript
        .tls
        .as_ref()
        .map_or(0, |tls| tls.client_hello_bytes);
    Some(failure(
        Code::LargeClientHelloDropped,
        format!(
            "{} answers a ClientHello of {} bytes, and not one of {large} bytes (with a post-quantum key share): something on the way cannot take more than one segment",
            peer(transcript),
            small.client_hello_bytes
        ),
        "update the proxy, firewall or TLS library in front of the broker: current clients send large ClientHellos by default",
    ))
}

/// TLS 1.3 is what is not answered.
pub(super) fn unanswered(transcript: &Transcript) -> Option<Finding> {
    let failure = transcript.tls.as_ref().and_then(|tls| tls.failure.as_ref());
    let is_unanswered = matches!(failure, Some(TlsFailure::Closed | TlsFailure::TimedOut));
    intolerant(transcript).filter(|_| is_unanswered)
}

/// The handshake that is taken where none with TLS 1.3 is.
pub(in crate::diagnose) fn without_tls13(transcript: &Transcript) -> Option<&TlsAttempt> {
    let attempt = transcript.extra.without_tls13.as_ref();
    attempt.filter(|attempt| reached_tls(attempt))
}

/// A ClientHello passes as soon as TLS 1.3 is not offered in it.
pub(in crate::diagnose) fn intolerant(transcript: &Transcript) -> Option<Finding> {
    without_tls13(transcript)?;
    let tls = transcript.tls.as_ref()?;
    let how = match (tls.alert(), tls.traffic.closed) {
        (Some(alert), _) => format!("sends the alert {alert}"),
        (None, Some(end)) => closing(end),
        (None, None) => format!("does not answer within {}", span(tls.duration)),
    };
    let cause = format!(
        "{} {how} where a ClientHello offers TLS 1.3, and takes one that offers TLS 1.2 alone: the server, or a proxy or firewall in front of it, cannot bear TLS 1.3",
        peer(transcript)
    );
    let extra = vec!["--tls-max".to_owned(), "1.2".to_owned()];
    let remedy = Remedy::run(
        "update or reconfigure what stands in front of the broker (TLS inspection, a filter, an old load balancer) or the broker's TLS library; until then, limit the client to TLS 1.2",
        Action::Again { extra },
    );
    Some(Finding::failure(Code::TlsVersionMismatch, cause).with_remedy(remedy))
}
