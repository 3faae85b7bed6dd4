//! `certgen verify`: the whole conversation with a broker, and what follows from it.

mod arguments;
mod check;
mod config_file;
pub(crate) mod intake;
mod key_log;
pub(crate) mod limits;
mod many;
mod output;
mod request;
mod target;

pub(crate) use arguments::{Arguments, Credentials};
use certgen::probe::runtime;
use certgen::render::conversation_error_metrics;
pub(crate) use target::Target;

use self::check::Check;
use self::output::Output;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let merged = match arguments.config.as_deref().map(config_file::merged) {
        None => Ok(arguments.clone()),
        Some(merged) => merged,
    };
    let form = merged
        .as_ref()
        .map_or(&arguments.output, |m| &m.output)
        .clone();
    match merged.and_then(|merged| check(&merged, context)) {
        Err(failure) if form.nagios => present::nagios_unknown(&failure),
        Err(failure) if form.prometheus => {
            present::bytes(conversation_error_metrics(failure.code).as_bytes())?;
            Err(failure)
        }
        outcome => outcome,
    }
}

fn check(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    match (&arguments.hosts, &arguments.host) {
        (Some(list), _) => many::run(list, arguments, context),
        (None, Some(host)) => one(host, arguments, context),
        (None, None) => Err(Failure::usage(
            "no broker was named: give --host or --hosts",
        )),
    }
}

fn one(host: &str, arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let target = Target::parse(host)?;
    let request = request::request(arguments, &target)?;
    let check = Check::prepare(arguments, context)?;
    let runtime = runtime(false)?;
    let report = runtime.block_on(check.run(&request));
    runtime.shutdown_background();
    let mut output = Output::one(arguments, context);
    output.add(&report)?;
    output.finish()?;
    Ok(output.status(report.verdict(), context))
}
