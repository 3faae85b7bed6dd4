//! A broker that says no to CONNECT, with a code and sometimes a reason.

use crate::diagnose::goodbye;
use crate::diagnose::transcript::{Connack, Mqtt, MqttVersion, Silence, Transcript};
use crate::diagnose::words::{failure, target};
use crate::finding::{Action, Code, Finding, Remedy};
use crate::pki::audit::certificate_name;
use crate::x509::Certificate;

/// A CONNACK that says no.
pub(super) fn refused(transcript: &Transcript, mqtt: &Mqtt, connack: &Connack) -> Option<Finding> {
    let code = connack.code;
    if code == 0 {
        return None;
    }
    let said = said(mqtt, connack);
    if mqtt.version == MqttVersion::V5 && !connack.without_properties {
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
    let code = if mqtt.version == MqttVersion::V5 && !connack.without_properties {
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
        0x87 | 0x8c => not_authorized(transcript, said),
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
            Action::Verify {
                host: transcript.request.host.clone(),
                port: transcript.request.port,
                extra,
            },
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

fn bad_credentials(transcript: &Transcript, said: &str) -> Finding {
    if transcript.request.mqtt.username.is_none() && identity(transcript).is_none() {
        return nameless(transcript, said);
    }
    let user = user(transcript);
    failure(
        Code::BadCredentials,
        format!("the broker does not accept {user} ({said})"),
        "check user name and password; with mosquitto set the password again: `mosquitto_passwd FILE USER`, and reload the broker",
    )
}

/// CONNACK 4 without a user name: mosquitto says so where the certificate was to give it.
fn nameless(transcript: &Transcript, said: &str) -> Finding {
    let tls = transcript.tls.as_ref();
    let is_asked = tls.is_some_and(|tls| tls.certificate_request.is_some());
    let asked = match &transcript.material.identity {
        _ if is_asked => "no client certificate was given",
        Some(_) => "the client certificate that was given was never asked for",
        None => "no client certificate was asked for",
    };
    let cause = format!(
        "the broker does not accept a client without user name ({said}), and {asked}: so answers mosquitto where `use_identity_as_username true` stands without `require_certificate true`, and RabbitMQ to anonymous clients"
    );
    let remedy = Remedy::run(
        "give user name and password, or let the broker ask for client certificates (mosquitto: `require_certificate true` and `cafile` for this listener)",
        Action::ConfigMosquitto,
    );
    Finding::failure(Code::BadCredentials, cause).with_remedy(remedy)
}

fn user(transcript: &Transcript) -> String {
    match &transcript.request.mqtt.username {
        Some(name) => format!("the user `{name}` with the password given"),
        None => "a client without user name".to_owned(),
    }
}

/// The common name of the client certificate that was sent, which brokers can take as user name.
pub(in crate::diagnose) fn identity(transcript: &Transcript) -> Option<String> {
    let asked = transcript.tls.as_ref()?.certificate_request.as_ref();
    asked?;
    let chain = &transcript.material.identity.as_ref()?.chain;
    let own = Certificate::from_der(chain.first()?).ok()?;
    Some(certificate_name(&own))
}

fn not_authorized(transcript: &Transcript, said: &str) -> Finding {
    let (cause, text) = match (&transcript.request.mqtt.username, identity(transcript)) {
        (Some(name), _) if !transcript.request.mqtt.has_password => (
            format!("the broker does not authorize the user `{name}` ({said}), and no password was sent with the name"),
            "give the password (--password SRC), or check what the user may do without one".to_owned(),
        ),
        (Some(name), _) => (
            format!("the broker does not authorize the user `{name}` ({said}); mosquitto says the same for a wrong password"),
            "check user name and password (mosquitto: password_file, set with `mosquitto_passwd`), and what the user may do (acl_file)".to_owned(),
        ),
        (None, Some(cn)) => (
            format!("TLS and the client certificate `{cn}` are fine; the broker does not authorize a client without user name ({said}): mosquitto refuses anonymous clients unless it is told to take the certificate's name as user name"),
            "set `use_identity_as_username true` for this listener (or `allow_anonymous true`), and restart the broker; or give user name and password, where it has a password file".to_owned(),
        ),
        (None, None) => (
            format!("the broker does not authorize a client without user name ({said}): mosquitto 2 refuses anonymous clients by default, and client ids without the prefix of `clientid_prefixes`"),
            "give user name and password, use a client certificate with `require_certificate true` and `use_identity_as_username true`, or set `allow_anonymous true` (below this `listener`, where `per_listener_settings true` is set)".to_owned(),
        ),
    };
    Finding::failure(Code::NotAuthorized, cause)
        .with_remedy(Remedy::run(text, Action::ConfigMosquitto))
}
