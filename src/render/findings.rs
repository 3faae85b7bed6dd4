//! Findings as text and as JSON: the part that all reports share.

use serde_json::{Map, Value, json};

use super::escape;
use super::style::{BAD, DIM, HELP, WARN, paint};
use crate::finding::{Action, Finding, Remedy, Severity, Verdict};

/// Turns an action into a command line; the command line knows how.
pub type Suggest<'a> = &'a dyn Fn(&Action) -> String;

/// The findings as JSON, in order.
#[must_use]
pub fn findings_json(findings: &[Finding], suggest: Suggest<'_>) -> Value {
    findings
        .iter()
        .map(|finding| finding_json(finding, suggest))
        .collect()
}

/// A document with the fields that every report has; the report adds its own.
#[must_use]
pub fn document(schema: &str, findings: &[Finding], suggest: Suggest<'_>) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("schema".into(), schema.into());
    document.insert("verdict".into(), Verdict::of(findings).as_str().into());
    document.insert("findings".into(), findings_json(findings, suggest));
    document
}

fn finding_json(finding: &Finding, suggest: Suggest<'_>) -> Value {
    let mut object = Map::new();
    object.insert("code".into(), finding.code.as_str().into());
    object.insert("severity".into(), finding.severity.as_str().into());
    object.insert("cause".into(), finding.cause.clone().into());
    if let Some(remedy) = &finding.remedy {
        object.insert("remedy".into(), remedy_json(remedy, suggest));
    }
    if let Some(subject) = &finding.subject {
        object.insert("subject".into(), subject.clone().into());
    }
    if !finding.stacks.is_empty() {
        let stacks: Vec<_> = finding.stacks.iter().map(|stack| stack.as_str()).collect();
        object.insert("stacks".into(), json!(stacks));
    }
    Value::Object(object)
}

/// A remedy as JSON: `text`, and `command` where there is one.
#[must_use]
pub fn remedy_json(remedy: &Remedy, suggest: Suggest<'_>) -> Value {
    let mut object = Map::new();
    object.insert("text".into(), remedy.text.clone().into());
    if let Some(action) = &remedy.action {
        object.insert("command".into(), suggest(action).into());
    }
    Value::Object(object)
}

/// The findings as text, one block each, an empty line between blocks.
#[must_use]
pub fn findings_text(findings: &[Finding], suggest: Suggest<'_>) -> String {
    findings
        .iter()
        .map(|finding| finding_text(finding, suggest))
        .collect::<Vec<_>>()
        .join("\n")
}

fn finding_text(finding: &Finding, suggest: Suggest<'_>) -> String {
    let style = match finding.severity {
        Severity::Failure => BAD,
        Severity::Warning => WARN,
        Severity::Note => DIM,
    };
    let head = paint(style, finding.severity.as_str());
    let mut out = format!("{head}  {}\n", finding.code);
    let mut line = |label: &str, text: &str| {
        out.push_str(&format!("  {label:<6} {}\n", escape::terminal(text)));
    };
    if let Some(subject) = &finding.subject {
        line("of", subject);
    }
    line("cause", &finding.cause);
    if !finding.stacks.is_empty() {
        let stacks: Vec<_> = finding.stacks.iter().map(|stack| stack.as_str()).collect();
        line("breaks", &stacks.join(", "));
    }
    if let Some(remedy) = &finding.remedy {
        line("fix", &remedy.text);
        if let Some(action) = &remedy.action {
            let command = suggest(action);
            let command = escape::terminal(&command);
            out.push_str(&format!("  {:<6} {}\n", "run", paint(HELP, &command)));
        }
    }
    out
}
