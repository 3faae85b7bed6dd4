//! Brokers that are reached the wrong way, or that went away.

use super::mqtt::{accepted, came, missing, mqtt};
use super::*;
use crate::diagnose::transcript::{Connected, Puback, TcpFailure, Upgrade};

fn held_until_closed(transcript: &mut Transcript) {
    mqtt(transcript).puback = came(Puback::default());
    mqtt(transcript).echo = came(());
    mqtt(transcript).held = Some(Silence::Closed(ended(HowClosed::EndOfStream, 2_000)));
}

#[test]
fn a_session_that_ended_while_it_was_held() {
    checked(
        accepted,
        &[
            (
                "nothing listens any more",
                |t| {
                    held_until_closed(t);
                    t.extra.reconnected = Some(Err(TcpFailure::Refused));
                },
                Code::BrokerStopped,
                &["cut 2.0 s after", "nothing listens on", "journalctl"],
            ),
            (
                "an id that others may have",
                |t| {
                    held_until_closed(t);
                    t.request.mqtt.client_id = Some("phone".into());
                },
                Code::IdleTimeoutTooShort,
                &["another client with the id `phone`", "an id of its own"],
            ),
            (
                "the port answers",
                |t| {
                    held_until_closed(t);
                    t.extra.reconnected = Some(Ok(Connected));
                },
                Code::IdleTimeoutTooShort,
                &["shorter idle limit; the port takes connections"],
            ),
        ],
    );
}

#[test]
fn a_message_that_never_came_back() {
    fn silent(transcript: &mut Transcript) {
        mqtt(transcript).puback = came(Puback::default());
        mqtt(transcript).echo = missing(Silence::TimedOut);
    }
    checked(
        accepted,
        &[
            (
                "3.1.1",
                silent,
                Code::MessageNotDelivered,
                &[
                    "MQTT 3.1.1 does not say so",
                    "MQTT 5 says whether the broker refuses",
                ],
            ),
            (
                "a large one",
                |t| {
                    silent(t);
                    t.request.mqtt.payload_size = 300_000;
                },
                Code::MessageNotDelivered,
                &[
                    "as large as this one (300000 bytes; mosquitto: message_size_limit)",
                    "a small message",
                ],
            ),
            (
                "5",
                |t| {
                    silent(t);
                    mqtt(t).version = MqttVersion::V5;
                },
                Code::MessageNotDelivered,
                &["may publish there (the acknowledgement says so), and may not read it"],
            ),
        ],
    );
}

#[test]
fn the_wrong_kind_of_port() {
    fn refused(transcript: &mut Transcript, upgrade: Upgrade) {
        transcript.mqtt = None;
        transcript.request.websocket = Some("/mqtt".into());
        transcript.record(Step::failed(StepName::Mqtt, MOMENT, "no WebSocket"));
        transcript.upgrade = Some(Upgrade {
            path: "/mqtt".into(),
            failure: Some("the answer is no HTTP/1.1".into()),
            ..upgrade
        });
    }
    fn over_tls(transcript: &mut Transcript) {
        transcript.request.tls = Some(TlsRequest::default());
        transcript.tls = Some(Tls::default());
        mqtt(transcript).connack = missing(Silence::Closed(ended(HowClosed::CloseNotify, 3)));
    }
    checked(
        accepted,
        &[
            (
                "a redirect",
                |t| {
                    let location = Some("https://broker.lan/ws".into());
                    let status = Some(301);
                    refused(
                        t,
                        Upgrade {
                            status,
                            location,
                            ..Upgrade::default()
                        },
                    );
                },
                Code::WebsocketRefused,
                &["HTTP 301, to `https://broker.lan/ws`", "`wss://`"],
            ),
            (
                "another path",
                |t| {
                    let status = Some(404);
                    refused(
                        t,
                        Upgrade {
                            status,
                            ..Upgrade::default()
                        },
                    );
                    t.extra.websocket = Some("/ws".into());
                },
                Code::WebsocketRefused,
                &["at the path `/mqtt`: the answer is no HTTP/1.1; at the path `/ws` it does"],
            ),
            (
                "no WebSocket",
                |t| {
                    refused(t, Upgrade::default());
                    t.extra.bare_mqtt = true;
                },
                Code::WebsocketRefused,
                &["answers MQTT itself", "protocol websockets"],
            ),
            (
                "ws:// where wss:// is meant",
                |t| {
                    refused(t, Upgrade::default());
                    t.extra.tls_hello = Some(LegacyAnswer::Alert(Alert(70)));
                },
                Code::PortExpectsTls,
                &["protocol_version", "`wss://` in place of `ws://`"],
            ),
            (
                "a web server with MQTT behind it",
                |t| {
                    mqtt(t).connack = missing(Silence::Foreign(b"HTTP/1.1 400 Bad\r\n".to_vec()));
                    t.extra.websocket = Some("/ws".into());
                },
                Code::WebsocketEndpoint,
                &["`HTTP/1.1 400 Bad`", "at the path `/ws`"],
            ),
            (
                "TLS inside TLS",
                |t| {
                    over_tls(t);
                    t.extra.tls_in_tls = Some(Answer {
                        bytes: b"\x15\x03\x03\x00\x02\x02\x46".to_vec(),
                        ..Answer::default()
                    });
                },
                Code::OtherProtocol,
                &["expects TLS once more", "proxy_ssl on"],
            ),
        ],
    );
}

#[test]
fn answers_of_the_wrong_time_or_kind_inside_tls() {
    fn inside(transcript: &mut Transcript, bytes: &[u8]) {
        transcript.request.tls = Some(TlsRequest::default());
        transcript.tls = Some(Tls::default());
        mqtt(transcript).connack = missing(Silence::Foreign(bytes.to_vec()));
    }
    checked(
        accepted,
        &[
            (
                "too late",
                |t| {
                    mqtt(t).connack = missing(Silence::TimedOut);
                    mqtt(t).late_connack = Some(Duration::from_secs(6));
                },
                Code::NoConnack,
                &[
                    "within 5.0 s, and then did after 6.0 s",
                    "--connection-timeout",
                ],
            ),
            (
                "3.1.1 alone, with credentials",
                |t| {
                    mqtt(t).version = MqttVersion::V5;
                    mqtt(t).connack = missing(Silence::Closed(ended(HowClosed::CloseNotify, 5)));
                    let refused = Connack {
                        code: 4,
                        ..Connack::default()
                    };
                    t.extra.other_mqtt_version = Some((MqttVersion::V311, came(refused)));
                },
                Code::ProtocolVersionRefused,
                &["does not speak MQTT 5", "it answers MQTT 3.1.1"],
            ),
            (
                "a known protocol",
                |t| inside(t, b"SSH-2.0-OpenSSH_9.6"),
                Code::OtherProtocol,
                &["TLS is fine; inside it", "speaks SSH, not MQTT (it says"],
            ),
            (
                "an unknown one",
                |t| inside(t, b"hello world"),
                Code::OtherProtocol,
                &["inside it", "a protocol that is not MQTT"],
            ),
        ],
    );
}
