//! A conversation as text: steps with their times, findings, and a last line; or one line alone.

use std::time::Duration;

use super::{address, deciding};
use crate::diagnose::transcript::{Outcome, Step, StepName, Transcript};
use crate::finding::{Finding, Verdict};
use crate::render::escape::terminal;
use crate::render::style::{BAD, DIM, GOOD, TITLE, WARN, paint};
use crate::render::wrap::broken;
use crate::render::{Suggest, findings_text};

/// Details longer than this go on in a line of their own.
const WIDEST: usize = 72;
/// What stands before and behind a detail: the step's name, and its time.
const AROUND: (usize, usize) = (13, 11);

/// The report as text, the steps with their times, then the findings; the steps fit into `columns`
/// where the terminal has so many.
#[must_use]
pub fn conversation_text(
    transcript: &Transcript,
    findings: &[Finding],
    suggest: Suggest<'_>,
    columns: Option<usize>,
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
    let room = columns.map_or(WIDEST, |columns| {
        columns
            .saturating_sub(AROUND.0 + AROUND.1)
            .clamp(20, WIDEST)
    });
    let width = widest.unwrap_or(0).min(room);
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
    let lines = broken(&shown_detail(step), width, 0);
    let mut time = step.duration.map(milliseconds).unwrap_or_default();
    let mut name = step.name.as_str();
    let mut out = String::new();
    for detail in lines {
        let padding = " ".repeat(width.saturating_sub(detail.chars().count()));
        let styled = match step.outcome {
            Outcome::Good => detail,
            Outcome::Failed => paint(BAD, &detail),
            Outcome::NotReached | Outcome::Skipped => paint(DIM, &detail),
        };
        let line = format!("  {name:<9}  {styled}{padding}  {time:>9}");
        out.push_str(line.trim_end());
        out.push('\n');
        (name, time) = ("", String::new());
    }
    out
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
        (_, _) if transcript.is_good(StepName::Publish) => {
            let back = if transcript.request.mqtt.echo {
                " and came back"
            } else {
                ""
            };
            format!("the message went to the broker{back}; {whole} in all")
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
    let what = deciding(findings).map_or_else(String::new, |first| {
        format!("  {}: {}", first.code, terminal(&first.cause))
    });
    format!(
        "{}  {:<40}  {:>9}{what}\n",
        paint(style_of(verdict), &word),
        terminal(&address(&transcript.request)),
        milliseconds(transcript.duration),
    )
}
