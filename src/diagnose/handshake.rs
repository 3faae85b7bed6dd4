//! Why a TLS handshake was not completed, the certificate left aside.

mod offers;

use self::offers::{by_legacy, too_old};
use super::client;
use super::foreign::{Protocol, recognize};
use super::port;
use super::transcript::{
    Alert, ClientCertificate, Incompatible, LegacyAnswer, Tls, TlsFailure, TlsVersion, Transcript,
};
use super::words::{candidates, failure, peer, span};
use crate::finding::{Code, Finding, Severity};
use crate::pki::audit::Report;

const UNRECOGNIZED_NAME: u8 = 112;
const CLOSE_NOTIFY: Alert = Alert(0);

/// What the handshake's end says.
pub(super) fn findings(transcript: &Transcript, report: &Report) -> Option<Finding> {
    let tls = transcript.tls.as_ref()?;
    match tls.failure.as_ref()? {
        TlsFailure::CertificateRefused => unexplained_refusal(report),
        TlsFailure::TimedOut => Some(silent(transcript, tls)),
        TlsFailure::Closed if client::is_last_word(tls) => None,
        TlsFailure::Closed => Some(closed(transcript, tls)),
        TlsFailure::Alert(alert) => alerted(transcript, tls, *alert, report),
        TlsFailure::NotTls => Some(port::not_tls(transcript, &tls.traffic.first)),
        TlsFailure::MessageTooLarge => Some(too_large(transcript, tls)),
        TlsFailure::Incompatible(what) => incompatible(transcript, what, report),
        TlsFailure::Misbehaved(why) => Some(misbehaved(transcript, tls, why)),
        TlsFailure::Local(why) => Some(failure(
            Code::HandshakeRefused,
            format!("the handshake could not begin: {why}"),
            "check the host and the TLS options",
        )),
    }
}

fn unexplained_refusal(report: &Report) -> Option<Finding> {
    let explained = report
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Failure);
    (!explained).then(|| {
        failure(
            Code::UnknownIssuer,
            "rustls refuses the broker's certificate, without a reason that the audit could find",
            "issue the broker's certificate again with certgen",
        )
    })
}

fn silent(transcript: &Transcript, tls: &Tls) -> Finding {
    if tls.traffic.received > 0 {
        return stalled(transcript, tls);
    }
    if let Some(finding) = port::by_probes(transcript) {
        return finding;
    }
    let peer = peer(transcript);
    let waited = span(tls.duration);
    let answers_plain = transcript
        .extra
        .plain_connect
        .as_ref()
        .is_some_and(|answer| !answer.bytes.is_empty() || answer.closed.is_some());
    if answers_plain {
        return failure(
            Code::TlsStalled,
            format!(
                "{peer} answers short packets at once, and nothing came of its TLS answer within {waited}: packets above the path's MTU seem to be lost"
            ),
            "let ICMP \"fragmentation needed\" pass, clamp the MSS on VPN and PPPoE links, or lower the MTU of this computer's interface and try again",
        );
    }
    let (again, list) = if port::comes_and_goes(transcript) {
        (
            "; a second try went through",
            candidates(port::COMES_AND_GOES),
        )
    } else {
        ("", candidates(MUTE))
    };
    failure(
        Code::TlsNoAnswer,
        format!(
            "{peer} accepts the connection, and not one byte of an answer to the ClientHello came within {waited}{again}; likely: {list}"
        ),
        "look at the broker's log and at the proxy or firewall in front of it; restart the broker if its log stands still",
    )
}

/// Reasons of a server that never answers.
const MUTE: &[&str] = &[
    "the server is overloaded or stopped",
    "a proxy waits for a backend that does not answer",
    "the port speaks another protocol and waits",
    "a firewall lets the connection through and drops what follows",
];

fn stalled(transcript: &Transcript, tls: &Tls) -> Finding {
    let peer = peer(transcript);
    let bytes = tls.traffic.received;
    let last = tls.traffic.last_after.map(span);
    let pace = last.map_or_else(String::new, |last| {
        format!(", the last one {last} after the connection was made")
    });
    if let Some(alert) = tls.alert() {
        let cause = format!(
            "{peer} answers the ClientHello with the warning {alert}, and then goes silent: the handshake did not finish within {}",
            span(tls.duration)
        );
        let remedy = if alert.0 == UNRECOGNIZED_NAME {
            "connect by a name that the server serves, or add the name to the server or proxy"
        } else {
            "look at the broker's log for the time of this check: it says why it sent the alert"
        };
        return failure(Code::TlsStalled, cause, remedy);
    }
    let cause = format!(
        "the handshake with {peer} began and did not finish within {}: {bytes} bytes came{pace}",
        span(tls.duration)
    );
    let remedy = "look for lost large packets (MTU of a VPN or PPPoE link), an overloaded broker, or a proxy that holds data back";
    failure(Code::TlsStalled, cause, remedy)
}

fn closed(transcript: &Transcript, tls: &Tls) -> Finding {
    if let Some(finding) = port::by_probes(transcript) {
        return finding;
    }
    if let Some(finding) = by_legacy(transcript) {
        return finding;
    }
    if tls.alerts == [CLOSE_NOTIFY] && tls.negotiated.version.is_none() {
        return other_alert(transcript, CLOSE_NOTIFY);
    }
    if tls.traffic.received > 0 {
        let how = tls
            .traffic
            .closed
            .map_or_else(|| "closed the connection".to_owned(), super::words::closing);
        return failure(
            Code::TlsStalled,
            format!(
                "{} sent {} bytes of a handshake, and then {how}, without an alert",
                peer(transcript),
                tls.traffic.received
            ),
            "look at the broker's log for the time of this check; a crash, a proxy or a filter on the way cuts the handshake",
        );
    }
    port::closed(transcript, tls)
}

fn alerted(transcript: &Transcript, tls: &Tls, alert: Alert, report: &Report) -> Option<Finding> {
    if is_about_client(tls, alert) {
        return None;
    }
    match alert.0 {
        112 => Some(port::server_name(transcript, alert)),
        120 => Some(port::alpn(transcript)),
        70 | 86 => Some(version(
            transcript,
            &format!("it answers with the alert {alert}"),
        )),
        40 | 47 | 71 | 80 => refused(transcript, alert, report),
        _ => port::by_probes(transcript)
            .or_else(|| by_legacy(transcript))
            .or_else(|| Some(other_alert(transcript, alert))),
    }
}

/// The client's certificate was asked for, and the alert is one of those that answer it.
pub(super) fn is_about_client(tls: &Tls, alert: Alert) -> bool {
    let Some(request) = &tls.certificate_request else {
        return matches!(alert.0, 116);
    };
    match alert.0 {
        41..=46 | 48 | 49 | 51 | 116 => true,
        40 | 71 | 80 => request.answer != ClientCertificate::Sent || is_after_verify(tls),
        _ => false,
    }
}

/// The server's own part was over, so the alert can only be about ours.
pub(super) fn is_after_verify(tls: &Tls) -> bool {
    tls.presented
        .as_ref()
        .is_some_and(|presented| presented.signature_verdict == Some(Ok(())))
}

/// handshake_failure and its like: nothing in common, or the name is not served.
fn refused(transcript: &Transcript, alert: Alert, report: &Report) -> Option<Finding> {
    if let Some(finding) = port::by_probes(transcript) {
        return Some(finding);
    }
    if odd_key(report).is_some() {
        return None;
    }
    let named = offers::unsigned(transcript, alert)
        .or_else(|| by_legacy(transcript))
        .or_else(|| (alert.0 == 80).then(|| other_alert(transcript, alert)))
        .or_else(|| offers::only_old(transcript, alert));
    if named.is_some() {
        return named;
    }
    let list = candidates(&[
        "its cipher suites or groups are limited to what rustls does not speak",
        "the broker's key is of a kind that rustls does not take",
        "the listener has no certificate, only pre-shared keys (psk_hint)",
    ]);
    let also = if transcript.extra.legacy.is_some() {
        ", also one with old cipher suites and groups"
    } else {
        ""
    };
    Some(failure(
        Code::NoCommonCipher,
        format!(
            "{} refuses the handshake with the alert {alert}{also}; likely: {list}",
            peer(transcript)
        ),
        "give the listener certfile and keyfile with a P-256 key, and take limits on ciphers and groups (`ciphers`, `ciphers_tls1.3`, `tls_version`) out of the broker's configuration",
    ))
}

/// The certificate, which came in the clear, has a key that explains the refusal.
fn odd_key(report: &Report) -> Option<&Finding> {
    report
        .findings
        .iter()
        .find(|finding| matches!(finding.code, Code::UnsupportedKey | Code::WeakKey))
}

fn incompatible(transcript: &Transcript, what: &Incompatible, report: &Report) -> Option<Finding> {
    let peer = peer(transcript);
    Some(match what {
        Incompatible::Version => version(transcript, "its answer is in a version that was not offered"),
        Incompatible::CipherSuite => by_legacy(transcript).unwrap_or_else(|| failure(
            Code::NoCommonCipher,
            format!("{peer} has no cipher suite in common with rustls"),
            "allow TLS 1.3, or ECDHE suites with AES-GCM or ChaCha20, in the broker's list of ciphers (mosquitto: take `ciphers` out)",
        )),
        Incompatible::Group => by_legacy(transcript).unwrap_or_else(|| failure(
            Code::NoCommonGroup,
            format!("{peer} has no key-exchange group in common with rustls"),
            "allow X25519 and P-256 in the broker's list of groups (OpenSSL: `Groups = X25519:P-256`)",
        )),
        Incompatible::SignatureScheme => {
            if odd_key(report).is_some() {
                return None;
            }
            failure(
                Code::UnsupportedKey,
                format!("{peer} signs the handshake with a scheme that rustls does not take"),
                "issue the broker's certificate again with a P-256 key",
            )
        }
        Incompatible::Alpn => port::alpn(transcript),
        Incompatible::Other(why) => by_legacy(transcript).unwrap_or_else(|| failure(
            Code::HandshakeRefused,
            format!("{peer} and rustls have something not in common: {why}"),
            "allow TLS 1.2 or 1.3 with current cipher suites on the broker",
        )),
    })
}

fn version(transcript: &Transcript, how: &str) -> Finding {
    if let Some(finding) = port::intolerant(transcript) {
        return finding;
    }
    if let Some(LegacyAnswer::ServerHello(hello)) = &transcript.extra.legacy
        && let Some(version) = hello.version.filter(|version| *version < TlsVersion::Tls12)
    {
        return too_old(transcript, version, hello);
    }
    let asked = transcript.request.tls.as_ref();
    let minimum = asked
        .and_then(|tls| tls.minimum)
        .unwrap_or(TlsVersion::Tls12);
    let maximum = asked
        .and_then(|tls| tls.maximum)
        .unwrap_or(TlsVersion::Tls13);
    let offered = if minimum == maximum {
        format!("{minimum} alone")
    } else {
        format!("{minimum} to {maximum}")
    };
    failure(
        Code::TlsVersionMismatch,
        format!(
            "no common version: certgen offered {offered}, and {} does not speak it ({how})",
            peer(transcript)
        ),
        "allow TLS 1.2 and 1.3 on both sides (mosquitto: take `tls_version` out), or take the limit out of this check",
    )
}

/// The longest message that rustls reads.
const LONGEST: usize = 0xffff;

fn too_large(transcript: &Transcript, tls: &Tls) -> Finding {
    if let Some(LegacyAnswer::ServerHello(hello)) = &transcript.extra.legacy
        && hello
            .certificate_bytes
            .is_some_and(|length| length <= LONGEST)
    {
        let why = "a message says that it is longer than 64 KiB, and the one with the certificates is not: its length was changed on the way, or written wrongly";
        return misbehaved(transcript, tls, why);
    }
    failure(
        Code::CertificateTooLarge,
        format!(
            "the certificate message of {} is larger than 64 KiB: rustls refuses it, Java takes 32 kB, ESP32 16 kB",
            peer(transcript)
        ),
        "issue the broker's certificate with fewer names, and send fewer certificates",
    )
}

fn misbehaved(transcript: &Transcript, tls: &Tls, why: &str) -> Finding {
    if let Some(echo @ Protocol::Echo) = recognize(&tls.traffic.first) {
        return port::other_protocol(transcript, &echo);
    }
    if let Some(finding) = port::by_probes(transcript) {
        return finding;
    }
    by_legacy(transcript).unwrap_or_else(|| {
        failure(
            Code::HandshakeRefused,
            format!("{} breaks the TLS protocol after {} bytes: {why}", peer(transcript), tls.traffic.received),
            "look at what stands between here and the broker (proxies, filters), and update the broker's TLS library",
        )
    })
}

/// What an alert means that comes before any certificate of ours could have been seen.
fn meaning(alert: Alert) -> &'static str {
    match alert.0 {
        0 => {
            " (it ends the connection in good order: a server that is on its way down, or whose backend is gone)"
        }
        10 | 22 | 50 => {
            " (its TLS library did not understand what it received: perhaps a proxy puts a PROXY header in front, which the server does not expect)"
        }
        51 | 109 | 110 => " (its TLS library did not understand what it received)",
        20 | 21 => " (what it received was changed on the way)",
        42..=46 | 48 => {
            " (it speaks of a certificate, and none was asked for: perhaps a proxy that passes on the refusal of its backend)"
        }
        49 => " (a rule of the server, not of TLS: an address filter or a policy)",
        80 => {
            " (a fault inside the server: a key that it cannot read, a full disk, a missing file)"
        }
        90 => " (somebody there called it off)",
        115 => " (it speaks of a pre-shared key, and none was offered)",
        121 => " (it takes only clients that encrypt the server name: ECH)",
        _ => "",
    }
}

fn other_alert(transcript: &Transcript, alert: Alert) -> Finding {
    let sent = transcript
        .tls
        .as_ref()
        .and_then(|tls| tls.server_name_sent.clone());
    let name = sent.map_or_else(
        || "no server name was sent".to_owned(),
        |name| format!("the server name sent was `{name}`"),
    );
    failure(
        Code::HandshakeRefused,
        format!(
            "{} refuses the handshake with the alert {alert}{}; {name}",
            peer(transcript),
            meaning(alert)
        ),
        "look at the broker's log for the time of this check: it says why it sent the alert",
    )
}
