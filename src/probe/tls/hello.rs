//! What the peer's first flight says in the clear: ServerHello (RFC 8446 section 4.1.3, RFC 5246
//! section 7.4.1.3), alerts, and up to TLS 1.2 its certificates and its wish for ours.

use crate::diagnose::transcript::{Alert, LegacyServerHello, TlsVersion};

/// The bytes of a first flight, record by record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::probe) struct Flight {
    /// The alert, where one is readable.
    pub(in crate::probe) alert: Option<Alert>,
    /// The ServerHello, where it came up to its extensions.
    pub(in crate::probe) hello: Option<LegacyServerHello>,
    /// The server asked for another key share.
    pub(in crate::probe) hello_retry: bool,
    /// The ALPN protocol chosen, where it is in the clear.
    pub(in crate::probe) alpn: Option<String>,
    /// ServerHelloDone was reached: nothing more follows in the clear.
    pub(in crate::probe) done: bool,
}

/// RFC 8446 section 4.1.3: the random of a HelloRetryRequest.
const HELLO_RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Reads as much of a first flight as is there; `None` where the bytes are no TLS records.
pub(in crate::probe) fn read(bytes: &[u8]) -> Option<Flight> {
    let mut flight = Flight::default();
    let mut messages = Vec::new();
    let mut rest = Reader(bytes);
    let mut first = true;
    while let Some((kind, fragment, whole)) = record(&mut rest) {
        match kind {
            ALERT if fragment.len() == 2 => {
                flight.alert = fragment.get(1).copied().map(Alert);
                break;
            }
            HANDSHAKE => messages.extend_from_slice(fragment),
            _ if first => return None,
            _ => break,
        }
        first = false;
        if !whole {
            break;
        }
    }
    if first && flight.alert.is_none() {
        return None;
    }
    handshake(&messages, &mut flight);
    Some(flight)
}

/// One record: its type, as much of its content as is there, and whether that is all of it.
fn record<'a>(rest: &mut Reader<'a>) -> Option<(u8, &'a [u8], bool)> {
    let kind = rest.byte()?;
    let major = rest.byte()?;
    rest.byte()?;
    if major != 3 {
        return None;
    }
    let length = rest.number(2)?;
    let fragment = rest.up_to(length);
    Some((kind, fragment, fragment.len() == length))
}

fn handshake(messages: &[u8], flight: &mut Flight) {
    let mut rest = Reader(messages);
    while let Some(kind) = rest.byte() {
        let Some(length) = rest.number(3) else {
            return;
        };
        let body = rest.up_to(length);
        match kind {
            2 => server_hello(body, flight),
            11 => certificates(length, body, flight),
            12 => key_exchange(body, flight),
            13 => certificate_request(body, flight),
            14 => flight.done = true,
            _ => {}
        }
    }
}

fn server_hello(body: &[u8], flight: &mut Flight) {
    let mut rest = Reader(body);
    let mut hello = LegacyServerHello::default();
    let parsed = (|| {
        hello.version = TlsVersion::from_wire(rest.short()?);
        flight.hello_retry |= rest.take(32)? == HELLO_RETRY_RANDOM;
        let session = usize::from(rest.byte()?);
        rest.take(session)?;
        hello.suite = rest.short()?;
        hello.suite_name = suite_name(hello.suite);
        rest.byte()?;
        // Servers of old may send no extensions at all.
        rest.short();
        Some(())
    })();
    if parsed.is_none() {
        return;
    }
    while let (Some(kind), Some(length)) = (rest.short(), rest.number(2)) {
        extension(kind, rest.up_to(length), &mut hello, flight);
    }
    flight.hello = Some(hello);
}

fn extension(kind: u16, content: &[u8], hello: &mut LegacyServerHello, flight: &mut Flight) {
    let mut rest = Reader(content);
    match kind {
        // supported_versions
        43 => {
            hello.version = rest
                .short()
                .and_then(TlsVersion::from_wire)
                .or(hello.version)
        }
        // key_share
        51 => hello.group = rest.short(),
        // application_layer_protocol_negotiation
        16 => {
            rest.short();
            let length = usize::from(rest.byte().unwrap_or(0));
            flight.alpn = rest
                .take(length)
                .map(|name| String::from_utf8_lossy(name).into_owned());
        }
        _ => {}
    }
}

fn certificates(length: usize, body: &[u8], flight: &mut Flight) {
    let mut rest = Reader(body);
    rest.number(3);
    let Some(hello) = &mut flight.hello else {
        return;
    };
    hello.certificate_bytes = Some(length);
    while let Some(certificate) = rest.number(3).and_then(|length| rest.take(length)) {
        hello.chain.push(certificate.to_vec());
    }
}

/// The named curve of an ECDHE ServerKeyExchange (RFC 8422 section 5.4), and since TLS 1.2 the scheme
/// of its signature.
fn key_exchange(body: &[u8], flight: &mut Flight) {
    let mut rest = Reader(body);
    let (Some(3), Some(group), Some(hello)) = (rest.byte(), rest.short(), &mut flight.hello) else {
        return;
    };
    hello.group = Some(group);
    let is_signed = hello.version == Some(TlsVersion::Tls12)
        && hello
            .suite_name
            .is_none_or(|name| !name.contains("PSK") && !name.contains("anon"));
    let point = rest.byte().map_or(0, usize::from);
    if rest.take(point).is_some() && is_signed {
        hello.signature_scheme = rest.short();
    }
}

/// CertificateRequest of TLS 1.0 and 1.1, and of 1.2 with its signature algorithms.
fn certificate_request(body: &[u8], flight: &mut Flight) {
    let Some(hello) = &mut flight.hello else {
        return;
    };
    hello.certificate_requested = true;
    let mut rest = Reader(body);
    let types = usize::from(rest.byte().unwrap_or(0));
    rest.take(types);
    if hello.version == Some(TlsVersion::Tls12) {
        let schemes = rest.number(2).unwrap_or(0);
        rest.take(schemes);
    }
    rest.number(2);
    while let Some(name) = rest.number(2).and_then(|length| rest.take(length)) {
        hello.ca_names.push(name.to_vec());
    }
}

/// Reads numbers and fields, front to back.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// As many bytes as there are, at most `length`.
    fn up_to(&mut self, length: usize) -> &'a [u8] {
        let length = length.min(self.0.len());
        self.take(length).unwrap_or_default()
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    /// A big-endian number of `width` bytes.
    fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.take(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |number, byte| (number << 8) | usize::from(*byte)),
        )
    }
}

/// The names of the suites that old servers choose (IANA's registry), and of today's.
pub(in crate::probe) fn suite_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0004 => "TLS_RSA_WITH_RC4_128_MD5",
        0x0005 => "TLS_RSA_WITH_RC4_128_SHA",
        0x000a => "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        0x0016 => "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0x002f => "TLS_RSA_WITH_AES_128_CBC_SHA",
        0x0033 => "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        0x0035 => "TLS_RSA_WITH_AES_256_CBC_SHA",
        0x0039 => "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        0x003c => "TLS_RSA_WITH_AES_128_CBC_SHA256",
        0x003d => "TLS_RSA_WITH_AES_256_CBC_SHA256",
        0x0067 => "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
        0x006b => "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
        0x008c => "TLS_PSK_WITH_AES_128_CBC_SHA",
        0x008d => "TLS_PSK_WITH_AES_256_CBC_SHA",
        0x009c => "TLS_RSA_WITH_AES_128_GCM_SHA256",
        0x009d => "TLS_RSA_WITH_AES_256_GCM_SHA384",
        0x009e => "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x009f => "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        0x00a8 => "TLS_PSK_WITH_AES_128_GCM_SHA256",
        0x00a9 => "TLS_PSK_WITH_AES_256_GCM_SHA384",
        0x00ae => "TLS_PSK_WITH_AES_128_CBC_SHA256",
        0x00af => "TLS_PSK_WITH_AES_256_CBC_SHA384",
        0x1301 => "TLS_AES_128_GCM_SHA256",
        0x1302 => "TLS_AES_256_GCM_SHA384",
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        0x1304 => "TLS_AES_128_CCM_SHA256",
        0x1305 => "TLS_AES_128_CCM_8_SHA256",
        0xc009 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xc00a => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xc012 => "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0xc013 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xc014 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0xc023 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        0xc024 => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        0xc027 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        0xc028 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xc030 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xcca8 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0xccac => "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
        _ => return None,
    })
}

/// The names of key-exchange groups (IANA's registry).
pub(in crate::probe) fn group_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0017 => "secp256r1",
        0x0018 => "secp384r1",
        0x0019 => "secp521r1",
        0x001a => "brainpoolP256r1",
        0x001d => "x25519",
        0x001e => "x448",
        0x0100 => "ffdhe2048",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_read() {
        let flight = read(b"\x15\x03\x03\x00\x02\x02\x28").unwrap();
        assert_eq!(flight.alert, Some(Alert(40)));
    }

    #[test]
    fn other_protocols_are_none() {
        assert_eq!(read(b"HTTP/1.1 400 Bad Request\r\n"), None);
        assert_eq!(read(b"\x20\x02\x00\x01"), None);
        assert_eq!(read(b""), None);
    }

    #[test]
    fn a_server_hello_of_tls_1_3_is_read() {
        // Record, handshake header, version, random, empty session id, suite, compression,
        // supported_versions 1.3, the beginning of a key_share of X25519MLKEM768.
        let mut bytes = b"\x16\x03\x03\x04\xc0\x02\x00\x04\xbc\x03\x03".to_vec();
        bytes.extend_from_slice(&[7; 32]);
        bytes.extend_from_slice(b"\x00\x13\x02\x00\x04\x94\x00\x2b\x00\x02\x03\x04");
        bytes.extend_from_slice(b"\x00\x33\x04\x64\x11\xec\x04\x60");
        let hello = read(&bytes).unwrap().hello.unwrap();
        assert_eq!(hello.version, Some(TlsVersion::Tls13));
        assert_eq!(hello.suite_name, Some("TLS_AES_256_GCM_SHA384"));
        assert_eq!(hello.group.and_then(group_name), Some("X25519MLKEM768"));
    }

    #[test]
    fn a_server_hello_that_is_cut_off_before_its_suite_is_none() {
        let mut bytes = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03".to_vec();
        bytes.extend_from_slice(&[7; 32]);
        bytes.extend_from_slice(b"\x20\x01\x02\x03\x04\x05\x06");
        assert_eq!(read(&bytes).unwrap().hello, None);
    }

    #[test]
    fn the_scheme_of_a_key_exchange_is_read() {
        let mut messages = b"\x02\x00\x00\x26\x03\x03".to_vec();
        messages.extend_from_slice(&[7; 32]);
        messages.extend_from_slice(b"\x00\xc0\x2f\x00");
        messages.extend_from_slice(b"\x0b\x00\x00\x03\x00\x00\x00");
        messages.extend_from_slice(b"\x0c\x00\x00\x0a\x03\x00\x1d\x02\xaa\xbb\x02\x01\x00\x00");
        let mut bytes = b"\x16\x03\x03\x00".to_vec();
        bytes.push(u8::try_from(messages.len()).unwrap());
        bytes.extend_from_slice(&messages);
        let hello = read(&bytes).unwrap().hello.unwrap();
        assert_eq!(hello.group, Some(0x001d));
        assert_eq!(hello.signature_scheme, Some(0x0201));
        assert_eq!(hello.certificate_bytes, Some(3));
    }

    #[test]
    fn cut_off_and_absurd_flights_are_read_as_far_as_they_go() {
        let whole = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03\0\0\0\x0b\xff\xff\xff";
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
        assert!(read(b"\x16\x03\x01\xff\xff\x0b\xff\xff\xff\xff\xff\xff").is_some());
    }
}
