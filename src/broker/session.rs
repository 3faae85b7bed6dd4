//! The MQTT session of one client, as the broker sees it.

use core::net::SocketAddr;
use std::collections::BTreeSet;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::router::{Delivery, Mailbox, Ticket};
use super::{Event, Fault, Shared};
use crate::mqtt::{
    Ack, AckKind, Connack, Connect, Disconnect, Packet, Publish, Suback, Version, Will, decode,
    encode, is_filter, is_topic, split,
};

/// Packets longer than this close the connection.
const LARGEST: usize = 256 * 1_024;
/// How long CONNECT may take, and one write.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages of quality of service 2 that one client may leave open.
const MOST_OPEN: usize = 256;
/// What [`Fault::SmallPackets`] lets pass.
const SMALL: usize = 60;

/// Why a session ends, in one sentence.
type Reason = String;

/// Serves one client from CONNECT to the end.
pub(super) async fn serve<S>(shared: &Shared, stream: S, peer: SocketAddr, user: Option<String>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut wire = Wire {
        stream,
        buffer: BytesMut::new(),
        version: Version::V311,
    };
    let connect = match timeout(PATIENCE, wire.receive(LARGEST)).await {
        Err(_) => Err("no CONNECT came in time".to_owned()),
        Ok(Ok(Packet::Connect(connect))) => Ok(connect),
        Ok(Ok(_)) => Err("the first packet is no CONNECT".to_owned()),
        Ok(Err(reason)) => Err(reason),
    };
    let connect = match connect {
        Ok(connect) => connect,
        Err(reason) => return (shared.observer)(Event::Refused { peer, reason }),
    };
    wire.version = connect.version;
    if let Err(reason) = session(shared, &mut wire, peer, user, connect).await {
        (shared.observer)(Event::Refused { peer, reason });
    }
    let _ = timeout(PATIENCE, wire.stream.shutdown()).await;
}

async fn session<S>(
    shared: &Shared,
    wire: &mut Wire<S>,
    peer: SocketAddr,
    user: Option<String>,
    connect: Connect,
) -> Result<(), Reason>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (client_id, connack) = welcome(&connect)?;
    let connack = shared
        .fault
        .and_then(|fault| fault.connack(connect.version))
        .unwrap_or(connack);
    match shared.fault {
        Some(Fault::CloseOnConnect) => return Err("closed on CONNECT, as asked for".to_owned()),
        Some(Fault::NoConnack) => {
            sleep(Duration::from_secs(120)).await;
            return Err("left without an answer, as asked for".to_owned());
        }
        _ => {}
    }
    let code = connack.code;
    wire.send(&Packet::Connack(connack)).await?;
    if code != 0 {
        return Err(format!("CONNECT refused with code {code:#04x}"));
    }
    let (ticket, mailbox) = shared.router.enter(&client_id);
    let user = user.or(connect.username);
    let version = connect.version;
    (shared.observer)(Event::Connected {
        peer,
        client_id: client_id.clone(),
        user,
        version,
    });
    let mut client = Client {
        shared,
        wire,
        ticket,
        limit: keep_alive(connect.keep_alive),
        next_id: 0,
        open: BTreeSet::new(),
    };
    let ended = client.run(mailbox).await;
    shared.router.leave(&client.ticket);
    let reason = match ended {
        Ok(()) => "it said goodbye".to_owned(),
        Err(reason) => {
            if let Some(Will {
                topic,
                payload,
                qos,
                retain,
            }) = connect.will
            {
                let payload = payload.into();
                shared.router.route(&Publish {
                    topic,
                    payload,
                    qos,
                    retain,
                    ..Publish::default()
                });
            }
            reason
        }
    };
    (shared.observer)(Event::Disconnected {
        peer,
        client_id,
        reason,
    });
    Ok(())
}

/// The client id, chosen here where the client has none, and the answer to CONNECT.
fn welcome(connect: &Connect) -> Result<(String, Connack), Reason> {
    let mut connack = Connack::default();
    if !connect.client_id.is_empty() {
        return Ok((connect.client_id.clone(), connack));
    }
    if connect.version == Version::V31 || !connect.clean_session {
        return Err("the client id is empty".to_owned());
    }
    let random = crate::random::array::<6>(&mut crate::random::SystemRandom);
    let client_id = format!("auto-{}", crate::x509::hex(&random));
    if connect.version == Version::V5 {
        connack.assigned_client_id = Some(client_id.clone());
    }
    Ok((client_id, connack))
}

/// One and a half times the keep-alive (MQTT 3.1.1 section 3.1.2.10).
fn keep_alive(seconds: u16) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_millis(u64::from(seconds) * 1_500))
}

/// Bytes in and out.
struct Wire<S> {
    stream: S,
    buffer: BytesMut,
    version: Version,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    async fn receive(&mut self, largest: usize) -> Result<Packet, Reason> {
        loop {
            let frame = split(&mut self.buffer, largest).map_err(|error| error.to_string())?;
            if let Some(frame) = frame {
                return decode(frame, self.version).map_err(|error| error.to_string());
            }
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) => return Err("it closed the connection without a goodbye".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(format!("the connection broke: {error}")),
            }
        }
    }

    async fn send(&mut self, packet: &Packet) -> Result<(), Reason> {
        let bytes = encode(packet, self.version).map_err(|error| error.to_string())?;
        let sending = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        match timeout(PATIENCE, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the connection broke: {error}")),
            Err(_) => Err("it does not read".to_owned()),
        }
    }
}

struct Client<'a, S> {
    shared: &'a Shared,
    wire: &'a mut Wire<S>,
    ticket: Ticket,
    limit: Option<Duration>,
    next_id: u16,
    /// Messages of quality of service 2 that were routed and are not released yet.
    open: BTreeSet<u16>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<'_, S> {
    async fn run(&mut self, mut mailbox: Mailbox) -> Result<(), Reason> {
        let largest = if self.is(Fault::SmallPackets) {
            SMALL
        } else {
            LARGEST
        };
        let mut last = Instant::now();
        loop {
            let silent = self
                .limit
                .map_or(last + Duration::from_secs(86_400), |limit| last + limit);
            tokio::select! {
                packet = self.wire.receive(largest) => {
                    last = Instant::now();
                    match packet? {
                        Packet::Disconnect(_) => return Ok(()),
                        packet => self.answer(packet).await?,
                    }
                }
                delivery = mailbox.recv() => match delivery {
                    Some(Delivery::Message(publish)) => self.deliver(publish).await?,
                    Some(Delivery::TakenOver) => {
                        let goodbye = Disconnect { code: 0x8e, ..Disconnect::default() };
                        if self.wire.version == Version::V5 {
                            self.wire.send(&Packet::Disconnect(goodbye)).await?;
                        }
                        return Err("another client came with its client id".to_owned());
                    }
                    None => return Err("it does not read its messages".to_owned()),
                },
                () = sleep_until(silent) => {
                    return Err("it was silent for longer than its keep-alive".to_owned());
                }
            }
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.shared.fault == Some(fault)
    }

    async fn answer(&mut self, packet: Packet) -> Result<(), Reason> {
        match packet {
            Packet::Publish(publish) => self.take(publish).await,
            Packet::Subscribe { id, filters } => self.subscribe(id, filters).await,
            Packet::Unsubscribe { id, filters } => {
                let removed = filters.iter();
                let removed =
                    removed.map(|filter| self.shared.router.unsubscribe(&self.ticket, filter));
                let codes = removed
                    .map(|was_there| if was_there { 0 } else { 0x11 })
                    .collect();
                self.wire.send(&Packet::Unsuback { id, codes }).await
            }
            Packet::Pingreq if self.is(Fault::NoPingresp) => Ok(()),
            Packet::Pingreq => self.wire.send(&Packet::Pingresp).await,
            Packet::Ack(Ack {
                kind: AckKind::Pubrel,
                id,
                ..
            }) => {
                self.open.remove(&id);
                self.acknowledge(AckKind::Pubcomp, id).await
            }
            Packet::Ack(Ack {
                kind: AckKind::Pubrec,
                id,
                ..
            }) => self.acknowledge(AckKind::Pubrel, id).await,
            Packet::Ack(_) => Ok(()),
            _ => Err("it sent a packet that only brokers send, or a second CONNECT".to_owned()),
        }
    }

    async fn acknowledge(&mut self, kind: AckKind, id: u16) -> Result<(), Reason> {
        self.wire.send(&Packet::Ack(Ack::good(kind, id))).await
    }

    async fn take(&mut self, publish: Publish) -> Result<(), Reason> {
        if !is_topic(&publish.topic) {
            return Err(format!(
                "it published to `{}`, which is no topic",
                publish.topic
            ));
        }
        if publish.qos > 0 && self.is(Fault::OnlyQos0) {
            return Err("it used a quality of service above 0".to_owned());
        }
        let is_new = publish.qos < 2 || !self.open.contains(&publish.id);
        if publish.qos == 2 && is_new {
            if self.open.len() >= MOST_OPEN {
                return Err("it left too many messages open".to_owned());
            }
            self.open.insert(publish.id);
        }
        if !self.is(Fault::NoPuback) {
            match publish.qos {
                0 => {}
                1 => self.acknowledge(AckKind::Puback, publish.id).await?,
                _ => self.acknowledge(AckKind::Pubrec, publish.id).await?,
            }
        }
        if is_new && !self.is(Fault::MessagesDropped) {
            self.shared.router.route(&publish);
        }
        Ok(())
    }

    async fn subscribe(&mut self, id: u16, filters: Vec<(String, u8)>) -> Result<(), Reason> {
        if self.is(Fault::NoSuback) {
            return Ok(());
        }
        let mut codes = Vec::new();
        let mut retained = Vec::new();
        for (filter, qos) in filters {
            let granted = if self.is(Fault::OnlyQos0) { 0 } else { qos };
            let taken = (is_filter(&filter) && !self.is(Fault::SubscribeRefused))
                .then(|| self.shared.router.subscribe(&self.ticket, &filter, granted))
                .flatten();
            codes.push(if taken.is_some() { granted } else { 0x80 });
            retained.extend(taken.unwrap_or_default());
        }
        let suback = Suback {
            codes,
            reason: None,
        };
        self.wire.send(&Packet::Suback { id, suback }).await?;
        for publish in retained {
            self.deliver(publish).await?;
        }
        Ok(())
    }

    async fn deliver(&mut self, mut publish: Publish) -> Result<(), Reason> {
        if publish.qos > 0 {
            self.next_id = self.next_id.checked_add(1).unwrap_or(1);
            publish.id = self.next_id;
        } else {
            publish.id = 0;
        }
        self.wire.send(&Packet::Publish(publish)).await
    }
}
