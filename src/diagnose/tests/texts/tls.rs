//! The TLS handshake, and the client's certificate in it.

use std::sync::Arc;

use super::*;
use crate::diagnose::transcript::{CertificateRequest, ClientCertificate, Incompatible, Presented};

const ECDHE: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

/// An answer to the old ClientHello that rustls could have had, but for the scheme.
fn signed(scheme: u16) -> Option<LegacyAnswer> {
    Some(LegacyAnswer::ServerHello(LegacyServerHello {
        version: Some(TlsVersion::Tls12),
        suite_name: Some(ECDHE),
        group: Some(29),
        signature_scheme: Some(scheme),
        ..LegacyServerHello::default()
    }))
}

#[test]
fn the_handshake() {
    checked(
        handshake,
        &[
            (
                "silence",
                |t| fails(t, TlsFailure::TimedOut),
                Code::TlsNoAnswer,
                &[
                    "not one byte of an answer",
                    "within 5.0 s",
                    "overloaded or stopped",
                ],
            ),
            (
                "half an answer",
                |t| {
                    fails(t, TlsFailure::TimedOut);
                    tls(t).traffic.received = 90;
                    tls(t).traffic.last_after = Some(Duration::from_secs(1));
                },
                Code::TlsStalled,
                &["90 bytes came, the last one 1.0 s", "MTU"],
            ),
            (
                "short packets alone",
                |t| {
                    fails(t, TlsFailure::TimedOut);
                    t.extra.plain_connect = Some(Answer {
                        closed: Some(ended(HowClosed::EndOfStream, 3)),
                        ..Answer::default()
                    });
                },
                Code::TlsStalled,
                &["MTU", "MSS"],
            ),
            (
                "cut",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).traffic.received = 700;
                    tls(t).traffic.closed = Some(ended(HowClosed::Reset, 8));
                },
                Code::TlsStalled,
                &["sent 700 bytes of a handshake, and then reset"],
            ),
            (
                "TLS 1.1",
                |t| {
                    alerts(t, 70);
                    t.extra.legacy = old(TlsVersion::Tls11, "TLS_RSA_WITH_AES_128_CBC_SHA", None);
                },
                Code::TlsVersionTooOld,
                &[
                    "speaks only TLS 1.1, with TLS_RSA_WITH_AES_128_CBC_SHA",
                    "tls_version",
                ],
            ),
            (
                "no common version",
                |t| {
                    t.request.tls = Some(TlsRequest {
                        maximum: Some(TlsVersion::Tls12),
                        ..TlsRequest::default()
                    });
                    alerts(t, 70);
                },
                Code::TlsVersionMismatch,
                &["certgen offered TLS 1.2 alone", "protocol_version (70)"],
            ),
            (
                "static RSA",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = old(TlsVersion::Tls12, "TLS_RSA_WITH_AES_128_CBC_SHA", None);
                },
                Code::NoCommonCipher,
                &[
                    "answers with TLS_RSA_WITH_AES_128_CBC_SHA (TLS 1.2)",
                    "take `ciphers` out",
                ],
            ),
            (
                "brainpool",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = old(
                        TlsVersion::Tls12,
                        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                        Some(26),
                    );
                },
                Code::NoCommonGroup,
                &["insists on brainpoolP256r1"],
            ),
            (
                "PSK",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = old(TlsVersion::Tls12, "TLS_PSK_WITH_AES_128_CBC_SHA", None);
                },
                Code::PskOnly,
                &["only pre-shared keys", "psk_hint"],
            ),
            (
                "handshake_failure alone",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = Some(LegacyAnswer::Alert(Alert(40)));
                },
                Code::NoCommonCipher,
                &["also one with old cipher suites", "psk_hint"],
            ),
            (
                "handshake_failure, and an answer to the old ClientHello",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = old(TlsVersion::Tls12, ECDHE, Some(29));
                },
                Code::HandshakeRefused,
                &[
                    "answers an old ClientHello with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (TLS 1.2)",
                ],
            ),
            (
                "signatures with SHA-1",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = signed(0x0201);
                },
                Code::NoCommonSignature,
                &["signs its answer to an old ClientHello with rsa_pkcs1_sha1"],
            ),
            (
                "no RSA-PSS for TLS 1.3",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = signed(0x0401);
                    t.extra.without_tls13 = Some(Tls {
                        negotiated: Negotiated {
                            signature_scheme: Some("RSA_PKCS1_SHA256".into()),
                            ..reached().negotiated
                        },
                        ..reached()
                    });
                },
                Code::NoCommonSignature,
                &[
                    "takes TLS 1.2, where it signs with rsa_pkcs1_sha256",
                    "RSA-PSS",
                ],
            ),
            (
                "TLS 1.2 alone, for another reason",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = signed(0x0401);
                    t.extra.without_tls13 = Some(reached());
                },
                Code::NoCommonCipher,
                &["refuses TLS 1.3 with the alert", "`ciphers_tls1.3`"],
            ),
            (
                "X448 in TLS 1.3",
                |t| {
                    alerts(t, 40);
                    t.extra.legacy = Some(LegacyAnswer::Alert(Alert(70)));
                    t.extra.newest = old(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384", Some(30));
                },
                Code::NoCommonGroup,
                &["insists on X448"],
            ),
            (
                "CCM in TLS 1.3",
                |t| {
                    alerts(t, 40);
                    t.extra.newest = old(TlsVersion::Tls13, "TLS_AES_128_CCM_SHA256", Some(29));
                },
                Code::NoCommonCipher,
                &["answers with TLS_AES_128_CCM_SHA256 (TLS 1.3)"],
            ),
            (
                "a filter that dislikes TLS 1.3",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).traffic.closed = Some(ended(HowClosed::Reset, 8));
                    t.extra.without_tls13 = Some(reached());
                },
                Code::TlsVersionMismatch,
                &[
                    "reset the connection after 8.0 ms where a ClientHello offers TLS 1.3",
                    "limit the client to TLS 1.2",
                ],
            ),
            (
                "a filter that drops TLS 1.3",
                |t| {
                    fails(t, TlsFailure::TimedOut);
                    t.extra.without_tls13 = Some(reached());
                },
                Code::TlsVersionMismatch,
                &["does not answer within 5.0 s where a ClientHello offers TLS 1.3"],
            ),
            (
                "protocol_version, and TLS 1.2 is taken",
                |t| {
                    alerts(t, 70);
                    t.extra.without_tls13 = Some(reached());
                },
                Code::TlsVersionMismatch,
                &["sends the alert protocol_version (70) where a ClientHello offers TLS 1.3"],
            ),
            (
                "close_notify for an answer",
                |t| {
                    fails(t, TlsFailure::Closed);
                    tls(t).alerts.push(Alert(0));
                    tls(t).traffic.received = 7;
                },
                Code::HandshakeRefused,
                &["close_notify (0)", "backend is gone"],
            ),
            (
                "a wrong length",
                |t| {
                    fails(t, TlsFailure::MessageTooLarge);
                    t.extra.legacy = Some(LegacyAnswer::ServerHello(LegacyServerHello {
                        certificate_bytes: Some(700),
                        ..LegacyServerHello::default()
                    }));
                },
                Code::HandshakeRefused,
                &["its length was changed on the way"],
            ),
            (
                "a fault inside",
                |t| alerts(t, 80),
                Code::HandshakeRefused,
                &["internal_error (80) (a fault inside the server"],
            ),
            (
                "access denied",
                |t| alerts(t, 49),
                Code::HandshakeRefused,
                &["access_denied (49)", "an address filter or a policy"],
            ),
            (
                "an altered message",
                |t| alerts(t, 20),
                Code::HandshakeRefused,
                &["changed on the way"],
            ),
            (
                "64 KiB",
                |t| fails(t, TlsFailure::MessageTooLarge),
                Code::CertificateTooLarge,
                &["larger than 64 KiB", "fewer names"],
            ),
            (
                "no scheme",
                |t| fails(t, TlsFailure::Incompatible(Incompatible::SignatureScheme)),
                Code::UnsupportedKey,
                &["signs the handshake with a scheme", "P-256"],
            ),
            (
                "no suite",
                |t| fails(t, TlsFailure::Incompatible(Incompatible::CipherSuite)),
                Code::NoCommonCipher,
                &["no cipher suite in common"],
            ),
            (
                "no group",
                |t| fails(t, TlsFailure::Incompatible(Incompatible::Group)),
                Code::NoCommonGroup,
                &["no key-exchange group in common"],
            ),
            (
                "broken",
                |t| {
                    fails(t, TlsFailure::Misbehaved("a message out of turn".into()));
                    tls(t).traffic.received = 60;
                },
                Code::HandshakeRefused,
                &["breaks the TLS protocol after 60 bytes: a message out of turn"],
            ),
            (
                "no name",
                |t| fails(t, TlsFailure::Local("`a b` is no name".into())),
                Code::HandshakeRefused,
                &["could not begin: `a b` is no name"],
            ),
        ],
    );
}

#[test]
fn the_client_certificate() {
    fn wanted(transcript: &mut Transcript, answer: ClientCertificate, alert: u8) {
        tls(transcript).certificate_request = Some(CertificateRequest {
            schemes: vec![0x0403, 0x0804],
            answer,
            ..CertificateRequest::default()
        });
        alerts(transcript, alert);
    }
    checked(
        handshake,
        &[
            (
                "none",
                |t| wanted(t, ClientCertificate::NoIdentity, 116),
                Code::ClientCertificateMissing,
                &[
                    "no certificate and key were given",
                    "certificate_required (116)",
                ],
            ),
            (
                "none, TLS 1.2",
                |t| wanted(t, ClientCertificate::NoIdentity, 40),
                Code::ClientCertificateMissing,
                &["handshake_failure (40)"],
            ),
            (
                "a store without key",
                |t| {
                    Arc::make_mut(&mut t.material).without_identity =
                        Some("the store `ts.bks` holds no private key".into());
                    wanted(t, ClientCertificate::NoIdentity, 116);
                },
                Code::StoreWithoutKey,
                &["none was sent: the store `ts.bks` holds no private key"],
            ),
            (
                "no common scheme",
                |t| wanted(t, ClientCertificate::NoCommonScheme, 116),
                Code::ClientSignatureUnsupported,
                &[
                    "it accepts ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256",
                    "(`--key rsa2048`, `--key p256`)",
                ],
            ),
            (
                "untrusted",
                |t| wanted(t, ClientCertificate::Sent, 48),
                Code::ClientCertificateUntrusted,
                &[
                    "unknown_ca (48)",
                    "it does not trust the client certificate",
                    "cafile",
                ],
            ),
        ],
    );
}

#[test]
fn a_certificate_that_was_withheld_is_not_missing() {
    let mut transcript = handshake();
    fails(&mut transcript, TlsFailure::CertificateRefused);
    transcript.lenient = Some(Tls {
        certificate_request: Some(CertificateRequest {
            answer: ClientCertificate::Withheld,
            ..CertificateRequest::default()
        }),
        alerts: vec![Alert(40)],
        failure: Some(TlsFailure::Alert(Alert(40))),
        ..Tls::default()
    });
    assert_eq!(only(&transcript).code, Code::UnknownIssuer);
}

#[test]
fn a_handshake_of_tls_1_3_that_is_cut_off_is_not_laid_to_the_client() {
    let mut transcript = handshake();
    fails(&mut transcript, TlsFailure::Closed);
    let tls = tls(&mut transcript);
    tls.negotiated.version = Some(TlsVersion::Tls13);
    tls.traffic.received = 900;
    tls.presented = Some(Presented::default());
    tls.certificate_request = Some(CertificateRequest::default());
    assert_eq!(only(&transcript).code, Code::TlsStalled);
}

#[test]
fn closed_on_the_client_certificate_is_no_stalled_handshake() {
    let mut transcript = handshake();
    fails(&mut transcript, TlsFailure::Closed);
    let tls = tls(&mut transcript);
    tls.negotiated.version = Some(TlsVersion::Tls12);
    tls.traffic.received = 700;
    tls.presented = Some(Presented {
        signature_verdict: Some(Ok(())),
        ..Presented::default()
    });
    tls.certificate_request = Some(CertificateRequest {
        answer: ClientCertificate::Sent,
        ..CertificateRequest::default()
    });
    let finding = only(&transcript);
    assert_eq!(finding.code, Code::ClientCertificateUntrusted);
    assert!(
        finding
            .cause
            .contains("a closed connection, without an alert")
    );
}

#[test]
fn what_passes_at_the_second_try_is_not_laid_to_other_clienthellos() {
    fn second(transcript: &mut Transcript) {
        transcript.extra.second_try = Some(reached());
        transcript.extra.small_hello = Some(reached());
        transcript.extra.without_server_name = Some(reached());
        transcript.extra.without_tls13 = Some(reached());
    }
    checked(
        handshake,
        &[
            (
                "closed",
                |t| {
                    fails(t, TlsFailure::Closed);
                    second(t);
                },
                Code::ClosedBeforeTls,
                &["a second try went through; likely: one of several backends is down"],
            ),
            (
                "silent",
                |t| {
                    fails(t, TlsFailure::TimedOut);
                    second(t);
                },
                Code::TlsNoAnswer,
                &["a second try went through; likely: one of several backends is down"],
            ),
        ],
    );
    let mut transcript = handshake();
    fails(&mut transcript, TlsFailure::Closed);
    second(&mut transcript);
    let cause = only(&transcript).cause;
    for excluded in ["SNI router", "PROXY", "plaintext"] {
        assert!(!cause.contains(excluded), "{cause}");
    }
}
