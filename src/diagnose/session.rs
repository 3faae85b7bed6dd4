//! The MQTT session up to CONNACK.

mod closed;
mod refusal;
mod websocket;

use closed::{closed_on_connect, said_goodbye};
use refusal::refused;
pub(super) use refusal::{identity, reason_name};
pub(super) use websocket::certificate_refused;
use websocket::web;

use std::time::Duration;

use super::client;
use super::foreign::{Protocol, recognize};
use super::transcript::{Alert, Closing, Mqtt, MqttVersion, Silence, Transcript};
use super::words::{candidates, closing, failure, limit, peer, span};
use super::{port, publish};
use crate::finding::{Action, Code, Finding, Remedy};

/// What the session says.
pub(super) fn findings(transcript: &Transcript) -> Vec<Finding> {
    let refused_upgrade = transcript.upgrade.as_ref().filter(|u| u.failure.is_some());
    if refused_upgrade.is_some() {
        return websocket::upgrade(transcript).into_iter().collect();
    }
    let Some(mqtt) = &transcript.mqtt else {
        return Vec::new();
    };
    if let Some(instead) = mqtt.connack.missing() {
        return no_connack(transcript, mqtt, instead).into_iter().collect();
    }
    let Some(connack) = mqtt.connack.value() else {
        return Vec::new();
    };
    if let Some(finding) = refused(transcript, mqtt, connack) {
        return vec![finding];
    }
    let mut findings = publish::findings(transcript, mqtt, connack);
    findings.extend(older_version(transcript, mqtt));
    findings.extend(slow(transcript, mqtt));
    findings
}

fn no_connack(transcript: &Transcript, mqtt: &Mqtt, instead: &Silence) -> Option<Finding> {
    match instead {
        Silence::TimedOut => Some(timed_out(transcript)),
        Silence::Closed(end) => closed(transcript, *end),
        Silence::Alert(alert) => alerted(transcript, *alert),
        Silence::Foreign(bytes) => Some(foreign(transcript, bytes)),
        Silence::Disconnect { .. } => refusal::disconnected(transcript, mqtt, instead),
        Silence::Auth => Some(challenged(transcript)),
        Silence::Malformed { reason, bytes } => Some(malformed(transcript, reason, bytes)),
        Silence::TooMuch(what) => Some(malformed(transcript, what, &[])),
    }
}

/// Behind the end of TLS stands a listener that expects TLS itself.
fn wrapped_twice(transcript: &Transcript) -> Option<Finding> {
    let answer = transcript.extra.tls_in_tls.as_ref()?;
    (recognize(&answer.bytes)? == Protocol::Tls)
        .then(|| port::other_protocol(transcript, &Protocol::Tls))
}

fn timed_out(transcript: &Transcript) -> Finding {
    if let Some(finding) = plain_findings(transcript, &[]).or_else(|| wrapped_twice(transcript)) {
        return finding;
    }
    if let Some(finding) = web(transcript) {
        return finding;
    }
    if let Some(end) = slow_close(transcript) {
        return closed_on_connect(transcript, end);
    }
    let late = transcript.mqtt.as_ref().and_then(|mqtt| mqtt.late_connack);
    if let Some(late) = late {
        return failure(
            Code::NoConnack,
            format!(
                "{} did not answer CONNECT within {}, and then did after {}: it is overloaded, or what it asks about its clients (an authentication backend, a name server) is slow",
                peer(transcript),
                limit(transcript),
                span(late)
            ),
            "look at the broker's load and at its authentication plugin; give the check more time (--connection-timeout) to see the rest",
        );
    }
    let list = candidates(&[
        "the broker is overloaded or its authentication backend does not answer",
        "a proxy ends TLS and waits for a backend",
        "the port speaks another protocol",
    ]);
    failure(
        Code::NoConnack,
        format!(
            "{} did not answer CONNECT within {}; likely: {list}",
            peer(transcript),
            limit(transcript)
        ),
        "look at the broker's log for this client, and at its authentication plugin or proxy",
    )
}

fn closed(transcript: &Transcript, end: Closing) -> Option<Finding> {
    if client_explains(transcript) {
        return None;
    }
    if let Some(finding) = plain_findings(transcript, &[]).or_else(|| said_goodbye(transcript)) {
        return Some(finding);
    }
    if let Some((name, _)) = working_alpn(transcript) {
        return Some(port::alpn_required(transcript, &name));
    }
    if let Some(finding) = web(transcript) {
        return Some(finding);
    }
    if let Some(finding) = closes_on_version(transcript, end).or_else(|| wrapped_twice(transcript))
    {
        return Some(finding);
    }
    Some(closed_on_connect(transcript, end))
}

/// Closed on one version of MQTT, and another is taken.
fn closes_on_version(transcript: &Transcript, end: Closing) -> Option<Finding> {
    let mqtt = transcript.mqtt.as_ref()?;
    let (_, reply) = transcript.extra.other_mqtt_version.as_ref()?;
    // The other CONNECT has no credentials: a broker that asks for them in 3.1.1 has read it.
    let is_newer = mqtt.version == MqttVersion::V5;
    let connack = reply.value();
    connack.filter(|connack| connack.code == 0 || (is_newer && connack.code != 1))?;
    let said = format!("it {} on CONNECT", closing(end));
    Some(refusal::version_refused(transcript, mqtt, &said))
}

/// A proxy gives up on its backend only after a while, then for every protocol alike.
fn slow_close(transcript: &Transcript) -> Option<Closing> {
    let answer = transcript.extra.https.as_ref()?;
    let end = answer.closed?;
    (answer.bytes.is_empty() && end.after.as_millis() >= 800).then_some(end)
}

/// The missing or refused client certificate has a finding of its own.
fn client_explains(transcript: &Transcript) -> bool {
    transcript.tls.is_some() && client::explains_close(transcript)
}

fn alerted(transcript: &Transcript, alert: Alert) -> Option<Finding> {
    if client_explains(transcript) {
        return None;
    }
    Some(failure(
        Code::ClosedOnConnect,
        format!(
            "{} answered CONNECT with the TLS alert {alert}",
            peer(transcript)
        ),
        "look at the broker's log for the time of this check",
    ))
}

fn working_alpn(transcript: &Transcript) -> Option<(String, ())> {
    let tried = transcript.extra.alpns.iter();
    let asked = transcript.request.tls.as_ref()?;
    tried
        .filter(|(name, attempt)| {
            attempt.negotiated.alpn.as_deref() == Some(name.as_str()) && !asked.alpn.contains(name)
        })
        .map(|(name, _)| (name.clone(), ()))
        .next()
}

fn foreign(transcript: &Transcript, bytes: &[u8]) -> Finding {
    if let Some(finding) = plain_findings(transcript, bytes) {
        return finding;
    }
    if let Some((name, ())) = working_alpn(transcript) {
        return port::alpn_required(transcript, &name);
    }
    let Some(protocol) = recognize(bytes) else {
        return malformed(transcript, "no bytes", bytes);
    };
    if transcript.request.tls.is_some()
        && transcript.extra.websocket.is_none()
        && let Protocol::Http(line) = &protocol
    {
        return websocket::web_server(transcript, line);
    }
    port::other_protocol(transcript, &protocol)
}

/// Without TLS: the port may expect it.
fn plain_findings(transcript: &Transcript, bytes: &[u8]) -> Option<Finding> {
    if transcript.request.tls.is_some() {
        return None;
    }
    port::expects_tls(transcript, bytes)
}

/// Only clients that name an authentication method may be asked (MQTT 5 section 4.12).
fn challenged(transcript: &Transcript) -> Finding {
    let cause = format!(
        "{} answers CONNECT with AUTH: it wants MQTT 5's enhanced authentication, which the CONNECT did not offer",
        peer(transcript)
    );
    let extra = vec!["--mqtt".to_owned(), "3.1.1".to_owned()];
    let remedy = Remedy::run(
        "turn enhanced authentication (SCRAM, Kerberos …) off for this listener, or let the client speak MQTT 3.1.1, which does not have it",
        Action::Again { extra },
    );
    Finding::failure(Code::ConnackInvalid, cause).with_remedy(remedy)
}

fn malformed(transcript: &Transcript, reason: &str, bytes: &[u8]) -> Finding {
    let shown: Vec<String> = bytes
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let shown = if shown.is_empty() {
        String::new()
    } else {
        format!(" (it begins with {})", shown.join(" "))
    };
    failure(
        Code::ConnackInvalid,
        format!(
            "the answer of {} to CONNECT breaks the MQTT standard: {reason}{shown}",
            peer(transcript)
        ),
        "check that the port is a broker's, and update the broker",
    )
}

/// The emulated client fell back to an older version.
fn older_version(_transcript: &Transcript, mqtt: &Mqtt) -> Option<Finding> {
    let (version, _) = mqtt.earlier.as_ref()?;
    Some(Finding::note(
        Code::ProtocolVersionRefused,
        format!(
            "the broker refused MQTT {version}, and took MQTT {}: each attempt costs two connections",
            mqtt.version
        ),
    ))
}

/// A step of about 40 ms on a fast path: Nagle's algorithm against delayed acknowledgements.
fn slow(transcript: &Transcript, mqtt: &Mqtt) -> Option<Finding> {
    let path = transcript.tcp.as_ref()?.used()?.duration;
    // What the pings at the end do not show again was a broker that had just begun to work.
    let is_past = mqtt.twin_pings.is_some_and(|after| !is_delay(after));
    if path.as_millis() > 10 || is_past {
        return None;
    }
    let answers = [
        ("CONNACK", mqtt.connack.after()),
        ("SUBACK", mqtt.suback.after()),
        ("the message's acknowledgement", mqtt.puback.after()),
        ("the message", mqtt.echo.after()),
        ("the second of two PINGRESPs", mqtt.twin_pings),
    ];
    let slow: Vec<String> = answers
        .into_iter()
        .filter_map(|(what, after)| Some((what, after?)))
        .filter(|(_, after)| is_delay(*after))
        .map(|(what, after)| format!("{what} took {}", span(after)))
        .collect();
    if slow.is_empty() {
        return None;
    }
    let cause = format!(
        "{}, and the connection itself {}: such a step is Nagle's algorithm, which mosquitto leaves on",
        slow.join(", "),
        span(path)
    );
    let remedy = Remedy::text("set `set_tcp_nodelay true` in mosquitto.conf");
    Some(Finding::note(Code::SlowAnswers, cause).with_remedy(remedy))
}

/// The delay of an acknowledgement, with some room on both sides.
fn is_delay(after: Duration) -> bool {
    (36..=70).contains(&after.as_millis())
}
