//! A broker that ends the session: with MQTT 5's DISCONNECT and a reason that explains itself, or
//! right after it was accepted.

use super::session::reason_name;
use super::transcript::{Mqtt, Silence, Transcript};
use super::words::{candidates, closing, failure, peer, span, target};
use crate::finding::{Code, Finding};

/// `DISCONNECT 0x8b, server shutting down, `maintenance``.
pub(super) fn said(code: u8, reason: Option<&str>) -> String {
    let reason = reason
        .filter(|reason| !reason.is_empty())
        .map_or_else(String::new, |reason| format!(", `{reason}`"));
    format!("DISCONNECT 0x{code:02x}, {}{reason}", reason_name(code))
}

/// What to do where a broker sends its clients away.
pub(super) const GO_THERE: &str =
    "connect to the server that it names, or ask who runs it where it names none";

/// The server that a broker sends its clients to.
pub(super) fn place(reference: Option<&str>) -> String {
    reference.map_or_else(
        || ", and does not say which".to_owned(),
        |place| format!(": `{place}`"),
    )
}

/// What lifts a refusal of a topic or a message, by MQTT 5's reason code.
pub(super) fn lift(code: u8) -> &'static str {
    match code {
        0x8b | 0x89 | 0x88 => "try again once the broker is back",
        0x8f | 0x90 | 0x9e | 0xa1 | 0xa2 => {
            "check with a topic that the broker's rules allow (--topic)"
        }
        0x93 | 0x96 | 0x97 | 0x9f => {
            "raise the broker's quota for this client or user, or keep to it"
        }
        0x95 => {
            "send smaller messages, or raise max_packet_size or message_size_limit (mosquitto) on the broker"
        }
        0x9b => "use a lower QoS (--qos 0), or raise max_qos (mosquitto) on the broker",
        0x9c | 0x9d => GO_THERE,
        0x80 | 0x87 | 0x00..0x80 => {
            "allow the topic for this user in the broker's access list (mosquitto: acl_file, `topic readwrite …`) or policy (AWS IoT), or check with a topic that is allowed"
        }
        _ => "look at the broker's log for the time of this check: it says why it refuses",
    }
}

/// Reasons that mean the same at every stage; `when` says at which it came.
pub(super) fn explained(
    transcript: &Transcript,
    mqtt: &Mqtt,
    instead: &Silence,
    when: &str,
) -> Option<Finding> {
    let Silence::Disconnect {
        code,
        reason,
        server_reference,
    } = instead
    else {
        return None;
    };
    let (broker, said) = (target(transcript), said(*code, reason.as_deref()));
    Some(match code {
        0x8b => failure(
            Code::ServerUnavailable,
            format!("{broker} is shutting down: it ends the session {when} ({said})"),
            "start the broker again, or try again once it is back",
        ),
        0x89 => failure(
            Code::ServerUnavailable,
            format!("{broker} is too busy: it ends the session {when} ({said})"),
            "try again; look at the broker's load and at its limits on clients",
        ),
        0x98 => failure(
            Code::ServerUnavailable,
            format!("somebody ended the session on {broker} {when} ({said})"),
            "ask who runs the broker: a rule or a person disconnects this client",
        ),
        0x8e => failure(
            Code::ClientIdRejected,
            format!(
                "{broker} ends the session {when}: another client with the id `{}` took it over ({said})",
                mqtt.client_id
            ),
            "give every client an id of its own",
        ),
        0x9c | 0x9d => {
            let place = place(server_reference.as_deref());
            failure(
                Code::UseAnotherServer,
                format!("{broker} sends its clients to another server {when}{place} ({said})"),
                GO_THERE,
            )
        }
        _ => return None,
    })
}

/// The connection ended although nothing had been asked for: a second one showed it.
pub(super) fn right_after_connect(transcript: &Transcript) -> Option<Finding> {
    let how = match transcript.extra.after_connack.as_ref()? {
        Silence::Closed(end) => closing(*end),
        Silence::Alert(alert) => format!("sent the TLS alert {alert}"),
        Silence::Disconnect { code, reason, .. } => {
            format!("sent {}", said(*code, reason.as_deref()))
        }
        _ => return None,
    };
    let after = transcript.mqtt.as_ref().and_then(|mqtt| {
        let end = match mqtt.suback.missing()? {
            Silence::Closed(end) => end.after,
            _ => return None,
        };
        Some(format!(" {} after the connection was made", span(end)))
    });
    let mut reasons = vec![
        "an authorization plugin that decides late",
        "a proxy that lost its backend",
        "a limit on sessions or a fault in the broker",
    ];
    if transcript.request.mqtt.client_id.is_some() {
        reasons.insert(0, "another client with the same id that comes back at once");
    }
    let list = candidates(&reasons);
    Some(failure(
        Code::ClosedAfterConnect,
        format!(
            "{} accepts the session (CONNACK 0) and ends it{}; a second session in which nothing was asked ended too (the broker {how}), so that it is not the subscription; likely: {list}",
            peer(transcript),
            after.unwrap_or_default(),
        ),
        "look at the logs of broker and proxy for the time of this check: they say why the session was ended",
    ))
}
