//! Bare mutual-TLS handshakes, both sides: what `scripts/bench many` holds `verify` against.
//!
//! `handshakes DIR COUNT` takes CA, broker and the client `phone` from the folder DIR and makes COUNT
//! TLS 1.3 handshakes, with the key exchange that `verify` and `serve` agree on, on all processors:
//! in memory, which costs the cryptography alone. `handshakes DIR COUNT tcp` makes each over a TCP
//! connection of its own on the loopback, 32 at once, and closes it.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::{TlsAcceptor, TlsConnector};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("usage: handshakes DIR COUNT [tcp]".into());
    };
    let count: usize = count.parse()?;
    let sides = sides(Path::new(&folder))?;
    match arguments.next().as_deref() {
        None => in_memory(&sides, count)?,
        Some("tcp") => tokio::runtime::Runtime::new()?.block_on(over_tcp(sides, count))?,
        Some(other) => return Err(format!("`{other}` is not `tcp`").into()),
    }
    writeln!(std::io::stdout(), "{count} handshakes")?;
    Ok(())
}

fn in_memory(sides: &Sides, count: usize) -> Result<(), Failure> {
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let share = count / threads + usize::from(worker < count % threads);
                scope.spawn(move || (0..share).try_for_each(|_| handshake(sides)))
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })
}

/// How many connections are open at once.
const JOBS: usize = 32;

async fn over_tcp(sides: Sides, count: usize) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(sides.server);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                let mut stream = acceptor.accept(stream).await?;
                stream.write_all(&[0]).await?;
                stream.shutdown().await
            });
        }
    });
    let connector = TlsConnector::from(sides.client);
    let mut running = JoinSet::new();
    for _ in 0..count {
        if running.len() == JOBS
            && let Some(done) = running.join_next().await
        {
            done??;
        }
        running.spawn(one_over_tcp(connector.clone(), address));
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// In TLS 1.3 the server has judged the client only once it speaks.
async fn one_over_tcp(connector: TlsConnector, address: SocketAddr) -> Result<(), Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    let mut stream = connector.connect(name, stream).await?;
    stream.read_u8().await?;
    stream.shutdown().await?;
    Ok(())
}

struct Sides {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

fn sides(folder: &Path) -> Result<Sides, Failure> {
    use aws_lc_rs::kx_group::{X25519, X25519MLKEM768};
    let provider = Arc::new(CryptoProvider {
        kx_groups: vec![X25519MLKEM768, X25519],
        ..aws_lc_rs::default_provider()
    });
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca/ca.crt"))?)?;
    let roots = Arc::new(roots);
    let identity = |stem: &str| -> Result<_, Failure> {
        let certificate = CertificateDer::from_pem_file(folder.join(stem).with_extension("crt"))?;
        let key = PrivateKeyDer::from_pem_file(folder.join(stem).with_extension("key"))?;
        Ok((vec![certificate], key))
    };

    let (chain, key) = identity("client/phone")?;
    let mut client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots.clone())
        .with_client_auth_cert(chain, key)?;
    client.resumption = rustls::client::Resumption::disabled();

    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build()?;
    let (chain, key) = identity("broker/broker")?;
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    server.send_tls13_tickets = 0;
    Ok(Sides {
        client: Arc::new(client),
        server: Arc::new(server),
    })
}

fn handshake(sides: &Sides) -> Result<(), Failure> {
    let name = ServerName::try_from("localhost")?;
    let mut client = ClientConnection::new(sides.client.clone(), name)?;
    let mut server = ServerConnection::new(sides.server.clone())?;
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        while client.wants_write() {
            client.write_tls(&mut wire)?;
        }
        server.read_tls(&mut wire.as_slice())?;
        server.process_new_packets()?;
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire)?;
        }
        client.read_tls(&mut wire.as_slice())?;
        client.process_new_packets()?;
        wire.clear();
    }
    Ok(())
}
