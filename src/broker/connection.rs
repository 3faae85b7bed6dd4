//! One connection: TLS, or whatever the fault makes of it, then MQTT.

use core::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::{Event, Shared, session};
use crate::x509::Certificate;

/// How long the handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves one client until it leaves.
pub(super) async fn serve(shared: &Shared, stream: TcpStream, peer: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let stream = match shared.fault {
        None => stream,
        Some(fault) if fault.is_plain() => return session::serve(shared, stream, peer, None).await,
        Some(fault) => match fault.before_tls(stream).await {
            Some(stream) => stream,
            None => return refused(shared, peer, &format!("misbehaved as {fault}")),
        },
    };
    let stream = match timeout(HANDSHAKE, shared.acceptor.accept(stream)).await {
        Err(_) => return refused(shared, peer, "the TLS handshake was not finished in time"),
        Ok(Err(error)) => return refused(shared, peer, &format!("TLS: {error}")),
        Ok(Ok(stream)) => stream,
    };
    let user = common_name(&stream);
    let stream = match shared.fault {
        None => stream,
        Some(fault) => match fault.after_tls(stream).await {
            Some(stream) => stream,
            None => return refused(shared, peer, &format!("misbehaved as {fault}")),
        },
    };
    session::serve(shared, stream, peer, user).await;
}

fn refused(shared: &Shared, peer: SocketAddr, reason: &str) {
    (shared.observer)(Event::Refused {
        peer,
        reason: reason.to_owned(),
    });
}

/// The common name of the client's certificate, which is its user name.
fn common_name(stream: &TlsStream<TcpStream>) -> Option<String> {
    let (_, connection) = stream.get_ref();
    let leaf: &CertificateDer<'_> = connection.peer_certificates()?.first()?;
    let certificate = Certificate::from_der(leaf).ok()?;
    certificate.subject.common_name().map(str::to_owned)
}
