//! `certgen verify`: the whole conversation with a broker, and what follows from it.

mod arguments;
mod check;
mod config_file;
pub(crate) mod intake;
mod key_log;
mod many;
mod output;
mod request;
mod target;

pub(crate) use arguments::{Arguments, Credentials};
use certgen::probe::runtime;
pub(crate) use target::Target;

use self::check::Check;
use self::output::Output;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let nagios = arguments.output.nagios;
    match check(arguments, context) {
        Err(failure) if nagios => present::nagios_unknown(&failure),
        outcome => outcome,
    }
}

fn check(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let merged;
    let arguments = match &arguments.config {
        None => arguments,
        Some(path) => {
            merged = config_file::merged(path)?;
            &merged
        }
    };
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
