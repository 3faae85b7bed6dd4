//! Extra probes: short, harmless questions that tell the causes of a failure apart.
//!
//! Each is a connection of its own, bounded in time and bytes, without user name and password,
//! without the client's certificate (but where MQTT is asked for once more), and is asked only where its answer could change what the cause is.

mod beyond_tls;
mod bytes;
mod legacy;
mod web;

use core::net::SocketAddr;
use std::time::Duration;

use self::bytes::{HTTP_GET, PROXY_HEADER};
use super::Prober;
use super::clock::Clock;
use super::converse::{connect_again, hello, shake_only};
use super::link::{Link, Stream};
use super::tcp;
use super::tls::{self, Hello};
use crate::diagnose::transcript::{
    Alert, Connected, Incompatible, LegacyAnswer, StepName, Tls, TlsFailure, TlsVersion, Transcript,
};

/// How long one probe may take.
const PROBE: Duration = Duration::from_secs(2);
/// Before each connection after a session that ended: a broker that dies closes its sessions before
/// its listener.
const KNOCKS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(150),
    Duration::from_millis(500),
];
/// The shortest and the longest time that a connection is watched over which nothing is sent.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));
const NO_APPLICATION_PROTOCOL: Alert = Alert(120);

/// Asks what the transcript leaves open.
pub(super) async fn probe(
    prober: &Prober,
    transcript: &mut Transcript,
    peer: SocketAddr,
    clock: Clock,
) {
    let mut probing = Probing {
        prober,
        transcript,
        peer,
        clock,
    };
    probing.addresses().await;
    let failed = probing.transcript.failed().map(|step| step.name);
    match failed {
        Some(StepName::Tls) => probing.handshake().await,
        Some(StepName::Mqtt) => probing.mqtt().await,
        Some(StepName::Subscribe | StepName::Publish) => probing.after_connack().await,
        Some(StepName::Hold) => probing.after_hold().await,
        _ => {}
    }
    if failed.is_some() {
        probing.server_names().await;
    }
}

/// A ServerHello came.
fn is_answered(attempt: &Tls) -> bool {
    attempt.negotiated.version.is_some()
}

struct Probing<'a> {
    prober: &'a Prober,
    transcript: &'a mut Transcript,
    peer: SocketAddr,
    clock: Clock,
}

impl Probing<'_> {
    /// The handshake as it was asked for, without the identity, and going on after a refusal.
    fn hello(&self) -> Option<Hello> {
        let hello = hello(&self.transcript.request).ok()?;
        Some(Hello {
            lenient: true,
            with_identity: false,
            ..hello
        })
    }

    async fn shake(&self, hello: &Hello) -> Option<Tls> {
        shake_only(self.prober, hello, self.peer, self.clock.within(PROBE)).await
    }

    fn is_in_time(&self) -> bool {
        self.clock.has(PROBE)
    }

    /// A handshake with every other address that answered, where every address is to be checked.
    async fn addresses(&mut self) {
        if !self.transcript.request.all_addresses || self.transcript.request.tls.is_none() {
            return;
        }
        let attempts = self
            .transcript
            .tcp
            .iter()
            .flat_map(|tcp| tcp.attempts.clone());
        let others: Vec<SocketAddr> = attempts
            .filter(|attempt| attempt.result == Ok(Connected) && attempt.address != self.peer)
            .map(|attempt| attempt.address)
            .collect();
        let Some(hello) = self.hello() else {
            return;
        };
        for address in others {
            if !self.is_in_time() {
                return;
            }
            let deadline = self.clock.within(PROBE);
            if let Some(tls) = shake_only(self.prober, &hello, address, deadline).await {
                self.transcript.extra.addresses.push((address, tls));
            }
        }
    }

    /// The session ended while it was held: the broker may be gone altogether.
    async fn after_hold(&mut self) {
        for pause in KNOCKS {
            tokio::time::sleep(pause).await;
            if !self.is_in_time() {
                return;
            }
            let knocked = tcp::knock(self.peer, self.clock.within(PROBE)).await;
            let is_gone = knocked.is_err();
            self.transcript.extra.reconnected = Some(knocked);
            if is_gone {
                return;
            }
        }
    }

    /// The handshake did not come about.
    async fn handshake(&mut self) {
        let Some(tls) = self.transcript.tls.clone() else {
            return;
        };
        let Some(failure) = tls.failure.clone() else {
            // Refused after the handshake: the alert says it all.
            return;
        };
        match failure {
            TlsFailure::CertificateRefused | TlsFailure::Local(_) => {}
            TlsFailure::Closed | TlsFailure::TimedOut if tls.traffic.received == 0 => {
                self.other_protocols(failure == TlsFailure::Closed).await;
                if !self.is_explained() {
                    self.other_hellos().await;
                }
            }
            TlsFailure::NotTls => {
                self.other_protocols(false).await;
                if tls.traffic.first.starts_with(b"HTTP/") {
                    self.transcript.extra.websocket = self.websocket().await;
                }
            }
            TlsFailure::Incompatible(Incompatible::Alpn) => self.alpn().await,
            TlsFailure::Alert(alert) => {
                if alert == NO_APPLICATION_PROTOCOL {
                    self.alpn().await;
                }
                self.other_hellos().await;
            }
            _ => self.other_hellos().await,
        }
    }

    /// Whether the port speaks something else than TLS; all questions at once, since each may have
    /// to wait for its limit.
    async fn other_protocols(&mut self, try_again: bool) {
        if !self.is_in_time() {
            return;
        }
        let (peer, deadline) = (self.peer, self.clock.within(PROBE));
        let connect = bytes::connect();
        let patience = self.patience();
        let (second_try, plain_connect, http, proxy_header, silent) = tokio::join!(
            async {
                if try_again {
                    self.shake(&self.hello()?).await
                } else {
                    None
                }
            },
            bytes::ask(peer, &connect, deadline),
            bytes::ask(peer, HTTP_GET, deadline),
            self.behind_proxy_header(),
            async {
                if try_again {
                    bytes::listen(peer, self.clock.within(patience)).await
                } else {
                    None
                }
            },
        );
        let extra = &mut self.transcript.extra;
        extra.silent = silent;
        extra.second_try = second_try;
        extra.plain_connect = plain_connect;
        extra.http = http;
        extra.proxy_header = proxy_header;
    }

    /// How long the end of a connection is waited for over which nothing is sent: longer than the
    /// first one lasted, and not so long that the limit of a server that waits could be met.
    fn patience(&self) -> Duration {
        let tls = self.transcript.tls.as_ref();
        let lasted = tls.and_then(|tls| tls.traffic.closed).map(|end| end.after);
        let (least, most) = PATIENCE;
        (lasted.unwrap_or_default() * 3).clamp(least, most)
    }

    /// Whether the answers so far name the cause.
    fn is_explained(&self) -> bool {
        let extra = &self.transcript.extra;
        let plain = extra.plain_connect.as_ref();
        plain.is_some_and(|answer| answer.bytes.first() == Some(&0x20))
            || extra.proxy_header.as_ref().is_some_and(Tls::is_complete)
            || extra.second_try.as_ref().is_some_and(Tls::is_complete)
            || extra.silent.is_some()
    }

    async fn behind_proxy_header(&self) -> Option<Tls> {
        use tokio::io::AsyncWriteExt as _;
        let hello = self.hello()?;
        let deadline = self.clock.within(PROBE);
        let mut tap = connect_again(self.peer, deadline).await?;
        tap.write_all(PROXY_HEADER).await.ok()?;
        let (tls, session) = tls::shake(&self.prober.shared, &hello, tap, deadline).await;
        if let Some(session) = session {
            Link::new(Stream::Tls(Box::new(session.stream)), session.notes)
                .close(&[])
                .await;
        }
        Some(tls)
    }

    /// Whether another ClientHello passes: a small one, one without a name, one of old.
    async fn other_hellos(&mut self) {
        let Some(hello) = self.hello().filter(|_| self.is_in_time()) else {
            return;
        };
        let name = self
            .transcript
            .tls
            .as_ref()
            .and_then(|tls| tls.server_name_sent.clone());
        let small = Hello {
            small: true,
            ..hello.clone()
        };
        let nameless = Hello {
            send_name: false,
            ..hello.clone()
        };
        let old = legacy::client_hello(name.as_deref());
        let (small_hello, without_server_name, legacy) = tokio::join!(
            async {
                if hello.small {
                    None
                } else {
                    self.shake(&small).await
                }
            },
            async {
                if name.is_some() {
                    self.shake(&nameless).await
                } else {
                    None
                }
            },
            legacy::ask(self.peer, &old, self.clock.within(PROBE)),
        );
        let extra = &mut self.transcript.extra;
        extra.small_hello = small_hello;
        extra.without_server_name = without_server_name;
        extra.legacy = legacy;
        self.other_versions(&hello, name.as_deref()).await;
        self.once_more(&hello).await;
    }

    /// The first handshake again, where it had no answer and another ClientHello had one: a server
    /// that takes it at times is not one that dislikes something in it.
    async fn once_more(&mut self, hello: &Hello) {
        let extra = &self.transcript.extra;
        let others = [
            &extra.small_hello,
            &extra.without_server_name,
            &extra.without_tls13,
            &extra.proxy_header,
        ];
        let passed = others.into_iter().flatten().any(is_answered);
        let is_mute = self
            .transcript
            .tls
            .as_ref()
            .is_some_and(|tls| tls.traffic.received == 0);
        if is_mute && passed && self.is_in_time() {
            let again = self.shake(hello).await;
            if again.as_ref().is_some_and(is_answered) {
                self.transcript.extra.second_try = again;
            }
        }
    }

    /// Whether it is TLS 1.3 that is not taken, or what was offered in it.
    async fn other_versions(&mut self, hello: &Hello, name: Option<&str>) {
        let offers_both = hello.maximum.is_none_or(|most| most > TlsVersion::Tls12)
            && hello.minimum.is_none_or(|least| least < TlsVersion::Tls13);
        let offers_new = hello.maximum.is_none_or(|most| most > TlsVersion::Tls12);
        let Some(tls) = &self.transcript.tls else {
            return;
        };
        if !offers_new || tls.negotiated.version.is_some() || !self.is_in_time() {
            return;
        }
        let is_refused = matches!(tls.failure, Some(TlsFailure::Alert(_)));
        let asks_old = offers_both && self.takes_tls12_alone();
        let old = Hello {
            maximum: Some(TlsVersion::Tls12),
            ..hello.clone()
        };
        let new = legacy::newest(name);
        let (without_tls13, newest) = tokio::join!(
            async {
                if asks_old {
                    self.shake(&old).await
                } else {
                    None
                }
            },
            async {
                if is_refused {
                    legacy::ask(self.peer, &new, self.clock.within(PROBE)).await
                } else {
                    None
                }
            },
        );
        self.transcript.extra.without_tls13 = without_tls13;
        self.transcript.extra.newest = newest;
    }

    /// The old ClientHello was answered, and no other one that offers TLS 1.3.
    fn takes_tls12_alone(&self) -> bool {
        let extra = &self.transcript.extra;
        let modern = [&extra.small_hello, &extra.without_server_name];
        let old = match &extra.legacy {
            Some(LegacyAnswer::ServerHello(hello)) => hello.version,
            _ => None,
        };
        old == Some(TlsVersion::Tls12) && !modern.into_iter().flatten().any(is_answered)
    }

    async fn alpn(&mut self) {
        if let Some(hello) = self.hello()
            && !hello.alpn.is_empty()
        {
            let without = Hello {
                alpn: Vec::new(),
                ..hello
            };
            self.transcript.extra.without_alpn = self.shake(&without).await;
        }
    }

    /// The other names that the user thinks of.
    async fn server_names(&mut self) {
        let Some(tls) = self.transcript.request.tls.clone() else {
            return;
        };
        for name in tls.try_server_names {
            let Ok(parsed) = super::converse::server_name(&name) else {
                continue;
            };
            let Some(hello) = self.hello().filter(|_| self.is_in_time()) else {
                return;
            };
            let hello = Hello {
                name: parsed,
                send_name: true,
                ..hello
            };
            if let Some(tls) = self.shake(&hello).await {
                self.transcript.extra.server_names.push((name, tls));
            }
        }
    }
}
