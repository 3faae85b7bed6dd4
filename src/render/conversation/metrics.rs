//! Conversations as metrics for Prometheus, and as one line for Nagios.

use std::collections::BTreeMap;

use super::{address, presented};
use crate::diagnose::transcript::{Outcome, Request, Transcript};
use crate::finding::{Code, Finding, Severity, Verdict};
use crate::render::metrics::{count, end, head, labels, nagios, sample};
use crate::time::days_left;

/// Metrics of one or more conversations; samples of one name stand together, as the text format
/// wants it.
#[derive(Debug, Default)]
pub struct ConversationMetrics {
    samples: BTreeMap<&'static str, String>,
}

/// Every metric, with its help.
const METRICS: [(&str, &str); 7] = [
    (
        "certgen_verify_success",
        "Whether the whole conversation succeeded without a failure.",
    ),
    (
        "certgen_verify_duration_seconds",
        "Seconds from the first lookup to the last byte.",
    ),
    (
        "certgen_verify_step_success",
        "Whether the step succeeded; absent where it was not taken.",
    ),
    (
        "certgen_verify_step_duration_seconds",
        "Seconds that the step took.",
    ),
    (
        "certgen_verify_finding",
        "1 for each finding, by code and severity.",
    ),
    (
        "x509_cert_not_after",
        "End of validity, in seconds since 1970.",
    ),
    (
        "x509_cert_expires_in_seconds",
        "Seconds until the end of validity, negative once it has passed.",
    ),
];

/// What a check that could not be made leaves for Prometheus, by the code of the error; where it is
/// known what was to be checked, that did not succeed.
#[must_use]
pub fn conversation_error_metrics(code: Code, request: Option<&Request>) -> String {
    let mut out = String::new();
    if let (Some(request), [(name, help), ..]) = (request, METRICS) {
        out.push_str(&head(name, help));
        let target = labels(&[("target", &address(request))]);
        out.push_str(&sample(name, &target, 0));
    }
    let (name, labels) = ("certgen_verify_error", labels(&[("code", code.as_str())]));
    let help = "1 where certgen could not check at all, by the code of the error.";
    out.push_str(&head(name, help));
    out.push_str(&sample(name, &labels, 1));
    out
}

impl ConversationMetrics {
    /// Adds a conversation.
    pub fn add(&mut self, transcript: &Transcript, findings: &[Finding]) {
        let target = address(&transcript.request);
        let own = labels(&[("target", &target)]);
        let success = u8::from(Verdict::of(findings) != Verdict::Failure);
        self.push("certgen_verify_success", &own, success);
        let seconds = transcript.duration.as_secs_f64();
        self.push("certgen_verify_duration_seconds", &own, seconds);
        for step in &transcript.steps {
            let labels = labels(&[("target", &target), ("step", step.name.as_str())]);
            if let Some(duration) = step.duration {
                let is_good = u8::from(step.outcome == Outcome::Good);
                self.push("certgen_verify_step_success", &labels, is_good);
                let seconds = duration.as_secs_f64();
                self.push("certgen_verify_step_duration_seconds", &labels, seconds);
            }
        }
        self.add_findings(&target, findings);
        self.add_certificates(&target, transcript);
    }

    fn add_findings(&mut self, target: &str, findings: &[Finding]) {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for finding in findings {
            let key = (finding.code.as_str(), finding.severity.as_str());
            *counts.entry(key).or_default() += 1;
        }
        for ((code, severity), count) in counts {
            let pairs = [("target", target), ("code", code), ("severity", severity)];
            self.push("certgen_verify_finding", &labels(&pairs), count);
        }
    }

    fn add_certificates(&mut self, target: &str, transcript: &Transcript) {
        for (position, certificate) in presented(transcript).iter().enumerate() {
            let labels = labels(&[
                ("target", target),
                ("position", &position.to_string()),
                ("subject", &certificate.subject.to_string()),
                ("issuer", &certificate.issuer.to_string()),
                ("serial_number", &certificate.serial_hex()),
            ]);
            self.push("x509_cert_not_after", &labels, end(certificate));
            if let Some(now) = transcript.material.now {
                let seconds = (certificate.not_after - now).whole_seconds();
                self.push("x509_cert_expires_in_seconds", &labels, seconds);
            }
        }
    }

    fn push(&mut self, name: &'static str, labels: &str, value: impl std::fmt::Display) {
        self.samples
            .entry(name)
            .or_default()
            .push_str(&sample(name, labels, value));
    }

    /// The metrics in Prometheus' text format.
    #[must_use]
    pub fn into_text(self) -> String {
        let mut out = String::new();
        for (name, help) in METRICS {
            if let Some(samples) = self.samples.get(name) {
                out.push_str(&head(name, help));
                out.push_str(samples);
            }
        }
        out
    }
}

/// One line for Nagios, with the duration and the days until the first end as performance data.
#[must_use]
pub fn conversation_nagios(transcript: &Transcript, findings: &[Finding]) -> String {
    let target = address(&transcript.request);
    let seconds = transcript.duration.as_secs_f64();
    let mut data = format!("time={seconds:.3}s");
    let ends = presented(transcript)
        .into_iter()
        .map(|certificate| certificate.not_after);
    if let (Some(now), Some(first)) = (transcript.material.now, ends.min()) {
        data.push_str(&format!(" days={}", days_left(now, first)));
    }
    data.push_str(&format!(" warnings={}", count(findings, Severity::Warning)));
    let summary = format!("{target} in {seconds:.3} s");
    nagios(Verdict::of(findings), findings, &summary, &data)
}
