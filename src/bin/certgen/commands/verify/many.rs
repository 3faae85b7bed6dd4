//! Many brokers: so many at once, each reported as soon as it is done.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use certgen::diagnose::transcript::Request;
use certgen::finding::{Code, Remedy, Verdict};
use certgen::probe::runtime;
use tokio::task::JoinSet;

use super::arguments::Arguments;
use super::check::{Check, Report};
use super::output::Output;
use super::request::request;
use super::target::Target;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};

/// A list longer than this is no list of brokers.
const LONGEST_LIST: u64 = 16 * 1_024 * 1_024;

/// How many came to what.
#[derive(Default)]
struct Tally {
    good: usize,
    warning: usize,
    failure: usize,
}

impl Tally {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Good => self.good += 1,
            Verdict::Warning => self.warning += 1,
            _ => self.failure += 1,
        }
    }

    fn all(&self) -> usize {
        self.good + self.warning + self.failure
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self { failure: 1.., .. } => Verdict::Failure,
            Self { warning: 1.., .. } => Verdict::Warning,
            _ => Verdict::Good,
        }
    }
}

/// Checks every broker of the list.
pub(super) fn run(
    list: &Path,
    arguments: &Arguments,
    context: &Context,
) -> Result<Status, Failure> {
    let requests = requests(list, arguments)?;
    let check = Arc::new(Check::prepare(arguments, context)?);
    let mut output = Output::many(arguments, context);
    let started = Instant::now();
    let count = requests.len();
    let runtime = runtime(true)?;
    let jobs = usize::from(arguments.jobs);
    let (tally, interrupted) = runtime.block_on(all(&check, requests, jobs, &mut output))?;
    runtime.shutdown_background();
    if interrupted {
        output.interrupt(count);
    }
    output.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    let Tally {
        good,
        warning,
        failure,
    } = tally;
    let done = tally.all();
    let of = if interrupted {
        format!("interrupted after {done} of {count}")
    } else {
        done.to_string()
    };
    present::say(
        context,
        &format!(
            "{of} brokers in {seconds:.1} s: {good} good, {warning} with warnings, {failure} failed"
        ),
    );
    Ok(output.status(tally.verdict(), context))
}

/// Runs them all; says whether it was interrupted.
async fn all(
    check: &Arc<Check>,
    requests: Vec<Request>,
    jobs: usize,
    output: &mut Output,
) -> Result<(Tally, bool), Failure> {
    let mut tally = Tally::default();
    let mut waiting = requests.into_iter();
    let mut running: JoinSet<Report> = JoinSet::new();
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    loop {
        while running.len() < jobs
            && let Some(request) = waiting.next()
        {
            let check = check.clone();
            running.spawn(async move { check.run(&request).await });
        }
        tokio::select! {
            joined = running.join_next() => match joined {
                None => return Ok((tally, false)),
                Some(Ok(report)) => {
                    tally.add(report.verdict());
                    output.add(&report)?;
                }
                Some(Err(error)) => {
                    return Err(Failure::new(Code::Internal, format!("a check ended early: {error}")));
                }
            },
            _ = &mut interrupt => return Ok((tally, true)),
        }
    }
}

fn requests(list: &Path, arguments: &Arguments) -> Result<Vec<Request>, Failure> {
    let text = text(list)?;
    let lines = text.lines().enumerate();
    let lines = lines.filter_map(|(index, line)| {
        let host = line.split('#').next().unwrap_or_default().trim();
        (!host.is_empty()).then_some((index + 1, host))
    });
    let requests: Result<Vec<Request>, Failure> = lines
        .map(|(number, host)| {
            let target = Target::parse(host);
            target
                .and_then(|target| request(arguments, &target))
                .map_err(|failure| {
                    failure.while_doing(format!("line {number} of `{}` is wrong", list.display()))
                })
        })
        .collect();
    let requests = requests?;
    if requests.is_empty() {
        let cause = format!("`{}` names no broker", list.display());
        return Err(Failure::new(Code::Usage, cause)
            .with_remedy(Remedy::text("write one host or host:port a line")));
    }
    Ok(requests)
}

fn text(list: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::cannot_read(list, &error);
    let mut text = String::new();
    if list == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LONGEST_LIST)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(list).map_err(unreadable)?;
        file.take(LONGEST_LIST)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
    }
    Ok(text)
}
