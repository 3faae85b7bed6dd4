//! A conversation as text: steps with their times, findings, and a last line; or one line alone.

use std::time::Duration;

use super::address;
use crate::diagnose::transcript::{Outcome, Step, StepName, Transcript};
use crate::finding::{Finding, Verdict};
use crate::render::escape::terminal;
use crate::render::style::{BAD, DIM, GOOD, TITLE, WARN, paint};
use crate::render::{Suggest, findings_text};

/// Details longer than this push their time to the right.
const WIDEST: usize = 72;

/// The report as text: the steps with their times, then the findings.
#[must_use]
pub fn conversation_text(
    transcript: &Transcript,
    findings: &[Finding],
    suggest: Suggest<'_>,
) -> String {
    let mut out = format!(
        "{}\n",
        paint(TITLE, &terminal(&address(&transcript.request)))
    );
    let widest = transcript
        .steps
        .iter()
        .map(|step| shown_detail(step).chars().count())
        .max();
    let width = widest.unwrap_or(0).min(WIDEST);
    for step in &transcript.steps {
        out.push_str(&step_line(step, width));
    }
    if !findings.is_empty() {
        out.push('\n');
        out.push_str(&findings_text(findings, suggest));
    }
    out.push('\n');
    out.push_str(&summary(transcript, findings));
    out
}

fn step_line(step: &Step, width: usize) -> String {
    let detail = shown_detail(step);
    let padding = " ".repeat(width.saturating_sub(detail.chars().count()));
    let time = step.duration.map(milliseconds).unwrap_or_default();
    let styled = match step.outcome {
        Outcome::Good => detail,
        Outcome::Failed => paint(BAD, &detail),
        Outcome::NotReached | Outcome::Skipped => paint(DIM, &detail),
    };
    let line = format!("  {:<9}  {styled}{padding}  {time:>9}", step.name.as_str());
    format!("{}\n", line.trim_end())
}

pub(super) fn shown_detail(step: &Step) -> String {
    match step.outcome {
        Outcome::NotReached => "not reached".to_owned(),
        Outcome::Skipped => format!("skipped: {}", terminal(&step.detail)),
        _ => terminal(&step.detail).into_owned(),
    }
}

pub(super) fn milliseconds(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1_000.0;
    if milliseconds < 10.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

fn summary(transcript: &Transcript, findings: &[Finding]) -> String {
    let whole = milliseconds(transcript.duration);
    let verdict = Verdict::of(findings);
    let text = match (verdict, transcript.failed()) {
        (Verdict::Failure, Some(step)) => {
            format!(
                "the conversation ended at {} after {whole}",
                step.name.as_str()
            )
        }
        (Verdict::Failure, None) => {
            format!(
                "nothing stopped the conversation, but what stands above is wrong; {whole} in all"
            )
        }
        (_, _) if transcript.is_good(StepName::Publish) && transcript.request.mqtt.echo => {
            format!("the message went to the broker and came back; {whole} in all")
        }
        _ => format!("{whole} in all"),
    };
    format!("{}  {text}\n", paint(style_of(verdict), verdict.as_str()))
}

fn style_of(verdict: Verdict) -> anstyle::Style {
    match verdict {
        Verdict::Good => GOOD,
        Verdict::Warning => WARN,
        Verdict::Failure => BAD,
    }
}

/// The report as one line of a table: verdict, target, time, and what weighs most.
#[must_use]
pub fn conversation_line(transcript: &Transcript, findings: &[Finding]) -> String {
    let verdict = Verdict::of(findings);
    let word = format!("{:<8}", verdict.as_str());
    let first = findings
        .iter()
        .find(|finding| finding.severity.as_str() == verdict.as_str());
    let what = first.map_or_else(String::new, |first| {
        format!("  {}: {}", first.code, terminal(&first.cause))
    });
    format!(
        "{}  {:<40}  {:>9}{what}\n",
        paint(style_of(verdict), &word),
        terminal(&address(&transcript.request)),
        milliseconds(transcript.duration),
    )
}
