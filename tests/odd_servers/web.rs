//! Servers that take MQTT inside WebSocket alone, at one path, as brokers do it: silent, closing or
//! answering with HTTP where something else comes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::lab::Pki;
use crate::script::config;

/// What the server does with a request that it does not let in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Otherwise {
    Silent,
    Closes,
    Answers(&'static str),
}

/// What the broker inside answers to CONNECT.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Inside {
    /// CONNACK 0 to MQTT 3.1.1, CONNACK 1 to MQTT 5.
    Only311,
    /// The end of the WebSocket, with this code and reason.
    Ends(u16, &'static str),
}

/// A server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Web {
    pub(crate) secured: bool,
    pub(crate) path: &'static str,
    pub(crate) otherwise: Otherwise,
    pub(crate) inside: Inside,
}

/// Serves every connection, until the process ends.
pub(crate) fn serve(pki: &Pki, web: Web) -> u16 {
    let config = config(pki);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = config.clone();
            // The client may go at any time.
            std::thread::spawn(move || drop(play(stream, config, web)));
        }
    });
    port
}

fn play(stream: TcpStream, config: Arc<rustls::ServerConfig>, web: Web) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    if !web.secured {
        return answer(stream, web);
    }
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    answer(StreamOwned::new(connection, stream), web)
}

fn answer(mut stream: impl Read + Write, web: Web) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.extend(byte);
        if !b"GET ".starts_with(head.get(..4).unwrap_or(&head)) {
            return otherwise(stream, web);
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head.lines().find_map(|line| {
        line.split_once(": ")
            .filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Key"))
    });
    let is_path = head.starts_with(&format!("GET {} ", web.path));
    let Some((_, key)) = key.filter(|_| is_path) else {
        return otherwise(stream, web);
    };
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )?;
    stream.flush()?;
    session(stream, web.inside).map_err(std::io::Error::other)
}

fn otherwise(mut stream: impl Read + Write, web: Web) -> std::io::Result<()> {
    match web.otherwise {
        Otherwise::Silent => while stream.read(&mut [0; 1_024])? > 0 {},
        Otherwise::Closes => {}
        Otherwise::Answers(status) => {
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")?;
            stream.flush()?;
            while stream.read(&mut [0; 1_024])? > 0 {}
        }
    }
    Ok(())
}

fn session(
    stream: impl Read + Write,
    inside: Inside,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    let connect = socket.read()?.into_data();
    match inside {
        Inside::Only311 => {
            // The level of the protocol stands behind the length and the name `MQTT`.
            let refused = u8::from(connect.get(8) == Some(&5));
            socket.send(Message::binary(vec![0x20, 2, 0, refused]))?;
        }
        Inside::Ends(code, reason) => {
            socket.close(Some(CloseFrame {
                code: code.into(),
                reason: reason.into(),
            }))?;
        }
    }
    loop {
        socket.read()?;
    }
}
