//! Servers that break off or answer strangely, at every stage of the session: the first finding names
//! what happened, and says so in its sentence.
#![expect(clippy::unwrap_used, reason = "tests")]

mod lab;

#[path = "odd_servers/script.rs"]
mod script;

#[path = "odd_servers/web.rs"]
mod web;

#[path = "odd_servers/websocket.rs"]
mod websocket;

use std::time::Duration;

use certgen::diagnose::transcript::MqttVersion;
use certgen::finding::{Code, Severity};
use certgen::probe::runtime;
use lab::{Pki, findings, request};
use script::Act::{Close, Pause, Read, Send, Wait};
use script::{CONNACK, CONNACK5, SUBACK, SUBACK5, Script, serve};

/// A server, the version it is asked in, the first finding, and words of its sentence.
struct Case(&'static str, MqttVersion, Script, Code, &'static str);

fn checked(cases: Vec<Case>) {
    let pki = Pki::new();
    let prober = pki.prober();
    let runtime = runtime(true).unwrap();
    let mut wrong = Vec::new();
    for Case(name, version, script, code, words) in cases {
        let port = serve(&pki, script);
        let mut request = request(port);
        request.mqtt.version = version;
        request.stage_limit = Duration::from_secs(3);
        let transcript = runtime.block_on(prober.converse(&request));
        let found = findings(&transcript);
        let first = found
            .iter()
            .find(|finding| finding.severity > Severity::Note);
        let told = first.is_some_and(|first| {
            first.code == code && first.cause.contains(words) && first.remedy.is_some()
        });
        if !told {
            wrong.push(format!(
                "{name}: expected {code} with `{words}`, found {found:#?}"
            ));
        }
    }
    runtime.shutdown_background();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

const V311: MqttVersion = MqttVersion::V311;
const V5: MqttVersion = MqttVersion::V5;

fn answer(bytes: &'static [u8]) -> Script {
    Script(vec![Read, Send(bytes), Wait])
}

#[test]
fn sessions_that_end_right_after_they_began() {
    let closes = || Script(vec![Read, Send(CONNACK), Close]);
    let on_subscribe = || Script(vec![Read, Send(CONNACK), Read, Close]);
    checked(vec![
        Case(
            "closes after CONNACK",
            V311,
            closes(),
            Code::ClosedAfterConnect,
            "it is not the subscription",
        ),
        Case(
            "closes every session after a while",
            V311,
            Script(vec![Read, Send(CONNACK), Pause(2_000), Close]),
            Code::ClosedAfterConnect,
            "it is not the subscription",
        ),
        Case(
            "closes on SUBSCRIBE",
            V311,
            on_subscribe(),
            Code::SubscribeRefused,
            "a session that asks for nothing stays open",
        ),
        Case(
            "shuts down on SUBSCRIBE",
            V5,
            Script(vec![
                Read,
                Send(CONNACK5),
                Read,
                Send(b"\xe0\x01\x8b"),
                Close,
            ]),
            Code::ServerUnavailable,
            "on SUBSCRIBE (DISCONNECT 0x8b, server shutting down",
        ),
        Case(
            "forbids the topic",
            V5,
            Script(vec![
                Read,
                Send(CONNACK5),
                Read,
                Send(b"\xe0\x01\x87"),
                Close,
            ]),
            Code::SubscribeRefused,
            "DISCONNECT 0x87, not authorized",
        ),
        Case(
            "takes the session over",
            V5,
            Script(vec![
                Read,
                Send(CONNACK5),
                Read,
                Send(SUBACK5),
                Read,
                Send(b"\xe0\x01\x8e"),
                Close,
            ]),
            Code::ClientIdRejected,
            "ends the session on the test message: another client",
        ),
    ]);
}

#[test]
fn disconnect_in_answer_to_connect_is_called_so() {
    checked(vec![
        Case(
            "shutting down",
            V5,
            answer(b"\xe0\x01\x8b"),
            Code::ServerUnavailable,
            "is shutting down: it ends the session in answer to CONNECT (DISCONNECT 0x8b",
        ),
        Case(
            "busy",
            V5,
            answer(b"\xe0\x01\x89"),
            Code::ServerUnavailable,
            "DISCONNECT 0x89, server busy",
        ),
        Case(
            "not authorized",
            V5,
            answer(b"\xe0\x01\x87"),
            Code::NotAuthorized,
            "DISCONNECT 0x87, not authorized",
        ),
        Case(
            "bad credentials",
            V5,
            answer(b"\xe0\x01\x86"),
            Code::BadCredentials,
            "DISCONNECT 0x86, bad user name or password",
        ),
        Case(
            "another server",
            V5,
            answer(b"\xe0\x01\x9c"),
            Code::UseAnotherServer,
            "DISCONNECT 0x9c",
        ),
        Case(
            "too many",
            V5,
            answer(b"\xe0\x01\x93"),
            Code::ClosedOnConnect,
            "DISCONNECT 0x93, receive maximum exceeded",
        ),
        Case(
            "no reason",
            V5,
            answer(b"\xe0\x00"),
            Code::ClosedOnConnect,
            "DISCONNECT 0x00, normal disconnection",
        ),
        Case(
            "3.1.1",
            V311,
            answer(b"\xe0\x00"),
            Code::ConnackInvalid,
            "MQTT 3.1.1 has from clients alone",
        ),
        Case(
            "CONNACK",
            V5,
            answer(b"\x20\x03\x00\x8b\x00"),
            Code::ServerUnavailable,
            "CONNACK 0x8b",
        ),
    ]);
}

#[test]
fn answers_that_break_the_standard_are_described() {
    checked(vec![
        Case(
            "AUTH",
            V5,
            answer(b"\xf0\x00"),
            Code::ConnackInvalid,
            "enhanced authentication",
        ),
        Case(
            "a SUBACK code that MQTT lacks",
            V311,
            Script(vec![
                Read,
                Send(CONNACK),
                Read,
                Send(b"\x90\x03\x00\x01\x07"),
                Wait,
            ]),
            Code::SubackInvalid,
            "0x07, which MQTT does not have",
        ),
        Case(
            "bytes for a SUBACK",
            V311,
            Script(vec![
                Read,
                Send(CONNACK),
                Read,
                Send(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                Wait,
            ]),
            Code::SubackInvalid,
            "answers the subscription",
        ),
        Case(
            "two CONNACKs",
            V311,
            Script(vec![Read, Send(CONNACK), Read, Send(CONNACK), Wait]),
            Code::SubackInvalid,
            "a second CONNACK came",
        ),
        Case(
            "no SUBACK",
            V311,
            Script(vec![Read, Send(CONNACK), Wait]),
            Code::NoSuback,
            "did not answer the subscription",
        ),
        Case(
            "no PUBACK",
            V311,
            Script(vec![Read, Send(CONNACK), Read, Send(SUBACK), Wait]),
            Code::NoPuback,
            "did not acknowledge",
        ),
    ]);
}

#[test]
fn answers_of_the_wrong_kind_are_not_called_silence() {
    let accepted =
        |rest: Vec<script::Act>| Script([vec![Read, Send(CONNACK), Read], rest].concat());
    let subscribed = |rest: Vec<script::Act>| {
        Script([vec![Read, Send(CONNACK), Read, Send(SUBACK), Read], rest].concat())
    };
    checked(vec![
        Case(
            "HTTP for a SUBACK",
            V311,
            accepted(vec![Send(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), Wait]),
            Code::SubackInvalid,
            "HTTP: `HTTP/1.1 502 Bad Gateway`",
        ),
        Case(
            "half a SUBACK",
            V311,
            accepted(vec![Send(b"\x90\x03\x00"), Wait]),
            Code::SubackInvalid,
            "a packet began and did not end: 3 bytes of it came",
        ),
        Case(
            "another SUBACK",
            V311,
            accepted(vec![Send(b"\x90\x03\x00\x09\x01"), Wait]),
            Code::SubackInvalid,
            "a SUBACK for the packet 9",
        ),
        Case(
            "another PUBACK",
            V311,
            subscribed(vec![Send(b"\x40\x02\x00\x09"), Wait]),
            Code::NoPuback,
            "an acknowledgement of the packet 9",
        ),
        Case(
            "a CONNECT",
            V311,
            answer(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"),
            Code::OtherProtocol,
            "sends back what it receives",
        ),
    ]);
}

#[test]
fn reasons_have_remedies_of_their_own() {
    let pki = Pki::new();
    let prober = pki.prober();
    let runtime = runtime(true).unwrap();
    for (suback, words) in [
        (&b"\x90\x04\x00\x01\x00\x87"[..], "acl_file"),
        (b"\x90\x04\x00\x01\x00\x97", "quota"),
        (b"\x90\x04\x00\x01\x00\x8f", "--topic"),
        (b"\x90\x04\x00\x01\x00\x83", "log"),
    ] {
        let port = serve(
            &pki,
            Script(vec![Read, Send(CONNACK5), Read, Send(suback), Wait]),
        );
        let mut request = request(port);
        request.mqtt.version = V5;
        let found = findings(&runtime.block_on(prober.converse(&request)));
        let first = found
            .iter()
            .find(|finding| finding.code == Code::SubscribeRefused)
            .unwrap();
        let text = &first.remedy.as_ref().unwrap().text;
        assert!(text.contains(words), "{words}: {text}");
    }
    runtime.shutdown_background();
}

#[test]
fn messages_of_others_do_not_end_a_session_that_is_held() {
    const PONG: &[u8] = b"\xd0\x00";
    let pki = Pki::new();
    let prober = pki.prober();
    let runtime = runtime(true).unwrap();
    let many = b"\x30\x05\x00\x01aXX".repeat(3_000).leak();
    let begin = [Read, Send(CONNACK), Read];
    // Two pings ask for the pace of the answers before the session is held.
    let paced = [
        Read,
        Read,
        Send(PONG),
        Send(PONG),
        Send(many),
        Read,
        Send(PONG),
        Wait,
    ];
    let port = serve(&pki, Script([&begin[..], &paced].concat()));
    let mut request = request(port);
    request.mqtt.echo = false;
    request.mqtt.qos = 0;
    request.mqtt.hold = Some(Duration::from_secs(1));
    let transcript = runtime.block_on(prober.converse(&request));
    runtime.shutdown_background();
    assert!(transcript.failed().is_none(), "{:#?}", transcript.steps);
}
