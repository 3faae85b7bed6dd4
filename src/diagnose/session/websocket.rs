//! A web server where a broker was expected, and a WebSocket that did not come about.

use super::plain_findings;
use crate::diagnose::foreign::{Protocol, recognize};
use crate::diagnose::port;
use crate::diagnose::transcript::{ClientCertificate, Transcript, Upgrade};
use crate::diagnose::words::{failure, peer};
use crate::finding::{Action, Code, Finding, Remedy};

/// A web server, or a listener for WebSocket, that does not answer CONNECT: it shows itself in a
/// connection of its own.
pub(super) fn web(transcript: &Transcript) -> Option<Finding> {
    if transcript.upgrade.is_some() {
        return None;
    }
    let extra = &transcript.extra;
    let answers = [&extra.https, &extra.http].into_iter().flatten();
    let line = answers
        .filter_map(|answer| recognize(&answer.bytes))
        .find_map(|protocol| match protocol {
            Protocol::Http(line) => Some(line),
            _ => None,
        });
    if let Some(path) = &extra.websocket {
        let line = line.unwrap_or_default();
        return Some(port::websocket_endpoint(transcript, &line, path));
    }
    let line = line?;
    Some(match transcript.request.tls {
        Some(_) => web_server(transcript, &line),
        None => port::other_protocol(transcript, &Protocol::Http(line)),
    })
}

/// TLS is fine, and a web server stands behind it.
pub(super) fn web_server(transcript: &Transcript, line: &str) -> Finding {
    let peer = peer(transcript);
    if transcript.request.probes {
        let cause = format!(
            "TLS is fine; then {peer} answers with HTTP (`{line}`): an HTTPS server, or a proxy that reads HTTP, which lets MQTT over WebSocket in at none of the usual paths"
        );
        return failure(Code::OtherProtocol, cause, port::NOT_HTTP);
    }
    let cause = format!(
        "TLS is fine; then {peer} answers CONNECT with HTTP (`{line}`): an HTTPS server, perhaps with MQTT over WebSocket"
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

/// What a web server says of the client's certificate: nginx takes the handshake without one, or
/// with one that it does not trust, and refuses every request then.
pub(in crate::diagnose) fn certificate_refused(transcript: &Transcript) -> Option<String> {
    let upgrade = transcript.upgrade.as_ref()?;
    let status = upgrade.status.filter(|status| *status >= 400)?;
    let title = title(&upgrade.body)?;
    let is_about_it = title.to_ascii_lowercase().contains("ssl certificate");
    is_about_it.then(|| format!("HTTP {status}, `{title}`"))
}

/// The title of a page of HTML.
fn title(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    let title = title
        .trim()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    Some(title.trim().to_owned()).filter(|title| !title.is_empty())
}

/// Why the upgrade was not granted.
pub(super) fn upgrade(transcript: &Transcript) -> Option<Finding> {
    let upgrade: &Upgrade = transcript.upgrade.as_ref()?;
    let why = upgrade.failure.as_ref()?;
    if certificate_refused(transcript).is_some() && super::client_explains(transcript) {
        return None;
    }
    if let Some(finding) = plain_findings(transcript, &[]).or_else(|| bare_mqtt(transcript, why)) {
        return Some(finding);
    }
    if let (Some(300..=399), Some(location)) = (upgrade.status, &upgrade.location) {
        return Some(redirected(transcript, upgrade, location));
    }
    let cause = format!(
        "{} does not let MQTT over WebSocket in at the path `{}`: {why}",
        peer(transcript),
        upgrade.path
    );
    if let Some(path) = &transcript.extra.websocket {
        return Some(at_another_path(&cause, path));
    }
    let remedy = match upgrade.status {
        Some(400..=499) if without_certificate(transcript) => {
            return Some(failure(
                Code::WebsocketRefused,
                format!("{cause}; it asked for a client certificate before, and none was sent"),
                "give the client's certificate and key (--cert, --key or --keystore) where the web server requires them; else let it pass the headers Upgrade and Connection to the broker",
            ));
        }
        Some(200..=299) => {
            "the web server has a page there and no broker behind it: let it pass the path of MQTT over WebSocket to the broker's WebSocket listener (nginx: `location`, `proxy_pass` and the headers Upgrade and Connection), or check host and path"
        }
        Some(404) => {
            "try another path: mosquitto takes every path, EMQX and HiveMQ /mqtt, RabbitMQ /ws"
        }
        Some(101) => {
            "let what stands in front of the broker pass the headers of WebSocket unchanged (Sec-WebSocket-Protocol, Upgrade, Connection), and see that its listener speaks MQTT"
        }
        Some(502..=504) => {
            "the web server in front has no live broker behind it: see whether the broker's WebSocket listener runs, and where the web server looks for it"
        }
        Some(300..=399) => "use the address that the server redirects to (its header Location)",
        Some(401 | 403) => {
            "the web server in front wants a login or refuses this address; look at its log"
        }
        Some(_) => {
            "let the web server in front pass the headers Upgrade and Connection to the broker, and check the path"
        }
        None => {
            "check port and path: the broker's WebSocket listener has a port of its own (mosquitto: `protocol websockets`), and this one may speak MQTT without WebSocket (mqtts://)"
        }
    };
    Some(failure(Code::WebsocketRefused, cause, remedy))
}

/// The server asked for a client certificate, and none was sent.
fn without_certificate(transcript: &Transcript) -> bool {
    let tls = transcript.tls.as_ref();
    let request = tls.and_then(|tls| tls.certificate_request.as_ref());
    request.is_some_and(|request| request.answer != ClientCertificate::Sent)
}

/// The port speaks MQTT as it is, and not inside a WebSocket.
fn bare_mqtt(transcript: &Transcript, why: &str) -> Option<Finding> {
    if !transcript.extra.bare_mqtt {
        return None;
    }
    let cause = format!(
        "{} answers MQTT itself, and no WebSocket ({why}): this is the broker's port for MQTT without WebSocket",
        peer(transcript)
    );
    let extra = match transcript.request.tls {
        Some(_) => Vec::new(),
        None => vec!["--no-tls".to_owned()],
    };
    let remedy = Remedy::run(
        "connect without WebSocket (mqtts://), or use the port of the broker's WebSocket listener (mosquitto: `protocol websockets` below a `listener` of its own)",
        Action::Verify {
            host: transcript.request.host.clone(),
            port: transcript.request.port,
            extra,
        },
    );
    Some(Finding::failure(Code::WebsocketRefused, cause).with_remedy(remedy))
}

fn at_another_path(cause: &str, path: &str) -> Finding {
    let cause = format!("{cause}; at the path `{path}` it does");
    let extra = vec!["--websocket".to_owned(), path.to_owned()];
    let remedy = Remedy::run("give the clients that path", Action::Again { extra });
    Finding::failure(Code::WebsocketRefused, cause).with_remedy(remedy)
}

fn redirected(transcript: &Transcript, upgrade: &Upgrade, location: &str) -> Finding {
    let cause = format!(
        "{} sends the path `{}` elsewhere (HTTP {}, to `{location}`), and clients of MQTT follow no redirect",
        peer(transcript),
        upgrade.path,
        upgrade.status.unwrap_or_default(),
    );
    failure(
        Code::WebsocketRefused,
        cause,
        format!("give the clients that address (with `wss://` in place of `https://`): {location}"),
    )
}
