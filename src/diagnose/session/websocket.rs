//! A WebSocket that did not come about.

use super::plain_findings;
use crate::diagnose::transcript::{Transcript, Upgrade};
use crate::diagnose::words::{failure, peer};
use crate::finding::{Action, Code, Finding, Remedy};

/// Why the upgrade was not granted.
pub(super) fn upgrade(transcript: &Transcript) -> Option<Finding> {
    let upgrade: &Upgrade = transcript.upgrade.as_ref()?;
    let why = upgrade.failure.as_ref()?;
    if let Some(finding) = plain_findings(transcript, &[]).or_else(|| bare_mqtt(transcript, why)) {
        return Some(finding);
    }
    if let (Some(300..=399), Some(location)) = (upgrade.status, &upgrade.location) {
        return Some(redirected(transcript, upgrade, location));
    }
    if let Some(path) = &transcript.extra.websocket {
        return Some(at_another_path(transcript, upgrade, path));
    }
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
            "let the web server in front pass the headers Upgrade and Connection to the broker"
        }
        None => {
            "check the port: the broker's WebSocket listener has a port of its own (mosquitto: `protocol websockets`), and this one may speak MQTT without WebSocket (mqtts://)"
        }
    };
    Some(failure(Code::WebsocketRefused, cause, remedy))
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

fn at_another_path(transcript: &Transcript, upgrade: &Upgrade, path: &str) -> Finding {
    let cause = format!(
        "{} does not let MQTT over WebSocket in at the path `{}` (HTTP {}), and does at `{path}`",
        peer(transcript),
        upgrade.path,
        upgrade.status.unwrap_or_default(),
    );
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
