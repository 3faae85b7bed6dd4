//! The MQTT session up to CONNACK.

use super::client;
use super::foreign::{Protocol, recognize};
use super::transcript::{Alert, Closing, Connack, Mqtt, MqttVersion, Silence, Transcript, Upgrade};
use super::words::{candidates, closing, failure, limit, peer, span, target};
use super::{port, publish};
use crate::finding::{Action, Code, Finding, Remedy};
use crate::pki::audit::certificate_name;
use crate::x509::Certificate;

/// What the session says.
pub(super) fn findings(transcript: &Transcript) -> Vec<Finding> {
    if let Some(finding) = upgrade(transcript) {
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

fn upgrade(transcript: &Transcript) -> Option<Finding> {
    let upgrade: &Upgrade = transcript.upgrade.as_ref()?;
    let why = upgrade.failure.as_ref()?;
    let status = upgrade
        .status
        .map_or_else(String::new, |status| format!(" (HTTP {status})"));
    let cause = format!(
        "{} does not let MQTT over WebSocket in at the path `{}`{status}: {why}",
        peer(transcript),
        upgrade.path
    );
    let remedy = match upgrade.status {
        Some(404) => {
            "try another path: mosquitto takes every path, EMQX and HiveMQ /mqtt, RabbitMQ /ws"
        }
        Some(401 | 403) => {
            "the web server in front wants a login or refuses this address; look at its log"
        }
        Some(_) => {
            "let the web server in front pass the headers Upgrade and Connection to the broker"
        }
        None => {
            "check the port: the broker's WebSocket listener has a port of its own (mosquitto: `protocol websockets`)"
        }
    };
    Some(failure(Code::WebsocketRefused, cause, remedy))
}

fn no_connack(transcript: &Transcript, mqtt: &Mqtt, instead: &Silence) -> Option<Finding> {
    match instead {
        Silence::TimedOut => Some(timed_out(transcript)),
        Silence::Closed(end) => closed(transcript, *end),
        Silence::Alert(alert) => alerted(transcript, *alert),
        Silence::Foreign(bytes) => Some(foreign(transcript, bytes)),
        Silence::Disconnect {
            code,
            reason,
            server_reference,
        } => {
            let connack = Connack {
                code: *code,
                reason: reason.clone(),
                server_reference: server_reference.clone(),
                ..Connack::default()
            };
            refused(transcript, mqtt, &connack)
        }
        Silence::Malformed { reason, bytes } => Some(malformed(transcript, reason, bytes)),
        Silence::TooMuch(what) => Some(malformed(transcript, what, &[])),
    }
}

fn timed_out(transcript: &Transcript) -> Finding {
    if let Some(finding) = plain_findings(transcript, &[]) {
        return finding;
    }
    if let Some(end) = slow_close(transcript) {
        return closed_on_connect(transcript, end);
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
    Some(closed_on_connect(transcript, end))
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
    reasons.push("a limit on connections or packet size");
    let list = candidates(&reasons);
    let cause = format!(
        "{over}CONNECT was sent to {}, which {} without a CONNACK; likely: {list}",
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

/// A CONNACK (or DISCONNECT) that says no.
fn refused(transcript: &Transcript, mqtt: &Mqtt, connack: &Connack) -> Option<Finding> {
    let code = connack.code;
    if code == 0 {
        return None;
    }
    let said = said(mqtt, connack);
    if mqtt.version == MqttVersion::V5 && !connack.without_properties {
        return Some(refused_v5(transcript, mqtt, connack, &said));
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

fn said(mqtt: &Mqtt, connack: &Connack) -> String {
    let code = if mqtt.version == MqttVersion::V5 && !connack.without_properties {
        format!("0x{:02x}", connack.code)
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

fn refused_v5(transcript: &Transcript, mqtt: &Mqtt, connack: &Connack, said: &str) -> Finding {
    match connack.code {
        0x84 => version_refused(transcript, mqtt, said),
        0x85 => client_id(mqtt, said),
        0x86 => bad_credentials(transcript, said),
        0x87 | 0x8c => not_authorized(transcript, said),
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
            format!(
                "the broker objects to the CONNECT itself ({said}, {})",
                reason_name(connack.code)
            ),
            "look at the broker's log; update the broker, or check as MQTT 3.1.1",
        ),
        code => failure(
            Code::ConnackInvalid,
            format!(
                "the broker answers CONNECT with the code 0x{code:02x}, which MQTT 5 does not have there"
            ),
            "update the broker",
        ),
    }
}

/// MQTT 5's reason codes (section 2.4).
pub(super) fn reason_name(code: u8) -> &'static str {
    match code {
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x87 => "not authorized",
        0x89 => "server busy",
        0x8b => "server shutting down",
        0x8d => "keep alive timeout",
        0x8e => "session taken over",
        0x8f => "topic filter invalid",
        0x90 => "topic name invalid",
        0x91 => "packet identifier in use",
        0x93 => "receive maximum exceeded",
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

fn version_refused(transcript: &Transcript, mqtt: &Mqtt, said: &str) -> Finding {
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
    let place = connack
        .server_reference
        .as_deref()
        .unwrap_or("(it does not say which)");
    failure(
        Code::UseAnotherServer,
        format!(
            "{} sends its clients to another server: `{place}` ({said})",
            target(transcript)
        ),
        "connect to the server that it names",
    )
}

fn bad_credentials(transcript: &Transcript, said: &str) -> Finding {
    let user = user(transcript);
    failure(
        Code::BadCredentials,
        format!("the broker does not accept {user} ({said})"),
        "check user name and password; with mosquitto set the password again: `mosquitto_passwd FILE USER`, and reload the broker",
    )
}

fn user(transcript: &Transcript) -> String {
    match &transcript.request.mqtt.username {
        Some(name) => format!("the user `{name}` with the password given"),
        None => "a client without user name".to_owned(),
    }
}

/// The common name of the client certificate that was sent, which brokers can take as user name.
pub(super) fn identity(transcript: &Transcript) -> Option<String> {
    let asked = transcript.tls.as_ref()?.certificate_request.as_ref();
    asked?;
    let chain = &transcript.material.identity.as_ref()?.chain;
    let own = Certificate::from_der(chain.first()?).ok()?;
    Some(certificate_name(&own))
}

fn not_authorized(transcript: &Transcript, said: &str) -> Finding {
    let (cause, text) = match (&transcript.request.mqtt.username, identity(transcript)) {
        (Some(name), _) => (
            format!("the broker does not authorize the user `{name}` ({said}); mosquitto says the same for a wrong password"),
            "check user name and password (mosquitto: password_file, set with `mosquitto_passwd`), and what the user may do (acl_file)".to_owned(),
        ),
        (None, Some(cn)) => (
            format!("TLS and the client certificate `{cn}` are fine; the broker does not authorize a client without user name ({said}): mosquitto refuses anonymous clients unless it is told to take the certificate's name as user name"),
            "set `use_identity_as_username true` for this listener (or `allow_anonymous true`), and restart the broker".to_owned(),
        ),
        (None, None) => (
            format!("the broker does not authorize a client without user name ({said}): mosquitto 2 refuses anonymous clients by default"),
            "give user name and password, use a client certificate with `require_certificate true` and `use_identity_as_username true`, or set `allow_anonymous true`".to_owned(),
        ),
    };
    Finding::failure(Code::NotAuthorized, cause)
        .with_remedy(Remedy::run(text, Action::ConfigMosquitto))
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
