//! Sentences: for each constructed conversation the code, and the words that carry the evidence.

use super::*;
use crate::diagnose::transcript::{
    Alert, Answer, Closing, HowClosed, LegacyAnswer, LegacyServerHello, Negotiated, Tls,
    TlsFailure, TlsVersion,
};

mod credentials;
mod gone;
mod mqtt;
mod tls;

/// A name, what is done to the plain conversation, the code of the one failure, and its words.
type Case = (
    &'static str,
    fn(&mut Transcript),
    Code,
    &'static [&'static str],
);

/// Each case alone makes one failure, with its words in cause, remedy text or command.
fn checked(begin: fn() -> Transcript, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, change, code, words) in cases {
        let mut transcript = begin();
        change(&mut transcript);
        let findings = found(&transcript);
        let said = findings.first().map_or_else(String::new, |first| {
            let remedy = first.remedy.as_ref().map(|remedy| &remedy.text);
            format!(
                "{} {} | {}",
                first.code,
                first.cause,
                remedy.map_or("", String::as_str)
            )
        });
        let told = said.starts_with(code.as_str()) && words.iter().all(|word| said.contains(word));
        if !told {
            wrong.push(format!(
                "{name}: expected {code} with {words:?}, found {said}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn ended(how: HowClosed, millis: u64) -> Closing {
    Closing {
        how,
        after: Duration::from_millis(millis),
    }
}

/// Connected, and the handshake failed.
fn handshake() -> Transcript {
    let mut transcript = session(Mqtt::default());
    transcript.mqtt = None;
    transcript.request.tls = Some(TlsRequest::default());
    transcript.request.port = 8883;
    transcript.request.probes = true;
    transcript.tls = Some(Tls {
        server_name_sent: Some("broker.lan".into()),
        checked_name: "broker.lan".into(),
        client_hello_bytes: 1_448,
        duration: Duration::from_secs(5),
        ..Tls::default()
    });
    transcript.record(Step::failed(StepName::Tls, MOMENT, "no handshake"));
    transcript
}

fn tls(transcript: &mut Transcript) -> &mut Tls {
    transcript.tls.as_mut().unwrap()
}

fn fails(transcript: &mut Transcript, failure: TlsFailure) {
    tls(transcript).failure = Some(failure);
}

fn alerts(transcript: &mut Transcript, number: u8) {
    tls(transcript).alerts.push(Alert(number));
    fails(transcript, TlsFailure::Alert(Alert(number)));
}

/// An attempt that reached a TLS server.
fn reached() -> Tls {
    Tls {
        negotiated: Negotiated {
            version: Some(TlsVersion::Tls13),
            ..Negotiated::default()
        },
        client_hello_bytes: 236,
        ..Tls::default()
    }
}

fn said(bytes: &[u8]) -> Option<Answer> {
    Some(Answer {
        bytes: bytes.to_vec(),
        after: Some(MOMENT),
        closed: None,
    })
}

fn old(version: TlsVersion, suite: &'static str, group: Option<u16>) -> Option<LegacyAnswer> {
    Some(LegacyAnswer::ServerHello(LegacyServerHello {
        version: Some(version),
        suite_name: Some(suite),
        group,
        ..LegacyServerHello::default()
    }))
}

#[test]
fn the_network() {
    fn lookup(transcript: &mut Transcript, failure: ResolveFailure, millis: u64) {
        transcript.resolve = Some(Resolve {
            failure: Some(failure),
            duration: Duration::from_millis(millis),
            ..Resolve::default()
        });
    }
    fn attempts(transcript: &mut Transcript, result: TcpFailure) {
        transcript.tcp = Some(Tcp {
            attempts: vec![attempt(1, Err(result.clone())), attempt(2, Err(result))],
            ..Tcp::default()
        });
    }
    checked(
        || asked(true),
        &[
            (
                "unknown name",
                |t| lookup(t, ResolveFailure::NotFound, 2),
                Code::NameNotFound,
                &["the name `broker.lan` does not exist", "/etc/hosts"],
            ),
            (
                "mDNS",
                |t| {
                    t.request.host = "pi.local".into();
                    lookup(t, ResolveFailure::NotFound, 2);
                },
                Code::NameNotFound,
                &["pi.local", "mDNS"],
            ),
            (
                "no address",
                |t| lookup(t, ResolveFailure::NoAddress, 2),
                Code::NameWithoutAddress,
                &["(A or AAAA)"],
            ),
            (
                "SERVFAIL",
                |t| lookup(t, ResolveFailure::Temporary, 3),
                Code::ResolverFailed,
                &["a failure of the name server, after 3.0 ms"],
            ),
            (
                "silent name server",
                |t| lookup(t, ResolveFailure::Temporary, 10_000),
                Code::ResolverTimeout,
                &["did not answer for `broker.lan` within 10.0 s"],
            ),
            (
                "no name",
                |t| lookup(t, ResolveFailure::NotAName("it has a slash".into()), 0),
                Code::NameNotFound,
                &["is no host name: it has a slash"],
            ),
            (
                "refused",
                |t| attempts(t, TcpFailure::Refused),
                Code::ConnectionRefused,
                &[
                    "nothing listens on broker.lan:8883",
                    "192.0.2.1 refuses",
                    "192.0.2.2 refuses",
                    "start the broker",
                ],
            ),
            (
                "no answer",
                |t| attempts(t, TcpFailure::TimedOut),
                Code::ConnectTimeout,
                &["does not answer", "open TCP port 8883"],
            ),
            (
                "no route",
                |t| attempts(t, TcpFailure::Unreachable("no route to host".into())),
                Code::HostUnreachable,
                &["no route to host", "firewall"],
            ),
            (
                "reset at once",
                |t| attempts(t, TcpFailure::Reset),
                Code::ClosedBeforeTls,
                &["before anything is sent", "proxy without a live backend"],
            ),
            (
                "another error",
                |t| attempts(t, TcpFailure::Other("too many open files".into())),
                Code::HostUnreachable,
                &["too many open files"],
            ),
        ],
    );
}

#[test]
fn the_port() {
    checked(
        handshake,
        &[
            (
                "HTTP",
                |t| {
                    fails(t, TlsFailure::NotTls);
                    tls(t).traffic.first = b"HTTP/1.1 400 Bad Request\r\n".to_vec();
                },
                Code::OtherProtocol,
                &["HTTP server (`HTTP/1.1 400 Bad Request`)", "8883"],
            ),
            (
                "SSH",
                |t| {
                    fails(t, TlsFailure::NotTls);
                    tls(t).traffic.first = b"SSH-2.0-OpenSSH_9.6\r\n".to_vec();
                },
                Code::OtherProtocol,
                &["speaks SSH", "SSH-2.0-OpenSSH_9.6"],
            ),
            (
                "AMQP",
                |t| {
                    fails(t, TlsFailure::NotTls);
                    tls(t).traffic.first = b"AMQP\x00\x00\x09\x01".to_vec();
                },
                Code::OtherProtocol,
                &["speaks AMQP", "rabbitmq_mqtt"],
            ),
            (
                "MQTT",
                |t| {
                    fails(t, TlsFailure::Closed);
                    t.extra.plain_connect = said(b"\x20\x02\x00\x05");
                },
                Code::PlaintextMqttPort,
                &["speaks MQTT in the clear", "certfile and keyfile"],
            ),
            (
                "PROXY header wanted",
                |t| {
                    fails(t, TlsFailure::Closed);
                    t.extra.proxy_header = Some(reached());
                },
                Code::ProxyProtocolExpected,
                &["behind a PROXY header", "accept-proxy"],
            ),
            (
                "large ClientHello",
                |t| {
                    fails(t, TlsFailure::TimedOut);
                    t.extra.small_hello = Some(reached());
                },
                Code::LargeClientHelloDropped,
                &["236 bytes, and not one of 1448 bytes"],
            ),
            (
                "half an answer to a large ClientHello",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).traffic.received = 9;
                    tls(t).traffic.first = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76".to_vec();
                    t.extra.small_hello = Some(reached());
                },
                Code::TlsStalled,
                &["sent 9 bytes of a handshake"],
            ),
            (
                "half an answer, and more without a name",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).traffic.received = 9;
                    tls(t).traffic.first = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76".to_vec();
                    t.extra.without_server_name = Some(reached());
                },
                Code::TlsStalled,
                &["sent 9 bytes of a handshake"],
            ),
            (
                "echo",
                |t| {
                    fails(t, TlsFailure::Misbehaved("got ClientHello".into()));
                    tls(t).traffic.first = b"\x16\x03\x01\x05\xb5\x01\x00".to_vec();
                },
                Code::OtherProtocol,
                &["sends back what it receives"],
            ),
            (
                "SNI router",
                |t| {
                    fails(t, TlsFailure::Closed);
                    t.extra.server_names = vec![("mqtt.lan".into(), reached())];
                },
                Code::SniNotRouted,
                &[
                    "closes when the server name `broker.lan` is sent",
                    "answers for `mqtt.lan`",
                    "HostSNI(`broker.lan`)",
                ],
            ),
            (
                "ALPN",
                |t| {
                    fails(t, TlsFailure::Closed);
                    t.extra.alpns = vec![("mqtt".into(), reached())];
                },
                Code::AlpnRequired,
                &["with ALPN `mqtt`"],
            ),
            (
                "ALPN refused",
                |t| {
                    t.request.tls = Some(TlsRequest {
                        alpn: vec!["x".into()],
                        ..TlsRequest::default()
                    });
                    alerts(t, 120);
                    t.extra.without_alpn = Some(reached());
                },
                Code::AlpnRefused,
                &["protocols offered: `x`; without ALPN it answers"],
            ),
            (
                "ALPN wanted",
                |t| alerts(t, 120),
                Code::AlpnRequired,
                &["without the right ALPN protocol", "--alpn"],
            ),
            (
                "unknown name",
                |t| alerts(t, 112),
                Code::SniRequired,
                &[
                    "does not serve the name `broker.lan`",
                    "unrecognized_name (112)",
                ],
            ),
            (
                "no name",
                |t| {
                    tls(t).server_name_sent = None;
                    alerts(t, 112);
                },
                Code::SniRequired,
                &["no server name (SNI) was sent", "--servername"],
            ),
            (
                "closed at once",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).traffic.closed = Some(ended(HowClosed::EndOfStream, 1));
                },
                Code::ClosedBeforeTls,
                &[
                    "before certgen had sent anything",
                    "max_connections",
                    "PROXY header in front",
                ],
            ),
            (
                "reset on ClientHello",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).traffic.sent = 1_448;
                    tls(t).traffic.closed = Some(ended(HowClosed::Reset, 90));
                    t.extra.second_try = Some(Tls {
                        failure: Some(TlsFailure::Closed),
                        ..Tls::default()
                    });
                },
                Code::ClosedBeforeTls,
                &[
                    "reset the connection after 90 ms",
                    "a second try ended alike",
                    "a filter on the way",
                ],
            ),
        ],
    );
}
