//! Questions of a few bytes, and the first bytes of the answer.

use core::net::SocketAddr;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::diagnose::transcript::{Answer, Closing, HowClosed};
use crate::mqtt::Connect;
use crate::probe::clock::before;
use crate::probe::converse::connect_again;
use crate::probe::link::Link;
use crate::probe::tap::{KEPT, Tap};
use crate::random::{SystemRandom, array};

/// A request that every HTTP server answers.
pub(super) const HTTP_GET: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// A PROXY header of version 1 that names no address.
pub(super) const PROXY_HEADER: &[u8] = b"PROXY UNKNOWN\r\n";

/// A client id that nobody else has.
pub(super) fn client_id() -> String {
    let random = array::<6>(&mut SystemRandom);
    format!("certgen{}", crate::x509::hex(&random))
}

/// CONNECT of MQTT 3.1.1 with a clean session and a client id of its own, without credentials.
pub(super) fn connect() -> Vec<u8> {
    let connect = Connect {
        client_id: client_id(),
        clean_session: true,
        keep_alive: 10,
        ..Connect::default()
    };
    connect
        .encode()
        .map(|bytes| bytes.to_vec())
        .unwrap_or_default()
}

/// Asks over a new connection; `None` where there is none.
pub(super) async fn ask(peer: SocketAddr, question: &[u8], deadline: Instant) -> Option<Answer> {
    let mut tap = connect_again(peer, deadline).await?;
    let notes = tap.notes();
    let asking = async {
        tap.write_all(question).await?;
        let mut bytes = [0; KEPT];
        let mut length = 0;
        while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
            match tap.read(room).await? {
                0 => break,
                count => length += count,
            }
            // One packet says enough: MQTT and HTTP show themselves in their first bytes.
            if length >= 16 || bytes.first() == Some(&0x20) {
                break;
            }
        }
        io::Result::Ok(())
    };
    let _ = before(deadline, asking).await;
    let traffic = notes.traffic();
    Some(Answer {
        bytes: traffic.first,
        after: traffic.first_after,
        closed: traffic.closed,
    })
}

/// How the peer ends a connection over which nothing is sent, where it does: even before this side
/// has seen that it was made.
pub(super) async fn listen(peer: SocketAddr, deadline: Instant) -> Option<Closing> {
    let started = Instant::now();
    let mut tap = match before(deadline, TcpStream::connect(peer)).await? {
        Ok(stream) => Tap::new(stream),
        Err(error) => {
            let was_made = error.kind() == io::ErrorKind::ConnectionReset;
            return was_made.then(|| Closing {
                how: HowClosed::Reset,
                after: started.elapsed(),
            });
        }
    };
    let notes = tap.notes();
    let _ = before(deadline, tap.read(&mut [0; 1])).await;
    notes.traffic().closed
}

/// Asks over a link.
pub(super) async fn ask_over(mut link: Link, question: &[u8], deadline: Instant) -> Option<Answer> {
    let started = Instant::now();
    link.send(question, deadline).await.ok()?;
    let answered = link.peek(deadline).await;
    let after = answered.is_ok().then(|| started.elapsed());
    let bytes = if answered.is_ok() {
        link.foreign().await
    } else {
        Vec::new()
    };
    let closed = link.notes().traffic().closed;
    link.close(&[]).await;
    Some(Answer {
        bytes,
        after,
        closed,
    })
}
