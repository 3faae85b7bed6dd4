//! Pages that stand for themselves: one file, no script, nothing loaded, and a policy that forbids
//! both (Content-Security-Policy by hash).

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::Suggest;
use super::escape::html;
use crate::finding::{Finding, Remedy, Severity, Verdict};
use crate::time::{Timestamp, date, days_left, end_for_people};
use crate::x509::Certificate;

const STYLE: &str = include_str!("html/page.css");

/// What tells a page of certgen's from other files.
const MARK: &str = "<meta name=\"generator\" content=\"certgen\">";

/// Whether a file that begins like this is a page of certgen's.
#[must_use]
pub fn is_page(head: &[u8]) -> bool {
    let mark = MARK.as_bytes();
    head.starts_with(b"<!DOCTYPE html>") && head.windows(mark.len()).any(|part| part == mark)
}

/// What a page comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageState {
    /// Everything was looked at.
    Done(Verdict),
    /// The work was broken off; what was not seen may be anything.
    Interrupted,
    /// It could not be done at all.
    Error,
}

impl PageState {
    /// The word, and the class that gives its colour.
    fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Done(verdict) => (verdict.as_str(), verdict.as_str()),
            Self::Interrupted => ("interrupted", Verdict::Failure.as_str()),
            Self::Error => ("not checked", Verdict::Failure.as_str()),
        }
    }
}

/// A whole page around `body`.
pub(super) fn page(title: &str, state: PageState, made: Option<Timestamp>, body: &str) -> String {
    let hash = Base64::encode_string(&Sha256::digest(STYLE.as_bytes()));
    let title = html(title);
    let made = made.map_or_else(String::new, |time| {
        format!("<p class=\"made\">{}</p>\n", crate::time::rfc3339(time))
    });
    let (verdict, class) = state.shown();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{MARK}\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}: {verdict}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n<p class=\"verdict {class}\">{verdict}</p>\n{made}</header>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// A section with a heading; nothing where it would be empty.
pub(super) fn section(title: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{}</h2>\n{content}</section>\n", html(title))
}

/// The findings as cards.
pub(super) fn findings(findings: &[Finding], suggest: Suggest<'_>) -> String {
    findings.iter().map(|f| finding(f, suggest)).collect()
}

fn finding(finding: &Finding, suggest: Suggest<'_>) -> String {
    let severity = finding.severity.as_str();
    let mut rows = String::new();
    if let Some(subject) = &finding.subject {
        rows.push_str(&row("of", &html(subject)));
    }
    rows.push_str(&row("cause", &html(&finding.cause)));
    if !finding.stacks.is_empty() {
        let stacks: Vec<_> = finding.stacks.iter().map(|stack| stack.as_str()).collect();
        rows.push_str(&row("breaks", &html(&stacks.join(", "))));
    }
    if let Some(remedy) = &finding.remedy {
        rows.push_str(&remedy_rows(remedy, suggest));
    }
    format!(
        "<article class=\"{severity}\">\n<h3><span class=\"badge\">{severity}</span> {}</h3>\n<dl>\n{rows}</dl>\n</article>\n",
        finding.code
    )
}

/// What puts it right, and the command to run.
pub(super) fn remedy_rows(remedy: &Remedy, suggest: Suggest<'_>) -> String {
    let mut rows = row("fix", &html(&remedy.text));
    if let Some(action) = &remedy.action {
        let command = format!("<code>{}</code>", html(&suggest(action)));
        rows.push_str(&row("run", &command));
    }
    rows
}

/// A name and what is so; `value` is markup already.
pub(super) fn row(name: &str, value: &str) -> String {
    format!("<dt>{}</dt><dd>{value}</dd>\n", html(name))
}

/// A certificate with its dates, and how much of its life is left; marked as good only where
/// nothing else is known to be wrong.
pub(super) fn certificate(
    certificate: &Certificate,
    place: &str,
    now: Timestamp,
    is_good: bool,
) -> String {
    let left = days_left(now, certificate.not_after);
    let state = match left {
        ..0 => "failure",
        0..30 => "warning",
        _ if certificate.not_before > now => "failure",
        _ => "good",
    };
    let names: Vec<String> = certificate
        .subject_alt_names
        .iter()
        .flatten()
        .take(12)
        .map(|name| html(&name.to_string()))
        .collect();
    let mut rows = row("issuer", &html(&certificate.issuer.to_string()));
    if !names.is_empty() {
        rows.push_str(&row("names", &names.join(", ")));
    }
    let validity = format!(
        "{} to {}",
        date(certificate.not_before),
        end_for_people(now, certificate.not_after)
    );
    rows.push_str(&row(
        "valid",
        &format!("{} {}", html(&validity), life(certificate, now, state)),
    ));
    rows.push_str(&row(
        "key",
        &html(&certificate.public_key.kind().to_string()),
    ));
    rows.push_str(&row(
        "sha256",
        &format!("<code>{}</code>", certificate.sha256_hex()),
    ));
    let mark = if state == "good" && !is_good {
        "plain"
    } else {
        state
    };
    format!(
        "<div class=\"certificate {mark}\">\n<h4>{} <small>{}</small></h4>\n<dl>\n{rows}</dl>\n</div>\n",
        html(&subject(certificate)),
        html(place)
    )
}

fn subject(certificate: &Certificate) -> String {
    let subject = certificate.subject.to_string();
    if subject.is_empty() {
        return "(empty subject)".to_owned();
    }
    subject
}

/// A bar: the part of the validity that is left; a full one in the colour of failures where none is.
fn life(certificate: &Certificate, now: Timestamp, state: &str) -> String {
    let whole = (certificate.not_after - certificate.not_before)
        .whole_seconds()
        .max(1);
    let left = (certificate.not_after - now)
        .whole_seconds()
        .clamp(0, whole);
    let percent = left.saturating_mul(100) / whole;
    let width = if left == 0 {
        LIFE
    } else {
        (left.saturating_mul(LIFE) / whole).max(3)
    };
    format!(
        "<svg class=\"life\" width=\"{LIFE}\" height=\"8\" role=\"img\" aria-label=\"{percent} % of the validity is left\"><rect class=\"all\" width=\"{LIFE}\" height=\"8\"/><rect class=\"{state}\" width=\"{width}\" height=\"8\"/></svg>"
    )
}

/// Width of the bar of a validity.
const LIFE: i64 = 120;

/// How many findings of each weight there are, in words.
pub(super) fn counts(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let words = [
        (count(Severity::Failure), "failure"),
        (count(Severity::Warning), "warning"),
        (count(Severity::Note), "note"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() {
        return "Findings".to_owned();
    }
    format!("Findings: {}", parts.join(", "))
}
