//! Metrics for monitoring: Prometheus' text format, and the one line that Nagios wants.

use crate::finding::{Finding, Severity, Verdict};
use crate::inspect::Report;
use crate::time::{Timestamp, date, days_left};
use crate::x509::Certificate;

use super::escape::terminal;

/// The ends of validity of a report's certificates, in the names of x509-certificate-exporter.
#[must_use]
pub fn inspection_prometheus(report: &Report, now: Timestamp) -> String {
    let mut ends = String::new();
    let mut left = String::new();
    for (item, entry, certificate) in report.certificates() {
        let labels = labels(&[
            ("filepath", &item.path),
            ("store_type", &item.format),
            ("alias", entry.alias.as_deref().unwrap_or_default()),
            ("subject", &certificate.subject.to_string()),
            ("issuer", &certificate.issuer.to_string()),
            ("serial_number", &certificate.serial_hex()),
        ]);
        ends.push_str(&sample("x509_cert_not_after", &labels, end(certificate)));
        let seconds = (certificate.not_after - now).whole_seconds();
        left.push_str(&sample("x509_cert_expires_in_seconds", &labels, seconds));
    }
    let mut out = head(
        "x509_cert_not_after",
        "End of validity, in seconds since 1970.",
    );
    out.push_str(&ends);
    out.push_str(&head(
        "x509_cert_expires_in_seconds",
        "Seconds until the end of validity, negative once it has passed.",
    ));
    out.push_str(&left);
    out.push_str(&head(
        "certgen_inspect_failures",
        "Findings of severity failure.",
    ));
    let failures = count(&report.all_findings(), Severity::Failure);
    out.push_str(&sample("certgen_inspect_failures", "", failures));
    out
}

/// One line for Nagios about a report, with the days until the first end as performance data.
#[must_use]
pub fn inspection_nagios(report: &Report, now: Timestamp) -> String {
    let findings = report.all_findings();
    let first = report
        .certificates()
        .map(|(_, _, certificate)| certificate)
        .min_by_key(|certificate| certificate.not_after);
    let count = report.certificates().count();
    let (summary, data) = match first {
        Some(first) => {
            let days = days_left(now, first.not_after);
            let summary = format!(
                "{count} {}, the first ends on {} ({days} days left)",
                if count == 1 {
                    "certificate"
                } else {
                    "certificates"
                },
                date(first.not_after)
            );
            (summary, format!("certificates={count} days={days}"))
        }
        None => ("no certificates".to_owned(), "certificates=0".to_owned()),
    };
    nagios(Verdict::of(&findings), &findings, &summary, &data)
}

/// `OK - …`, `WARNING - …` or `CRITICAL - …`, with performance data behind the bar.
#[must_use]
pub fn nagios(verdict: Verdict, findings: &[Finding], summary: &str, data: &str) -> String {
    let word = match verdict {
        Verdict::Good => "OK",
        Verdict::Warning => "WARNING",
        Verdict::Failure => "CRITICAL",
    };
    let first = findings
        .iter()
        .find(|finding| finding.severity > Severity::Note);
    let text = first.map_or_else(
        || summary.to_owned(),
        |first| format!("{}: {}; {summary}", first.code, first.cause),
    );
    // A bar would begin the performance data.
    let text = terminal(&text).replace('|', "/");
    format!("{word} - {text} | {data}\n")
}

/// The comment lines before a metric.
pub(super) fn head(name: &str, help: &str) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n")
}

pub(super) fn sample(name: &str, labels: &str, value: impl std::fmt::Display) -> String {
    format!("{name}{labels} {value}\n")
}

/// `{name="value",…}`, with values escaped as the text format wants it.
pub(super) fn labels(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let value = terminal(value).replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{value}\"")
        })
        .collect();
    format!("{{{}}}", pairs.join(","))
}

pub(super) fn end(certificate: &Certificate) -> i64 {
    certificate.not_after.unix_timestamp()
}

pub(super) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}
