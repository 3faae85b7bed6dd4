//! Reports in the form that was asked for, one or many.

use certgen::finding::{Code, Remedy, Verdict};
use certgen::render::{
    ConversationMetrics, PageEntry, PageState, address, anchored, conversation_error_metrics,
    conversation_html, conversation_json, conversation_line, conversation_list,
    conversation_nagios, conversation_page, conversation_text, nagios,
};
use certgen::time::Timestamp;

use super::arguments::Arguments;
use super::check::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::page::Destination;
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

/// The page to write at the end.
struct Page {
    destination: Destination,
    entries: Vec<PageEntry>,
    sections: String,
}

/// So many brokers that failed are named for Nagios.
const NAMED: usize = 5;

/// Takes reports, and prints each as soon as its form allows.
pub(super) struct Output {
    form: Form,
    metrics: ConversationMetrics,
    counts: Counts,
    page: Option<Page>,
    title: String,
    /// The first brokers that failed, each with what is wrong.
    failures: Vec<String>,
    worst: Verdict,
    /// How many there were to check, where not all were.
    interrupted: Option<usize>,
    now: Timestamp,
}

impl Output {
    /// For one report.
    pub(super) fn one(arguments: &Arguments, context: &Context) -> Result<Self, Failure> {
        Self::new(arguments, context, [Form::Text, Form::Json, Form::Nagios])
    }

    /// For many.
    pub(super) fn many(arguments: &Arguments, context: &Context) -> Result<Self, Failure> {
        Self::new(
            arguments,
            context,
            [Form::Table, Form::JsonLines, Form::NagiosOfMany],
        )
    }

    fn new(
        arguments: &Arguments,
        context: &Context,
        [text, json, nagios]: [Form; 3],
    ) -> Result<Self, Failure> {
        let destination = destination(arguments, context)?;
        let form = match &arguments.output {
            output if output.prometheus => Form::Prometheus,
            output if output.nagios => nagios,
            _ if context.json => json,
            _ => text,
        };
        Ok(Self {
            form,
            metrics: ConversationMetrics::default(),
            counts: Counts::default(),
            page: destination.map(|destination| Page {
                destination,
                entries: Vec::new(),
                sections: String::new(),
            }),
            title: String::new(),
            failures: Vec::new(),
            worst: Verdict::Good,
            interrupted: None,
            now: context.now,
        })
    }

    /// Takes a report.
    pub(super) fn add(&mut self, report: &Report) -> Result<(), Failure> {
        let Report {
            transcript,
            findings,
            chain,
        } = report;
        if let Some(page) = &mut self.page {
            let sections = conversation_html(transcript, findings, chain, &suggest::line);
            page.sections
                .push_str(&anchored(page.entries.len(), &sections));
            page.entries.push(PageEntry::new(transcript, findings));
        }
        self.worst = self.worst.max(report.verdict());
        if self.title.is_empty() {
            self.title = address(&transcript.request);
        }
        self.count(report);
        let page = self.page.as_ref();
        if page.is_some_and(|page| page.destination.is_output()) {
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

    fn count(&mut self, report: &Report) {
        self.counts.all += 1;
        match report.verdict() {
            Verdict::Good => {}
            Verdict::Warning => self.counts.warned += 1,
            _ => {
                self.counts.failed += 1;
                if self.failures.len() < NAMED {
                    let code = report.findings.first().map_or("", |f| f.code.as_str());
                    let target = address(&report.transcript.request);
                    self.failures.push(format!("{target} {code}"));
                }
            }
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
        if !self.failures.is_empty() {
            summary.push_str(&format!(": {}", self.failures.join(", ")));
        }
        if failed > self.failures.len() {
            summary.push_str(&format!(" and {} more", failed - self.failures.len()));
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
            let mut text = std::mem::take(&mut self.metrics).into_text();
            if self.interrupted.is_some() {
                text.push_str(&conversation_error_metrics(Code::Interrupted, None));
            }
            present::bytes(text.as_bytes())?;
        }
        if self.form == Form::NagiosOfMany {
            self.print_counts()?;
        }
        let Some(page) = self.page.take() else {
            return Ok(());
        };
        let state = match self.interrupted {
            None => PageState::Done(self.worst),
            Some(_) => PageState::Interrupted,
        };
        let mut sections = page.sections;
        if page.entries.len() > 1 {
            sections.insert_str(0, &conversation_list(&page.entries));
        }
        let html = conversation_page(&self.title(), state, Some(self.now), &sections);
        page.destination.write(&html)
    }

    fn title(&self) -> String {
        let Counts { all, failed, .. } = self.counts;
        match (self.interrupted, all) {
            (Some(of), _) => {
                format!("interrupted after {all} of {of} brokers, of which {failed} failed")
            }
            (None, 0 | 1) => self.title.clone(),
            (None, _) => format!("{failed} of {all} brokers failed"),
        }
    }

    /// The work was broken off: what says so where the form has no place for it.
    pub(super) fn interruption(&self) -> Option<Failure> {
        let of = self.interrupted?;
        let Counts {
            all,
            warned,
            failed,
        } = self.counts;
        let good = all - warned - failed;
        let cause = format!(
            "interrupted after {all} of {of} brokers: {good} good, {warned} with warnings, {failed} failed"
        );
        let is_told = matches!(self.form, Form::Nagios | Form::NagiosOfMany);
        (!is_told).then(|| {
            Failure::new(Code::Interrupted, cause).with_remedy(Remedy::text("run it again"))
        })
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

/// Where the page goes, where one is wanted; standard output takes one report.
fn destination(arguments: &Arguments, context: &Context) -> Result<Option<Destination>, Failure> {
    let output = &arguments.output;
    let other = match (output.prometheus, output.nagios, context.json) {
        (true, ..) => Some("--prometheus"),
        (_, true, _) => Some("--nagios"),
        (.., true) => Some("--json"),
        _ => None,
    };
    Destination::wanted(output.html.as_deref(), other)
}
