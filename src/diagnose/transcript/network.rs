//! Evidence below TLS: addresses, connection attempts, and how connections ended.

use core::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Name to addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolve {
    /// The addresses, in the resolver's order, each once.
    pub addresses: Vec<IpAddr>,
    /// How many more the resolver gave than are kept.
    pub left_out: usize,
    /// Why there is none.
    pub failure: Option<ResolveFailure>,
    /// How long the resolver took.
    pub duration: Duration,
}

/// What the resolver said instead of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveFailure {
    /// The name does not exist.
    NotFound,
    /// The name exists, without an address record.
    NoAddress,
    /// A temporary failure (SERVFAIL, or no answer from the name server: the system's resolver
    /// does not tell them apart; [`Resolve::duration`] may).
    Temporary,
    /// A permanent failure, or none of the above, in the system's words.
    Failed(String),
    /// certgen's own limit passed before the resolver answered.
    TimedOut,
    /// The text is no host name that could be looked up.
    NotAName(String),
}

/// The connection attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tcp {
    /// In the order in which they were begun; addresses never tried are [`TcpFailure::NotTried`].
    pub attempts: Vec<AddressAttempt>,
    /// The address that the conversation went to.
    pub peer: Option<SocketAddr>,
    /// Our end of it.
    pub local: Option<SocketAddr>,
}

impl Tcp {
    /// The attempt that the conversation used.
    #[must_use]
    pub fn used(&self) -> Option<&AddressAttempt> {
        self.attempts
            .iter()
            .find(|attempt| Some(attempt.address) == self.peer)
    }
}

/// One attempt at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressAttempt {
    /// The address.
    pub address: SocketAddr,
    /// What came of it.
    pub result: Result<Connected, TcpFailure>,
    /// From the first SYN to the result, or to when it was given up.
    pub duration: Duration,
}

/// The connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connected;

/// Why no connection was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TcpFailure {
    /// The host answered with a reset: nothing listens.
    Refused,
    /// The connection was made and reset before it could be used.
    Reset,
    /// No answer within the limit of the stage.
    TimedOut,
    /// No answer by the time another address had answered and a second had passed.
    NoAnswerYet,
    /// A router or firewall said no, or there is no route; in the system's words.
    Unreachable(String),
    /// Something else, in the system's words.
    Other(String),
    /// Not tried: an earlier address answered.
    NotTried,
}

/// How a connection ended, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// The way.
    pub how: HowClosed,
    /// Since the connection was made.
    pub after: Duration,
}

/// The way a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HowClosed {
    /// TLS's own close_notify came first.
    CloseNotify,
    /// The end of the stream (FIN).
    EndOfStream,
    /// A reset (RST), or writing failed because of one.
    Reset,
}

/// What went over the wire below TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes sent.
    pub sent: u64,
    /// Bytes sent before the first byte was received.
    pub first_flight: u64,
    /// Bytes received.
    pub received: u64,
    /// The first bytes received, at most 512.
    pub first: Vec<u8>,
    /// When the first byte came, since the connection was made.
    pub first_after: Option<Duration>,
    /// When the last byte came.
    pub last_after: Option<Duration>,
    /// Whether the peer sent before we did.
    pub peer_spoke_first: bool,
    /// How the peer closed, where it did.
    pub closed: Option<Closing>,
}
