//! MQTT asked for beside WebSocket, and WebSocket at the wrong path, port or version.

use std::time::Duration;

use certgen::diagnose::transcript::{MqttVersion, Request};
use certgen::finding::{Action, Code, Severity};
use certgen::probe::runtime;

use crate::lab::{Pki, findings, request};
use crate::web::{Inside, Otherwise, Web, serve};

/// A name, a server, what is asked, the first finding, words of its sentence, and what it suggests to add.
struct Case(
    &'static str,
    Web,
    fn(&mut Request),
    Code,
    &'static str,
    &'static [&'static str],
);

const WEB: Web = Web {
    secured: true,
    path: "/mqtt",
    otherwise: Otherwise::Silent,
    inside: Inside::Only311,
};

fn checked(cases: Vec<Case>) {
    let pki = Pki::new();
    let prober = pki.prober();
    let runtime = runtime(true).unwrap();
    let mut wrong = Vec::new();
    for Case(name, web, change, code, words, added) in cases {
        let port = serve(&pki, web);
        let mut request = request(port);
        request.stage_limit = Duration::from_secs(2);
        change(&mut request);
        let found = findings(&runtime.block_on(prober.converse(&request)));
        let first = found
            .iter()
            .find(|finding| finding.severity > Severity::Note);
        let remedy = first.and_then(|first| first.remedy.as_ref());
        let extra = match remedy.and_then(|remedy| remedy.action.as_ref()) {
            Some(Action::Verify { extra, .. } | Action::Again { extra }) => extra.as_slice(),
            _ => &[],
        };
        let told = first.is_some_and(|first| {
            first.code == code && first.cause.contains(words) && extra == added
        });
        if !told {
            wrong.push(format!(
                "{name}: expected {code} with `{words}` and {added:?}, found {found:#?}"
            ));
        }
    }
    runtime.shutdown_background();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

fn over(path: &str) -> Option<String> {
    Some(path.to_owned())
}

#[test]
fn a_listener_for_websocket_is_named_whatever_else_it_does() {
    let endpoint = |name, otherwise, path, added| {
        Case(
            name,
            Web {
                otherwise,
                path,
                ..WEB
            },
            |_| {},
            Code::WebsocketEndpoint,
            "takes MQTT over WebSocket at the path",
            added,
        )
    };
    let (mqtt, ws, root) = (
        &["--websocket", "/mqtt"],
        &["--websocket", "/ws"],
        &["--websocket", "/"],
    );
    checked(vec![
        endpoint("silent", Otherwise::Silent, "/mqtt", mqtt),
        endpoint("closes", Otherwise::Closes, "/ws", ws),
        endpoint("404", Otherwise::Answers("404 Not Found"), "/", root),
        Case(
            "nothing but a web server",
            Web {
                path: "/nowhere",
                otherwise: Otherwise::Answers("404 Not Found"),
                ..WEB
            },
            |_| {},
            Code::OtherProtocol,
            "at none of the usual paths",
            &[],
        ),
        Case(
            "wss:// where no TLS is",
            Web {
                secured: false,
                otherwise: Otherwise::Answers("400 Bad Request"),
                ..WEB
            },
            |request| request.websocket = over("/mqtt"),
            Code::PlaintextMqttPort,
            "this port has no TLS",
            &["--websocket", "/mqtt", "--no-tls"],
        ),
    ]);
}

#[test]
fn another_path_is_found_whatever_the_wrong_one_is_answered_with() {
    let elsewhere = |name, otherwise| {
        Case(
            name,
            Web {
                path: "/ws",
                otherwise,
                ..WEB
            },
            |request| request.websocket = over("/mqtt"),
            Code::WebsocketRefused,
            "; at the path `/ws` it does",
            &["--websocket", "/ws"],
        )
    };
    checked(vec![
        elsewhere("400", Otherwise::Answers("400 Bad Request")),
        elsewhere("200", Otherwise::Answers("200 OK")),
        elsewhere("closes", Otherwise::Closes),
        elsewhere("silent", Otherwise::Silent),
        Case(
            "a page",
            Web {
                path: "/nowhere",
                otherwise: Otherwise::Answers("200 OK"),
                ..WEB
            },
            |request| request.websocket = over("/mqtt"),
            Code::WebsocketRefused,
            "in at the path `/mqtt`: the server answered HTTP 200 OK",
            &[],
        ),
    ]);
}

#[test]
fn what_is_said_inside_a_websocket_counts() {
    checked(vec![
        Case(
            "MQTT 5",
            WEB,
            |request| {
                request.websocket = over("/mqtt");
                request.mqtt.version = MqttVersion::V5;
            },
            Code::ProtocolVersionRefused,
            "it answers MQTT 3.1.1",
            &["--mqtt", "3.1.1"],
        ),
        Case(
            "unauthenticated",
            Web {
                inside: Inside::Ends(1002, "unauthenticated"),
                ..WEB
            },
            |request| request.websocket = over("/mqtt"),
            Code::BadCredentials,
            "ended the WebSocket with the code 1002, `unauthenticated`",
            &[],
        ),
    ]);
}
