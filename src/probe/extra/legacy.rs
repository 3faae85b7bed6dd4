//! ClientHellos written by hand, with the suites and groups that rustls does not speak: one of old,
//! TLS 1.0 to 1.2, so that servers which know nothing newer show themselves; and one of TLS 1.3
//! without a key share, so that servers name the group that they insist on.

use core::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::diagnose::transcript::{LegacyAnswer, LegacyServerHello, TlsVersion};
use crate::probe::clock::before;
use crate::probe::converse::connect_again;
use crate::probe::tls::hello;
use crate::random::{Random as _, SystemRandom};

/// More than this is not read of the answer.
const MOST_BYTES: usize = 64 * 1_024;

/// What is offered: everything that servers of the last twenty years may insist on.
const SUITES: [u16; 37] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, 0xc009, 0xc013,
    0xc00a, 0xc014, 0xc012, 0x009e, 0x009f, 0x0067, 0x006b, 0x0033, 0x0039, 0x0016, 0x009c, 0x009d,
    0x003c, 0x003d, 0x002f, 0x0035, 0x000a, 0x0005, 0x0004, 0x00a8, 0x00ae, 0x008c, 0x008d, 0x00af,
    0x00ff,
];
const GROUPS: [u16; 9] = [
    0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x001a, 0x001b, 0x001c, 0x0016,
];
/// TLS 1.3's suites and groups (IANA's registry), those that rustls speaks first.
const NEW_SUITES: [u16; 5] = [0x1302, 0x1301, 0x1303, 0x1304, 0x1305];
const NEW_GROUPS: [u16; 16] = [
    0x11ec, 0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x11eb, 0x11ed, 0x0100, 0x0101, 0x0102, 0x0103,
    0x0104, 0x001f, 0x0020, 0x0021,
];
const SCHEMES: [u16; 17] = [
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
    0x0807, 0x0808, 0x0201, 0x0203, 0x0202,
];

/// Asks over a new connection; `None` where there is none.
pub(super) async fn ask(
    peer: SocketAddr,
    client_hello: &[u8],
    deadline: Instant,
) -> Option<LegacyAnswer> {
    let mut tap = connect_again(peer, deadline).await?;
    let notes = tap.notes();
    let mut bytes = Vec::new();
    let asking = async {
        tap.write_all(client_hello).await?;
        let mut chunk = [0; 4_096];
        while bytes.len() < MOST_BYTES {
            let count = tap.read(&mut chunk).await?;
            bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if count == 0 || is_whole(&bytes) {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    let _ = before(deadline, asking).await;
    Some(match hello::read(&bytes) {
        Some(flight) => match (flight.hello, flight.alert) {
            (Some(hello), _) => LegacyAnswer::ServerHello(hello),
            (None, Some(alert)) => LegacyAnswer::Alert(alert),
            (None, None) => LegacyAnswer::Other(bytes),
        },
        None if bytes.is_empty() => match notes.traffic().closed {
            Some(closing) => LegacyAnswer::Closed(closing),
            None => LegacyAnswer::Silent,
        },
        None => {
            bytes.truncate(crate::probe::tap::KEPT);
            LegacyAnswer::Other(bytes)
        }
    })
}

/// Whether nothing more is to come: an alert, the end of the server's flight, or no TLS at all.
fn is_whole(bytes: &[u8]) -> bool {
    if bytes.len() < 5 {
        return false;
    }
    hello::read(bytes).is_none_or(|flight| {
        // After a ServerHello of TLS 1.3 all is encrypted, and after a HelloRetryRequest it is our turn.
        let is_new = |hello: LegacyServerHello| hello.version == Some(TlsVersion::Tls13);
        flight.alert.is_some() || flight.done || flight.hello.is_some_and(is_new)
    })
}

/// A ClientHello of TLS 1.2 in a record of TLS 1.0, as servers of old expect it.
pub(super) fn client_hello(server_name: Option<&str>) -> Vec<u8> {
    // ec_point_formats, renegotiation_info
    let own = [(11, vec![1, 0]), (0xff01, vec![0])];
    written(server_name, &SUITES, &GROUPS, &own)
}

/// A ClientHello of TLS 1.3 alone that asks the server to choose the group (RFC 8446 section 4.2.8).
pub(super) fn newest(server_name: Option<&str>) -> Vec<u8> {
    // supported_versions, key_share
    let own = [(43, vec![2, 3, 4]), (51, vec![0, 0])];
    written(server_name, &NEW_SUITES, &NEW_GROUPS, &own)
}

fn written(
    server_name: Option<&str>,
    suites: &[u16],
    groups: &[u16],
    own: &[(u16, Vec<u8>)],
) -> Vec<u8> {
    let mut random = [0; 32];
    SystemRandom.fill(&mut random);
    let mut body = vec![3, 3];
    body.extend_from_slice(&random);
    body.push(0);
    body.extend_from_slice(&list(suites));
    body.extend_from_slice(&[1, 0]);
    body.extend_from_slice(&with_length(&extensions(server_name, groups, own)));
    let mut message = vec![1, 0];
    message.extend_from_slice(&with_length(&body));
    let mut record = vec![22, 3, 1];
    record.extend_from_slice(&with_length(&message));
    record
}

fn extensions(server_name: Option<&str>, groups: &[u16], own: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut extension = |kind: u16, content: &[u8]| {
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&with_length(content));
    };
    if let Some(name) = server_name {
        let mut entry = vec![0];
        entry.extend_from_slice(&with_length(name.as_bytes()));
        extension(0, &with_length(&entry));
    }
    // supported_groups, signature_algorithms
    extension(10, &list(groups));
    extension(13, &list(&SCHEMES));
    for (kind, content) in own {
        extension(*kind, content);
    }
    out
}

fn list(numbers: &[u16]) -> Vec<u8> {
    with_length(
        &numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect::<Vec<u8>>(),
    )
}

/// The bytes behind their length in two bytes.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut out = length.to_be_bytes().to_vec();
    out.extend_from_slice(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_of_the_client_hellos_fit() {
        for hello in [client_hello(Some("broker.lan")), newest(Some("broker.lan"))] {
            let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
            assert_eq!(number(3), hello.len() - 5);
            assert_eq!(number(7), hello.len() - 9);
            assert_eq!(hello[..3], [22, 3, 1]);
            assert!(
                hello.len() < 512,
                "old middleboxes stumble over 256 to 511 bytes less than over more"
            );
        }
    }
}
