//! The MQTT session up to CONNACK.

mod refusal;
mod websocket;

use refusal::refused;
pub(super) use refusal::{identity, reason_name};

use super::client;
use super::foreign::{Protocol, recognize};
use super::transcript::{Alert, Closing, Mqtt, MqttVersion, Silence, Transcript};
use super::words::{candidates, closing, failure, limit, peer, span};
use super::{port, publish};
use crate::finding::{Action, Code, Finding, Remedy};

/// What the session says.
pub(super) fn findings(transcript: &Transcript) -> Vec<Finding> {
    if let Some(finding) = websocket::upgrade(transcript) {
        return vec![finding];
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
    if let Some(finding) = plain_findings(transcript, &[]) {
        return Some(finding);
    }
    if let Some((name, _)) = working_alpn(transcript) {
        return Some(port::alpn_required(transcript, &name));
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

fn closed_on_connect(transcript: &Transcript, end: Closing) -> Finding {
    let over = if transcript.request.tls.is_some() {
        "TLS is fine; "
    } else {
        ""
    };
    let version = transcript
        .mqtt
        .as_ref()
        .map_or(MqttVersion::V311, |m| m.version);
    let named = transcript.request.mqtt.client_id.is_some();
    let mut reasons = vec!["a proxy that ends TLS without a live backend"];
    if let Some(tls) = &transcript.tls
        && tls.certificate_request.is_some()
        && tls.tickets == 0
    {
        reasons.insert(
            0,
            "the broker refused the client certificate, and its alert was lost",
        );
    }
    reasons
        .push("a policy that refuses without an answer (AWS IoT, Azure: client id, policy, thing)");
    if named {
        reasons.push("a client id that is in use or not allowed");
    }
    if version == MqttVersion::V5 {
        reasons.push("a broker that does not know MQTT 5");
    }
    if transcript.request.tls.is_some() {
        reasons.push("a proxy that puts a PROXY header in front, to a broker that does not expect one (or the other way round)");
    }
    reasons.push("a limit on connections or packet size");
    let list = candidates(&reasons);
    let farewell = transcript
        .upgrade
        .as_ref()
        .and_then(|u| u.farewell.as_ref());
    let farewell = farewell.map_or_else(String::new, |(code, reason)| {
        let reason = if reason.is_empty() {
            String::new()
        } else {
            format!(", `{reason}`")
        };
        format!("; it ended the WebSocket with the code {code}{reason}")
    });
    let cause = format!(
        "{over}CONNECT was sent to {}, which {} without a CONNACK{farewell}; likely: {list}",
        peer(transcript),
        closing(end)
    );
    let remedy = "look at the logs of broker and proxy for the time of this check";
    failure(Code::ClosedOnConnect, cause, remedy)
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
        return https(transcript, line);
    }
    port::other_protocol(transcript, &protocol)
}

fn https(transcript: &Transcript, line: &str) -> Finding {
    let cause = format!(
        "TLS is fine; then {} answers CONNECT with HTTP (`{line}`): an HTTPS server, perhaps with MQTT over WebSocket",
        peer(transcript)
    );
    let extra = vec!["--websocket".to_owned(), "/mqtt".to_owned()];
    let remedy = Remedy::run(
        "use the broker's MQTT port (8883), or try MQTT over WebSocket",
        Action::Verify {
            host: transcript.request.host.clone(),
            port: transcript.request.port,
            extra,
        },
    );
    Finding::failure(Code::OtherProtocol, cause).with_remedy(remedy)
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
        Action::Verify {
            host: transcript.request.host.clone(),
            port: transcript.request.port,
            extra,
        },
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
    if path.as_millis() > 10 {
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
        .filter(|(_, after)| (36..=70).contains(&after.as_millis()))
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
