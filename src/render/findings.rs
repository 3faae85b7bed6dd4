//! Findings as text and as JSON: the part that all reports share.

use serde_json::{Map, Value, json};

use super::escape;
use super::style::{BAD, DIM, GOOD, HELP, WARN, paint};
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
    let remedy = finding.remedy.clone().unwrap_or_else(|| {
        let action = Action::Explain { code: finding.code };
        Remedy::run("read what it means and how it comes about", action)
    });
    object.insert("remedy".into(), remedy_json(&remedy, suggest));
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

/// The last line of a report: the verdict, and what it means where it is good.
#[must_use]
pub fn outcome(findings: &[Finding], good: &str) -> String {
    let verdict = Verdict::of(findings);
    let style = match verdict {
        Verdict::Good => GOOD,
        Verdict::Warning => WARN,
        Verdict::Failure => BAD,
    };
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (failures, warnings) = (count(Severity::Failure), count(Severity::Warning));
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    let text = match (failures, warnings) {
        (0, 0) => good.to_owned(),
        (0, warnings) => plural(warnings, "warning"),
        (failures, 0) => plural(failures, "failure"),
        (failures, warnings) => {
            format!(
                "{}, {}",
                plural(failures, "failure"),
                plural(warnings, "warning")
            )
        }
    };
    format!("{}  {text}\n", paint(style, verdict.as_str()))
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
