//! Sentences that findings share.

use std::time::Duration;

use super::transcript::{Closing, HowClosed, Transcript};
use crate::finding::{Code, Finding, Remedy};

pub(super) fn failure(code: Code, cause: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding::failure(code, cause).with_remedy(Remedy::text(remedy))
}

pub(super) fn warning(code: Code, cause: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding::warning(code, cause).with_remedy(Remedy::text(remedy))
}

/// `host:port`, an IPv6 address in brackets.
pub(super) fn target(transcript: &Transcript) -> String {
    let request = &transcript.request;
    if request.host.contains(':') && !request.host.starts_with('[') {
        format!("[{}]:{}", request.host, request.port)
    } else {
        format!("{}:{}", request.host, request.port)
    }
}

/// `broker.lan:8883 (192.0.2.7)`.
pub(super) fn peer(transcript: &Transcript) -> String {
    let target = target(transcript);
    match transcript.tcp.as_ref().and_then(|tcp| tcp.peer) {
        Some(peer) if peer.ip().to_string() != transcript.request.host => {
            format!("{target} ({})", peer.ip())
        }
        _ => target,
    }
}

/// `0.3 ms`, `43 ms`, `3.0 s`.
pub(super) fn span(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1_000.0;
    if millis >= 1_000.0 {
        format!("{:.1} s", millis / 1_000.0)
    } else if millis >= 10.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{millis:.1} ms")
    }
}

/// `closed the connection after 0.5 ms`, `reset the connection after 0.5 ms`.
pub(super) fn closing(closing: Closing) -> String {
    let how = match closing.how {
        HowClosed::CloseNotify => "ended TLS and closed",
        HowClosed::EndOfStream => "closed",
        HowClosed::Reset => "reset",
    };
    format!("{how} the connection after {}", span(closing.after))
}

/// `first; second; or third`, in order of likelihood.
pub(super) fn candidates(candidates: &[&str]) -> String {
    match candidates {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{}; or {last}", rest.join("; ")),
    }
}

/// The seconds of a limit.
pub(super) fn limit(transcript: &Transcript) -> String {
    span(transcript.request.stage_limit)
}
