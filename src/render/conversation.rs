//! A conversation with a broker, rendered.

mod html;
mod json;
mod metrics;
mod text;

pub use html::{
    PageEntry, anchored, conversation_error_page, conversation_html, conversation_list,
    conversation_page,
};
pub use json::conversation_json;
pub use metrics::{ConversationMetrics, conversation_error_metrics, conversation_nagios};
pub use text::{conversation_line, conversation_text};

use crate::diagnose::transcript::{Request, Transcript};
use crate::finding::{Finding, Verdict};
use crate::x509::Certificate;

/// The target as a URL.
#[must_use]
pub fn address(request: &Request) -> String {
    let scheme = match (&request.tls, &request.websocket) {
        (Some(_), None) => "mqtts",
        (None, None) => "mqtt",
        (Some(_), Some(_)) => "wss",
        (None, Some(_)) => "ws",
    };
    let path = request.websocket.as_deref().unwrap_or_default();
    let (host, port) = (&request.host, request.port);
    if host.contains(':') {
        format!("{scheme}://[{host}]:{port}{path}")
    } else {
        format!("{scheme}://{host}:{port}{path}")
    }
}

/// The finding that decides the verdict.
fn deciding(findings: &[Finding]) -> Option<&Finding> {
    let verdict = Verdict::of(findings);
    findings
        .iter()
        .find(|finding| finding.severity.as_str() == verdict.as_str())
}

/// The certificates as the broker sent them, leaf first; those that can be read.
fn presented(transcript: &Transcript) -> Vec<Certificate> {
    let presented = transcript
        .tls
        .as_ref()
        .and_then(|tls| tls.presented.as_ref());
    let chain = presented
        .map(|presented| presented.chain.as_slice())
        .unwrap_or_default();
    chain
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}
