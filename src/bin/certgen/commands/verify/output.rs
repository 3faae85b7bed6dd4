//! Reports in the form that was asked for, one or many.

use std::path::PathBuf;

use certgen::finding::Verdict;
use certgen::render::{
    ConversationMetrics, address, conversation_html, conversation_json, conversation_line,
    conversation_nagios, conversation_page, conversation_text, nagios,
};
use certgen::time::Timestamp;

use super::arguments::Arguments;
use super::check::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};
use crate::suggest;

/// What goes to standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Table,
    Json,
    JsonLines,
    Prometheus,
    Nagios,
    NagiosOfMany,
}

/// How many reports there were.
#[derive(Clone, Copy, Default)]
struct Counts {
    all: usize,
    warned: usize,
    failed: usize,
}

/// Takes reports, and prints each as soon as its form allows.
pub(super) struct Output {
    form: Form,
    metrics: ConversationMetrics,
    counts: Counts,
    /// Where the page goes, and its sections so far.
    page: Option<(PathBuf, String)>,
    title: String,
    worst: Verdict,
    /// How many there were to check, where not all were.
    interrupted: Option<usize>,
    now: Timestamp,
}

impl Output {
    /// For one report.
    pub(super) fn one(arguments: &Arguments, context: &Context) -> Self {
        Self::new(arguments, context, [Form::Text, Form::Json, Form::Nagios])
    }

    /// For many.
    pub(super) fn many(arguments: &Arguments, context: &Context) -> Self {
        Self::new(
            arguments,
            context,
            [Form::Table, Form::JsonLines, Form::NagiosOfMany],
        )
    }

    fn new(arguments: &Arguments, context: &Context, [text, json, nagios]: [Form; 3]) -> Self {
        let form = match &arguments.output {
            output if output.prometheus => Form::Prometheus,
            output if output.nagios => nagios,
            _ if context.json => json,
            _ => text,
        };
        Self {
            form,
            metrics: ConversationMetrics::default(),
            counts: Counts::default(),
            page: arguments
                .output
                .html
                .clone()
                .map(|path| (path, String::new())),
            title: String::new(),
            worst: Verdict::Good,
            interrupted: None,
            now: context.now,
        }
    }

    /// Takes a report.
    pub(super) fn add(&mut self, report: &Report) -> Result<(), Failure> {
        let Report {
            transcript,
            findings,
            chain,
        } = report;
        if let Some((_, sections)) = &mut self.page {
            sections.push_str(&conversation_html(
                transcript,
                findings,
                chain,
                &suggest::line,
            ));
        }
        self.worst = self.worst.max(report.verdict());
        if self.title.is_empty() {
            self.title = address(&transcript.request);
        }
        self.counts.all += 1;
        match report.verdict() {
            Verdict::Good => {}
            Verdict::Warning => self.counts.warned += 1,
            _ => self.counts.failed += 1,
        }
        let to_standard_output = self
            .page
            .as_ref()
            .is_some_and(|(path, _)| path.as_os_str() == "-");
        if to_standard_output {
            return Ok(());
        }
        match self.form {
            Form::Text => present::text(&conversation_text(
                transcript,
                findings,
                &suggest::line,
                present::columns(),
            )),
            Form::Table => present::text(&conversation_line(transcript, findings)),
            Form::Json => present::json(conversation_json(
                transcript,
                findings,
                chain,
                &suggest::line,
            )),
            Form::JsonLines => present::json_line(conversation_json(
                transcript,
                findings,
                chain,
                &suggest::line,
            )),
            Form::Nagios => present::text(&conversation_nagios(transcript, findings)),
            Form::Prometheus => {
                self.metrics.add(transcript, findings);
                Ok(())
            }
            Form::NagiosOfMany => Ok(()),
        }
    }

    /// The list was not gone through: what was not seen may be anything.
    pub(super) fn interrupt(&mut self, of: usize) {
        self.interrupted = Some(of);
    }

    fn print_counts(&self) -> Result<(), Failure> {
        let Counts {
            all,
            warned,
            failed,
        } = self.counts;
        let mut summary = format!("{failed} of {all} brokers failed");
        if warned > 0 {
            summary.push_str(&format!(", {warned} with warnings"));
        }
        if let Some(of) = self.interrupted {
            summary.push_str(&format!("; interrupted after {all} of {of}"));
        }
        let data = format!("failed={failed} warnings={warned} brokers={all}");
        let line = nagios(self.worst, &[], &summary, &data);
        let line = match line.split_once(' ') {
            Some((_, rest)) if self.is_unknown() => format!("UNKNOWN {rest}"),
            _ => line,
        };
        present::text(&line)
    }

    /// Nothing failed as far as was looked.
    fn is_unknown(&self) -> bool {
        self.interrupted.is_some() && self.worst != Verdict::Failure
    }

    /// Prints what had to wait for the last report.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        if self.form == Form::Prometheus {
            let metrics = std::mem::take(&mut self.metrics);
            present::bytes(metrics.into_text().as_bytes())?;
        }
        if self.form == Form::NagiosOfMany {
            self.print_counts()?;
        }
        match self.page.take() {
            None => Ok(()),
            Some((path, sections)) => {
                let page = conversation_page(&self.title(), self.worst, Some(self.now), &sections);
                present::page(&path, &page)
            }
        }
    }

    fn title(&self) -> String {
        match self.counts {
            Counts { all: 0 | 1, .. } => self.title.clone(),
            Counts { all, failed, .. } => format!("{failed} of {all} brokers failed"),
        }
    }

    /// The exit status that the form stands for.
    pub(super) fn status(&self, verdict: Verdict, context: &Context) -> Status {
        match self.form {
            Form::Nagios | Form::NagiosOfMany if self.is_unknown() => Status::NagiosUnknown,
            Form::Nagios | Form::NagiosOfMany => Status::Nagios(verdict),
            _ if self.interrupted.is_some() => Status::Error,
            _ => Status::of(verdict, context),
        }
    }
}
