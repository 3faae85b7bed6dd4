//! Further questions where TLS is fine and MQTT is not: other versions, HTTP, ALPN; or where MQTT in
//! the clear was asked for.

use std::time::Duration;

use super::bytes::{self, HTTP_GET};
use super::{PROBE, Probing, legacy};
use crate::diagnose::transcript::{Answer, Connack, MqttVersion, Reply, Silence, Tls};
use crate::probe::converse::{connect_again, hello};
use crate::probe::link::{self, Link, Stream};
use crate::probe::tap::Tap;
use crate::probe::tls::{self, Hello};
use crate::probe::{narrate, session, websocket};

/// ALPN protocols that brokers are known to share a port by.
const KNOWN_ALPN: [&str; 2] = ["x-amzn-mqtt-ca", "mqtt"];

/// The paths that brokers take MQTT over WebSocket at: EMQX and HiveMQ, RabbitMQ, mosquitto (every path).
const WEBSOCKET_PATHS: [&str; 3] = ["/mqtt", "/ws", "/"];

/// How long a session in which nothing is asked is watched.
const IDLE: Duration = Duration::from_secs(1);

impl Probing<'_> {
    /// The broker did not answer CONNECT as it should.
    pub(super) async fn mqtt(&mut self) {
        if self.transcript.request.tls.is_none() {
            self.in_the_clear().await;
        }
        if let Some(upgrade) = &self.transcript.upgrade {
            match (&upgrade.failure, upgrade.status) {
                (Some(_), None) => self.beside_websocket().await,
                (Some(_), Some(404)) => self.transcript.extra.websocket = self.websocket().await,
                _ => {}
            }
            return;
        }
        if self.transcript.request.tls.is_none() {
            return;
        }
        let mqtt = self.transcript.mqtt.as_ref();
        let Some(connack) = mqtt.map(|mqtt| mqtt.connack.clone()) else {
            return;
        };
        match connack {
            Reply::Missing {
                instead: Silence::Foreign(_),
                ..
            } => {
                self.transcript.extra.alpns = self.alpns().await;
                self.transcript.extra.websocket = self.websocket().await;
            }
            Reply::Missing {
                instead: Silence::Closed(_) | Silence::TimedOut | Silence::Malformed { .. },
                ..
            } => {
                let (version, https, alpns, tls_in_tls) = tokio::join!(
                    self.other_version(),
                    self.https(),
                    self.alpns(),
                    self.tls_in_tls()
                );
                let extra = &mut self.transcript.extra;
                extra.tls_in_tls = tls_in_tls;
                extra.other_mqtt_version = version;
                extra.https = https;
                extra.alpns = alpns;
            }
            Reply::Came { value, .. } if may_be_the_version(value.code) => {
                self.transcript.extra.other_mqtt_version = self.other_version().await;
            }
            _ => {}
        }
    }

    async fn in_the_clear(&mut self) {
        let limit = || self.clock.within(PROBE);
        let (tls_hello, http) = tokio::join!(
            legacy::ask(self.peer, None, limit()),
            bytes::ask(self.peer, HTTP_GET, limit()),
        );
        let is_http = http
            .as_ref()
            .is_some_and(|answer| answer.bytes.starts_with(b"HTTP/"))
            || self.answered_http();
        self.transcript.extra.tls_hello = tls_hello;
        self.transcript.extra.http = http;
        if is_http {
            self.transcript.extra.websocket = self.websocket().await;
        }
    }

    /// CONNECT was answered by a web server.
    fn answered_http(&self) -> bool {
        let mqtt = self.transcript.mqtt.as_ref();
        let instead = mqtt.and_then(|mqtt| mqtt.connack.missing());
        matches!(instead, Some(Silence::Foreign(bytes)) if bytes.starts_with(b"HTTP/"))
    }

    /// The first of the usual paths at which the web server lets MQTT over WebSocket in.
    pub(super) async fn websocket(&self) -> Option<String> {
        let request = &self.transcript.request;
        let authority = narrate::authority(&request.host, request.port);
        let asked = request.websocket.as_deref();
        for path in WEBSOCKET_PATHS
            .into_iter()
            .filter(|path| Some(*path) != asked)
        {
            let link = self.same_layers().await?;
            let notes = link.notes();
            let deadline = self.clock.within(PROBE);
            let asked = websocket::upgrade(
                link.into_stream(),
                &authority,
                path,
                link::largest(0),
                deadline,
            )
            .await;
            if let (_, Some(socket), _) = asked {
                let stream = Stream::WebSocket(Box::new(socket));
                Link::new(stream, notes).close(&[]).await;
                return Some(path.to_owned());
            }
        }
        None
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

    /// No WebSocket, and no HTTP either: perhaps MQTT itself answers.
    async fn beside_websocket(&mut self) {
        let Some(mut link) = self.same_layers().await else {
            return;
        };
        let id = bytes::client_id();
        let version = self.transcript.request.mqtt.version;
        let deadline = self.clock.within(PROBE);
        let reply = session::connect_only(&mut link, version, &id, deadline).await;
        let accepted = reply.value().is_some_and(|connack| connack.code == 0);
        self.transcript.extra.bare_mqtt = reply.value().is_some();
        link.close(if accepted { &[0xe0, 0] } else { &[] }).await;
    }

    /// Whether what stands behind the end of TLS expects TLS once more.
    async fn tls_in_tls(&self) -> Option<Answer> {
        let link = self.link(true).await?;
        let hello = legacy::client_hello(None);
        bytes::ask_over(link, &hello, self.clock.within(PROBE)).await
    }

    /// An HTTP request inside TLS, which a web server answers.
    async fn https(&self) -> Option<Answer> {
        let link = self.link(false).await?;
        bytes::ask_over(link, HTTP_GET, self.clock.within(PROBE)).await
    }

    /// Whether the port shares itself by ALPN.
    async fn alpns(&self) -> Vec<(String, Tls)> {
        let mut answers = Vec::new();
        let Some(hello) = self.hello() else {
            return answers;
        };
        for name in KNOWN_ALPN {
            if hello.alpn.iter().any(|asked| asked == name) || !self.is_in_time() {
                continue;
            }
            let hello = Hello {
                alpn: vec![name.to_owned()],
                ..hello.clone()
            };
            if let Some(tls) = self.shake(&hello).await {
                answers.push((name.to_owned(), tls));
            }
        }
        answers
    }

    /// CONNECT of another version, without user name and password.
    async fn other_version(&self) -> Option<(MqttVersion, Reply<Connack>)> {
        let asked = self.transcript.request.mqtt.version;
        let other = if asked == MqttVersion::V5 {
            MqttVersion::V311
        } else {
            MqttVersion::V5
        };
        let mut link = self.link(true).await?;
        let id = self
            .transcript
            .mqtt
            .as_ref()
            .map(|mqtt| mqtt.client_id.clone());
        let id = id.unwrap_or_default();
        let reply = session::connect_only(&mut link, other, &id, self.clock.within(PROBE)).await;
        let accepted = reply.value().is_some_and(|connack| connack.code == 0);
        link.close(if accepted { &[0xe0, 0] } else { &[] }).await;
        Some((other, reply))
    }

    /// Whether a session ends also where nothing is asked in it: where the first one ended before
    /// it had any answer after CONNACK. Without user name and password, so not where those are given.
    pub(super) async fn after_connack(&mut self) {
        let Some(mqtt) = &self.transcript.mqtt else {
            return;
        };
        let unanswered = match (&mqtt.suback, &mqtt.puback) {
            (Reply::NotAsked, reply) => reply.missing(),
            (reply, _) => reply.missing(),
        };
        let ended = matches!(
            unanswered,
            Some(Silence::Closed(_) | Silence::Alert(_) | Silence::Disconnect { .. })
        );
        let asked = &self.transcript.request;
        if !ended || asked.mqtt.username.is_some() || asked.websocket.is_some() {
            return;
        }
        let (version, id) = (mqtt.version, mqtt.client_id.clone());
        self.transcript.extra.after_connack = self.idle_session(version, &id).await;
    }

    async fn idle_session(&self, version: MqttVersion, id: &str) -> Option<Silence> {
        let mut link = if self.transcript.request.tls.is_some() {
            self.link(true).await?
        } else {
            let tap = connect_again(self.peer, self.clock.within(PROBE)).await?;
            let notes = tap.notes();
            Link::new(Stream::Plain(tap), notes)
        };
        let deadline = self.clock.within(PROBE);
        let reply = session::connect_only(&mut link, version, id, deadline).await;
        if reply.value()?.code != 0 {
            link.close(&[]).await;
            return None;
        }
        let ended = session::end_of(&mut link, version, self.clock.within(IDLE)).await;
        if ended == Silence::TimedOut {
            link.close(&[0xe0, 0]).await;
        }
        Some(ended)
    }

    /// A link over TLS, verified like the conversation itself.
    async fn link(&self, with_identity: bool) -> Option<Link> {
        if !self.is_in_time() {
            return None;
        }
        let deadline = self.clock.within(PROBE);
        let hello = Hello {
            with_identity,
            ..hello(&self.transcript.request).ok()?
        };
        let tap: Tap = connect_again(self.peer, deadline).await?;
        let (_, session) = tls::shake(&self.prober.shared, &hello, tap, deadline).await;
        let session = session?;
        Some(Link::new(
            Stream::Tls(Box::new(session.stream)),
            session.notes,
        ))
    }
}

/// A refusal of the version, or a code that belongs to another version.
fn may_be_the_version(code: u8) -> bool {
    matches!(code, 1 | 0x84) || (6..0x80).contains(&code)
}
