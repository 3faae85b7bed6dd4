//! From evidence to findings: what a conversation with a broker showed, and what follows from it.

mod certificate;
mod client;
mod default_certificate;
mod emulation;
pub mod explain;
mod foreign;
mod goodbye;
mod handshake;
mod network;
mod port;
mod publish;
mod schemes;
mod session;
pub mod transcript;
mod words;

pub use certificate::presented;
pub use emulation::as_client;

use std::sync::Arc;

use crate::finding::{Code, Finding, Severity};
use crate::pki::audit::{Link, Memory};
use crate::time::{Span, Timestamp};
use crate::x509::Certificate;
use transcript::{Outcome, StepName, Transcript};

/// What a conversation comes to.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The findings: failures before warnings before notes, the most specific cause first.
    pub findings: Vec<Finding>,
    /// The server's certificates with their places, where it presented any.
    pub chain: Vec<Link>,
}

/// How is judged.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Criteria<'a> {
    /// The moment of judging.
    pub now: Timestamp,
    /// Certificates that end within this span are reported.
    pub warning_period: Span,
    /// What other conversations of this run have taught about certificates.
    pub memory: Option<&'a Memory>,
}

impl<'a> Criteria<'a> {
    /// Judged at `now`, with a warning period of 30 days and nothing to remember.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            warning_period: Span::days(30),
            memory: None,
        }
    }

    /// The certificate that the DER is, where it can be read.
    fn certificate(&self, der: &[u8]) -> Option<Arc<Certificate>> {
        match self.memory {
            Some(memory) => memory.certificate(der).ok(),
            None => Certificate::from_der(der).ok().map(Arc::new),
        }
    }

    /// With what is remembered from other conversations, and for them.
    #[must_use]
    pub fn with_memory(self, memory: &'a Memory) -> Self {
        Self {
            memory: Some(memory),
            ..self
        }
    }
}

/// Draws the conclusions from a conversation.
#[must_use]
pub fn diagnose(transcript: &Transcript, criteria: Criteria<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let mut findings: Vec<Finding> = network::input(transcript).into_iter().collect();
    findings.extend(network::resolve(transcript));
    findings.extend(network::tcp(transcript));
    findings.extend(tls(transcript, criteria, &mut diagnosis));
    findings.extend(session::findings(transcript));
    if !findings.iter().any(|f| f.severity == Severity::Failure) {
        findings.extend(unexplained(transcript));
    }
    diagnosis.findings = ordered(findings);
    diagnosis
}

fn tls(transcript: &Transcript, criteria: Criteria<'_>, out: &mut Diagnosis) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if transcript.request.tls.is_none() {
        return findings;
    }
    let mut report = certificate::judge(transcript, criteria);
    let refused = certificate::is_refused(transcript);
    findings.extend(handshake::findings(transcript, &report));
    if findings.iter().any(|f| f.code == Code::CertificateTooLarge) {
        // The message was cut off, and with it the chain that is judged here.
        report.findings.clear();
    }
    findings.extend(report.findings);
    out.chain = report.links;
    findings.extend(client::findings(transcript, criteria, refused));
    findings
}

/// Failures before warnings before notes; within each, as they were found.
fn ordered(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut seen: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !seen.contains(&finding) {
            seen.push(finding);
        }
    }
    seen
}

/// A step failed and nothing above says why: its own words, so that no failure goes unsaid.
fn unexplained(transcript: &Transcript) -> Option<Finding> {
    let step = transcript
        .steps
        .iter()
        .find(|step| step.outcome == Outcome::Failed)?;
    let code = match step.name {
        StepName::Resolve => Code::ResolverFailed,
        StepName::Tcp => Code::HostUnreachable,
        StepName::Tls => Code::HandshakeRefused,
        StepName::Mqtt => Code::NoConnack,
        StepName::Subscribe => Code::NoSuback,
        StepName::Publish => Code::MessageNotDelivered,
        StepName::Hold => Code::IdleTimeoutTooShort,
    };
    let detail = if step.detail.is_empty() {
        "no reason is known".to_owned()
    } else {
        step.detail.clone()
    };
    let cause = format!(
        "the step `{}` did not succeed: {detail}",
        step.name.as_str()
    );
    let remedy = "look at the broker's log for the time of this check";
    Some(words::failure(code, cause, remedy))
}

#[cfg(test)]
mod tests;
