//! Refusals that are about user name, password and client id, in CONNACK or in a WebSocket's end.

use super::mqtt::{accepted, missing, mqtt};
use super::*;
use crate::diagnose::transcript::Upgrade;

fn refused(transcript: &mut Transcript, code: u8) {
    let value = Connack {
        code,
        ..Connack::default()
    };
    mqtt(transcript).connack = Reply::Came {
        value,
        after: MOMENT,
    };
}

fn named(transcript: &mut Transcript, has_password: bool) {
    transcript.request.mqtt.username = Some("guest".into());
    transcript.request.mqtt.has_password = has_password;
}

/// A WebSocket that ended on CONNECT with this code and reason.
fn farewell(transcript: &mut Transcript, code: u16, reason: &str) {
    mqtt(transcript).connack = missing(Silence::Closed(ended(HowClosed::EndOfStream, 15)));
    transcript.request.websocket = Some("/ws".into());
    transcript.upgrade = Some(Upgrade {
        farewell: Some((code, reason.into())),
        ..Upgrade::default()
    });
}

#[test]
fn what_was_given_decides_what_is_to_be_given() {
    checked(
        accepted,
        &[
            (
                "nothing",
                |t| refused(t, 4),
                Code::BadCredentials,
                &["without user name", "(--username, --password)"],
            ),
            (
                "a name alone",
                |t| {
                    named(t, false);
                    refused(t, 4);
                },
                Code::BadCredentials,
                &["no password was sent with the name", "--password SRC"],
            ),
            (
                "both",
                |t| {
                    named(t, true);
                    refused(t, 4);
                },
                Code::BadCredentials,
                &["`guest` with the password given", "mosquitto_passwd"],
            ),
            (
                "both, and a client id that certgen made up",
                |t| {
                    named(t, true);
                    refused(t, 5);
                },
                Code::NotAuthorized,
                &[
                    "wrong password; or it does not allow the client id `certgen1`, which certgen made up",
                    "--client-id",
                ],
            ),
            (
                "a client id of one's own",
                |t| {
                    t.request.mqtt.client_id = Some("certgen1".into());
                    refused(t, 5);
                },
                Code::NotAuthorized,
                &[
                    "or it does not allow the client id `certgen1` |",
                    "clientid_prefixes",
                ],
            ),
            (
                "another method",
                |t| {
                    mqtt(t).version = MqttVersion::V5;
                    refused(t, 0x8c);
                },
                Code::NotAuthorized,
                &["enhanced authentication", "MQTT 3.1.1"],
            ),
        ],
    );
}

#[test]
fn a_refused_password_leaves_mosquittos_settings_alone() {
    let mut transcript = accepted();
    named(&mut transcript, true);
    refused(&mut transcript, 5);
    let remedy = only(&transcript).remedy.unwrap();
    assert!(remedy.action.is_none(), "{remedy:?}");
}

#[test]
fn the_end_of_a_websocket_says_what_a_connack_would() {
    checked(
        accepted,
        &[
            (
                "RabbitMQ",
                |t| farewell(t, 1002, "unauthenticated"),
                Code::BadCredentials,
                &["with the code 1002, `unauthenticated`", "--username"],
            ),
            (
                "not authorized",
                |t| farewell(t, 4403, "Not authorized"),
                Code::NotAuthorized,
                &["with the code 4403, `Not authorized`"],
            ),
            (
                "another reason",
                |t| farewell(t, 1011, "bug"),
                Code::ClosedOnConnect,
                &[
                    "with the code 1011, `bug`",
                    "a proxy without a live backend",
                ],
            ),
        ],
    );
}
