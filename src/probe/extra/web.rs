//! Questions about WebSocket: whether a web server lets MQTT in, at which path, and whether MQTT
//! itself answers where no WebSocket came about.

use super::{PROBE, Probing, bytes};
use crate::diagnose::transcript::Tls;
use crate::probe::converse::connect_again;
use crate::probe::link::{self, Link, Stream};
use crate::probe::{narrate, session, websocket};

/// The paths that brokers take MQTT over WebSocket at: EMQX and HiveMQ, RabbitMQ, mosquitto (every path).
const PATHS: [&str; 3] = ["/mqtt", "/ws", "/"];

impl Probing<'_> {
    /// The upgrade to a WebSocket was not granted.
    pub(super) async fn refused_websocket(&mut self) {
        let Some(upgrade) = &self.transcript.upgrade else {
            return;
        };
        let status = upgrade.status;
        let (bare_mqtt, path) = tokio::join!(
            async { status.is_none() && self.answers_mqtt().await },
            async {
                if path_matters(status) {
                    self.websocket().await
                } else {
                    None
                }
            },
        );
        self.transcript.extra.bare_mqtt = bare_mqtt;
        self.transcript.extra.websocket = path.filter(|_| !bare_mqtt);
    }

    /// The first path at which MQTT over WebSocket is let in: the one asked for, where it was not
    /// tried yet, then the usual ones. All at once, since each may have to wait for its limit.
    pub(super) async fn websocket(&self) -> Option<String> {
        let asked = self.transcript.request.websocket.as_deref();
        let was_tried = self.transcript.upgrade.is_some();
        let usual = |path: &'static str| Some(path).filter(|path| asked != Some(*path));
        let [mqtt, ws, root] = PATHS;
        let (asked, mqtt, ws, root) = tokio::join!(
            self.lets_in(asked.filter(|_| !was_tried)),
            self.lets_in(usual(mqtt)),
            self.lets_in(usual(ws)),
            self.lets_in(usual(root)),
        );
        asked.or(mqtt).or(ws).or(root)
    }

    /// The path, where MQTT over WebSocket is let in there.
    async fn lets_in(&self, path: Option<&str>) -> Option<String> {
        let path = path?;
        let link = self.same_layers().await?;
        self.inside_websocket(link, path).await?.close(&[]).await;
        Some(path.to_owned())
    }

    /// The WebSocket at this path, over the link.
    async fn inside_websocket(&self, link: Link, path: &str) -> Option<Link> {
        let request = &self.transcript.request;
        let authority = narrate::authority(&request.host, request.port);
        let notes = link.notes();
        let (stream, deadline) = (link.into_stream(), self.clock.within(PROBE));
        let largest = link::largest(0);
        let (_, socket, _) = websocket::upgrade(stream, &authority, path, largest, deadline).await;
        Some(Link::new(Stream::WebSocket(Box::new(socket?)), notes))
    }

    /// A link through the layers that the session had: TLS and WebSocket where they were asked for.
    pub(super) async fn session_link(&self) -> Option<Link> {
        let link = self.same_layers().await?;
        match &self.transcript.request.websocket {
            Some(path) => self.inside_websocket(link, path).await,
            None => Some(link),
        }
    }

    /// A link for a question: over TLS where TLS came about, in the clear where it did not.
    async fn same_layers(&self) -> Option<Link> {
        if self.transcript.tls.as_ref().is_some_and(Tls::is_complete) {
            return self.link(true).await;
        }
        if !self.is_in_time() {
            return None;
        }
        let tap = connect_again(self.peer, self.clock.within(PROBE)).await?;
        let notes = tap.notes();
        Some(Link::new(Stream::Plain(tap), notes))
    }

    /// Whether MQTT itself answers, without WebSocket.
    async fn answers_mqtt(&self) -> bool {
        let Some(mut link) = self.same_layers().await else {
            return false;
        };
        let id = bytes::client_id();
        let version = self.transcript.request.mqtt.version;
        let deadline = self.clock.within(PROBE);
        let reply = session::connect_only(&mut link, version, &id, deadline).await;
        let accepted = reply.value().is_some_and(|connack| connack.code == 0);
        link.close(if accepted { &[0xe0, 0] } else { &[] }).await;
        reply.value().is_some()
    }
}

/// Whether another path could be let in where this one was answered so: not where the web server
/// sends elsewhere, wants a login, or has lost what stands behind it.
fn path_matters(status: Option<u16>) -> bool {
    !matches!(status, Some(300..=399 | 401 | 500..=599))
}
