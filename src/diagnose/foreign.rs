//! What other protocols answer, by their first bytes.

/// A protocol that is not the one expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP: the status line.
    Http(String),
    /// MQTT in the clear: a CONNACK.
    Mqtt,
    /// TLS: an alert or a handshake record.
    Tls,
    /// What was sent, sent back: a ClientHello or a CONNECT, which only clients send.
    Echo,
    /// Another known one: its name, and what it said, where that is text.
    Named(&'static str, String),
    /// Nothing known: the first bytes.
    Unknown(String),
}

/// Prefixes that servers send before anything else, or in answer to nonsense.
const KNOWN: &[(&[u8], &str)] = &[
    (b"SSH-", "SSH"),
    (b"AMQP", "AMQP"),
    (b"220 ", "SMTP or FTP"),
    (b"220-", "SMTP or FTP"),
    (b"* OK", "IMAP"),
    (b"+OK", "POP3"),
    (b"RFB ", "VNC"),
    (b"-ERR", "Redis or POP3"),
    (b"-DENIED", "Redis"),
    (b"-NOAUTH", "Redis"),
    (b"INFO {", "NATS"),
    (b"RTSP/", "RTSP"),
    (b"SIP/", "SIP"),
    (b"ERROR", "a text protocol"),
    (b"CONNECTED", "STOMP"),
    (b"PROXY ", "a PROXY header"),
    (b"\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a", "a PROXY header"),
    (b"<?xml", "XMPP"),
    (b"<stream", "XMPP"),
    (b"\xff\xfb", "Telnet"),
    (b"\xff\xfd", "Telnet"),
    (b"\x05\xff", "SOCKS"),
    (b"\x03\x00\x00", "RDP"),
    (b"\x00\x00\x12\x04", "HTTP/2"),
    (b"\x00\x00\x18\x04", "HTTP/2"),
];

/// Recognizes the protocol; `None` for no bytes.
pub(super) fn recognize(bytes: &[u8]) -> Option<Protocol> {
    let first = *bytes.first()?;
    if bytes.starts_with(b"HTTP/") || looks_like_html(bytes) {
        return Some(Protocol::Http(first_line(bytes)));
    }
    if let Some((_, name)) = KNOWN.iter().find(|(prefix, _)| bytes.starts_with(prefix)) {
        return Some(Protocol::Named(name, first_line(bytes)));
    }
    if first == 0x20 && matches!(bytes, [_, 2..=127, ..]) {
        return Some(Protocol::Mqtt);
    }
    if matches!(bytes, [0x16, 3, 0..=4, _, _, 1, ..]) || is_connect(bytes) {
        return Some(Protocol::Echo);
    }
    if matches!(bytes, [0x14..=0x17, 3, 0..=4, ..]) {
        return Some(Protocol::Tls);
    }
    if matches!(bytes, [0x14..=0x17, 0xfe, 0xfd | 0xff, ..]) {
        return Some(Protocol::Named("DTLS (over TCP)", String::new()));
    }
    if matches!(bytes, [b'E', 0, 0, _, _, b'S', ..]) {
        return Some(Protocol::Named("PostgreSQL", String::new()));
    }
    if let [_, 0, 0, 0, 10, version @ ..] = bytes {
        return Some(Protocol::Named("MySQL", first_line(version)));
    }
    Some(Protocol::Unknown(dump(bytes)))
}

/// A CONNECT packet of MQTT.
fn is_connect(bytes: &[u8]) -> bool {
    let name = |name: &[u8]| {
        bytes
            .iter()
            .skip(2)
            .take(9)
            .copied()
            .collect::<Vec<_>>()
            .windows(name.len())
            .any(|part| part == name)
    };
    bytes.first() == Some(&0x10) && (name(b"\x00\x04MQTT") || name(b"\x00\x06MQIsdp"))
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let start: Vec<u8> = bytes.iter().take(15).map(u8::to_ascii_lowercase).collect();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// The printable beginning of the first line.
fn first_line(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(80)
        .take_while(|byte| **byte >= 0x20 && **byte < 0x7f)
        .map(|byte| char::from(*byte))
        .collect()
}

fn dump(bytes: &[u8]) -> String {
    let text = first_line(bytes);
    if text.len() >= 4 {
        return format!("`{text}`");
    }
    let hex: Vec<String> = bytes
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("the bytes {}", hex.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_by_their_first_bytes() {
        let cases: [(&[u8], Protocol); 8] = [
            (
                b"HTTP/1.1 400 Bad Request\r\n",
                Protocol::Http("HTTP/1.1 400 Bad Request".into()),
            ),
            (
                b"SSH-2.0-OpenSSH_9.2\r\n",
                Protocol::Named("SSH", "SSH-2.0-OpenSSH_9.2".into()),
            ),
            (
                b"AMQP\x00\x00\x09\x01",
                Protocol::Named("AMQP", "AMQP".into()),
            ),
            (b"\x20\x02\x00\x05", Protocol::Mqtt),
            (b"\x15\x03\x01\x00\x02", Protocol::Tls),
            (
                b"220 mail ESMTP",
                Protocol::Named("SMTP or FTP", "220 mail ESMTP".into()),
            ),
            (b"\x01\x02", Protocol::Unknown("the bytes 01 02".into())),
            (
                b"\x1b[31mred",
                Protocol::Unknown("the bytes 1b 5b 33 31 6d 72 65 64".into()),
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(recognize(bytes), Some(expected));
        }
        assert_eq!(recognize(b""), None);
    }
}
