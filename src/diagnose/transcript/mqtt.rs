//! Evidence of an MQTT session.

use std::time::Duration;

use super::{Alert, Closing};
use crate::mqtt::{Connack, Suback, Version};

/// The HTTP upgrade to a WebSocket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upgrade {
    /// The path asked for.
    pub path: String,
    /// HTTP's status, where an answer came.
    pub status: Option<u16>,
    /// Where the server redirects to, where it does.
    pub location: Option<String>,
    /// The sub-protocol that the server chose.
    pub protocol: Option<String>,
    /// Why the upgrade failed, in one sentence; `None` where it did not.
    pub failure: Option<String>,
    /// The beginning of what came with a status that refuses: raw text, mostly HTML.
    pub body: String,
    /// The code and the reason with which the peer ended the WebSocket, where it gave any.
    pub farewell: Option<(u16, String)>,
}

/// More copies of one message than this are a circle, and no second way to the same client.
pub const MOST_COPIES: usize = 2;

/// One MQTT session.
#[derive(Debug, Clone, Default)]
pub struct Mqtt {
    /// The version spoken.
    pub version: Version,
    /// The client id sent.
    pub client_id: String,
    /// The topic used.
    pub topic: String,
    /// When the answer to CONNECT came, where that was after the limit.
    pub late_connack: Option<Duration>,
    /// Bytes of the PUBLISH packet.
    pub publish_bytes: usize,
    /// An earlier attempt with another version that the broker refused, and its answer.
    pub earlier: Option<(Version, Reply<Connack>)>,
    /// The answer to CONNECT.
    pub connack: Reply<Connack>,
    /// The answer to SUBSCRIBE.
    pub suback: Reply<Suback>,
    /// The answer to PUBLISH, with quality of service 1 or 2.
    pub puback: Reply<Puback>,
    /// The test message, come back.
    pub echo: Reply<()>,
    /// The answers to PINGREQ.
    pub pings: Vec<Reply<()>>,
    /// The answers to two PINGREQs sent at once, acknowledged late: the shortest of a few tries.
    pub twin_pings: Option<Duration>,
    /// Messages that were not ours (retained ones, or of others on the same topic).
    pub other_messages: usize,
    /// Bytes of a message on the test's topic that was another than the one sent.
    pub altered: Option<usize>,
    /// How often the test message came again after its echo.
    pub copies: usize,
    /// What went wrong while the session was held.
    pub held: Option<Silence>,
}

/// What came in answer to a packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply<T> {
    /// Nothing was asked.
    #[default]
    NotAsked,
    /// The answer.
    Came {
        /// It.
        value: T,
        /// Since the question was sent.
        after: Duration,
    },
    /// No answer.
    Missing {
        /// What came instead.
        instead: Silence,
        /// Since the question was sent.
        after: Duration,
    },
}

impl<T> Reply<T> {
    /// The answer, where it came.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Came { value, .. } => Some(value),
            _ => None,
        }
    }

    /// What came instead of the answer.
    pub fn missing(&self) -> Option<&Silence> {
        match self {
            Self::Missing { instead, .. } => Some(instead),
            _ => None,
        }
    }

    /// How long the answer took.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Came { after, .. } => Some(*after),
            _ => None,
        }
    }
}

/// What came instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Silence {
    /// Nothing, within the limit of the stage.
    TimedOut,
    /// The end of the connection.
    Closed(Closing),
    /// A TLS alert.
    Alert(Alert),
    /// MQTT 5's DISCONNECT.
    Disconnect {
        /// The reason code.
        code: u8,
        /// The reason string.
        reason: Option<String>,
        /// Another server to use.
        server_reference: Option<String>,
    },
    /// MQTT 5's AUTH, which nobody had offered to answer.
    Auth,
    /// Bytes of another protocol: the first of them.
    Foreign(Vec<u8>),
    /// A packet that breaks the standard: why, in one sentence, and its first bytes.
    Malformed {
        /// Why.
        reason: String,
        /// The first bytes.
        bytes: Vec<u8>,
    },
    /// More packets, or longer ones, than certgen reads.
    TooMuch(String),
}

/// PUBACK, or PUBREC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Puback {
    /// The reason code; 0 in 3.1.1.
    pub code: u8,
    /// The reason string.
    pub reason: Option<String>,
}
