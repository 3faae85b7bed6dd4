//! A server that shakes hands as it should, and then follows a script.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::lab::Pki;

pub(crate) const CONNACK: &[u8] = b"\x20\x02\x00\x00";
pub(crate) const CONNACK5: &[u8] = b"\x20\x03\x00\x00\x00";
pub(crate) const SUBACK: &[u8] = b"\x90\x03\x00\x01\x01";
pub(crate) const SUBACK5: &[u8] = b"\x90\x04\x00\x01\x00\x01";

/// One act of the server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Read a packet.
    Read,
    /// Send bytes.
    Send(&'static [u8]),
    /// Say nothing for so many milliseconds.
    Pause(u64),
    /// Close the connection, as TLS wants it.
    Close,
    /// Wait until the client goes.
    Wait,
}

/// What the server does in every connection.
#[derive(Debug, Clone)]
pub(crate) struct Script(pub(crate) Vec<Act>);

/// Serves every connection with the script, until the process ends.
pub(crate) fn serve(pki: &Pki, script: Script) -> u16 {
    let config = config(pki);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, script) = (config.clone(), script.clone());
            // The client may go at any time.
            std::thread::spawn(move || drop(play(stream, config, &script)));
        }
    });
    port
}

pub(crate) fn config(pki: &Pki) -> Arc<ServerConfig> {
    let key = PrivatePkcs8KeyDer::from(pki.broker_key.secret_pkcs8_der().to_vec());
    let chain = pki
        .broker
        .iter()
        .cloned()
        .map(CertificateDer::from)
        .collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key))
        .unwrap();
    Arc::new(config)
}

fn play(stream: TcpStream, config: Arc<ServerConfig>, script: &Script) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut tls = StreamOwned::new(connection, stream);
    for act in &script.0 {
        match act {
            Act::Read => packet(&mut tls)?,
            Act::Send(bytes) => tls.write_all(bytes)?,
            Act::Pause(millis) => std::thread::sleep(Duration::from_millis(*millis)),
            Act::Close => {
                tls.conn.send_close_notify();
                tls.flush()?;
                return Ok(());
            }
            Act::Wait => while tls.read(&mut [0; 1_024])? > 0 {},
        }
    }
    Ok(())
}

/// Reads one packet whose length fits into one or two bytes.
fn packet(stream: &mut impl Read) -> std::io::Result<()> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let [_, first] = head;
    let mut length = usize::from(first & 0x7f);
    if first >= 0x80 {
        let mut more = [0; 1];
        stream.read_exact(&mut more)?;
        length += usize::from(more[0]) * 128;
    }
    stream.read_exact(&mut vec![0; length])
}
