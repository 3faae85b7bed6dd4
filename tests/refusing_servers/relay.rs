//! What stands in front of a server, and spoils what goes through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// What it does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Resets where TLS 1.3 is offered.
    ResetsTls13,
    /// Drops what offers TLS 1.3, and keeps the connection.
    DropsTls13,
    /// Ends after so many bytes of the answer.
    Cuts(usize),
    /// Answers the ClientHello with the end of TLS.
    CloseNotify,
    /// Changes the length of the last message of a first flight of TLS 1.2.
    WrongLength,
}

/// Stands in front of `server` until the process ends.
pub(crate) fn relay(server: u16, fault: Fault) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Either side may go at any time.
            std::thread::spawn(move || drop(carry(client, server, fault)));
        }
    });
    port
}

fn carry(mut client: TcpStream, server: u16, fault: Fault) -> std::io::Result<()> {
    // All of the ClientHello is there by then.
    std::thread::sleep(Duration::from_millis(20));
    let mut hello = [0; 4_096];
    let length = client.peek(&mut hello)?;
    let hello = hello.get(..length).unwrap_or_default();
    match fault {
        // What lies there unread makes a reset of the end.
        Fault::ResetsTls13 if offers_tls13(hello) => return Ok(()),
        Fault::DropsTls13 if offers_tls13(hello) => {
            std::thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
        _ => {}
    }
    client.read_exact(&mut vec![0; length])?;
    if matches!(fault, Fault::CloseNotify) {
        return client.write_all(b"\x15\x03\x03\x00\x02\x01\x00");
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", server))?;
    upstream.write_all(hello)?;
    match fault {
        Fault::Cuts(kept) => {
            let mut answer = vec![0; kept];
            upstream.read_exact(&mut answer)?;
            client.write_all(&answer)?;
            // Closed in good order only once the client has had it.
            std::thread::sleep(Duration::from_millis(50));
            return Ok(());
        }
        Fault::WrongLength => {
            let mut answer = flight(&mut upstream)?;
            if let [.., _, length, _, _] = answer.as_mut_slice() {
                *length = 0xff;
            }
            client.write_all(&answer)?;
        }
        _ => {}
    }
    let (mut from, mut to) = (client.try_clone()?, upstream.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write)
    });
    std::io::copy(&mut upstream, &mut client)?;
    Ok(())
}

/// supported_versions has two versions, or one.
fn offers_tls13(hello: &[u8]) -> bool {
    let both = b"\x00\x2b\x00\x05\x04\x03\x04";
    let alone = b"\x00\x2b\x00\x03\x02\x03\x04";
    hello
        .windows(both.len())
        .any(|bytes| bytes == both || bytes == alone)
}

/// A first flight of TLS 1.2, up to ServerHelloDone.
fn flight(upstream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    while !answer.ends_with(&[14, 0, 0, 0]) {
        let mut chunk = [0; 4_096];
        let length = upstream.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        answer.extend_from_slice(chunk.get(..length).unwrap_or_default());
    }
    Ok(answer)
}
