//! MQTT packets as bytes and back, for versions 3.1, 3.1.1 and 5.
//!
//! The packets' encodings are those of rumqttc's `mqttbytes`; what it cannot do is done here:
//! CONNECT of MQTT 3.1 and with a password that is wiped, answers with codes outside the standard,
//! and framing with a bound.

mod connect;
mod decode;
mod encode;
mod frame;
mod topic;

use std::fmt;

pub use connect::{Connect, Will};
pub use decode::decode;
pub use encode::encode;
pub use frame::{Frame, Kind, split};
pub use topic::{is_filter, is_topic, matches};

/// A version of MQTT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// MQTT 3.1 (`MQIsdp`).
    V31,
    /// MQTT 3.1.1.
    #[default]
    V311,
    /// MQTT 5.
    V5,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V31 => "3.1",
            Self::V311 => "3.1.1",
            Self::V5 => "5",
        })
    }
}

/// A packet.
#[derive(Debug)]
#[non_exhaustive]
pub enum Packet {
    /// CONNECT.
    Connect(Connect),
    /// CONNACK.
    Connack(Connack),
    /// PUBLISH.
    Publish(Publish),
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack(Ack),
    /// SUBSCRIBE.
    Subscribe {
        /// Packet identifier.
        id: u16,
        /// Topic filters, each with its highest quality of service.
        filters: Vec<(String, u8)>,
    },
    /// SUBACK.
    Suback {
        /// Packet identifier.
        id: u16,
        /// The answer.
        suback: Suback,
    },
    /// UNSUBSCRIBE.
    Unsubscribe {
        /// Packet identifier.
        id: u16,
        /// Topic filters.
        filters: Vec<String>,
    },
    /// UNSUBACK.
    Unsuback {
        /// Packet identifier.
        id: u16,
        /// MQTT 5: a reason code for each filter.
        codes: Vec<u8>,
    },
    /// PINGREQ.
    Pingreq,
    /// PINGRESP.
    Pingresp,
    /// DISCONNECT.
    Disconnect(Disconnect),
    /// AUTH (MQTT 5), whose contents are not read.
    Auth,
}

/// CONNACK.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connack {
    /// The return code (3.1.1) or reason code (5), as on the wire.
    pub code: u8,
    /// The answer is that of a broker which does not know version 5: two bytes, no properties.
    pub without_properties: bool,
    /// The broker had a session for this client id.
    pub session_present: bool,
    /// The reason string.
    pub reason: Option<String>,
    /// Another server to use.
    pub server_reference: Option<String>,
    /// The client id that the broker chose.
    pub assigned_client_id: Option<String>,
    /// The keep-alive that the broker demands, in seconds.
    pub server_keep_alive: Option<u16>,
    /// The largest packet that the broker takes, in bytes.
    pub maximum_packet_size: Option<u32>,
    /// The highest quality of service.
    pub maximum_qos: Option<u8>,
    /// Whether retained messages are kept.
    pub retain_available: Option<bool>,
    /// The user properties.
    pub user_properties: Vec<(String, String)>,
}

/// SUBACK.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suback {
    /// The codes, one a filter, as on the wire.
    pub codes: Vec<u8>,
    /// The reason string.
    pub reason: Option<String>,
}

/// PUBLISH.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publish {
    /// Sent before.
    pub dup: bool,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// To be kept by the broker, or one that was.
    pub retain: bool,
    /// The topic.
    pub topic: String,
    /// Packet identifier; 0 with quality of service 0.
    pub id: u16,
    /// The message.
    pub payload: bytes::Bytes,
}

/// Which of the acknowledgements of a PUBLISH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AckKind {
    /// PUBACK.
    Puback,
    /// PUBREC.
    Pubrec,
    /// PUBREL.
    Pubrel,
    /// PUBCOMP.
    Pubcomp,
}

/// An acknowledgement of a PUBLISH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Which.
    pub kind: AckKind,
    /// Packet identifier.
    pub id: u16,
    /// MQTT 5's reason code, as on the wire; 0 in 3.1.1.
    pub code: u8,
    /// The reason string.
    pub reason: Option<String>,
}

impl Ack {
    /// A positive acknowledgement.
    #[must_use]
    pub fn good(kind: AckKind, id: u16) -> Self {
        Self {
            kind,
            id,
            code: 0,
            reason: None,
        }
    }
}

/// DISCONNECT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// MQTT 5's reason code, as on the wire; 0 in 3.1.1.
    pub code: u8,
    /// The reason string.
    pub reason: Option<String>,
    /// Another server to use.
    pub server_reference: Option<String>,
}

/// Why bytes are no packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The packet type 0, which is reserved.
    #[error("packet type {0} does not exist")]
    UnknownType(u8),
    /// A remaining length of more than four bytes.
    #[error("the remaining length takes more than 4 bytes")]
    LengthTooLong,
    /// A packet larger than the limit.
    #[error("a packet of {length} bytes is announced; the limit is {limit}")]
    TooLarge {
        /// Announced.
        length: usize,
        /// Allowed.
        limit: usize,
    },
    /// The contents do not have the packet's form.
    #[error("the {kind} packet is malformed: {reason}")]
    Malformed {
        /// The packet.
        kind: Kind,
        /// What is wrong.
        reason: String,
    },
    /// A CONNECT of a protocol, or a version of it, that is not known here.
    #[error("the protocol `{name}` level {level} is not known here")]
    UnknownProtocol {
        /// The protocol's name.
        name: String,
        /// Its level.
        level: u8,
    },
}

impl Error {
    pub(crate) fn malformed(kind: Kind, reason: impl fmt::Display) -> Self {
        Self::Malformed {
            kind,
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
