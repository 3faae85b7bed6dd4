//! The only place that prints: reports to standard output, everything else to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use certgen::finding::{Action, Code, Remedy, Verdict};
use certgen::render::escape::{self, terminal};
use certgen::render::style::{BAD, HELP, paint};
use certgen::render::{remedy_json, wrapped};
use certgen::time::rfc3339;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::suggest;

/// What the exit status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// 0: everything asked about is good.
    Good,
    /// 1: done, and something that was checked is bad.
    CheckFailed,
    /// 2: certgen could not do it.
    Error,
    /// 0, 1 or 2 as Nagios counts: good, warning, critical.
    Nagios(Verdict),
    /// 3: Nagios' word for "could not do it".
    NagiosUnknown,
}

impl Status {
    /// The status of a report, where `--strict` counts warnings.
    pub(crate) fn of(verdict: Verdict, context: &Context) -> Self {
        match verdict {
            Verdict::Good => Self::Good,
            Verdict::Warning if !context.strict => Self::Good,
            _ => Self::CheckFailed,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Good => 0,
            Status::CheckFailed => 1,
            Status::Error | Status::Nagios(Verdict::Failure) => 2,
            Status::Nagios(Verdict::Good) => 0,
            Status::Nagios(_) => 1,
            Status::NagiosUnknown => 3,
        })
    }
}

/// Prints a report's text to standard output; a reader that went away is no error.
pub(crate) fn text(report: &str) -> Result<(), Failure> {
    let report = fitting(report, columns());
    let mut out = anstream::stdout().lock();
    ignore_broken_pipe(out.write_all(report.as_bytes()).and_then(|()| out.flush()))
}

/// The width of the terminal that reports go to; none where they go to a file or a pipe.
pub(crate) fn columns() -> Option<usize> {
    width_of(io::stdout())
}

fn width_of(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

fn fitting(text: &str, columns: Option<usize>) -> Cow<'_, str> {
    columns.map_or(Cow::Borrowed(text), |columns| {
        Cow::Owned(wrapped(text, columns))
    })
}

/// Prints raw bytes to standard output.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    ignore_broken_pipe(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints a JSON document to standard output, indented.
pub(crate) fn json(document: Map<String, Value>) -> Result<(), Failure> {
    bytes(escape::json(&format!("{:#}\n", Value::Object(document))).as_bytes())
}

/// Prints a JSON document to standard output, on one line.
pub(crate) fn json_line(document: Map<String, Value>) -> Result<(), Failure> {
    bytes(escape::json(&format!("{}\n", Value::Object(document))).as_bytes())
}

/// Says something beside the report, unless `--quiet`.
pub(crate) fn say(context: &Context, text: &str) {
    if !context.quiet {
        let text = fitting(text.trim_end(), width_of(io::stderr()));
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}

/// Says one line on standard error.
pub(crate) fn note(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// A bar on standard error while many things are made; hidden where nobody watches.
pub(crate) fn progress(context: &Context, count: usize, what: &str) -> indicatif::ProgressBar {
    if context.quiet || !io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
    let template = format!("{{wide_bar}} {{pos}} of {{len}} {what}, {{eta}} left");
    match indicatif::ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// With `--verbose`: what the command starts from, since it decides what the command does.
pub(crate) fn circumstances(context: &Context) {
    if context.verbose {
        let folder = terminal(&context.dir.display().to_string()).into_owned();
        let (now, version) = (rfc3339(context.now), env!("CARGO_PKG_VERSION"));
        let _ = writeln!(
            anstream::stderr().lock(),
            "certgen {version}, folder `{folder}`, clock {now}"
        );
    }
}

/// Warns on standard error; `--quiet` does not silence warnings.
pub(crate) fn warn(text: &str) {
    let label = paint(certgen::render::style::WARN, "warning:");
    let text = format!("{label} {}", terminal(text));
    let text = fitting(&text, width_of(io::stderr()));
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints why certgen could not do its job.
pub(crate) fn failure(failure: &Failure, as_json: bool, verbose: bool) -> Status {
    let mut text = failure_text(failure);
    if verbose {
        text.push_str(&format!("  code: {}\n", failure.code));
    }
    let text = fitting(&text, width_of(io::stderr()));
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
    if as_json {
        let _ = json(failure_json(failure));
    }
    Status::Error
}

/// Prints why certgen could not do its job, as Nagios wants it.
pub(crate) fn nagios_unknown(failure: &Failure) -> Result<Status, Failure> {
    let reasons: String = failure.because.iter().map(|r| format!(": {r}")).collect();
    let line = format!("UNKNOWN - {}{reasons}", failure.cause);
    text(&format!("{}\n", terminal(&line).replace('|', "/")))?;
    Ok(Status::NagiosUnknown)
}

/// Prints what clap says: help and version to standard output, the rest as an error.
pub(crate) fn usage(error: &clap::Error) -> Status {
    let _ = error.print();
    if !error.use_stderr() {
        return Status::Good;
    }
    let has = |flag: &str| std::env::args_os().any(|argument| argument == flag);
    let failure = Failure::usage(usage_cause(&error.to_string()));
    if has("--nagios") {
        return nagios_unknown(&failure).unwrap_or(Status::NagiosUnknown);
    }
    if has("--json") {
        let _ = json(failure_json(&failure));
    }
    Status::Error
}

/// The first paragraph of what clap says, as one sentence.
fn usage_cause(rendered: &str) -> String {
    let paragraph = rendered.lines().take_while(|line| !line.is_empty());
    let words: Vec<&str> = paragraph.flat_map(str::split_whitespace).collect();
    let cause = words.join(" ");
    cause.strip_prefix("error: ").unwrap_or(&cause).to_owned()
}

fn failure_text(failure: &Failure) -> String {
    let mut out = format!("{} {}\n", paint(BAD, "error:"), terminal(&failure.cause));
    for reason in &failure.because {
        out.push_str(&format!("  because: {}\n", terminal(reason)));
    }
    if let Some(remedy) = &failure.remedy {
        out.push_str(&format!("  fix: {}\n", terminal(&remedy.text)));
        if let Some(action) = &remedy.action {
            let line = suggest::line(action);
            out.push_str(&format!("  run: {}\n", paint(HELP, &terminal(&line))));
        }
    }
    out
}

fn failure_json(failure: &Failure) -> Map<String, Value> {
    let mut error = Map::new();
    error.insert("code".into(), failure.code.as_str().into());
    error.insert("cause".into(), failure.cause.clone().into());
    error.insert("because".into(), json!(failure.because));
    let remedy = failure.remedy.clone().unwrap_or_else(|| {
        let action = Action::Explain { code: failure.code };
        Remedy::run("read what it means and how it comes about", action)
    });
    error.insert("remedy".into(), remedy_json(&remedy, &suggest::line));
    let mut document = Map::new();
    document.insert("schema".into(), "error/1".into());
    document.insert("error".into(), Value::Object(error));
    document
}

/// Whether nobody reads standard output any more, as after `| head -1`.
pub(crate) fn reader_left() -> bool {
    READER_LEFT.load(Ordering::Relaxed)
}

static READER_LEFT: AtomicBool = AtomicBool::new(false);

fn ignore_broken_pipe(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            READER_LEFT.store(true, Ordering::Relaxed);
            Ok(())
        }
        Err(error) => {
            let mut failure = Failure::cannot_write("standard output", &error);
            failure.code = Code::CannotWrite;
            Err(failure)
        }
        Ok(()) => Ok(()),
    }
}
