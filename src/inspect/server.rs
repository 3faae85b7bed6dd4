//! The chain that a TLS server presented, shown as that of a file.

use super::{Entry, EntryKind, Fact, Item, Kind, Look};
use crate::diagnose::transcript::{CertificateRequest, Presented, StepName, Tls, Transcript};
use crate::diagnose::{Criteria, diagnose, presented};
use crate::finding::{Code, Finding, Remedy, Severity};
use crate::x509::Certificate;

/// What a server presented, under the name `path`, and what is to be said about it.
///
/// Whether a client trusts it is not judged: that depends on the client, and `verify` asks it. A
/// server that presented nothing is told by the findings of the conversation.
#[must_use]
pub fn server(path: &str, transcript: &Transcript, look: &Look<'_>) -> Item {
    let found = presented(transcript);
    let mut item = Item {
        path: path.to_owned(),
        kind: Kind::Server,
        format: format(transcript),
        size: 0,
        version: None,
        integrity: None,
        protection: Vec::new(),
        entries: Vec::new(),
        findings: Vec::new(),
    };
    if let Some(found) = &found {
        take(&mut item, found);
        facts(&mut item, transcript, found);
        super::judge(&mut item, look.judge);
        item.findings.extend(refused_key(&item, look));
    }
    let diagnosis = diagnose(transcript, Criteria::at(look.judge.now));
    let others: Vec<Finding> = match found {
        None => diagnosis.findings,
        Some(_) => diagnosis
            .findings
            .into_iter()
            .filter_map(|finding| beside(finding, &item))
            .collect(),
    };
    let about = |finding: Finding| finding.about(path);
    item.findings.extend(others.into_iter().map(about));
    item.findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    item
}

/// `TLS 1.3`, or `TLS` where nothing was agreed on.
fn format(transcript: &Transcript) -> String {
    let tls = transcript.tls.as_ref();
    tls.and_then(|tls| tls.negotiated.version)
        .map_or_else(|| "TLS".to_owned(), |version| version.to_string())
}

fn take(item: &mut Item, presented: &Presented) {
    let mut entry = Entry::new(EntryKind::Certificate);
    for der in &presented.chain {
        item.size += der.len();
        match Certificate::from_der(der) {
            Ok(certificate) => entry.certificates.push(certificate),
            Err(error) => item.findings.push(
                Finding::failure(Code::NotACertificate, error.to_string())
                    .about(item.path.clone())
                    .with_remedy(Remedy::text(
                        "issue the certificate again, and install it on the server",
                    )),
            ),
        }
    }
    item.entries.push(entry);
}

fn facts(item: &mut Item, transcript: &Transcript, presented: &Presented) {
    let Some(entry) = item.entries.first_mut() else {
        return;
    };
    let mut add = |name, value: String| entry.facts.push(Fact { name, value });
    if let Some(peer) = transcript.tcp.as_ref().and_then(|tcp| tcp.peer) {
        add("address", peer.ip().to_string());
    }
    if let Some(tls) = &transcript.tls {
        let name = tls.server_name_sent.as_deref();
        add("sni", name.unwrap_or("none sent").to_owned());
        add("client", client(tls));
        if let Some(step) = transcript.step(StepName::Tls).filter(|_| !is_over(tls)) {
            add("ended", step.detail.clone());
        }
    }
    if let Some(staple) = &presented.ocsp {
        add("ocsp", format!("stapled, {} bytes", staple.len()));
    }
}

/// Whether the handshake came to its end, or ended for want of a client certificate alone.
fn is_over(tls: &Tls) -> bool {
    tls.is_complete() || tls.certificate_request.is_some()
}

fn client(tls: &Tls) -> String {
    let refused = tls.alert().is_some() || !tls.is_complete();
    match &tls.certificate_request {
        None if !tls.is_complete() => "not known whether a certificate is asked for".to_owned(),
        None => "no certificate is asked for".to_owned(),
        Some(CertificateRequest { .. }) if refused => "a certificate is required".to_owned(),
        Some(CertificateRequest { .. }) => "a certificate is asked for".to_owned(),
    }
}

/// What the conversation shows besides: nothing about trust, nothing twice.
fn beside(mut finding: Finding, item: &Item) -> Option<Finding> {
    let is_known = item.findings.iter().any(|known| known.code == finding.code);
    if is_known || LEFT_ASIDE.contains(&finding.code) {
        return None;
    }
    if ABOUT_NAMES.contains(&finding.code) {
        // Clients may know the server by another name than the one that was typed here.
        finding.severity = finding.severity.min(Severity::Warning);
    }
    Some(finding)
}

/// What depends on trust and on the client's own certificate, or is said of each certificate.
const LEFT_ASIDE: &[Code] = &[
    Code::UnknownIssuer,
    Code::MissingIntermediate,
    Code::SelfSignedCertificate,
    Code::CaRegenerated,
    Code::SignatureInvalid,
    Code::SameSubjectAsIssuer,
    Code::LeafAsTrustAnchor,
    Code::TrustAnchorExpired,
    Code::TrustAnchorNotACa,
    Code::TrustAnchorIncomplete,
    Code::ClientCertificateMissing,
    Code::ClientCertificateNotRequested,
    Code::ClientIssuerNotOffered,
    Code::CertificateExpired,
    Code::CertificateNotYetValid,
    Code::ClockWrong,
    Code::ExpiresSoon,
    Code::X509V1,
    Code::WeakKey,
    Code::UnsupportedKey,
    Code::UncommonKey,
    Code::WeakSignature,
    Code::NotStrict,
    Code::FixtureCertificate,
];

const ABOUT_NAMES: &[Code] = &[
    Code::NameMismatch,
    Code::WildcardScope,
    Code::NoSubjectAltName,
    Code::IpWrittenAsDnsName,
];

/// The target cannot use the server's key.
fn refused_key(item: &Item, look: &Look<'_>) -> Option<Finding> {
    let target = look.target?;
    let leaf = item.entries.first()?.certificates.first()?;
    let kind = leaf.public_key.kind();
    let why = target.takes_key(kind).err()?;
    let cause = format!(
        "{} does not take the server's key ({kind}): {why}",
        target.title()
    );
    let finding = Finding::failure(Code::UnsupportedKey, cause).about(item.path.clone());
    Some(finding.with_remedy(Remedy::text(
        "issue the server's certificate again with a P-256 key",
    )))
}
