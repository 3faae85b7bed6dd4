//! Further questions where TLS is fine and MQTT is not: other versions, HTTP, ALPN; or where MQTT in
//! the clear was asked for.

use std::time::Duration;

use super::bytes::{self, HTTP_GET};
use super::{PROBE, Probing, legacy};
use crate::diagnose::transcript::{Answer, Connack, MqttVersion, Reply, Silence, Tls};
use crate::probe::converse::{connect_again, hello};
use crate::probe::link::{Link, Stream};
use crate::probe::session;
use crate::probe::tap::Tap;
use crate::probe::tls::{self, Hello};

/// ALPN protocols that brokers are known to share a port by.
const KNOWN_ALPN: [&str; 2] = ["x-amzn-mqtt-ca", "mqtt"];

/// How long a session in which nothing is asked is watched at least.
const IDLE: Duration = Duration::from_secs(1);

impl Probing<'_> {
    /// The broker did not answer CONNECT as it should.
    pub(super) async fn mqtt(&mut self) {
        let mqtt = self.transcript.mqtt.as_ref();
        let connack = mqtt.map_or(Reply::NotAsked, |mqtt| mqtt.connack.clone());
        if self.transcript.request.tls.is_none() && connack.value().is_none() {
            self.in_the_clear().await;
        }
        let upgrade = self.transcript.upgrade.as_ref();
        if upgrade.is_some_and(|upgrade| upgrade.failure.is_some()) {
            self.refused_websocket().await;
            return;
        }
        match connack {
            Reply::Came { value, .. } if may_be_the_version(value.code) => {
                self.transcript.extra.other_mqtt_version = self.other_version().await;
            }
            Reply::Missing { instead, .. } => self.no_connack(&instead).await,
            _ => {}
        }
    }

    async fn no_connack(&mut self, instead: &Silence) {
        let is_bare = self.transcript.upgrade.is_none() && self.transcript.request.tls.is_some();
        match instead {
            Silence::Foreign(_) if is_bare => {
                self.transcript.extra.alpns = self.alpns().await;
                self.transcript.extra.websocket = self.websocket().await;
            }
            Silence::Closed(_) | Silence::TimedOut | Silence::Malformed { .. } if is_bare => {
                let (version, https, alpns, tls_in_tls, websocket) = tokio::join!(
                    self.other_version(),
                    self.https(),
                    self.alpns(),
                    self.tls_in_tls(),
                    self.websocket(),
                );
                let extra = &mut self.transcript.extra;
                extra.tls_in_tls = tls_in_tls;
                extra.other_mqtt_version = version;
                extra.https = https;
                extra.alpns = alpns;
                extra.websocket = websocket;
            }
            Silence::Closed(_) | Silence::Malformed { .. } => {
                self.transcript.extra.other_mqtt_version = self.other_version().await;
            }
            _ => {}
        }
    }

    async fn in_the_clear(&mut self) {
        let limit = || self.clock.within(PROBE);
        let hello = legacy::client_hello(None);
        let (tls_hello, http, websocket) = tokio::join!(
            legacy::ask(self.peer, &hello, limit()),
            bytes::ask(self.peer, HTTP_GET, limit()),
            async {
                if self.transcript.upgrade.is_some() {
                    return None;
                }
                self.websocket().await
            },
        );
        let extra = &mut self.transcript.extra;
        extra.tls_hello = tls_hello;
        extra.http = http;
        extra.websocket = websocket;
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
        let mut link = self.session_link().await?;
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
        let (instead, after) = match (&mqtt.suback, &mqtt.puback) {
            (Reply::Missing { instead, after }, _)
            | (Reply::NotAsked, Reply::Missing { instead, after }) => (instead, *after),
            _ => return,
        };
        let ended = matches!(
            instead,
            Silence::Closed(_) | Silence::Alert(_) | Silence::Disconnect { .. }
        );
        if !ended || self.transcript.request.mqtt.username.is_some() {
            return;
        }
        let (version, id) = (mqtt.version, mqtt.client_id.clone());
        // Longer than the first session was left alone.
        let watched = IDLE.max(after + IDLE / 2);
        self.transcript.extra.after_connack = self.idle_session(version, &id, watched).await;
    }

    async fn idle_session(
        &self,
        version: MqttVersion,
        id: &str,
        watched: Duration,
    ) -> Option<Silence> {
        let mut link = self.session_link().await?;
        let deadline = self.clock.within(PROBE);
        let reply = session::connect_only(&mut link, version, id, deadline).await;
        if reply.value()?.code != 0 {
            link.close(&[]).await;
            return None;
        }
        let ended = session::end_of(&mut link, version, self.clock.within(watched)).await;
        if ended == Silence::TimedOut {
            link.close(&[0xe0, 0]).await;
        }
        Some(ended)
    }

    /// A link over TLS, verified like the conversation itself.
    pub(super) async fn link(&self, with_identity: bool) -> Option<Link> {
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
