//! Connections, begun one after the other without waiting for each to fail (RFC 8305).

use core::net::SocketAddr;
use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::clock::before;
use crate::diagnose::transcript::{AddressAttempt, Connected, Tcp, TcpFailure};

/// How long the next address waits for the one before it (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// How long an address may take to answer once another has.
const PATIENCE: Duration = Duration::from_millis(1_200);

type Attempt = (AddressAttempt, Option<TcpStream>);

/// The connection, and the attempts that have not ended yet.
#[derive(Debug)]
pub(super) struct Connecting {
    addresses: Vec<SocketAddr>,
    running: JoinSet<Attempt>,
    ended: Vec<AddressAttempt>,
    begun: usize,
    started: Instant,
    peer: Option<SocketAddr>,
    local: Option<SocketAddr>,
}

impl Connecting {
    /// Connects to the first of the addresses that answers before the deadline.
    pub(super) async fn first(
        addresses: Vec<SocketAddr>,
        deadline: Instant,
    ) -> (Self, Option<TcpStream>) {
        let mut this = Self {
            addresses,
            running: JoinSet::new(),
            ended: Vec::new(),
            begun: 0,
            started: Instant::now(),
            peer: None,
            local: None,
        };
        let stream = match this.try_first(deadline).await {
            Some(stream) => Some(stream),
            None => this.race(deadline).await,
        };
        (this, stream)
    }

    /// The first address gets its head start here: mostly nothing else is needed, and no task.
    async fn try_first(&mut self, deadline: Instant) -> Option<TcpStream> {
        let address = self.addresses.first().copied()?;
        self.begun = 1;
        let mut trying = Box::pin(attempt(address, deadline));
        let head_start = deadline.min(Instant::now() + STAGGER);
        match before(head_start, &mut trying).await {
            Some((attempt, stream)) => {
                self.ended.push(attempt);
                self.connected(address, stream)
            }
            None => {
                self.running.spawn(trying);
                None
            }
        }
    }

    fn connected(&mut self, peer: SocketAddr, stream: Option<TcpStream>) -> Option<TcpStream> {
        let stream = stream?;
        self.peer = Some(peer);
        self.local = stream.local_addr().ok();
        Some(stream)
    }

    async fn race(&mut self, deadline: Instant) -> Option<TcpStream> {
        loop {
            let more = self.begin_next(deadline);
            let next_at = if more {
                Instant::now() + STAGGER
            } else {
                deadline + STAGGER
            };
            loop {
                tokio::select! {
                    joined = self.running.join_next() => match joined {
                        None if more => break,
                        None => return None,
                        Some(Err(_)) => {}
                        Some(Ok((attempt, stream))) => {
                            let address = attempt.address;
                            self.ended.push(attempt);
                            match self.connected(address, stream) {
                                None => break,
                                connected => return connected,
                            }
                        }
                    },
                    () = sleep_until(next_at) => break,
                }
            }
            if !more && self.running.is_empty() {
                return None;
            }
        }
    }

    /// Begins an attempt at the next address; says whether there is one after it.
    fn begin_next(&mut self, deadline: Instant) -> bool {
        if let Some(address) = self.addresses.get(self.begun).copied() {
            self.begun += 1;
            self.running.spawn(attempt(address, deadline));
        }
        self.begun < self.addresses.len()
    }

    /// Waits a little for attempts that have not ended, or tries every address if asked to.
    pub(super) async fn finish(mut self, all: bool, limit: Instant) -> Tcp {
        while all && self.begun < self.addresses.len() {
            self.begin_next(limit);
        }
        let patience = if all {
            limit
        } else {
            limit.min(self.started + PATIENCE)
        };
        while let Some(Some(joined)) = before(patience, self.running.join_next()).await {
            if let Ok((attempt, _)) = joined {
                self.ended.push(attempt);
            }
        }
        self.into_tcp()
    }

    fn into_tcp(self) -> Tcp {
        let attempts = self.addresses.iter().enumerate().map(|(index, address)| {
            let ended = self
                .ended
                .iter()
                .find(|attempt| attempt.address == *address)
                .cloned();
            ended.unwrap_or_else(|| AddressAttempt {
                address: *address,
                result: Err(if index < self.begun {
                    TcpFailure::NoAnswerYet
                } else {
                    TcpFailure::NotTried
                }),
                duration: if index < self.begun {
                    self.started.elapsed()
                } else {
                    Duration::ZERO
                },
            })
        });
        Tcp {
            attempts: attempts.collect(),
            peer: self.peer,
            local: self.local,
        }
    }
}

/// Whether the address takes a connection; it is closed at once.
pub(super) async fn knock(address: SocketAddr, deadline: Instant) -> Result<Connected, TcpFailure> {
    attempt(address, deadline).await.0.result
}

async fn attempt(address: SocketAddr, deadline: Instant) -> Attempt {
    let started = Instant::now();
    let outcome = before(deadline, TcpStream::connect(address)).await;
    let duration = started.elapsed();
    let (result, stream) = match outcome {
        None => (Err(TcpFailure::TimedOut), None),
        Some(Err(error)) => (Err(failure(&error)), None),
        Some(Ok(stream)) => (Ok(Connected), Some(stream)),
    };
    (
        AddressAttempt {
            address,
            result,
            duration,
        },
        stream,
    )
}

fn failure(error: &io::Error) -> TcpFailure {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkDown,
        NetworkUnreachable, PermissionDenied, TimedOut,
    };
    match error.kind() {
        ConnectionRefused => TcpFailure::Refused,
        ConnectionReset => TcpFailure::Reset,
        TimedOut => TcpFailure::TimedOut,
        HostUnreachable | NetworkUnreachable | NetworkDown | AddrNotAvailable
        | PermissionDenied => TcpFailure::Unreachable(super::reason(error)),
        _ => TcpFailure::Other(super::reason(error)),
    }
}
