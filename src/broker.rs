//! An MQTT broker inside certgen, to try things on: TLS with client certificates, real routing
//! among its clients, bounds on everything, nothing kept on disk. With a [`Fault`] it misbehaves
//! like the broken servers of real life.

mod connection;
mod fault;
mod router;
mod session;
mod tls;

use core::net::SocketAddr;
use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

pub use self::fault::{Fault, UnknownFault};
use self::router::Router;
use crate::finding::{Code, Diagnostic, Remedy};
use crate::secret::PrivateKey;
use crate::time::Timestamp;

/// More connections than this wait.
const MOST_CONNECTIONS: usize = 256;

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {reason}")]
    CannotListen {
        /// The address.
        address: SocketAddr,
        /// The operating system's words.
        reason: String,
    },
    /// TLS does not take the broker's certificate or key, or the CA of the clients.
    #[error("the broker's certificates cannot be used for TLS: {reason}")]
    Certificates {
        /// Why.
        reason: String,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::CannotListen { .. } => Code::CannotListen,
            Self::Certificates { .. } => Code::AlgorithmUnsupported,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::text(match self {
            Self::CannotListen { .. } => {
                "choose another port, or stop what listens on this one; ports below 1024 need a privilege"
            }
            Self::Certificates { .. } => "issue the broker's certificate again",
        }))
    }
}

/// Whom the broker trusts, and who it is.
#[derive(Debug)]
pub struct Options {
    /// The broker's chain (DER), leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The key of the leaf.
    pub key: PrivateKey,
    /// An OCSP response to staple (DER).
    pub ocsp: Option<Vec<u8>>,
    /// The CAs of clients (DER).
    pub client_authorities: Vec<Vec<u8>>,
    /// Refuse clients without a certificate.
    pub require_client_certificate: bool,
    /// How to misbehave.
    pub fault: Option<Fault>,
    /// The moment of the start, by which client certificates are judged.
    pub now: Timestamp,
}

/// What happened to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A client is in.
    Connected {
        /// Where it came from.
        peer: SocketAddr,
        /// Its client id.
        client_id: String,
        /// Its user: the common name of its certificate, or the user name that it gave.
        user: Option<String>,
        /// The version of MQTT.
        version: crate::mqtt::Version,
    },
    /// A client left.
    Disconnected {
        /// Where it came from.
        peer: SocketAddr,
        /// Its client id.
        client_id: String,
        /// Why, in one sentence.
        reason: String,
    },
    /// A connection came to nothing.
    Refused {
        /// Where it came from.
        peer: SocketAddr,
        /// Why, in one sentence.
        reason: String,
    },
}

/// Told of every [`Event`].
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// A broker that listens.
pub struct Broker {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// What all connections share.
struct Shared {
    acceptor: TlsAcceptor,
    router: Router,
    fault: Option<Fault>,
    observer: Observer,
    room: Arc<Semaphore>,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// Listens on `address`; port 0 is any free one. To be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or TLS does not take the certificates.
    pub fn listen(
        address: SocketAddr,
        options: &Options,
        observer: Observer,
    ) -> Result<Self, Error> {
        let acceptor = TlsAcceptor::from(Arc::new(tls::config(options)?));
        let listener = bind(address).map_err(|error| {
            let text = error.to_string();
            let reason = text
                .split(" (os error")
                .next()
                .unwrap_or(&text)
                .to_lowercase();
            Error::CannotListen { address, reason }
        })?;
        let shared = Shared {
            acceptor,
            router: Router::default(),
            fault: options.fault,
            observer,
            room: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
        };
        Ok(Self {
            listener,
            shared: Arc::new(shared),
        })
    }

    /// The address listened on, with the port that was found free.
    ///
    /// # Errors
    ///
    /// When the operating system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the future is dropped.
    pub async fn serve(self) {
        loop {
            let Ok(permit) = self.shared.room.clone().acquire_owned().await else {
                return;
            };
            let Ok((stream, peer)) = self.listener.accept().await else {
                // Out of file descriptors, mostly: others may end in the meantime.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            let shared = self.shared.clone();
            tokio::spawn(async move {
                connection::serve(&shared, stream, peer).await;
                drop(permit);
            });
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}
