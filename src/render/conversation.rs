//! A conversation with a broker as text and as JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::escape::terminal;
use super::style::{BAD, DIM, GOOD, TITLE, WARN, paint};
use super::{Suggest, document, findings_text};
use crate::diagnose::transcript::{
    ClientCertificate, Outcome, Request, Step, StepName, Transcript,
};
use crate::finding::{Finding, Verdict};
use crate::time::{days_left, rfc3339};
use crate::x509::Certificate;

/// Details longer than this push their time to the right.
const WIDEST: usize = 72;

/// The report as text: the steps with their times, then the findings.
#[must_use]
pub fn conversation_text(
    transcript: &Transcript,
    findings: &[Finding],
    suggest: Suggest<'_>,
) -> String {
    let mut out = format!(
        "{}\n",
        paint(TITLE, &terminal(&address(&transcript.request)))
    );
    let widest = transcript
        .steps
        .iter()
        .map(|step| shown_detail(step).chars().count())
        .max();
    let width = widest.unwrap_or(0).min(WIDEST);
    for step in &transcript.steps {
        out.push_str(&step_line(step, width));
    }
    if !findings.is_empty() {
        out.push('\n');
        out.push_str(&findings_text(findings, suggest));
    }
    out.push('\n');
    out.push_str(&summary(transcript, findings));
    out
}

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

fn step_line(step: &Step, width: usize) -> String {
    let detail = shown_detail(step);
    let padding = " ".repeat(width.saturating_sub(detail.chars().count()));
    let time = step.duration.map(milliseconds).unwrap_or_default();
    let styled = match step.outcome {
        Outcome::Good => detail,
        Outcome::Failed => paint(BAD, &detail),
        Outcome::NotReached | Outcome::Skipped => paint(DIM, &detail),
    };
    let line = format!("  {:<9}  {styled}{padding}  {time:>9}", step.name.as_str());
    format!("{}\n", line.trim_end())
}

fn shown_detail(step: &Step) -> String {
    match step.outcome {
        Outcome::NotReached => "not reached".to_owned(),
        Outcome::Skipped => format!("skipped: {}", terminal(&step.detail)),
        _ => terminal(&step.detail).into_owned(),
    }
}

fn milliseconds(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1_000.0;
    if milliseconds < 10.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

fn summary(transcript: &Transcript, findings: &[Finding]) -> String {
    let whole = milliseconds(transcript.duration);
    let verdict = Verdict::of(findings);
    let style = match verdict {
        Verdict::Good => GOOD,
        Verdict::Warning => WARN,
        Verdict::Failure => BAD,
    };
    let text = match (verdict, transcript.failed()) {
        (Verdict::Failure, Some(step)) => {
            format!(
                "the conversation ended at {} after {whole}",
                step.name.as_str()
            )
        }
        (_, _) if transcript.is_good(StepName::Publish) && transcript.request.mqtt.echo => {
            format!("the message went to the broker and came back; {whole} in all")
        }
        _ => format!("{whole} in all"),
    };
    format!("{}  {text}\n", paint(style, verdict.as_str()))
}

/// The report as one JSON document (`verify/1`).
#[must_use]
pub fn conversation_json(
    transcript: &Transcript,
    findings: &[Finding],
    suggest: Suggest<'_>,
) -> Map<String, Value> {
    let mut document = document("verify/1", findings, suggest);
    document.insert("target".into(), target_json(transcript));
    let steps: Vec<Value> = transcript.steps.iter().map(step_json).collect();
    document.insert("steps".into(), steps.into());
    document.insert("chain".into(), chain_json(transcript));
    if transcript.tls.is_some() {
        document.insert("tls".into(), tls_json(transcript));
    }
    document.insert("ms".into(), number(transcript.duration));
    document
}

fn target_json(transcript: &Transcript) -> Value {
    let request = &transcript.request;
    let mut target = Map::new();
    target.insert("url".into(), address(request).into());
    target.insert("host".into(), request.host.clone().into());
    target.insert("port".into(), request.port.into());
    let peer = transcript.tcp.as_ref().and_then(|tcp| tcp.peer);
    target.insert(
        "address".into(),
        peer.map(|peer| peer.ip().to_string()).into(),
    );
    target.insert("tls".into(), request.tls.is_some().into());
    target.insert("mqtt".into(), request.mqtt.version.to_string().into());
    if let Some(path) = &request.websocket {
        target.insert("websocket".into(), path.clone().into());
    }
    if let Some(client) = request.emulate {
        target.insert("as".into(), client.as_str().into());
    }
    Value::Object(target)
}

fn step_json(step: &Step) -> Value {
    json!({
        "name": step.name.as_str(),
        "outcome": step.outcome.as_str(),
        "ms": step.duration.map(number),
        "detail": step.detail,
    })
}

/// Milliseconds with three decimals.
fn number(duration: Duration) -> Value {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    json!(f64::from(micros) / 1_000.0)
}

/// The chain as the broker sent it, leaf first.
fn chain_json(transcript: &Transcript) -> Value {
    let presented = transcript
        .tls
        .as_ref()
        .and_then(|tls| tls.presented.as_ref());
    let chain = presented
        .map(|presented| presented.chain.as_slice())
        .unwrap_or_default();
    let now = transcript.material.now;
    chain
        .iter()
        .map(|der| match Certificate::from_der(der) {
            Err(error) => json!({ "unreadable": error.to_string(), "bytes": der.len() }),
            Ok(certificate) => {
                let names = certificate.subject_alt_names.iter().flatten();
                let names: Vec<String> = names.map(ToString::to_string).collect();
                json!({
                    "subject": certificate.subject.to_string(),
                    "issuer": certificate.issuer.to_string(),
                    "names": names,
                    "not_before": rfc3339(certificate.not_before),
                    "not_after": rfc3339(certificate.not_after),
                    "days_left": now.map(|now| days_left(now, certificate.not_after)),
                    "key": certificate.public_key.kind().to_string(),
                    "serial": certificate.serial_hex(),
                    "sha256": certificate.sha256_hex(),
                })
            }
        })
        .collect()
}

fn tls_json(transcript: &Transcript) -> Value {
    let Some(tls) = &transcript.tls else {
        return Value::Null;
    };
    let negotiated = &tls.negotiated;
    let client_certificate = match tls
        .certificate_request
        .as_ref()
        .map(|request| request.answer)
    {
        None => "not-requested",
        Some(ClientCertificate::Sent) => "sent",
        Some(ClientCertificate::NoIdentity) => "none",
        Some(_) => "unsuitable",
    };
    json!({
        "server_name": tls.server_name_sent,
        "version": negotiated.version.map(|version| version.to_string()),
        "cipher_suite": negotiated.suite,
        "group": negotiated.group,
        "alpn": negotiated.alpn,
        "verified": tls.is_verified(),
        "client_certificate": client_certificate,
        "alert": tls.alert().map(|alert| alert.to_string()),
    })
}
