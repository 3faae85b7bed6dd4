//! What a proxy shows for a name that it has no certificate for, and what it shows for others.

use super::certificate::checked_name;
use super::transcript::Transcript;
use super::words::peer;
use crate::finding::{Action, Code, Finding, Remedy, Severity};
use crate::pki::audit::Report;

/// Proxies that make a certificate of their own where none is configured: its common name, and
/// whose it is.
const DEFAULTS: &[(&str, &str)] = &[
    ("TRAEFIK DEFAULT CERT", "Traefik"),
    (
        "Kubernetes Ingress Controller Fake Certificate",
        "ingress-nginx",
    ),
];

/// The codes of what follows from a default certificate.
const CONSEQUENCES: &[Code] = &[
    Code::SelfSignedCertificate,
    Code::UnknownIssuer,
    Code::NameMismatch,
    Code::ServerUsageMissing,
    Code::CaUsedAsServerCertificate,
    Code::ExpiresSoon,
    Code::NotStrict,
];

/// Puts the default certificate of a proxy in place of all that follows from it.
pub(super) fn name(transcript: &Transcript, report: &mut Report) {
    let leaf = report.links.first().map(|link| &link.certificate);
    let common_name = leaf.and_then(|leaf| leaf.subject.common_name());
    let known = DEFAULTS.iter().find(|(name, _)| Some(*name) == common_name);
    let mut failures = report.findings.iter();
    let first = failures.find(|finding| {
        finding.severity == Severity::Failure && CONSEQUENCES.contains(&finding.code)
    });
    if let (Some((certificate, proxy)), Some(first)) = (known, first) {
        let found = finding(transcript, first.code, certificate, proxy);
        let rest = report.findings.iter();
        let rest = rest.filter(|finding| !CONSEQUENCES.contains(&finding.code));
        report.findings = std::iter::once(found).chain(rest.cloned()).collect();
    }
}

fn finding(transcript: &Transcript, code: Code, certificate: &str, proxy: &str) -> Finding {
    let (why, text) = match server_name_sent(transcript) {
        Some(name) => (
            format!("it has no certificate for the name `{name}`"),
            format!(
                "give {proxy} the broker's certificate for `{name}`, or let it pass TLS through to the broker for that name; if it serves the broker under another one, connect by that"
            ),
        ),
        None => (
            format!(
                "no server name (SNI) was sent for `{}`, and without one it chooses no other",
                checked_name(transcript)
            ),
            format!(
                "connect by the name that {proxy} has a certificate for, or give one with --servername"
            ),
        ),
    };
    let cause = format!(
        "{} shows the default certificate of {proxy}, `{certificate}`: {why}",
        peer(transcript)
    );
    Finding::failure(code, cause).with_remedy(Remedy::text(text))
}

/// Another server name gets a certificate that is accepted: say so beside the refusal.
pub(super) fn with_other_names(transcript: &Transcript, report: &mut Report) {
    let tries = &transcript.extra.server_names;
    let Some((name, _)) = tries.iter().find(|(_, attempt)| attempt.is_verified()) else {
        return;
    };
    let first = report
        .findings
        .iter_mut()
        .find(|finding| finding.severity == Severity::Failure);
    if let Some(first) = first {
        let (here, route) = match server_name_sent(transcript) {
            Some(sent) => (
                format!("for the name `{sent}`"),
                format!(", or give the proxy a certificate for `{sent}`"),
            ),
            None => ("without a server name (SNI)".to_owned(), String::new()),
        };
        first.cause.push_str(&format!(
            "; this is what the server shows {here}, for `{name}` it shows a certificate that is accepted"
        ));
        let extra = vec!["--servername".to_owned(), name.clone()];
        first.remedy = Some(Remedy::run(
            format!("connect as `{name}`{route}"),
            Action::Again { extra },
        ));
    }
}

/// The server name that went out in the handshake that is judged.
fn server_name_sent(transcript: &Transcript) -> Option<&str> {
    let tls = transcript.tls.as_ref()?;
    tls.server_name_sent.as_deref()
}
