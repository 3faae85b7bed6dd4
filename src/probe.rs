//! The conversation with a broker: resolve, connect, shake hands, CONNECT, SUBSCRIBE, PUBLISH, and
//! all of it written down in a [`Transcript`].
//!
//! Hostile peers are bounded: each stage has a limit, the whole has another, and no answer is read
//! beyond a fixed size. The user name and the password go only to a peer whose certificate was
//! verified, unless the request says that it need not be.

mod clock;
mod converse;
mod extra;
mod link;
mod narrate;
mod resolve;
mod session;
mod tap;
mod tcp;
mod tls;
mod websocket;

pub use converse::is_server_name;

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::diagnose::transcript::{Identity, Material, Request, Transcript};
use crate::finding::{Code, Diagnostic, Remedy};
use crate::secret::{Password, PrivateKey};
use crate::time::Timestamp;

/// Why no conversation can be begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// TLS cannot sign with the client's key.
    #[error("the client's key cannot be used for TLS: {reason}")]
    KeyUnusable {
        /// Why.
        reason: String,
    },
    /// There is no runtime to be had.
    #[error("the network cannot be used: {reason}")]
    NoRuntime {
        /// Why.
        reason: String,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::KeyUnusable { .. } => Code::AlgorithmUnsupported,
            Self::NoRuntime { .. } => Code::Internal,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::KeyUnusable { .. } => Some(Remedy::text(
                "use a key of type P-256, P-384, P-521, Ed25519, or RSA with at least 2048 bits",
            )),
            Self::NoRuntime { .. } => None,
        }
    }
}

/// The secrets of a prober; none of them is in the transcript.
#[derive(Default)]
pub struct Secrets {
    /// The key of the client certificate.
    pub key: Option<PrivateKey>,
    /// Other keys of the same store, with their certificates: sent where the server asks for
    /// certificates of their CAs, or names none and theirs is trusted here.
    pub others: Vec<(Identity, PrivateKey)>,
    /// The password for CONNECT.
    pub password: Option<Password>,
    /// Where to write TLS secrets for Wireshark; for the owner's eyes only.
    pub key_log: Option<Box<dyn io::Write + Send>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// Holds conversations with the same trust and the same identity.
#[derive(Debug)]
pub struct Prober {
    material: Arc<Material>,
    /// The same with each of the other identities.
    others: Vec<Arc<Material>>,
    password: Option<Password>,
    shared: tls::Shared,
}

impl Prober {
    /// Prepares trust anchors, revocation lists and identity.
    ///
    /// # Errors
    ///
    /// When TLS cannot sign with the key.
    pub fn new(material: Material, secrets: Secrets) -> Result<Self, Error> {
        let mut keys = Vec::new();
        if let (Some(identity), Some(key)) = (&material.identity, &secrets.key) {
            keys.push(certified_key(&identity.chain, key)?);
        }
        let mut others = Vec::new();
        for (identity, key) in secrets.others {
            // A key that TLS cannot use is no reason not to use the first.
            let Ok(key) = certified_key(&identity.chain, &key) else {
                continue;
            };
            keys.push(key);
            others.push(Arc::new(Material {
                identity: Some(identity),
                ..material.clone()
            }));
        }
        let now = material.now.unwrap_or(Timestamp::UNIX_EPOCH);
        let anchors = material.trust.anchors.iter().map(Vec::as_slice);
        let lists = material.crls.iter().map(|(_, list)| list.as_slice());
        let anchors = tls::Anchors::new(anchors, lists, now);
        let key_log = secrets.key_log.map(tls::KeyLog::new);
        let identities = tls::Identities::new(keys, &material.trust.anchors);
        let shared = tls::Shared::new(anchors, identities, key_log);
        Ok(Self {
            material: Arc::new(material),
            others,
            password: secrets.password,
            shared,
        })
    }

    /// The material with the identity that was chosen in a handshake: 0 for the first.
    fn material_of(&self, identity: usize) -> &Arc<Material> {
        let other = identity.checked_sub(1);
        let other = other.and_then(|index| self.others.get(index));
        other.unwrap_or(&self.material)
    }

    /// One conversation; it ends within 20 seconds and the time that the session is held.
    ///
    /// To be run on [`runtime`].
    pub async fn converse(&self, request: &Request) -> Transcript {
        converse::converse(self, request).await
    }
}

/// rustls names no kind of key that it does not know.
fn unusable(key: &PrivateKey, error: &rustls::Error) -> String {
    crate::x509::key::public_key(key).map_or_else(
        |_| error.to_string(),
        |public| format!("it is {}, with which rustls does not sign", public.kind()),
    )
}

fn certified_key(chain: &[Vec<u8>], secret: &PrivateKey) -> Result<Arc<CertifiedKey>, Error> {
    let der = PrivatePkcs8KeyDer::from(secret.secret_pkcs8_der());
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::Pkcs8(der))
        .map_err(|error| Error::KeyUnusable {
            reason: unusable(secret, &error),
        })?;
    let chain = chain
        .iter()
        .map(|der| CertificateDer::from(der.clone()))
        .collect();
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

/// Lookups that hang outlive the limit of their stage; they must not keep others from beginning.
const MOST_LOOKUPS: usize = 4_096;

/// A runtime for conversations, on as many threads as there are processors where `parallel`.
///
/// To be ended with `shutdown_background`: a lookup that hangs cannot be interrupted.
///
/// # Errors
///
/// When the operating system gives none.
pub fn runtime(parallel: bool) -> Result<tokio::runtime::Runtime, Error> {
    let mut builder = if parallel {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder
        .enable_all()
        .max_blocking_threads(MOST_LOOKUPS)
        .build();
    runtime.map_err(|error| Error::NoRuntime {
        reason: reason(&error),
    })
}

/// The operating system's words, without Rust's `(os error 2)`, lower-case.
fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return "the peer closed the connection".to_owned();
    }
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
