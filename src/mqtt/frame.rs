//! The fixed header (MQTT 3.1.1 section 2.2, MQTT 5 section 2.1), with a bound on the length.

use std::fmt;

use bytes::{Buf as _, Bytes, BytesMut};
use rumqttc::mqttbytes;

use super::Error;

/// The type of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Kind {
    Connect,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect,
    Auth,
}

impl Kind {
    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Connect,
            2 => Self::Connack,
            3 => Self::Publish,
            4 => Self::Puback,
            5 => Self::Pubrec,
            6 => Self::Pubrel,
            7 => Self::Pubcomp,
            8 => Self::Subscribe,
            9 => Self::Suback,
            10 => Self::Unsubscribe,
            11 => Self::Unsuback,
            12 => Self::Pingreq,
            13 => Self::Pingresp,
            14 => Self::Disconnect,
            15 => Self::Auth,
            _ => return None,
        })
    }
}

impl fmt::Display for Kind {
    /// The standard's name, in capitals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "CONNECT",
            Self::Connack => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::Puback => "PUBACK",
            Self::Pubrec => "PUBREC",
            Self::Pubrel => "PUBREL",
            Self::Pubcomp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::Suback => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Unsuback => "UNSUBACK",
            Self::Pingreq => "PINGREQ",
            Self::Pingresp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        })
    }
}

/// One whole packet, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its type.
    pub kind: Kind,
    /// The first byte: type and flags.
    pub first: u8,
    /// What follows the fixed header.
    pub body: Bytes,
    /// The packet with its fixed header.
    pub whole: Bytes,
}

/// Takes the first packet from `buffer`; `None` while it is not whole.
///
/// # Errors
///
/// When the fixed header is none, or announces a body of more than `limit` bytes.
pub fn split(buffer: &mut BytesMut, limit: usize) -> Result<Option<Frame>, Error> {
    let Some(&first) = buffer.first() else {
        return Ok(None);
    };
    let kind = Kind::from_number(first >> 4).ok_or(Error::UnknownType(first >> 4))?;
    let length = match mqttbytes::check(buffer.iter(), limit) {
        Ok(header) => header.frame_length(),
        Err(mqttbytes::Error::InsufficientBytes(_)) => return Ok(None),
        Err(mqttbytes::Error::PayloadSizeLimitExceeded(length)) => {
            return Err(Error::TooLarge { length, limit });
        }
        Err(_) => return Err(Error::LengthTooLong),
    };
    let whole = buffer.split_to(length).freeze();
    let mut body = whole.clone();
    body.advance(header_length(&whole));
    Ok(Some(Frame {
        kind,
        first,
        body,
        whole,
    }))
}

/// One byte, and the bytes of the remaining length up to the first below 128.
fn header_length(whole: &[u8]) -> usize {
    let more = whole
        .iter()
        .skip(1)
        .take_while(|byte| **byte >= 128)
        .count();
    (2 + more).min(whole.len())
}

/// Appends a fixed header.
///
/// # Errors
///
/// When the body is longer than MQTT can say (268,435,455 bytes).
pub(super) fn write_header(out: &mut Vec<u8>, first: u8, length: usize) -> Result<(), Error> {
    const MAXIMUM: usize = 268_435_455;
    if length > MAXIMUM {
        return Err(Error::TooLarge {
            length,
            limit: MAXIMUM,
        });
    }
    out.push(first);
    let mut rest = length;
    loop {
        let low = u8::try_from(rest % 128).unwrap_or(0);
        rest /= 128;
        out.push(if rest > 0 { low | 128 } else { low });
        if rest == 0 {
            return Ok(());
        }
    }
}
