//! Conversations as a page that stands for itself: a waterfall of the steps, the chain as a tree
//! with its dates, and the findings.

use std::time::Duration;

use super::text::{milliseconds, shown_detail};
use super::{address, deciding};
use crate::diagnose::transcript::{Outcome, Step, Transcript};
use crate::finding::{Code, Finding, Remedy, Verdict};
use crate::pki::audit::{Link, Place};
use crate::render::Suggest;
use crate::render::escape::html;
use crate::render::html::{
    PageState, certificate, counts, findings as cards, page, remedy_rows, row, section,
};
use crate::time::Timestamp;

/// Width of the waterfall's bars, in the units of the drawing.
const WIDTH: f64 = 1_000.0;

/// The page around the sections of one or more conversations.
#[must_use]
pub fn conversation_page(
    title: &str,
    state: PageState,
    now: Option<Timestamp>,
    sections: &str,
) -> String {
    page(title, state, now, sections)
}

/// The page of a check that could not be made: why, and what puts it right.
#[must_use]
pub fn conversation_error_page(
    cause: &str,
    because: &[String],
    remedy: Option<&Remedy>,
    now: Timestamp,
    suggest: Suggest<'_>,
) -> String {
    let mut rows = row("cause", &html(cause));
    for reason in because {
        rows.push_str(&row("because", &html(reason)));
    }
    if let Some(remedy) = remedy {
        rows.push_str(&remedy_rows(remedy, suggest));
    }
    let body = format!("<article class=\"failure\">\n<dl>\n{rows}</dl>\n</article>\n");
    let body = section("Why nothing was checked", &body);
    page("certgen verify", PageState::Error, Some(now), &body)
}

/// One of many conversations, as a line of the list that a page begins with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PageEntry {
    verdict: Verdict,
    target: String,
    first: Option<Code>,
}

impl PageEntry {
    /// The line of this conversation.
    #[must_use]
    pub fn new(transcript: &Transcript, findings: &[Finding]) -> Self {
        Self {
            verdict: Verdict::of(findings),
            target: address(&transcript.request),
            first: deciding(findings).map(|finding| finding.code),
        }
    }
}

/// The list of many conversations, the worst first; each leads to what [`anchored`] has under its
/// place in `entries`, counted from 0.
#[must_use]
pub fn conversation_list(entries: &[PageEntry]) -> String {
    let mut order: Vec<(usize, &PageEntry)> = entries.iter().enumerate().collect();
    order.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.verdict));
    let mut rows = String::new();
    for (index, entry) in order {
        let verdict = entry.verdict.as_str();
        let code = entry.first.map_or("", Code::as_str);
        rows.push_str(&format!(
            "<tr class=\"{verdict}\"><th>{verdict}</th><td><a href=\"#broker-{index}\">{}</a></td><td>{code}</td></tr>\n",
            html(&entry.target)
        ));
    }
    section(
        "Brokers",
        &format!("<table class=\"steps facts\">\n{rows}</table>\n"),
    )
}

/// The sections of a conversation, to be found from the list.
#[must_use]
pub fn anchored(index: usize, sections: &str) -> String {
    format!("<div id=\"broker-{index}\">\n{sections}</div>\n")
}

/// One conversation as sections of a page.
#[must_use]
pub fn conversation_html(
    transcript: &Transcript,
    findings: &[Finding],
    chain: &[Link],
    suggest: Suggest<'_>,
) -> String {
    let whole = milliseconds(transcript.duration);
    let title = format!("{} in {whole}", address(&transcript.request));
    let mut out = section(&title, &waterfall(transcript));
    out.push_str(&section(&counts(findings), &cards(findings, suggest)));
    out.push_str(&section(
        "Certificates",
        &tree(chain, transcript.material.now, Verdict::of(findings)),
    ));
    out
}

/// The steps, each bar where it lies in time.
fn waterfall(transcript: &Transcript) -> String {
    let whole = transcript
        .duration
        .max(Duration::from_micros(1))
        .as_secs_f64();
    let mut begun = 0.0;
    let mut rows = String::new();
    for step in &transcript.steps {
        let taken = step.duration.unwrap_or_default().as_secs_f64();
        rows.push_str(&step_row(step, begun / whole, taken / whole));
        begun += taken;
    }
    format!("<table class=\"steps facts\">\n{rows}</table>\n")
}

fn step_row(step: &Step, begin: f64, length: f64) -> String {
    let class = match step.outcome {
        Outcome::Good => "good",
        Outcome::Failed => "failure",
        Outcome::NotReached | Outcome::Skipped => "dim",
    };
    let bar = step.duration.map_or_else(String::new, |_| {
        let (x, width) = (WIDTH * begin.min(1.0), (WIDTH * length.min(1.0)).max(4.0));
        format!(
            "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"when the step ran\"><rect class=\"{class}\" x=\"{x:.1}\" width=\"{width:.1}\" height=\"10\"/></svg>"
        )
    });
    let time = step.duration.map(milliseconds).unwrap_or_default();
    format!(
        "<tr class=\"{class}\"><th>{}</th><td>{}</td><td class=\"bars\">{bar}</td><td class=\"time\">{time}</td></tr>\n",
        step.name.as_str(),
        html(&shown_detail(step)),
    )
}

/// The path from the trust anchor down to the leaf, and what serves no path beside it.
fn tree(chain: &[Link], now: Option<Timestamp>, verdict: Verdict) -> String {
    let now = now.unwrap_or(Timestamp::UNIX_EPOCH);
    // Dates alone make no certificate good where something else is wrong.
    let is_good = verdict != Verdict::Failure;
    let node = |link: &Link| certificate(&link.certificate, link.place.as_str(), now, is_good);
    let (unused, path): (Vec<&Link>, Vec<&Link>) =
        chain.iter().partition(|link| link.place == Place::Unused);
    let mut out = String::new();
    for link in path.iter().rev() {
        out.push_str(&format!("<ul class=\"tree\"><li>\n{}", node(link)));
    }
    out.push_str(&"</li></ul>\n".repeat(path.len()));
    for link in unused {
        out.push_str(&node(link));
    }
    out
}
