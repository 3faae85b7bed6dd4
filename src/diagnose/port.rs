//! What really listens on the port, as the extra probes show it.

mod hellos;

pub(super) use hellos::{intolerant, without_tls13};

use super::foreign::{Protocol, recognize};
use super::transcript::{
    Alert, Answer, Closing, HowClosed, LegacyAnswer, Tls, TlsAttempt, Transcript,
};
use super::words::{candidates, closing, failure, peer, span, target};
use crate::finding::{Action, Code, Finding, Remedy};

/// What is to be done where a web server stands in place of a broker.
pub(super) const NOT_HTTP: &str = "use the broker's MQTT port (8883 with TLS); let a proxy in front of the broker pass TCP and not HTTP (HAProxy: `mode tcp`, nginx: `stream`, Traefik: a TCP router); where the broker is reached by MQTT over WebSocket, ask for its path (`wss://`, --websocket)";

/// The port answers something else than TLS.
pub(super) fn not_tls(transcript: &Transcript, first: &[u8]) -> Finding {
    if let Some(finding) = by_probes(transcript) {
        return finding;
    }
    recognize(first).map_or_else(
        || {
            failure(
                Code::OtherProtocol,
                format!("{} does not speak TLS", peer(transcript)),
                "check the port: MQTT over TLS is 8883",
            )
        },
        |protocol| other_protocol(transcript, &protocol),
    )
}

/// A protocol that is not TLS, or not MQTT inside TLS.
pub(super) fn other_protocol(transcript: &Transcript, protocol: &Protocol) -> Finding {
    let peer = peer(transcript);
    let port = transcript.request.port;
    if let (Protocol::Http(line), Some(path)) = (protocol, &transcript.extra.websocket) {
        return websocket_endpoint(transcript, line, path);
    }
    let (inside, wanted, neither) = if transcript.tls.as_ref().is_some_and(Tls::is_complete) {
        ("TLS is fine; inside it ", "MQTT", "not MQTT")
    } else {
        ("", "MQTT over TLS", "neither TLS nor MQTT")
    };
    match protocol {
        Protocol::Mqtt => plaintext(transcript),
        Protocol::Http(line) => {
            let said = if line.is_empty() {
                String::new()
            } else {
                format!(" (`{line}`)")
            };
            failure(
                Code::OtherProtocol,
                format!("{peer} is an HTTP server{said}, not MQTT"),
                NOT_HTTP,
            )
        }
        Protocol::Echo => failure(
            Code::OtherProtocol,
            format!("{peer} sends back what it receives: an echo service, or a loop on the way"),
            format!("check host and port: MQTT over TLS is 8883, and this is {port}"),
        ),
        Protocol::Named("AMQP", _) => failure(
            Code::OtherProtocol,
            format!("{peer} speaks AMQP, not MQTT"),
            "RabbitMQ: enable the plugin rabbitmq_mqtt and its TLS listener, and use that port (8883)",
        ),
        Protocol::Named("a PROXY header", _) => failure(
            Code::OtherProtocol,
            format!(
                "{peer} sends a PROXY header to its clients: a proxy in front of it is the wrong way round"
            ),
            "switch send-proxy off on the side that faces clients",
        ),
        Protocol::Named(name, said) => failure(
            Code::OtherProtocol,
            if said.is_empty() {
                format!("{inside}{peer} speaks {name}, not {wanted}")
            } else {
                format!("{inside}{peer} speaks {name}, not {wanted} (it says `{said}`)")
            },
            format!("check host and port: MQTT over TLS is 8883, and this is {port}"),
        ),
        Protocol::Tls => failure(
            Code::OtherProtocol,
            format!(
                "TLS is fine, and inside it {peer} expects TLS once more: a proxy ends TLS, and passes what it held to a listener of the broker that wants TLS itself"
            ),
            "let the proxy connect to a plain listener of the broker (1883, on localhost alone), speak TLS to it (HAProxy: `ssl` on the server line, nginx: proxy_ssl on), or pass TLS through",
        ),
        Protocol::Unknown(bytes) => failure(
            Code::OtherProtocol,
            format!("{inside}{peer} speaks a protocol that is {neither}: it begins with {bytes}"),
            format!("check host and port: MQTT over TLS is 8883, and this is {port}"),
        ),
    }
}

/// MQTT over WebSocket is let in at this path; `line` is what an HTTP request was answered with.
pub(super) fn websocket_endpoint(transcript: &Transcript, line: &str, path: &str) -> Finding {
    let secured = transcript.tls.as_ref().is_some_and(Tls::is_complete);
    let is_meant = transcript.request.websocket.is_some();
    let scheme = if secured { "wss" } else { "ws" };
    let place = format!("{scheme}://{}{path}", target(transcript));
    let peer = peer(transcript);
    let web_server = if line.is_empty() {
        String::new()
    } else {
        format!("is an HTTP server (`{line}`), and ")
    };
    let (code, cause, text) = if is_meant {
        (
            Code::PlaintextMqttPort,
            format!(
                "{peer} {web_server}takes MQTT over WebSocket in the clear at the path `{path}` ({place}): this port has no TLS"
            ),
            "use the port of the broker's WebSocket listener that has TLS, or `ws://` in place of `wss://`, where others cannot listen",
        )
    } else {
        (
            Code::WebsocketEndpoint,
            format!("{peer} {web_server}takes MQTT over WebSocket at the path `{path}` ({place})"),
            "switch WebSocket on in the client, with that path, or use the broker's port for MQTT without WebSocket (8883)",
        )
    };
    let mut extra = vec!["--websocket".to_owned(), path.to_owned()];
    if !secured {
        extra.push("--no-tls".to_owned());
    }
    let remedy = Remedy::run(
        text,
        Action::Verify {
            host: transcript.request.host.clone(),
            port: transcript.request.port,
            extra,
        },
    );
    Finding::failure(code, cause).with_remedy(remedy)
}

fn plaintext(transcript: &Transcript) -> Finding {
    let cause = format!(
        "{} speaks MQTT in the clear: it answers a CONNECT without TLS",
        peer(transcript)
    );
    let remedy = Remedy::run(
        "connect to the broker's TLS port (8883), or give this listener certfile and keyfile: options of TLS must stand after the `listener` line that they are for",
        Action::ConfigMosquitto,
    );
    Finding::failure(Code::PlaintextMqttPort, cause).with_remedy(remedy)
}

/// What the extra probes name exactly, where they do.
pub(super) fn by_probes(transcript: &Transcript) -> Option<Finding> {
    let extra = &transcript.extra;
    let by_answer = [&extra.plain_connect, &extra.http]
        .into_iter()
        .flatten()
        .find_map(|answer| by_answer(transcript, answer));
    let is_told = transcript.extra.silent.is_some() || comes_and_goes(transcript);
    if by_answer.is_some() || is_told || has_begun(transcript) {
        return by_answer;
    }
    proxy_header(transcript)
        .or_else(|| hellos::large(transcript))
        .or_else(|| other_name(transcript))
        .or_else(|| by_alpn(transcript))
        .or_else(|| hellos::unanswered(transcript))
}

/// The same handshake passed at another time: what else passed or not says nothing.
pub(super) fn comes_and_goes(transcript: &Transcript) -> bool {
    let second = transcript.extra.second_try.as_ref();
    second.is_some_and(reached_tls)
}

/// The server answered the ClientHello with a handshake of its own, so that it took name, size and
/// protocols; what broke off is another thing.
fn has_begun(transcript: &Transcript) -> bool {
    let tls = transcript.tls.as_ref();
    tls.is_some_and(|tls| tls.traffic.first.first() == Some(&HANDSHAKE))
}

fn by_answer(transcript: &Transcript, answer: &Answer) -> Option<Finding> {
    match recognize(&answer.bytes)? {
        Protocol::Tls | Protocol::Unknown(_) => None,
        protocol => Some(other_protocol(transcript, &protocol)),
    }
}

/// The peer answered this handshake as a TLS server does.
fn reached_tls(attempt: &TlsAttempt) -> bool {
    attempt.is_complete()
        || attempt
            .presented
            .as_ref()
            .is_some_and(|presented| !presented.chain.is_empty())
        || attempt.negotiated.version.is_some()
}

fn proxy_header(transcript: &Transcript) -> Option<Finding> {
    let attempt = transcript.extra.proxy_header.as_ref()?;
    reached_tls(attempt).then(|| {
        failure(
            Code::ProxyProtocolExpected,
            format!(
                "{} closes on a ClientHello, and answers it behind a PROXY header: the listener expects the PROXY protocol",
                peer(transcript)
            ),
            "connect through the load balancer, or switch the PROXY protocol off on this listener (HAProxy: accept-proxy, nginx: proxy_protocol, EMQX: proxy_protocol = false)",
        )
    })
}

/// The type of a TLS record with handshake messages.
const HANDSHAKE: u8 = 0x16;

/// The handshake goes through with another server name, or with none.
fn other_name(transcript: &Transcript) -> Option<Finding> {
    let extra = &transcript.extra;
    let sent = transcript.tls.as_ref()?.server_name_sent.clone();
    let named = extra.server_names.iter().find(|(_, a)| reached_tls(a));
    let without = extra
        .without_server_name
        .as_ref()
        .filter(|a| reached_tls(a));
    if named.is_none() && (without.is_none() || sent.is_none()) {
        return None;
    }
    let here = match &sent {
        Some(name) => format!("closes when the server name `{name}` is sent"),
        None => "closes when no server name is sent".to_owned(),
    };
    let there = match named {
        Some((name, _)) => format!("answers for `{name}`"),
        None => "answers without a server name".to_owned(),
    };
    let cause = format!(
        "{} {here}, and {there}: a router that looks at the server name (SNI) has no route for this one",
        peer(transcript)
    );
    let text = match &sent {
        Some(name) => format!(
            "add a route for the name to the proxy (Traefik: HostSNI(`{name}`), HAProxy: req_ssl_sni), or connect by a name that is routed"
        ),
        None => "connect by a name that is routed, and not by address".to_owned(),
    };
    let remedy = match named {
        Some((name, _)) => {
            let extra = vec!["--servername".to_owned(), name.clone()];
            Remedy::run(text, Action::Again { extra })
        }
        None => Remedy::text(text),
    };
    Some(Finding::failure(Code::SniNotRouted, cause).with_remedy(remedy))
}

fn by_alpn(transcript: &Transcript) -> Option<Finding> {
    let (name, _) = transcript
        .extra
        .alpns
        .iter()
        .find(|(_, a)| reached_tls(a))?;
    Some(alpn_required(transcript, name))
}

/// The port multiplexes by ALPN, and takes MQTT under this name.
pub(super) fn alpn_required(transcript: &Transcript, name: &str) -> Finding {
    let cause = format!(
        "{} serves several protocols on this port, and MQTT only to clients that ask for it with ALPN `{name}`",
        peer(transcript)
    );
    let extra = vec!["--alpn".to_owned(), name.to_owned()];
    let remedy = Remedy::run(
        format!(
            "ask for the ALPN protocol `{name}` in the client, or use the broker's own MQTT port"
        ),
        Action::Again { extra },
    );
    Finding::failure(Code::AlpnRequired, cause).with_remedy(remedy)
}

/// No common ALPN protocol.
pub(super) fn alpn(transcript: &Transcript) -> Finding {
    let asked = transcript.request.tls.as_ref();
    let offered = asked.map_or_else(String::new, |tls| tls.alpn.join("`, `"));
    let works = transcript.extra.alpns.iter().find(|(_, a)| reached_tls(a));
    if offered.is_empty() {
        return works.map_or_else(
            || {
                failure(
                    Code::AlpnRequired,
                    format!("{} refuses a handshake without the right ALPN protocol (no_application_protocol)", peer(transcript)),
                    "ask the operator which ALPN protocol the port expects, and give it with --alpn",
                )
            },
            |(name, _)| alpn_required(transcript, name),
        );
    }
    let without = transcript
        .extra
        .without_alpn
        .as_ref()
        .is_some_and(reached_tls);
    let without = if without {
        "; without ALPN it answers"
    } else {
        ""
    };
    failure(
        Code::AlpnRefused,
        format!(
            "{} knows none of the ALPN protocols offered: `{offered}`{without}",
            peer(transcript)
        ),
        "take ALPN out of the client's configuration, or name a protocol that the server knows (`mqtt`, with AWS IoT `x-amzn-mqtt-ca`)",
    )
}

/// unrecognized_name: without, or with an unknown server name.
pub(super) fn server_name(transcript: &Transcript, alert: Alert) -> Finding {
    let sent = transcript
        .tls
        .as_ref()
        .and_then(|tls| tls.server_name_sent.clone());
    let works = transcript
        .extra
        .server_names
        .iter()
        .find(|(_, a)| reached_tls(a));
    let hint = works.map_or_else(String::new, |(name, _)| {
        format!("; for `{name}` it answers")
    });
    let (cause, text) = match sent {
        None => (
            format!(
                "{} refuses the handshake ({alert}), since no server name (SNI) was sent: connecting by address sends none{hint}",
                peer(transcript)
            ),
            "connect by a name that the server serves, or give one with --servername",
        ),
        Some(name) => (
            format!(
                "{} refuses the handshake ({alert}): it does not serve the name `{name}`{hint}",
                peer(transcript)
            ),
            "connect by a name that the server serves, or add the name to the server or proxy",
        ),
    };
    let remedy = match works {
        Some((name, _)) => {
            let extra = vec!["--servername".to_owned(), name.clone()];
            Remedy::run(text, Action::Again { extra })
        }
        None => Remedy::text(text),
    };
    Finding::failure(Code::SniRequired, cause).with_remedy(remedy)
}

/// Closed without a TLS byte, and no probe names the reason: the candidates that are left.
pub(super) fn closed(transcript: &Transcript, tls: &Tls) -> Finding {
    let end = tls.traffic.closed;
    let how = end.map_or_else(|| "closed the connection".to_owned(), closing);
    let after = if tls.traffic.sent == 0 {
        "before certgen had sent anything"
    } else {
        "after the ClientHello, without a byte in answer"
    };
    let again = match &transcript.extra.second_try {
        Some(second) if reached_tls(second) => "; a second try went through",
        Some(_) => "; a second try ended alike",
        None => "",
    };
    let silent = transcript.extra.silent.map_or_else(String::new, |end| {
        format!(
            "; a connection over which nothing was sent ended too (after {}), so that it is not the ClientHello",
            span(end.after)
        )
    });
    let list = candidates(&reasons(transcript, tls, end));
    let cause = format!(
        "{} {how}, {after}{again}{silent}; likely: {list}",
        peer(transcript)
    );
    let remedy = "look at the log of the proxy or broker for the time of this check: whether it has a live backend, an address filter, a connection limit, or a PROXY setting that the other side does not share";
    failure(Code::ClosedBeforeTls, cause, remedy)
}

fn reasons(transcript: &Transcript, tls: &Tls, end: Option<Closing>) -> Vec<&'static str> {
    let reset = end.is_some_and(|end| end.how == HowClosed::Reset);
    let at_once = end.is_some_and(|end| end.after.as_millis() < 20);
    let name_sent = tls.server_name_sent.is_some();
    let mut reasons = Vec::new();
    if comes_and_goes(transcript) {
        return COMES_AND_GOES.to_vec();
    }
    if transcript.extra.silent.is_some() {
        return AT_THE_DOOR.to_vec();
    }
    if reset && tls.traffic.sent > 0 {
        reasons.push("a filter on the way that dislikes the ClientHello (server name, size)");
        reasons.push("a TLS server that crashed");
    }
    reasons.push("a proxy without a live backend");
    if at_once {
        reasons.push("an address filter, or a limit on connections or open files (max_connections, tcp wrappers, ulimit -n)");
    }
    if !reset {
        reasons.push(
            "a proxy that puts a PROXY header in front, to a broker that does not expect one",
        );
        reasons.push("a proxy that passes TLS through to a plaintext backend");
    }
    if name_sent {
        reasons.push("an SNI router without a route for this name");
    }
    reasons
}

/// Reasons of a server that takes the same ClientHello at one time, and not at another.
pub(super) const COMES_AND_GOES: &[&str] = &[
    "one of several backends is down or set up differently",
    "a limit on connections or on their rate",
    "a server that was just starting",
];

/// Reasons of a server that ends a connection before anything is said.
const AT_THE_DOOR: &[&str] = &[
    "a limit on connections or open files (mosquitto: max_connections; ulimit -n)",
    "an address filter (nginx: deny, HAProxy: tcp-request connection reject, tcp wrappers)",
    "a proxy without a live backend",
];

/// The port speaks TLS, and the client was told to speak plain MQTT.
pub(super) fn expects_tls(transcript: &Transcript, first: &[u8]) -> Option<Finding> {
    let speaks = matches!(recognize(first), Some(Protocol::Tls));
    let probed = match &transcript.extra.tls_hello {
        Some(LegacyAnswer::ServerHello(hello)) => Some(
            hello
                .version
                .map_or_else(|| "TLS".to_owned(), |version| version.to_string()),
        ),
        Some(LegacyAnswer::Alert(alert)) => Some(format!("the TLS alert {alert}")),
        _ => None,
    };
    if !speaks && probed.is_none() {
        return None;
    }
    let how = probed.map_or_else(
        || "it answers a CONNECT with a TLS record".to_owned(),
        |what| format!("it answers a ClientHello with {what}"),
    );
    let cause = format!(
        "{} expects TLS ({how}), and this check spoke MQTT in the clear",
        peer(transcript)
    );
    let (text, extra) = match &transcript.request.websocket {
        Some(path) => (
            "use `wss://` in place of `ws://`, or the port of plain WebSocket",
            vec!["--websocket".to_owned(), path.clone()],
        ),
        None => (
            "switch TLS on in the client, or use the broker's plain port (1883)",
            Vec::new(),
        ),
    };
    let remedy = Remedy::run(
        text,
        Action::Verify {
            host: transcript.request.host.clone(),
            port: transcript.request.port,
            extra,
        },
    );
    Some(Finding::failure(Code::PortExpectsTls, cause).with_remedy(remedy))
}
