//! A broker that says no to CONNECT, with a code and sometimes a reason.

mod credentials;

pub(in crate::diagnose) use credentials::identity;
pub(super) use credentials::{bad_credentials, not_authorized};

use crate::diagnose::goodbye;
use crate::diagnose::transcript::{Connack, Mqtt, MqttVersion, Silence, Transcript};
use crate::diagnose::words::{failure, target};
use crate::finding::{Action, Code, Finding, Remedy};

/// A CONNACK that says no.
pub(super) fn refused(transcript: &Transcript, mqtt: &Mqtt, connack: &Connack) -> Option<Finding> {
    let code = connack.code;
    if code == 0 {
        return None;
    }
    let said = said(mqtt, connack);
    if has_own_codes(mqtt, connack) {
        let known = refused_v5(transcript, mqtt, connack, &said);
        return Some(known.unwrap_or_else(|| failure(
            Code::ConnackInvalid,
            format!(
                "the broker answers CONNECT with the code 0x{code:02x}, which MQTT 5 does not have there"
            ),
            "update the broker",
        )));
    }
    Some(match code {
        1 => version_refused(transcript, mqtt, &said),
        2 => client_id(mqtt, &said),
        3 => unavailable(transcript, &said),
        4 => bad_credentials(transcript, &said),
        5 => not_authorized(transcript, &said),
        _ => failure(
            Code::ConnackInvalid,
            format!(
                "{} answers CONNECT with the code 0x{code:02x}, which MQTT {} does not have",
                target(transcript),
                mqtt.version
            ),
            "update the broker, or check as MQTT 5 whether it means that version's code",
        ),
    })
}

/// Whether the code is one of MQTT 5: some brokers put a code of 3.1.1 into its CONNACK.
fn has_own_codes(mqtt: &Mqtt, connack: &Connack) -> bool {
    let is_old = connack.without_properties || (1..=5).contains(&connack.code);
    mqtt.version == MqttVersion::V5 && !is_old
}

/// A DISCONNECT where CONNACK was awaited.
pub(super) fn disconnected(
    transcript: &Transcript,
    mqtt: &Mqtt,
    instead: &Silence,
) -> Option<Finding> {
    let Silence::Disconnect {
        code,
        reason,
        server_reference,
    } = instead
    else {
        return None;
    };
    if let Some(finding) = goodbye::explained(transcript, mqtt, instead, "in answer to CONNECT") {
        return Some(finding);
    }
    let said = goodbye::said(*code, reason.as_deref());
    let like_connack = Connack {
        code: *code,
        reason: reason.clone(),
        server_reference: server_reference.clone(),
        ..Connack::default()
    };
    let known = refused_v5(transcript, mqtt, &like_connack, &said);
    Some(known.unwrap_or_else(|| {
        failure(
            Code::ClosedOnConnect,
            format!(
                "{} answers CONNECT by ending the session ({said}), without a CONNACK",
                target(transcript)
            ),
            "look at the broker's log for the time of this check",
        )
    }))
}

fn said(mqtt: &Mqtt, connack: &Connack) -> String {
    let code = if has_own_codes(mqtt, connack) {
        format!("0x{:02x}, {}", connack.code, reason_name(connack.code))
    } else {
        connack.code.to_string()
    };
    let reason = connack
        .reason
        .as_ref()
        .filter(|reason| !reason.is_empty())
        .map_or_else(String::new, |reason| {
            format!(", with the reason `{reason}`")
        });
    format!("CONNACK {code}{reason}")
}

/// What MQTT 5's reason codes for CONNECT mean; nothing for a code that it does not have there.
fn refused_v5(
    transcript: &Transcript,
    mqtt: &Mqtt,
    connack: &Connack,
    said: &str,
) -> Option<Finding> {
    Some(match connack.code {
        0x84 => version_refused(transcript, mqtt, said),
        0x85 => client_id(mqtt, said),
        0x86 => bad_credentials(transcript, said),
        0x87 => not_authorized(transcript, said),
        0x8c => another_method(transcript, said),
        0x80 if mqtt.client_id.is_empty() => client_id(mqtt, said),
        0x88 | 0x89 | 0x97 | 0x9f | 0x80 | 0x83 | 0x8b => unavailable(transcript, said),
        0x8a => failure(
            Code::NotAuthorized,
            format!("the broker has banned this client ({said})"),
            "look at the broker's list of banned clients, users and addresses",
        ),
        0x9c | 0x9d => use_another(transcript, connack, said),
        0x95 => failure(
            Code::MessageTooLarge,
            format!("the broker takes no packet as large as the CONNECT ({said})"),
            "raise max_packet_size (mosquitto) on the broker",
        ),
        0x9b => failure(
            Code::QosNotSupported,
            format!("the broker does not support the quality of service of the will ({said})"),
            "use QoS 0",
        ),
        0x81 | 0x82 | 0x90 | 0x99 | 0x9a => failure(
            Code::ClosedOnConnect,
            format!("the broker objects to the CONNECT itself ({said})"),
            "look at the broker's log; update the broker, or check as MQTT 3.1.1",
        ),
        _ => return None,
    })
}

/// MQTT 5's reason codes (section 2.4).
pub(in crate::diagnose) fn reason_name(code: u8) -> &'static str {
    match code {
        0x00 => "normal disconnection",
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x84 => "unsupported protocol version",
        0x85 => "client identifier not valid",
        0x86 => "bad user name or password",
        0x87 => "not authorized",
        0x88 => "server unavailable",
        0x89 => "server busy",
        0x8a => "banned",
        0x8b => "server shutting down",
        0x8c => "bad authentication method",
        0x8d => "keep alive timeout",
        0x8e => "session taken over",
        0x8f => "topic filter invalid",
        0x90 => "topic name invalid",
        0x91 => "packet identifier in use",
        0x92 => "packet identifier not found",
        0x93 => "receive maximum exceeded",
        0x94 => "topic alias invalid",
        0x95 => "packet too large",
        0x96 => "message rate too high",
        0x97 => "quota exceeded",
        0x98 => "administrative action",
        0x99 => "payload format invalid",
        0x9a => "retain not supported",
        0x9b => "quality of service not supported",
        0x9c => "use another server",
        0x9d => "server moved",
        0x9e => "shared subscriptions not supported",
        0x9f => "connection rate exceeded",
        0xa0 => "maximum connect time",
        0xa1 => "subscription identifiers not supported",
        0xa2 => "wildcard subscriptions not supported",
        _ => "a reason without a name",
    }
}

pub(super) fn version_refused(transcript: &Transcript, mqtt: &Mqtt, said: &str) -> Finding {
    let works = match &transcript.extra.other_mqtt_version {
        Some((version, reply)) if reply.value().is_some() => {
            format!("; it answers MQTT {version}")
        }
        _ => String::new(),
    };
    let cause = format!(
        "{} does not speak MQTT {} ({said}){works}",
        target(transcript),
        mqtt.version
    );
    let remedy = if mqtt.version == MqttVersion::V5 {
        let extra = vec!["--mqtt".to_owned(), "3.1.1".to_owned()];
        Remedy::run(
            "let the client speak MQTT 3.1.1, or update the broker",
            Action::Again { extra },
        )
    } else {
        Remedy::text("let the client speak a version that the broker knows, or update the broker")
    };
    Finding::failure(Code::ProtocolVersionRefused, cause).with_remedy(remedy)
}

fn client_id(mqtt: &Mqtt, said: &str) -> Finding {
    let id = if mqtt.client_id.is_empty() {
        "the empty client id".to_owned()
    } else {
        format!("the client id `{}`", mqtt.client_id)
    };
    failure(
        Code::ClientIdRejected,
        format!("the broker refuses {id} ({said})"),
        "use a client id that the broker allows: at most 23 letters and digits, not empty (mosquitto: allow_zero_length_clientid, clientid_prefixes)",
    )
}

fn unavailable(transcript: &Transcript, said: &str) -> Finding {
    failure(
        Code::ServerUnavailable,
        format!(
            "{} says that it is not available for now ({said})",
            target(transcript)
        ),
        "try again; look at the broker's log (starting, overloaded, quota or licence used up)",
    )
}

/// MQTT 5's enhanced authentication, which the CONNECT did not offer.
fn another_method(transcript: &Transcript, said: &str) -> Finding {
    let cause = format!(
        "{} wants MQTT 5's enhanced authentication by a method that the CONNECT did not name ({said})",
        target(transcript)
    );
    let extra = vec!["--mqtt".to_owned(), "3.1.1".to_owned()];
    let remedy = Remedy::run(
        "let the client use the method that the broker asks for (SCRAM, Kerberos, OAuth …), turn it off for this listener, or let the client speak MQTT 3.1.1, which does not have it",
        Action::Again { extra },
    );
    Finding::failure(Code::NotAuthorized, cause).with_remedy(remedy)
}

fn use_another(transcript: &Transcript, connack: &Connack, said: &str) -> Finding {
    let place = goodbye::place(connack.server_reference.as_deref());
    failure(
        Code::UseAnotherServer,
        format!(
            "{} sends its clients to another server{place} ({said})",
            target(transcript)
        ),
        goodbye::GO_THERE,
    )
}
