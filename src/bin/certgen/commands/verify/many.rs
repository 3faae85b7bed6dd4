//! Many brokers: so many at once, each reported as soon as it is done.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use certgen::diagnose::transcript::Request;
use certgen::finding::{Code, Verdict};
use certgen::probe::runtime;
use tokio::task::JoinSet;

use super::arguments::Arguments;
use super::check::{Check, Report};
use super::descriptors;
use super::interrupt::interrupted;
use super::list::requests;
use super::output::Output;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};

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
    let jobs = descriptors::for_jobs(usize::from(arguments.jobs));
    if jobs < usize::from(arguments.jobs) {
        present::warn(&format!(
            "{jobs} brokers are checked at once, not {}: this process may open no more files (`ulimit -n`)",
            arguments.jobs
        ));
    }
    let mut output = Output::many(arguments, context)?;
    let check = Arc::new(Check::prepare(arguments, context)?);
    let started = Instant::now();
    let count = requests.len();
    let runtime = runtime(true)?;
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
    if let Some(failure) = output.interruption() {
        return Err(failure);
    }
    let brokers = if done == 1 { "broker" } else { "brokers" };
    present::say(
        context,
        &format!(
            "{done} {brokers} in {seconds:.1} s: {good} good, {warning} with warnings, {failure} failed"
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
    let interrupt = interrupted();
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
                    if present::reader_left() {
                        return Ok((tally, false));
                    }
                }
                Some(Err(error)) => {
                    return Err(Failure::new(Code::Internal, format!("a check ended early: {error}")));
                }
            },
            () = &mut interrupt => return Ok((tally, true)),
        }
    }
}
