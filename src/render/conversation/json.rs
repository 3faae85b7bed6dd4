//! A conversation as one JSON document (`verify/1`).

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::address;
use crate::diagnose::transcript::{ClientCertificate, Step, StepName, Transcript};
use crate::finding::Finding;
use crate::pki::audit::Link;
use crate::render::{Suggest, certificate_json, document};
use crate::time::Timestamp;
use crate::x509::Certificate;

/// The report as one JSON document (`verify/1`).
#[must_use]
pub fn conversation_json(
    transcript: &Transcript,
    findings: &[Finding],
    chain: &[Link],
    suggest: Suggest<'_>,
) -> Map<String, Value> {
    let mut document = document("verify/1", findings, suggest);
    document.insert("target".into(), target_json(transcript));
    document.insert("steps".into(), steps_json(transcript));
    document.insert("chain".into(), chain_json(transcript, chain));
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

/// Every step by its name, so that scripts need not ask which there are.
fn steps_json(transcript: &Transcript) -> Value {
    let mut steps: Vec<Value> = transcript.steps.iter().map(step_json).collect();
    for name in StepName::ALL {
        if transcript.step(name).is_none() {
            steps.push(step_json(&Step::skipped(name, "not asked for")));
        }
    }
    steps.into()
}

fn step_json(step: &Step) -> Value {
    json!({
        "name": step.name.as_str(),
        "outcome": step.outcome.as_str(),
        "ms": number(step.duration.unwrap_or_default()),
        "detail": step.detail,
    })
}

/// Milliseconds with three decimals.
fn number(duration: Duration) -> Value {
    json!((duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0)
}

/// The chain as the broker sent it, leaf first, each certificate with its place.
fn chain_json(transcript: &Transcript, chain: &[Link]) -> Value {
    let presented = transcript
        .tls
        .as_ref()
        .and_then(|tls| tls.presented.as_ref());
    let certificates = presented
        .map(|presented| presented.chain.as_slice())
        .unwrap_or_default();
    let now = transcript.material.now.unwrap_or(Timestamp::UNIX_EPOCH);
    let one = |(index, der): (usize, &Vec<u8>)| match Certificate::from_der(der) {
        Err(error) => json!({ "unreadable": error.to_string(), "bytes": der.len() }),
        Ok(certificate) => {
            let mut value = certificate_json(&certificate, now);
            let link = chain.iter().find(|link| link.presented == Some(index));
            if let (Some(link), Some(object)) = (link, value.as_object_mut()) {
                object.insert("place".into(), link.place.as_str().into());
            }
            value
        }
    };
    certificates.iter().enumerate().map(one).collect()
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
        Some(ClientCertificate::NoIdentity | ClientCertificate::Withheld) => "none",
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
