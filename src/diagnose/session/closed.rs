//! A connection that ended on CONNECT, without a CONNACK.

use super::refusal;
use crate::diagnose::transcript::{
    ClientCertificate, Closing, MqttVersion, TlsVersion, Transcript,
};
use crate::diagnose::words::{candidates, closing, failure, peer};
use crate::finding::{Code, Finding};

/// What brokers say where they do not know the client, as they end a WebSocket.
const UNKNOWN: [&str; 4] = [
    "unauthenticated",
    "password",
    "credential",
    "authentication",
];
/// What they say where it may not connect.
const FORBIDDEN: [&str; 5] = [
    "not authorized",
    "not_authorized",
    "unauthorized",
    "access_refused",
    "forbidden",
];

/// A reason in the WebSocket's end that says what a CONNACK would: RabbitMQ does so.
pub(super) fn said_goodbye(transcript: &Transcript) -> Option<Finding> {
    let (_, reason) = transcript.upgrade.as_ref()?.farewell.as_ref()?;
    let reason = reason.to_ascii_lowercase();
    let is_one_of = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let said = farewell(transcript)?;
    if is_one_of(&FORBIDDEN) {
        return Some(refusal::not_authorized(transcript, &said));
    }
    is_one_of(&UNKNOWN).then(|| refusal::bad_credentials(transcript, &said))
}

/// How the peer ended the WebSocket.
fn farewell(transcript: &Transcript) -> Option<String> {
    let (code, reason) = transcript.upgrade.as_ref()?.farewell.as_ref()?;
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(", `{reason}`")
    };
    Some(format!(
        "it ended the WebSocket with the code {code}{reason}"
    ))
}

/// Closed without a word: the candidates that are left.
pub(super) fn closed_on_connect(transcript: &Transcript, end: Closing) -> Finding {
    let over = if transcript.request.tls.is_some() {
        "TLS is fine; "
    } else {
        ""
    };
    let list = candidates(&reasons(transcript));
    let farewell = farewell(transcript).map_or_else(String::new, |said| format!("; {said}"));
    let cause = format!(
        "{over}CONNECT was sent to {}, which {} without a CONNACK{farewell}; likely: {list}",
        peer(transcript),
        closing(end)
    );
    let remedy = "look at the logs of broker and proxy for the time of this check";
    failure(Code::ClosedOnConnect, cause, remedy)
}

fn reasons(transcript: &Transcript) -> Vec<&'static str> {
    let secured = transcript.request.tls.is_some();
    let mqtt = transcript.mqtt.as_ref();
    let version = mqtt.map_or(MqttVersion::V311, |mqtt| mqtt.version);
    let mut reasons = Vec::new();
    let doubt = certificate_in_doubt(transcript);
    if doubt == Some(TlsVersion::Tls13) {
        reasons.push("the broker refused the client certificate, and its alert was lost");
    }
    if secured {
        reasons.push("a proxy that ends TLS without a live backend");
        reasons.push("a proxy that ends TLS and speaks TLS to the broker, which requires a client certificate and is shown none");
    } else {
        reasons.push("a proxy without a live backend");
    }
    if doubt.is_some_and(|version| version != TlsVersion::Tls13) {
        reasons.push("a proxy that takes every client certificate in the handshake, and did not trust this one (nginx: ssl_verify_client)");
    }
    reasons
        .push("a policy that refuses without an answer (AWS IoT, Azure: client id, policy, thing)");
    if transcript.request.mqtt.client_id.is_some() {
        reasons.push("a client id that is in use or not allowed");
    }
    if version == MqttVersion::V5 {
        reasons.push("a broker that does not know MQTT 5");
    }
    if secured {
        reasons.push("a proxy that puts a PROXY header in front, to a broker that does not expect one (or the other way round)");
    }
    reasons.push("a limit on connections or packet size");
    reasons
}

/// A client certificate was asked for, and nothing shows that it was accepted; the version of TLS,
/// since up to 1.2 the handshake itself would have failed.
fn certificate_in_doubt(transcript: &Transcript) -> Option<TlsVersion> {
    let tls = transcript.tls.as_ref()?;
    let request = tls.certificate_request.as_ref()?;
    let is_sent = request.answer == ClientCertificate::Sent;
    let version = tls.negotiated.version.unwrap_or(TlsVersion::Tls13);
    let in_doubt = tls.tickets == 0 && (is_sent || version == TlsVersion::Tls13);
    in_doubt.then_some(version)
}
