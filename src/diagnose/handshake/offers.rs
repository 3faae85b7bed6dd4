//! What other ClientHellos met: of old, of TLS 1.3 with everything in it, and without TLS 1.3.

use super::super::port::without_tls13;
use super::super::schemes::{is_common, scheme_name};
use super::super::transcript::{Alert, LegacyAnswer, LegacyServerHello, TlsVersion, Transcript};
use super::super::words::{candidates, failure, peer};
use crate::finding::{Code, Finding};

/// What the ClientHellos that were written by hand met.
pub(super) fn by_legacy(transcript: &Transcript) -> Option<Finding> {
    let extra = &transcript.extra;
    [&extra.legacy, &extra.newest]
        .into_iter()
        .flatten()
        .find_map(|answer| match answer {
            LegacyAnswer::ServerHello(hello) => by_hello(transcript, hello),
            _ => None,
        })
}

fn by_hello(transcript: &Transcript, hello: &LegacyServerHello) -> Option<Finding> {
    let version = hello.version?;
    if version < TlsVersion::Tls12 {
        return Some(too_old(transcript, version, hello));
    }
    let suite = suite(hello);
    if suite.contains("PSK") {
        return Some(failure(
            Code::PskOnly,
            format!(
                "{} has no certificate for this listener, only pre-shared keys: it chooses {suite}",
                peer(transcript)
            ),
            "give the listener certfile and keyfile instead of psk_hint, or use a client with that pre-shared key",
        ));
    }
    if let Some(group) = hello.group.filter(|group| !is_known_group(*group)) {
        return Some(failure(
            Code::NoCommonGroup,
            format!(
                "{} has no key-exchange group in common with rustls: it insists on {}",
                peer(transcript),
                group_name(group)
            ),
            "allow X25519 and P-256 in the broker's list of groups (OpenSSL: `Groups = X25519:P-256`)",
        ));
    }
    if !is_modern(&suite) {
        let age = if version == TlsVersion::Tls12 {
            "an old"
        } else {
            "a"
        };
        return Some(failure(
            Code::NoCommonCipher,
            format!(
                "{} has no cipher suite in common with rustls: to {age} ClientHello that offers all of them it answers with {suite} ({version})",
                peer(transcript)
            ),
            "allow TLS 1.3, or ECDHE suites with AES-GCM or ChaCha20, in the broker's list of ciphers (mosquitto: take `ciphers` out)",
        ));
    }
    let scheme = hello
        .signature_scheme
        .filter(|scheme| !is_common(*scheme))?;
    Some(failure(
        Code::NoCommonSignature,
        format!(
            "{} has no signature scheme in common with rustls: it signs its answer to an old ClientHello with {}",
            peer(transcript),
            scheme_name(scheme)
        ),
        "allow signatures with SHA-256 and better in the broker's TLS library (OpenSSL: `SignatureAlgorithms` in openssl.cnf), or issue its certificate with a P-256 key",
    ))
}

/// The number of a suite stands for its name, where that is not known.
fn suite(hello: &LegacyServerHello) -> String {
    hello
        .suite_name
        .map_or_else(|| format!("0x{:04x}", hello.suite), str::to_owned)
}

/// TLS 1.3 is refused, and in TLS 1.2 the server signs with what TLS 1.3 does not allow.
pub(super) fn unsigned(transcript: &Transcript, alert: Alert) -> Option<Finding> {
    let attempt = without_tls13(transcript)?;
    let scheme = attempt.negotiated.signature_scheme.as_ref()?;
    let rest = scheme.strip_prefix("RSA_PKCS1_")?;
    let cause = format!(
        "{} refuses TLS 1.3 with the alert {alert}, and takes TLS 1.2, where it signs with rsa_pkcs1_{}: TLS 1.3 allows no such signature, and the broker's RSA key seems to make no other (RSA-PSS is not among its signature algorithms, or a TPM, a smart card or an HSM that holds the key does not have it)",
        peer(transcript),
        rest.to_lowercase()
    );
    let remedy = "allow RSA-PSS on the broker (OpenSSL: `SignatureAlgorithms` in openssl.cnf), give it a certificate with a P-256 key, or limit it to TLS 1.2 (mosquitto: `tls_version tlsv1.2`)";
    Some(failure(Code::NoCommonSignature, cause, remedy))
}

/// An old ClientHello is answered with what rustls speaks too, and nothing says what was not liked.
pub(super) fn only_old(transcript: &Transcript, alert: Alert) -> Option<Finding> {
    let peer = peer(transcript);
    if without_tls13(transcript).is_some() {
        let list = candidates(&[
            "its cipher suites or groups for TLS 1.3 are limited to what rustls does not speak (`ciphers_tls1.3`)",
            "its key makes no signature that TLS 1.3 allows",
        ]);
        return Some(failure(
            Code::NoCommonCipher,
            format!(
                "{peer} refuses TLS 1.3 with the alert {alert}, and takes TLS 1.2; likely: {list}"
            ),
            "take limits on ciphers, groups and signatures out of the broker's configuration and its openssl.cnf, or limit the broker to TLS 1.2 (mosquitto: `tls_version tlsv1.2`)",
        ));
    }
    let Some(LegacyAnswer::ServerHello(hello)) = &transcript.extra.legacy else {
        return None;
    };
    let version = hello.version?;
    Some(failure(
        Code::HandshakeRefused,
        format!(
            "{peer} refuses the handshake with the alert {alert}, and answers an old ClientHello with {} ({version})",
            suite(hello)
        ),
        "look at the broker's log for the time of this check: it says what it did not like; update the broker's TLS library",
    ))
}

pub(super) fn too_old(
    transcript: &Transcript,
    version: TlsVersion,
    hello: &LegacyServerHello,
) -> Finding {
    let suite = hello
        .suite_name
        .map_or_else(String::new, |suite| format!(", with {suite}"));
    failure(
        Code::TlsVersionTooOld,
        format!(
            "{} speaks only {version}{suite}: every current client refuses it",
            peer(transcript)
        ),
        "allow TLS 1.2 and 1.3 on the broker (mosquitto: take `tls_version` out, and update mosquitto and OpenSSL)",
    )
}

fn is_known_group(group: u16) -> bool {
    matches!(group, 23 | 24 | 29 | 0x11ec | 0x0201)
}

fn group_name(group: u16) -> String {
    match group {
        21 => "P-224".to_owned(),
        22 => "secp256k1".to_owned(),
        25 => "P-521".to_owned(),
        26 | 31 => "brainpoolP256r1".to_owned(),
        27 | 32 => "brainpoolP384r1".to_owned(),
        28 | 33 => "brainpoolP512r1".to_owned(),
        30 => "X448".to_owned(),
        256..=260 => "finite-field Diffie-Hellman".to_owned(),
        0x11eb => "SecP256r1MLKEM768".to_owned(),
        0x11ed => "SecP384r1MLKEM1024".to_owned(),
        other => format!("the group 0x{other:04x}"),
    }
}

/// A suite that rustls has.
fn is_modern(suite: &str) -> bool {
    let modern = suite.contains("GCM") || suite.contains("CHACHA20");
    modern
        && (suite.contains("ECDHE")
            || suite.starts_with("TLS_AES")
            || suite.starts_with("TLS_CHACHA20"))
}
