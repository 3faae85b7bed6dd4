//! The order of a conversation, and what is written down of it.

use core::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::clock::{Clock, before};
use super::link::{self, Link, Stream};
use super::tap::{Notes, Tap};
use super::tcp::Connecting;
use super::tls::{self, Hello, Recorder, Session};
use super::{Prober, extra, narrate, resolve, session, websocket};
use crate::diagnose::transcript::{
    Mqtt, Reply, Request, Silence, Step, StepName, Tcp, Tls, TlsFailure, Transcript,
};
use crate::random::SystemRandom;

/// The shortest and the longest time that a late refusal is waited for.
const GRACE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(1_000));

/// Holds the conversation.
pub(super) async fn converse(prober: &Prober, request: &Request) -> Transcript {
    let mut conversation = Conversation {
        prober,
        request,
        clock: Clock::start(request.stage_limit),
        transcript: Transcript {
            request: request.clone(),
            material: prober.material.clone(),
            ..Transcript::default()
        },
        farewell: websocket::Farewell::default(),
    };
    conversation.run().await;
    let Conversation {
        mut transcript,
        clock,
        ..
    } = conversation;
    transcript.close(steps(request));
    transcript.duration = clock.elapsed();
    transcript
}

fn steps(request: &Request) -> &'static [StepName] {
    if request.only_handshake {
        return &[StepName::Resolve, StepName::Tcp, StepName::Tls];
    }
    match (StepName::ALL.split_last(), request.mqtt.hold) {
        (Some((_, without_hold)), None) => without_hold,
        _ => &StepName::ALL,
    }
}

struct Conversation<'a> {
    prober: &'a Prober,
    request: &'a Request,
    clock: Clock,
    transcript: Transcript,
    farewell: websocket::Farewell,
}

/// The handshake's witnesses, to be asked once more at the end.
struct Witnesses {
    recorder: std::sync::Arc<Recorder>,
    notes: Notes,
}

impl Conversation<'_> {
    async fn run(&mut self) {
        let Some(addresses) = self.resolve().await else {
            return;
        };
        let started = Instant::now();
        let (connecting, stream) = Connecting::first(addresses, self.clock.stage()).await;
        let Some(stream) = stream else {
            let tcp = connecting.finish(false, Instant::now()).await;
            self.step(Step::failed(
                StepName::Tcp,
                started.elapsed(),
                narrate::no_connection(&tcp),
            ));
            self.transcript.tcp = Some(tcp);
            return;
        };
        let peer = stream.peer_addr().ok();
        let detail = peer.map_or_else(String::new, |peer| format!("connected to {peer}"));
        self.step(Step::good(StepName::Tcp, started.elapsed(), detail));
        self.talk(Tap::new(stream)).await;
        if let Some(peer) = peer {
            self.fall_back(peer).await;
        }
        let tcp = connecting
            .finish(self.request.all_addresses, self.clock.stage())
            .await;
        self.probe_further(tcp).await;
    }

    fn step(&mut self, step: Step) {
        self.transcript.record(step);
    }

    async fn resolve(&mut self) -> Option<Vec<SocketAddr>> {
        let (host, port) = (self.request.host.as_str(), self.request.port);
        let (found, addresses) = resolve::resolve(host, port, self.clock.stage()).await;
        let detail = narrate::resolved(&found);
        let is_good = found.failure.is_none();
        self.step(if is_good {
            Step::good(StepName::Resolve, found.duration, detail)
        } else {
            Step::failed(StepName::Resolve, found.duration, detail)
        });
        self.transcript.resolve = Some(found);
        is_good.then_some(addresses)
    }

    /// All that goes over one connection.
    async fn talk(&mut self, tap: Tap) {
        if self.request.tls.is_none() {
            self.step(Step::skipped(StepName::Tls, "in the clear"));
            let notes = tap.notes();
            self.talk_mqtt(Link::new(Stream::Plain(tap), notes)).await;
            return;
        }
        let (link, witnesses) = self.secure(tap).await;
        match link {
            Some(link) if self.request.only_handshake => link.close(&[]).await,
            Some(link) => self.talk_mqtt(link).await,
            None => {}
        }
        if let (Some(witnesses), Some(tls)) = (witnesses, &mut self.transcript.tls) {
            tls::note(tls, &witnesses.recorder, &witnesses.notes);
        }
    }

    async fn secure(&mut self, tap: Tap) -> (Option<Link>, Option<Witnesses>) {
        let hello = match hello(self.request) {
            Ok(hello) => hello,
            Err(reason) => {
                let failure = Some(TlsFailure::Local(reason.clone()));
                self.transcript.tls = Some(Tls {
                    failure,
                    ..Tls::default()
                });
                self.step(Step::failed(StepName::Tls, Duration::ZERO, reason));
                return (None, None);
            }
        };
        let shared = &self.prober.shared;
        let (mut tls, session) = tls::shake(shared, &hello, tap, self.clock.stage()).await;
        // From here on the identity is the one that was chosen.
        self.transcript.material = self.prober.material_of(tls.identity).clone();
        let Some(session) = session else {
            self.step(Step::failed(
                StepName::Tls,
                tls.duration,
                narrate::handshake(&tls),
            ));
            self.transcript.tls = Some(tls);
            return (None, None);
        };
        let witnesses = Witnesses {
            recorder: session.recorder.clone(),
            notes: session.notes.clone(),
        };
        let (link, refused) = await_late_refusal(&mut tls, session, self.clock).await;
        let (detail, duration) = (narrate::handshake(&tls), tls.duration);
        let link = match refused {
            Some(Silence::Alert(_)) => {
                self.step(Step::failed(StepName::Tls, duration, detail));
                None
            }
            Some(silence) => {
                self.step(Step::good(StepName::Tls, duration, detail));
                if !self.request.only_handshake {
                    self.closed_before_connect(silence);
                }
                None
            }
            None => {
                self.step(Step::good(StepName::Tls, duration, detail));
                Some(link)
            }
        };
        self.transcript.tls = Some(tls);
        (link, Some(witnesses))
    }

    /// The peer closed after the handshake, before anything was sent.
    fn closed_before_connect(&mut self, silence: Silence) {
        let text = narrate::silence(&silence);
        let after = Duration::ZERO;
        self.step(Step::failed(
            StepName::Mqtt,
            after,
            format!("before CONNECT: {text}"),
        ));
        let connack = Reply::Missing {
            instead: silence,
            after,
        };
        let version = self.request.mqtt.version;
        self.transcript.mqtt = Some(Mqtt {
            version,
            connack,
            ..Mqtt::default()
        });
    }

    async fn talk_mqtt(&mut self, link: Link) {
        let version = self.request.mqtt.version;
        let Some(link) = self.upgrade(link).await else {
            return;
        };
        self.session(link, version).await;
    }

    async fn session(&mut self, link: Link, version: crate::mqtt::Version) {
        let password = self.prober.password.as_ref();
        let mut plan = session::Plan::new(&self.request.mqtt, password, &mut SystemRandom);
        plan.version = version;
        plan.lingers = self.request.probes;
        session::run(link, &plan, &mut self.transcript, self.clock).await;
        if let Some(upgrade) = &mut self.transcript.upgrade {
            upgrade.farewell = self.farewell.get().cloned();
        }
    }

    /// The WebSocket, where one was asked for.
    async fn upgrade(&mut self, link: Link) -> Option<Link> {
        let Some(path) = &self.request.websocket else {
            return Some(link);
        };
        let notes = link.notes();
        let started = Instant::now();
        let authority = narrate::authority(&self.request.host, self.request.port);
        let stream = link.into_stream();
        let deadline = self.clock.stage();
        let largest = link::largest(self.request.mqtt.payload_size);
        let (upgrade, socket, farewell) =
            websocket::upgrade(stream, &authority, path, largest, deadline).await;
        self.farewell = farewell;
        if let Some(reason) = &upgrade.failure {
            let detail = format!("no WebSocket: {reason}");
            self.step(Step::failed(StepName::Mqtt, started.elapsed(), detail));
        }
        self.transcript.upgrade = Some(upgrade);
        Some(Link::new(Stream::WebSocket(Box::new(socket?)), notes))
    }

    /// Once more with the other version of MQTT, where the emulated client does so.
    async fn fall_back(&mut self, peer: SocketAddr) {
        let failed_at = self.transcript.failed().map(|step| step.name);
        let (Some(version), Some(StepName::Mqtt)) = (self.request.mqtt.fallback, failed_at) else {
            return;
        };
        let Some(mqtt) = self.transcript.mqtt.take() else {
            return;
        };
        let earlier = Some((mqtt.version, mqtt.connack.clone()));
        let steps = self.transcript.steps.clone();
        self.transcript
            .steps
            .retain(|step| step.name < StepName::Mqtt);
        match self.link_again(peer).await {
            Some(link) => self.session(link, version).await,
            None => self.transcript.steps = steps,
        }
        let mqtt = self.transcript.mqtt.get_or_insert(mqtt);
        mqtt.earlier = earlier;
    }

    /// The same layers over a new connection.
    async fn link_again(&mut self, peer: SocketAddr) -> Option<Link> {
        let tap = connect_again(peer, self.clock.stage()).await?;
        let notes = tap.notes();
        let link = if self.request.tls.is_none() {
            Link::new(Stream::Plain(tap), notes)
        } else {
            let hello = hello(self.request).ok()?;
            let shared = &self.prober.shared;
            let (mut tls, session) = tls::shake(shared, &hello, tap, self.clock.stage()).await;
            let (link, refused) = await_late_refusal(&mut tls, session?, self.clock).await;
            if refused.is_some() {
                return None;
            }
            link
        };
        self.upgrade(link).await
    }

    /// A handshake that goes on after the refusal, and the extra probes.
    async fn probe_further(&mut self, tcp: Tcp) {
        let peer = tcp.peer;
        self.transcript.tcp = Some(tcp);
        let Some(peer) = peer.filter(|_| self.request.probes) else {
            return;
        };
        let tls = self.transcript.tls.as_ref();
        let is_answered = tls.is_some_and(|tls| tls.presented.is_some());
        if self.request.only_handshake && is_answered {
            return;
        }
        let refused = tls.and_then(|tls| tls.failure.as_ref());
        if refused == Some(&TlsFailure::CertificateRefused)
            && let Ok(hello) = hello(self.request)
        {
            let hello = Hello {
                lenient: true,
                with_identity: false,
                ..hello
            };
            let lenient = shake_only(self.prober, &hello, peer, self.clock.stage()).await;
            self.transcript.lenient = lenient;
        }
        extra::probe(self.prober, &mut self.transcript, peer, self.clock).await;
    }
}

/// How the request wants hands to be shaken.
pub(super) fn hello(request: &Request) -> Result<Hello, String> {
    let tls = request.tls.clone().unwrap_or_default();
    let name = tls.server_name.as_deref().unwrap_or(&request.host);
    Ok(Hello {
        name: server_name(name)?,
        send_name: !tls.no_sni,
        alpn: tls.alpn,
        minimum: tls.minimum,
        maximum: tls.maximum,
        lenient: tls.insecure,
        small: tls.small_hello,
        with_identity: true,
    })
}

/// Whether TLS can check a certificate against this name.
#[must_use]
pub fn is_server_name(name: &str) -> bool {
    server_name(name).is_ok()
}

/// A host name or an address as TLS takes it: without trailing dot, brackets or zone.
pub(super) fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let bare = if bare.contains(':') {
        bare.split('%').next().unwrap_or(bare)
    } else {
        bare
    };
    let refused = || format!("`{name}` is neither a host name nor an address that TLS can check");
    ServerName::try_from(bare.to_owned()).map_err(|_| refused())
}

/// A new connection to the same address.
pub(super) async fn connect_again(peer: SocketAddr, deadline: Instant) -> Option<Tap> {
    before(deadline, TcpStream::connect(peer))
        .await?
        .ok()
        .map(Tap::new)
}

/// One handshake over a new connection, closed at once.
pub(super) async fn shake_only(
    prober: &Prober,
    hello: &Hello,
    peer: SocketAddr,
    deadline: Instant,
) -> Option<Tls> {
    let tap = connect_again(peer, deadline).await?;
    let (tls, session) = tls::shake(&prober.shared, hello, tap, deadline).await;
    if let Some(session) = session {
        let link = Link::new(Stream::Tls(Box::new(session.stream)), session.notes);
        link.close(&[]).await;
    }
    Some(tls)
}

/// Reads for a moment where the server may still refuse the client; gives the link, and what came
/// instead of silence or a session ticket.
async fn await_late_refusal(
    tls: &mut Tls,
    session: Session,
    clock: Clock,
) -> (Link, Option<Silence>) {
    let Session {
        stream,
        recorder,
        notes,
    } = session;
    let mut link = Link::new(Stream::Tls(Box::new(stream)), notes.clone());
    let mut refused = None;
    if tls::may_refuse_late(tls) {
        let started = Instant::now();
        let limit = (tls.duration * 3).clamp(GRACE.0, GRACE.1);
        let deadline = clock.within(limit);
        let accepted = || recorder.record().tickets > 0;
        if !accepted() {
            tokio::select! {
                received = link.receive(deadline) => refused = received.err(),
                () = recorder.ticket() => {}
            }
        }
        refused = refused.filter(|silence| *silence != Silence::TimedOut && !accepted());
        if let Some(Silence::Alert(alert)) = &refused {
            tls.alerts.push(*alert);
        }
        tls.grace = Some(started.elapsed());
    }
    tls::note(tls, &recorder, &notes);
    (link, refused)
}
