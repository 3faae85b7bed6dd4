//! The broker's side of TLS.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use super::{Error, Options};

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
const NEW: &[&SupportedProtocolVersion] = &[&version::TLS13];
const OLD: &[&SupportedProtocolVersion] = &[&version::TLS12];

/// The configuration of these options.
pub(super) fn config(options: &Options) -> Result<ServerConfig, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::Certificates {
        reason: error.to_string(),
    };
    let versions = match options.fault.and_then(super::Fault::tls_version) {
        Some(13) => NEW,
        Some(12) => OLD,
        _ => BOTH,
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| refused(&error))?;
    let builder = match client_verifier(options)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let key = PrivatePkcs8KeyDer::from(options.key.secret_pkcs8_der());
    let key = aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::Pkcs8(key))
        .map_err(|error| refused(&error))?;
    let chain = options
        .chain
        .iter()
        .map(|der| CertificateDer::from(der.clone()))
        .collect();
    let mut certified = CertifiedKey::new(chain, key);
    certified.ocsp.clone_from(&options.ocsp);
    let resolver = SingleCertAndKey::from(certified);
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.time_provider = Arc::new(Clock::from(options.now));
    Ok(config)
}

/// Without a CA, nobody is asked for a certificate.
fn client_verifier(options: &Options) -> Result<Option<Arc<dyn ClientCertVerifier>>, Error> {
    let never = options.fault.is_some_and(super::Fault::asks_no_certificate);
    let always = options
        .fault
        .is_some_and(super::Fault::requires_certificate);
    if options.client_authorities.is_empty() || never {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(
        options
            .client_authorities
            .iter()
            .map(|der| CertificateDer::from(der.clone())),
    );
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if options.require_client_certificate || always {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    let verifier = builder.build().map_err(|error| Error::Certificates {
        reason: error.to_string(),
    })?;
    Ok(Some(verifier))
}

/// The clock that certificates are judged by: it goes on from the given moment.
#[derive(Debug)]
struct Clock {
    start: UnixTime,
    since: Instant,
}

impl From<crate::time::Timestamp> for Clock {
    fn from(now: crate::time::Timestamp) -> Self {
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        let start = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        Self {
            start,
            since: Instant::now(),
        }
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self
            .start
            .as_secs()
            .checked_add(self.since.elapsed().as_secs())?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
