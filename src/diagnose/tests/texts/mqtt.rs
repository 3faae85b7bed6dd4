//! The session: subscription, message, and holding on.

use super::*;
use crate::diagnose::transcript::{Puback, Upgrade};

/// Connected and accepted, with this much of the session.
pub(super) fn accepted() -> Transcript {
    let mut transcript = session(Mqtt {
        topic: "certgen/x".into(),
        client_id: "certgen1".into(),
        publish_bytes: 40,
        connack: came(Connack::default()),
        suback: came(Suback {
            codes: vec![1],
            ..Suback::default()
        }),
        ..Mqtt::default()
    });
    transcript.request.mqtt.echo = true;
    transcript.request.mqtt.qos = 1;
    transcript.request.mqtt.keep_alive = Duration::from_secs(30);
    transcript.request.mqtt.payload_size = 16;
    transcript
}

pub(super) fn came<T>(value: T) -> Reply<T> {
    Reply::Came {
        value,
        after: MOMENT,
    }
}

pub(super) fn missing<T>(instead: Silence) -> Reply<T> {
    Reply::Missing {
        instead,
        after: MOMENT,
    }
}

pub(super) fn mqtt(transcript: &mut Transcript) -> &mut Mqtt {
    transcript.mqtt.as_mut().unwrap()
}

fn closed() -> Silence {
    Silence::Closed(ended(HowClosed::EndOfStream, 12))
}

fn goodbye(code: u8) -> Silence {
    Silence::Disconnect {
        code,
        reason: Some("night".into()),
        server_reference: None,
    }
}

#[test]
fn the_websocket() {
    fn refused(transcript: &mut Transcript, status: Option<u16>, why: &str) {
        transcript.mqtt = None;
        transcript.record(Step::failed(StepName::Mqtt, MOMENT, "no WebSocket"));
        transcript.upgrade = Some(Upgrade {
            path: "/mqtt".into(),
            status,
            failure: Some(why.into()),
            ..Upgrade::default()
        });
    }
    fn ended(transcript: &mut Transcript) {
        mqtt(transcript).connack = missing(closed());
        transcript.upgrade = Some(Upgrade {
            farewell: Some((1008, "policy".into())),
            ..Upgrade::default()
        });
    }
    checked(
        accepted,
        &[
            (
                "404",
                |t| refused(t, Some(404), "the server answered HTTP 404 Not Found"),
                Code::WebsocketRefused,
                &["HTTP 404", "another path"],
            ),
            (
                "502",
                |t| refused(t, Some(502), "bad gateway"),
                Code::WebsocketRefused,
                &["no live broker behind it"],
            ),
            (
                "no sub-protocol",
                |t| refused(t, Some(101), "the server does not choose `mqtt`"),
                Code::WebsocketRefused,
                &["does not choose `mqtt`", "Sec-WebSocket-Protocol"],
            ),
            (
                "302",
                |t| refused(t, Some(302), "found"),
                Code::WebsocketRefused,
                &["Location"],
            ),
            (
                "no HTTP",
                |t| refused(t, None, "the answer is no HTTP/1.1"),
                Code::WebsocketRefused,
                &["no HTTP/1.1", "mqtts://"],
            ),
            (
                "a policy",
                ended,
                Code::ClosedOnConnect,
                &["ended the WebSocket with the code 1008, `policy`"],
            ),
        ],
    );
}

#[test]
fn the_subscription() {
    fn suback(transcript: &mut Transcript, code: u8) {
        let codes = vec![code];
        let reason = None;
        mqtt(transcript).suback = came(Suback { codes, reason });
    }
    checked(
        accepted,
        &[
            (
                "refused",
                |t| suback(t, 0x80),
                Code::SubscribeRefused,
                &[
                    "an anonymous client to `certgen/x` (SUBACK 0x80)",
                    "acl_file",
                ],
            ),
            (
                "refused in MQTT 5",
                |t| {
                    mqtt(t).version = MqttVersion::V5;
                    suback(t, 0x87);
                },
                Code::SubscribeRefused,
                &["SUBACK 0x87, not authorized"],
            ),
            (
                "a code that MQTT lacks",
                |t| suback(t, 7),
                Code::SubackInvalid,
                &["with the code 0x07, which MQTT does not have"],
            ),
            (
                "another packet",
                |t| {
                    mqtt(t).suback = missing(Silence::Malformed {
                        reason: "a second CONNACK came".into(),
                        bytes: Vec::new(),
                    })
                },
                Code::SubackInvalid,
                &["a second CONNACK came"],
            ),
            (
                "silence",
                |t| mqtt(t).suback = missing(Silence::TimedOut),
                Code::NoSuback,
                &["did not answer the subscription", "within 5.0 s"],
            ),
            (
                "cut",
                |t| mqtt(t).suback = missing(closed()),
                Code::SubscribeRefused,
                &[
                    "by ending the connection",
                    "or it ends every session right after CONNACK",
                ],
            ),
            (
                "cut, an idle session stays",
                |t| {
                    mqtt(t).suback = missing(closed());
                    t.extra.after_connack = Some(Silence::TimedOut);
                },
                Code::SubscribeRefused,
                &["a session that asks for nothing stays open"],
            ),
            (
                "cut, an idle session too",
                |t| {
                    mqtt(t).suback = missing(closed());
                    t.extra.after_connack = Some(closed());
                },
                Code::ClosedAfterConnect,
                &[
                    "accepts the session (CONNACK 0) and ends it 12 ms after",
                    "it is not the subscription",
                ],
            ),
            (
                "shutting down",
                |t| mqtt(t).suback = missing(goodbye(0x8b)),
                Code::ServerUnavailable,
                &[
                    "is shutting down: it ends the session on SUBSCRIBE (DISCONNECT 0x8b, server shutting down, `night`)",
                ],
            ),
        ],
    );
}

#[test]
fn the_message() {
    fn puback(transcript: &mut Transcript, code: u8) {
        mqtt(transcript).puback = came(Puback { code, reason: None });
    }
    checked(
        accepted,
        &[
            (
                "not acknowledged",
                |t| mqtt(t).puback = missing(Silence::TimedOut),
                Code::NoPuback,
                &["did not acknowledge the test message (QoS 1) within 5.0 s"],
            ),
            (
                "refused",
                |t| puback(t, 0x87),
                Code::MessageNotDelivered,
                &["(0x87, not authorized)", "acl_file"],
            ),
            (
                "too large",
                |t| puback(t, 0x95),
                Code::MessageTooLarge,
                &["0x95, packet too large"],
            ),
            (
                "never back",
                |t| {
                    puback(t, 0);
                    mqtt(t).echo = missing(Silence::TimedOut);
                },
                Code::MessageNotDelivered,
                &[
                    "never came back within 5.0 s",
                    "may not publish there, or may not read it",
                ],
            ),
            (
                "nobody reads",
                |t| {
                    puback(t, 0x10);
                    mqtt(t).echo = missing(Silence::TimedOut);
                },
                Code::MessageNotDelivered,
                &["0x10, no matching subscribers"],
            ),
            (
                "altered",
                |t| {
                    puback(t, 0);
                    mqtt(t).altered = Some(99);
                    mqtt(t).echo = missing(Silence::TimedOut);
                },
                Code::MessageNotDelivered,
                &["another message of 99 bytes", "of 16 bytes"],
            ),
            (
                "cut",
                |t| mqtt(t).puback = missing(closed()),
                Code::ClosedOnPublish,
                &[
                    "test message of 40 bytes with QoS 1",
                    "the topic is not allowed",
                ],
            ),
            (
                "a large one cut",
                |t| {
                    t.request.mqtt.payload_size = 5_000;
                    mqtt(t).puback = missing(closed());
                },
                Code::ClosedOnPublish,
                &["likely: a limit on the packet size"],
            ),
            (
                "above the announced size",
                |t| {
                    mqtt(t).connack = came(Connack {
                        maximum_packet_size: Some(30),
                        ..Connack::default()
                    })
                },
                Code::MessageTooLarge,
                &["at most 30 bytes, and the test message has 40: it was not sent"],
            ),
            (
                "above the announced QoS",
                |t| {
                    mqtt(t).connack = came(Connack {
                        maximum_qos: Some(0),
                        ..Connack::default()
                    })
                },
                Code::QosNotSupported,
                &["announces QoS 0 as its highest"],
            ),
            (
                "cut for its size",
                |t| mqtt(t).puback = missing(goodbye(0x95)),
                Code::MessageTooLarge,
                &["DISCONNECT 0x95, packet too large, `night`"],
            ),
            (
                "too fast",
                |t| mqtt(t).puback = missing(goodbye(0x96)),
                Code::ClosedOnPublish,
                &["and says why: DISCONNECT 0x96, message rate too high"],
            ),
            (
                "taken over",
                |t| mqtt(t).puback = missing(goodbye(0x8e)),
                Code::ClientIdRejected,
                &[
                    "ends the session on the test message: another client with the id `certgen1` took it over",
                ],
            ),
            (
                "moved",
                |t| mqtt(t).puback = missing(goodbye(0x9d)),
                Code::UseAnotherServer,
                &["to another server on the test message"],
            ),
        ],
    );
}

#[test]
fn the_session_that_is_held() {
    fn delivered(transcript: &mut Transcript) {
        mqtt(transcript).puback = came(Puback::default());
        mqtt(transcript).echo = came(());
    }
    checked(
        accepted,
        &[
            (
                "no PINGRESP",
                |t| {
                    delivered(t);
                    mqtt(t).pings = vec![missing(Silence::TimedOut)];
                },
                Code::NoPingresp,
                &["did not answer PINGREQ within 5.0 s", "half open"],
            ),
            (
                "cut",
                |t| {
                    delivered(t);
                    mqtt(t).held = Some(Silence::Closed(ended(HowClosed::EndOfStream, 9_000)));
                },
                Code::IdleTimeoutTooShort,
                &[
                    "9.0 s after the connection was made, although the keep-alive is 30.0 s",
                    "proxy_timeout",
                ],
            ),
            (
                "cut while a ping waits for its answer",
                |t| {
                    delivered(t);
                    let end = Silence::Closed(ended(HowClosed::EndOfStream, 9_000));
                    mqtt(t).pings = vec![Reply::Missing {
                        instead: end.clone(),
                        after: Duration::from_secs(3),
                    }];
                    mqtt(t).held = Some(end);
                },
                Code::NoPingresp,
                &["did not answer PINGREQ for 3.0 s, and then closed"],
            ),
            (
                "again and again",
                |t| {
                    delivered(t);
                    mqtt(t).copies = 40;
                },
                Code::MessageRepeated,
                &["again and again (40 more times", "in one direction"],
            ),
            (
                "taken over",
                |t| {
                    delivered(t);
                    mqtt(t).held = Some(goodbye(0x8e));
                },
                Code::ClientIdRejected,
                &[
                    "ends the session while it was held: another client with the id `certgen1` took it over",
                ],
            ),
            (
                "shut down",
                |t| {
                    delivered(t);
                    mqtt(t).held = Some(goodbye(0x8b));
                },
                Code::ServerUnavailable,
                &["shutting down: it ends the session while it was held"],
            ),
            (
                "keep-alive",
                |t| {
                    delivered(t);
                    mqtt(t).held = Some(goodbye(0x8d));
                },
                Code::IdleTimeoutTooShort,
                &["DISCONNECT 0x8d, keep alive timeout"],
            ),
            (
                "a lower QoS",
                |t| {
                    delivered(t);
                    t.request.mqtt.qos = 2;
                },
                Code::QosNotSupported,
                &[
                    "QoS 2 was asked for, and the broker grants QoS 1",
                    "--qos 1",
                ],
            ),
        ],
    );
}

#[test]
fn a_delay_that_does_not_come_again_is_not_nagles() {
    let delay = Some(Duration::from_millis(42));
    for (again, expected) in [(delay, true), (None, true), (Some(MOMENT), false)] {
        let mut transcript = accepted();
        let mqtt = transcript.mqtt.as_mut().unwrap();
        mqtt.connack = Reply::Came {
            value: Connack::default(),
            after: Duration::from_millis(60),
        };
        mqtt.twin_pings = again;
        let is_told = codes(&found(&transcript)).contains(&Code::SlowAnswers);
        assert_eq!(is_told, expected, "{again:?}");
    }
}
