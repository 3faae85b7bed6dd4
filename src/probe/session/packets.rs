//! Questions and answers: one packet after the other, and what comes instead.

use tokio::time::Instant;

use super::MOST_PACKETS;
use crate::diagnose::transcript::{Reply, Silence};
use crate::mqtt::{Connack, Connect, Disconnect, Kind, Packet, Version, decode};
use crate::probe::link::Link;

pub(super) async fn ask_connack(
    link: &mut Link,
    connect: &Connect,
    deadline: Instant,
) -> Reply<Connack> {
    let asked = Instant::now();
    let answer = async {
        let bytes = connect.encode().map_err(|error| Silence::Malformed {
            reason: error.to_string(),
            bytes: Vec::new(),
        })?;
        link.send(&bytes, deadline).await?;
        await_connack(link, connect.version, deadline).await
    };
    reply(answer.await, asked)
}

async fn await_connack(
    link: &mut Link,
    version: Version,
    deadline: Instant,
) -> Result<Connack, Silence> {
    // Only CONNACK may come first; MQTT 5 has DISCONNECT and AUTH besides.
    let first = link.peek(deadline).await?;
    let expected: &[u8] = if version == Version::V5 {
        &[0x20, 0xe0, 0xf0]
    } else {
        &[0x20]
    };
    if !expected.contains(&first) {
        let bytes = link.foreign().await;
        return Err(match bytes.as_slice() {
            [0x30..=0x3f, ..] if mqtt_like(&bytes) => Silence::Malformed {
                reason: "a PUBLISH came before CONNACK".to_owned(),
                bytes,
            },
            [first, length, rest @ ..]
                if *first >= 0x20 && *first < 0xff && usize::from(*length) == rest.len() =>
            {
                let what = packet_name(*first);
                Silence::Malformed {
                    reason: format!("{what} came where CONNACK has to come"),
                    bytes,
                }
            }
            _ => Silence::Foreign(bytes),
        });
    }
    match next(link, version, deadline).await? {
        Packet::Connack(connack) => Ok(connack),
        Packet::Disconnect(Disconnect {
            code,
            reason,
            server_reference,
        }) => Err(Silence::Disconnect {
            code,
            reason,
            server_reference,
        }),
        _ => Err(Silence::Auth),
    }
}

/// A packet by its first byte, for sentences.
fn packet_name(first: u8) -> &'static str {
    match first {
        0x20..=0x2f => "a CONNACK with reserved flags set",
        0x40..=0x7f => "an acknowledgement of a message",
        0x90 => "a SUBACK",
        0xb0 => "an UNSUBACK",
        0xd0 => "a PINGRESP",
        0xe0 => "a DISCONNECT, which MQTT 3.1.1 has from clients alone,",
        _ => "another packet",
    }
}

/// Whether the bytes could be a PUBLISH: a plausible length and topic length follow the first byte.
fn mqtt_like(bytes: &[u8]) -> bool {
    matches!(bytes, [_, length, 0, topic, ..] if *length < 128 && *topic < *length)
}

pub(super) async fn next(
    link: &mut Link,
    version: Version,
    deadline: Instant,
) -> Result<Packet, Silence> {
    let frame = link.frame(deadline).await?;
    let bytes: Vec<u8> = frame.whole.iter().take(64).copied().collect();
    if frame.kind == Kind::Connack && frame.body.len() < 2 {
        let reason = "the CONNACK is shorter than two bytes".to_owned();
        return Err(Silence::Malformed { reason, bytes });
    }
    decode(frame, version).map_err(|error| Silence::Malformed {
        reason: error.to_string(),
        bytes,
    })
}

pub(super) fn reply<T>(answer: Result<T, Silence>, asked: Instant) -> Reply<T> {
    let after = asked.elapsed();
    match answer {
        Ok(value) => Reply::Came { value, after },
        Err(instead) => Reply::Missing { instead, after },
    }
}

pub(super) fn unexpected(what: &str) -> Silence {
    Silence::Malformed {
        reason: format!("{what} came"),
        bytes: Vec::new(),
    }
}

pub(super) fn too_many() -> Silence {
    Silence::TooMuch(format!(
        "more than {MOST_PACKETS} packets came before the answer"
    ))
}
