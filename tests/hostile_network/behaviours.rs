//! What hostile servers do: below TLS, and inside it.

use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    Outside(Outside),
    Inside(Inside),
}

macro_rules! all {
    ($name:ident: $($variant:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy)]
        pub(crate) enum $name { $($variant,)* }
        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

all!(Outside:
    Silent, Close, CloseAfterHello, HalfClose, Drip, Junk, Zeros, Echo, WarningAlerts, CloseNotify,
    EmptyRecords, EmptyHandshakes, OversizedRecord, OversizedHandshake, EndlessCertificates,
    ChangeCipherSpecs, HelloRetries, ShortAlert, EndlessHttp, EscapeBanner,
);

all!(Inside:
    Silent, Close, CloseWithoutNotify, Junk, EndlessHttp, Drip, LongestPacket, LongLength, TypeZero,
    ShortConnack, ConnackTwice, PublishFirst, PublishFlood, EmptySuback, ReservedSuback,
    SubackFlood, PongFlood, ClientPacket, PartialPacket, BadUtf8, EscapeReason, CloseAfterSuback,
    KeyUpdates,
);

impl Behaviour {
    pub(crate) fn run(self, stream: TcpStream, config: Arc<ServerConfig>) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
        let _ = stream.set_write_timeout(Some(Duration::from_secs(30)));
        let _ = match self {
            Self::Outside(behaviour) => outside(behaviour, stream),
            Self::Inside(behaviour) => inside(behaviour, stream, config),
        };
    }
}

/// Writes the bytes until the client goes away.
fn flood(stream: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    let many = bytes.repeat(1 + 8_192 / bytes.len());
    loop {
        stream.write_all(&many)?;
    }
}

fn wait() -> std::io::Result<()> {
    sleep(Duration::from_secs(25));
    Ok(())
}

fn outside(behaviour: Outside, mut stream: TcpStream) -> std::io::Result<()> {
    let mut hello = [0; 4_096];
    if matches!(behaviour, Outside::Close) {
        return Ok(());
    }
    if matches!(behaviour, Outside::EscapeBanner) {
        stream.write_all(
            "220 \u{1b}]0;owned\u{7}\u{1b}[31m<img src=x> \u{202e}\u{200b}\r\n".as_bytes(),
        )?;
        return wait();
    }
    let read = stream.read(&mut hello)?;
    match behaviour {
        Outside::Close | Outside::CloseAfterHello | Outside::EscapeBanner => Ok(()),
        Outside::Silent => wait(),
        Outside::HalfClose => {
            stream.shutdown(std::net::Shutdown::Write)?;
            wait()
        }
        Outside::Drip => {
            for byte in b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"
                .iter()
                .chain(&[0; 200])
            {
                stream.write_all(&[*byte])?;
                sleep(Duration::from_millis(150));
            }
            Ok(())
        }
        Outside::Junk => flood(&mut stream, b"\xde\xad\xbe\xef\x00\x7f"),
        Outside::Zeros => flood(&mut stream, &[0]),
        Outside::Echo => stream.write_all(&hello[..read]),
        Outside::WarningAlerts => flood(&mut stream, b"\x15\x03\x03\x00\x02\x01\x5a"),
        Outside::CloseNotify => {
            stream.write_all(b"\x15\x03\x03\x00\x02\x01\x00")?;
            wait()
        }
        Outside::EmptyRecords => flood(&mut stream, b"\x17\x03\x03\x00\x00"),
        Outside::EmptyHandshakes => flood(&mut stream, b"\x16\x03\x03\x00\x00"),
        Outside::OversizedRecord => {
            stream.write_all(b"\x16\x03\x03\xff\xff")?;
            flood(&mut stream, &[7])
        }
        Outside::OversizedHandshake => {
            stream.write_all(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff")?;
            flood(&mut stream, b"\x16\x03\x03\x00\x01\x00")
        }
        Outside::EndlessCertificates => {
            // A ServerHello of TLS 1.2, then a Certificate message that never ends.
            let mut hello = b"\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03".to_vec();
            hello.extend_from_slice(&[9; 32]);
            hello.extend_from_slice(b"\x00\xc0\x2b\x00\x00\x00");
            stream.write_all(&hello)?;
            stream.write_all(b"\x16\x03\x03\x00\x04\x0b\x00\xff\xff")?;
            flood(&mut stream, b"\x16\x03\x03\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
        }
        Outside::ChangeCipherSpecs => flood(&mut stream, b"\x14\x03\x03\x00\x01\x01"),
        Outside::HelloRetries => {
            let mut retry = b"\x16\x03\x03\x00\x38\x02\x00\x00\x34\x03\x03".to_vec();
            retry.extend_from_slice(&[
                0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65,
                0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2,
                0xc8, 0xa8, 0x33, 0x9c,
            ]);
            retry.extend_from_slice(
                b"\x00\x13\x01\x00\x00\x0c\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x17",
            );
            flood(&mut stream, &retry)
        }
        Outside::ShortAlert => {
            stream.write_all(b"\x15\x03\x03\x00\x01\x02")?;
            wait()
        }
        Outside::EndlessHttp => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            flood(
                &mut stream,
                b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
            )
        }
    }
}

type Tls = StreamOwned<ServerConnection, TcpStream>;

fn accept(stream: TcpStream, config: Arc<ServerConfig>) -> Tls {
    StreamOwned::new(ServerConnection::new(config).unwrap(), stream)
}

/// Reads one MQTT packet: its first byte, and what follows the length.
fn packet(tls: &mut Tls) -> std::io::Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    tls.read_exact(&mut byte)?;
    let first = byte[0];
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        tls.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 127) << shift;
        shift += 7;
        if byte[0] < 128 {
            break;
        }
    }
    let mut body = vec![0; length];
    tls.read_exact(&mut body)?;
    Ok((first, body))
}

/// CONNECT is read and answered; gives whether the client speaks MQTT 5.
fn welcome(tls: &mut Tls) -> std::io::Result<bool> {
    let (_, connect) = packet(tls)?;
    let five = connect[6] == 5;
    tls.write_all(if five {
        b"\x20\x03\0\0\0"
    } else {
        b"\x20\x02\0\0"
    })?;
    Ok(five)
}

/// CONNECT and SUBSCRIBE are read, and the first is answered; gives the subscription's number.
fn subscription(tls: &mut Tls) -> std::io::Result<(bool, [u8; 2])> {
    let five = welcome(tls)?;
    let (_, subscribe) = packet(tls)?;
    Ok((five, [subscribe[0], subscribe[1]]))
}

fn suback(five: bool, id: [u8; 2], codes: &[u8]) -> Vec<u8> {
    let mut body = id.to_vec();
    if five {
        body.push(0);
    }
    body.extend_from_slice(codes);
    let mut packet = vec![0x90, u8::try_from(body.len()).unwrap()];
    packet.extend_from_slice(&body);
    packet
}

fn inside(behaviour: Inside, stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let tls = &mut accept(stream, config);
    match behaviour {
        Inside::Silent => {
            packet(tls)?;
            wait()
        }
        Inside::Close => {
            packet(tls)?;
            tls.conn.send_close_notify();
            tls.flush()
        }
        Inside::CloseWithoutNotify => packet(tls).map(drop),
        Inside::Junk => flood(tls, b"\xde\xad\xbe\xef\x00\x7f"),
        Inside::EndlessHttp => {
            tls.write_all(b"HTTP/1.1 200 OK\r\n")?;
            flood(tls, b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")
        }
        Inside::Drip => {
            packet(tls)?;
            for _ in 0..200 {
                tls.write_all(b"\x20")?;
                sleep(Duration::from_millis(300));
            }
            Ok(())
        }
        Inside::LongestPacket => {
            packet(tls)?;
            tls.write_all(b"\x20\xff\xff\xff\x7f")?;
            flood(tls, &[0])
        }
        Inside::LongLength => {
            packet(tls)?;
            tls.write_all(b"\x20\xff\xff\xff\xff\x7f")?;
            flood(tls, &[0])
        }
        Inside::TypeZero => {
            welcome(tls)?;
            flood(tls, b"\x00\x00")
        }
        Inside::ShortConnack => {
            packet(tls)?;
            tls.write_all(b"\x20\x01\x00")?;
            wait()
        }
        Inside::ConnackTwice => {
            let five = welcome(tls)?;
            tls.write_all(if five {
                b"\x20\x03\0\0\0"
            } else {
                b"\x20\x02\0\0"
            })?;
            wait()
        }
        Inside::PublishFirst => {
            packet(tls)?;
            flood(tls, b"\x30\x05\x00\x03a/bx")
        }
        Inside::PublishFlood => {
            let five = welcome(tls)?;
            flood(
                tls,
                if five {
                    b"\x30\x06\x00\x03a/b\x00".as_slice()
                } else {
                    b"\x30\x05\x00\x03a/b"
                },
            )
        }
        Inside::EmptySuback => {
            let (five, id) = subscription(tls)?;
            tls.write_all(&suback(five, id, &[]))?;
            wait()
        }
        Inside::ReservedSuback => {
            let (five, id) = subscription(tls)?;
            tls.write_all(&suback(five, id, &[0x55; 40]))?;
            wait()
        }
        Inside::SubackFlood => {
            let (five, id) = subscription(tls)?;
            flood(tls, &suback(five, [!id[0], id[1]], &[1]))
        }
        Inside::PongFlood => {
            welcome(tls)?;
            flood(tls, b"\xd0\x00")
        }
        Inside::ClientPacket => {
            welcome(tls)?;
            flood(tls, b"\xc0\x00")
        }
        Inside::PartialPacket => {
            welcome(tls)?;
            tls.write_all(b"\x30\x20\x00\x03a/b")?;
            wait()
        }
        Inside::BadUtf8 => {
            let (_, _) = subscription(tls)?;
            tls.write_all(b"\x30\x06\x00\x03\xff\xfe\x00\x00")?;
            wait()
        }
        Inside::EscapeReason => {
            let (_, connect) = packet(tls)?;
            if connect[6] != 5 {
                return tls.write_all(b"\x20\x02\x00\x05");
            }
            let reason = "\u{1b}[2J\u{1b}]0;owned\u{7}<img src=x> \u{202e}\u{200b}\n::error::";
            let mut properties = vec![0x1f, 0, u8::try_from(reason.len()).unwrap()];
            properties.extend_from_slice(reason.as_bytes());
            let length = u8::try_from(properties.len()).unwrap();
            let mut connack = vec![0x20, length + 3, 0, 0x87, length];
            connack.extend_from_slice(&properties);
            tls.write_all(&connack)?;
            sleep(Duration::from_millis(300));
            Ok(())
        }
        Inside::CloseAfterSuback => {
            let (five, id) = subscription(tls)?;
            tls.write_all(&suback(five, id, &[1]))
        }
        Inside::KeyUpdates => {
            packet(tls)?;
            loop {
                if tls.conn.refresh_traffic_keys().is_err() {
                    return wait();
                }
                tls.write_all(b"\xd0\x00")?;
            }
        }
    }
}

/// Everything that a client sends inside TLS within two seconds.
pub(crate) fn decrypted(stream: TcpStream, config: Arc<ServerConfig>) -> Vec<u8> {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let mut received = Vec::new();
    let _ = accept(stream, config).read_to_end(&mut received);
    received
}
