//! One MQTT session: CONNECT, SUBSCRIBE, PUBLISH and its echo, and holding the line.

mod copies;
mod hold;
mod pace;
mod packets;
mod plan;

use std::time::Duration;

use tokio::time::Instant;

use self::packets::{ask_connack, next, reply, too_many, unexpected};
pub(super) use self::plan::Plan;
use super::clock::Clock;
use super::link::Link;
use crate::diagnose::transcript::{Mqtt, Puback, Reply, Silence, Step, StepName, Transcript};
use crate::mqtt::{
    Ack, AckKind, Connack, Connect, Disconnect, Packet, Publish, Suback, Version, encode,
};
use crate::probe::narrate::{missing, refusal};

/// More packets than this are not read while one answer is awaited.
const MOST_PACKETS: usize = 1_000;
/// How long a silent peer is given to close the connection.
const LINGER: Duration = Duration::from_secs(2);
/// The first byte of a CONNACK.
const CONNACK: u8 = 0x20;
const SUBSCRIBE_ID: u16 = 1;
const PUBLISH_ID: u16 = 2;

/// Runs the whole session over `link`, and says goodbye.
pub(super) async fn run(
    mut link: Link,
    plan: &Plan<'_>,
    transcript: &mut Transcript,
    clock: Clock,
) {
    link.takes_payload(plan.payload.len());
    let mut mqtt = Mqtt {
        version: plan.version,
        client_id: plan.client_id.clone(),
        topic: plan.topic.clone(),
        ..Mqtt::default()
    };
    let mut session = Session {
        link: &mut link,
        plan,
        mqtt: &mut mqtt,
        clock,
    };
    for step in [
        StepName::Mqtt,
        StepName::Subscribe,
        StepName::Publish,
        StepName::Hold,
    ] {
        if transcript.failed().is_some() {
            break;
        }
        let started = Instant::now();
        let mut outcome = session.step(step).await;
        let duration = started.elapsed();
        if step == StepName::Publish {
            outcome = session.look_again(outcome).await;
        }
        transcript.record(match outcome {
            None => continue,
            Some(Outcome::Good(detail)) => Step::good(step, duration, detail),
            Some(Outcome::Failed(detail)) => Step::failed(step, duration, detail),
            Some(Outcome::Skipped(detail)) => Step::skipped(step, detail),
        });
    }
    let connected = mqtt
        .connack
        .value()
        .is_some_and(|connack| connack.code == 0);
    transcript.mqtt = Some(mqtt);
    let goodbye = encode(&Packet::Disconnect(Disconnect::default()), plan.version);
    link.close(if connected {
        goodbye.as_deref().unwrap_or_default()
    } else {
        &[]
    })
    .await;
}

/// CONNECT and its answer alone, without credentials: what an extra probe asks.
pub(super) async fn connect_only(
    link: &mut Link,
    version: Version,
    client_id: &str,
    deadline: Instant,
) -> Reply<Connack> {
    let connect = Connect {
        version,
        client_id: client_id.to_owned(),
        clean_session: true,
        keep_alive: 30,
        ..Connect::default()
    };
    ask_connack(link, &connect, deadline).await
}

/// What ends a session in which nothing is asked; [`Silence::TimedOut`] where nothing does.
pub(super) async fn end_of(link: &mut Link, version: Version, deadline: Instant) -> Silence {
    for _ in 0..MOST_PACKETS {
        match next(link, version, deadline).await {
            Ok(Packet::Disconnect(Disconnect {
                code,
                reason,
                server_reference,
            })) => {
                return Silence::Disconnect {
                    code,
                    reason,
                    server_reference,
                };
            }
            Ok(_) => {}
            Err(silence) => return silence,
        }
    }
    too_many()
}

enum Outcome {
    Good(String),
    Failed(String),
    Skipped(String),
}

struct Session<'a> {
    link: &'a mut Link,
    plan: &'a Plan<'a>,
    mqtt: &'a mut Mqtt,
    clock: Clock,
}

impl Session<'_> {
    async fn step(&mut self, step: StepName) -> Option<Outcome> {
        Some(match step {
            StepName::Mqtt => self.connect().await,
            StepName::Subscribe => self.subscribe().await,
            StepName::Publish => self.publish().await,
            _ => return self.hold().await,
        })
    }

    async fn connect(&mut self) -> Outcome {
        let connect = self.plan.connect();
        self.mqtt.connack = ask_connack(self.link, &connect, self.clock.stage()).await;
        if self.plan.lingers && self.mqtt.connack.missing() == Some(&Silence::TimedOut) {
            self.await_close().await;
        }
        match &self.mqtt.connack {
            Reply::Came { value, .. } if value.code == 0 => {
                let id = value
                    .assigned_client_id
                    .as_deref()
                    .unwrap_or(&self.plan.client_id);
                Outcome::Good(format!(
                    "connected with MQTT {} as `{id}`",
                    self.plan.version
                ))
            }
            Reply::Came { value, .. } => Outcome::Failed(refusal(value, self.plan.version)),
            reply => Outcome::Failed(missing("CONNACK", reply)),
        }
    }

    /// Waits beyond the limit for the end of the connection, which says more than silence.
    async fn await_close(&mut self) {
        let started = Instant::now();
        let ended = self.link.receive(self.clock.within(LINGER)).await;
        let is_connack = ended.is_ok() && self.link.peek(Instant::now()).await == Ok(CONNACK);
        if let (true, Reply::Missing { after, .. }) = (is_connack, &self.mqtt.connack) {
            self.mqtt.late_connack = Some(*after + started.elapsed());
        }
        if let (Err(Silence::Closed(closing)), Reply::Missing { instead, after }) =
            (ended, &mut self.mqtt.connack)
        {
            *instead = Silence::Closed(closing);
            *after += started.elapsed();
        }
    }

    async fn subscribe(&mut self) -> Outcome {
        if !self.plan.request.echo {
            return Outcome::Skipped("no echo was asked for".to_owned());
        }
        let filters = vec![(self.plan.topic.clone(), self.plan.request.qos)];
        let deadline = self.clock.stage();
        let asked = Instant::now();
        let sent = self
            .send(
                &Packet::Subscribe {
                    id: SUBSCRIBE_ID,
                    filters,
                },
                deadline,
            )
            .await;
        let answer = match sent {
            Ok(()) => self.await_suback(deadline).await,
            Err(silence) => Err(silence),
        };
        self.mqtt.suback = reply(answer, asked);
        match &self.mqtt.suback {
            Reply::Came { value, .. } => match value.codes.first() {
                Some(code @ 0..=2) => Outcome::Good(format!(
                    "`{}` with quality of service {code}",
                    self.plan.topic
                )),
                code => {
                    let code = code.copied().unwrap_or_default();
                    Outcome::Failed(format!(
                        "`{}` refused with code {code:#04x}",
                        self.plan.topic
                    ))
                }
            },
            reply => Outcome::Failed(missing("SUBACK", reply)),
        }
    }

    async fn await_suback(&mut self, deadline: Instant) -> Result<Suback, Silence> {
        for _ in 0..MOST_PACKETS {
            match self.next(deadline).await? {
                Packet::Suback {
                    id: SUBSCRIBE_ID,
                    suback,
                } => return Ok(suback),
                other => self.other(other, deadline).await?,
            }
        }
        Err(too_many())
    }

    async fn publish(&mut self) -> Outcome {
        let publish = self.plan.publish();
        let packet = Packet::Publish(publish);
        let bytes = encode(&packet, self.plan.version).unwrap_or_default();
        self.mqtt.publish_bytes = bytes.len();
        if let Some(reason) = self.broker_takes_less() {
            return Outcome::Failed(reason);
        }
        self.link.notes().acknowledge_late();
        let deadline = self.clock.stage();
        let asked = Instant::now();
        let ended = match self.link.send(&bytes, deadline).await {
            Ok(()) => self.await_echo(asked, deadline).await,
            Err(silence) => Err(silence),
        };
        if let Err(silence) = ended {
            self.note_missing(silence, asked);
        }
        self.published()
    }

    /// What a message that came back does not show at once: whether it comes again, and at which pace.
    async fn look_again(&mut self, outcome: Option<Outcome>) -> Option<Outcome> {
        let came = Instant::now();
        if matches!(outcome, Some(Outcome::Good(_))) {
            self.pace().await;
        }
        // Where nothing came while pings were answered, no time is spent on waiting for it.
        if self.mqtt.copies == 0 && self.mqtt.twin_pings.is_some() {
            return outcome;
        }
        self.watch_for_copies(came).await.or(outcome)
    }

    /// What MQTT 5's CONNACK forbids is not sent.
    fn broker_takes_less(&self) -> Option<String> {
        let connack = self.mqtt.connack.value()?;
        let (qos, size) = (self.plan.request.qos, self.mqtt.publish_bytes);
        if connack.maximum_qos.is_some_and(|most| most < qos) {
            let most = connack.maximum_qos.unwrap_or_default();
            return Some(format!(
                "not sent: the broker supports quality of service up to {most}"
            ));
        }
        let most = usize::try_from(connack.maximum_packet_size?).unwrap_or(usize::MAX);
        (most < size).then(|| {
            format!("not sent: the packet has {size} bytes, and the broker takes at most {most}")
        })
    }

    /// Until acknowledgement and echo are there. The echo is acknowledged last: an answer in between
    /// would hide that the broker waits for one between two packets (Nagle's algorithm).
    async fn await_echo(&mut self, asked: Instant, deadline: Instant) -> Result<(), Silence> {
        let mut packets = 0;
        let mut echo = None;
        while self.is_open() {
            packets += 1;
            if packets > MOST_PACKETS {
                return Err(too_many());
            }
            match self.next(deadline).await? {
                Packet::Ack(Ack {
                    kind: AckKind::Puback,
                    id: PUBLISH_ID,
                    code,
                    reason,
                }) => {
                    self.mqtt.puback = reply(Ok(Puback { code, reason }), asked);
                }
                Packet::Ack(Ack {
                    kind: AckKind::Pubrec,
                    id: PUBLISH_ID,
                    code,
                    reason,
                }) => {
                    if code < 0x80 {
                        let release = Ack::good(AckKind::Pubrel, PUBLISH_ID);
                        self.send(&Packet::Ack(release), deadline).await?;
                    }
                    self.mqtt.puback = reply(Ok(Puback { code, reason }), asked);
                }
                Packet::Publish(publish) if echo.is_none() && self.is_ours(&publish) => {
                    self.mqtt.echo = reply(Ok(()), asked);
                    echo = Some(publish);
                }
                other => self.other(other, deadline).await?,
            }
        }
        match echo {
            Some(publish) => self.acknowledge(&publish, deadline).await,
            None => Ok(()),
        }
    }

    fn is_ours(&self, publish: &Publish) -> bool {
        publish.topic == self.plan.topic && publish.payload == self.plan.payload
    }

    /// Whether something is still to come.
    fn is_open(&self) -> bool {
        if self
            .mqtt
            .puback
            .value()
            .is_some_and(|puback| puback.code >= 0x80)
        {
            return false;
        }
        let acknowledged = self.plan.request.qos == 0 || self.mqtt.puback != Reply::NotAsked;
        let echoed = !self.plan.request.echo || self.mqtt.echo != Reply::NotAsked;
        !(acknowledged && echoed)
    }

    fn note_missing(&mut self, silence: Silence, asked: Instant) {
        if self.plan.request.qos > 0 && self.mqtt.puback == Reply::NotAsked {
            self.mqtt.puback = reply(Err(silence.clone()), asked);
        }
        if self.plan.request.echo && self.mqtt.echo == Reply::NotAsked {
            self.mqtt.echo = reply(Err(silence), asked);
        }
    }

    fn published(&self) -> Outcome {
        let bytes = self.plan.payload.len();
        if let Some(puback) = self.mqtt.puback.value()
            && puback.code >= 0x80
        {
            return Outcome::Failed(format!("refused with code {:#04x}", puback.code));
        }
        if self.mqtt.puback.missing().is_some() {
            return Outcome::Failed(missing("acknowledgement", &self.mqtt.puback));
        }
        match &self.mqtt.echo {
            Reply::Came { .. } => Outcome::Good(format!("{bytes} bytes sent and come back")),
            Reply::NotAsked if !self.plan.request.echo => {
                Outcome::Good(format!("{bytes} bytes sent"))
            }
            reply => Outcome::Failed(missing("echo", reply)),
        }
    }

    async fn send(&mut self, packet: &Packet, deadline: Instant) -> Result<(), Silence> {
        let bytes = encode(packet, self.plan.version).map_err(|error| Silence::Malformed {
            reason: error.to_string(),
            bytes: Vec::new(),
        })?;
        self.link.send(&bytes, deadline).await
    }

    async fn next(&mut self, deadline: Instant) -> Result<Packet, Silence> {
        next(self.link, self.plan.version, deadline).await
    }

    /// A packet that is not the one awaited: messages of others are acknowledged and counted.
    async fn other(&mut self, packet: Packet, deadline: Instant) -> Result<(), Silence> {
        match packet {
            Packet::Publish(publish) if self.is_ours(&publish) => {
                self.mqtt.copies += 1;
                self.acknowledge(&publish, deadline).await
            }
            Packet::Publish(publish) => {
                self.mqtt.other_messages += 1;
                if publish.topic == self.plan.topic {
                    self.mqtt.altered = Some(publish.payload.len());
                }
                self.acknowledge(&publish, deadline).await
            }
            Packet::Ack(Ack {
                kind: AckKind::Pubrel,
                id,
                ..
            }) => {
                let complete = Ack::good(AckKind::Pubcomp, id);
                self.send(&Packet::Ack(complete), deadline).await
            }
            Packet::Disconnect(Disconnect {
                code,
                reason,
                server_reference,
            }) => Err(Silence::Disconnect {
                code,
                reason,
                server_reference,
            }),
            Packet::Suback { id, .. } => Err(unexpected(&format!(
                "a SUBACK for the packet {id}, which was none,"
            ))),
            Packet::Ack(Ack { id, .. }) if id != PUBLISH_ID => Err(unexpected(&format!(
                "an acknowledgement of the packet {id}, which was none,"
            ))),
            Packet::Connack(_) => Err(unexpected("a second CONNACK")),
            Packet::Connect(_) => Err(unexpected("a CONNECT, which only clients send")),
            Packet::Subscribe { .. } | Packet::Unsubscribe { .. } | Packet::Pingreq => {
                Err(unexpected("a packet that only clients send"))
            }
            _ => Ok(()),
        }
    }

    async fn acknowledge(&mut self, publish: &Publish, deadline: Instant) -> Result<(), Silence> {
        let kind = match publish.qos {
            0 => return Ok(()),
            1 => AckKind::Puback,
            _ => AckKind::Pubrec,
        };
        self.send(&Packet::Ack(Ack::good(kind, publish.id)), deadline)
            .await
    }
}
