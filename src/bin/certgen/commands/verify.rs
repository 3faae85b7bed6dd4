//! `certgen verify`: the whole conversation with a broker, and what follows from it.

mod arguments;
mod check;
mod config_file;
mod descriptors;
pub(crate) mod intake;
mod interrupt;
mod key_log;
pub(crate) mod limits;
mod list;
mod many;
mod output;
mod request;
mod target;

pub(crate) use arguments::{Arguments, Credentials};
use certgen::finding::{Code, Remedy};
use certgen::probe::runtime;
use certgen::render::{conversation_error_metrics, conversation_error_page};
pub(crate) use target::{Target, ascii};

use self::check::Check;
use self::interrupt::interrupted;
use self::output::Output;
use crate::context::Context;
use crate::failure::Failure;
use crate::page::Destination;
use crate::present::{self, Status};
use crate::suggest;

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let merged = arguments.config.as_deref().map(config_file::merged);
    let (arguments, outcome) = match &merged {
        None => (arguments, check(arguments, context)),
        Some(Ok(merged)) => (merged, check(merged, context)),
        Some(Err(failure)) => (arguments, Err(failure.clone())),
    };
    let Err(failure) = outcome else {
        return outcome;
    };
    if failure.code != Code::Interrupted {
        report_failure(&failure, arguments, context)?;
    }
    if arguments.output.nagios {
        return present::nagios_unknown(&failure);
    }
    Err(failure)
}

/// Reports that nothing was checked where an earlier report would go on saying that all is good.
fn report_failure(
    failure: &Failure,
    arguments: &Arguments,
    context: &Context,
) -> Result<(), Failure> {
    if arguments.output.prometheus {
        let host = arguments.host.as_deref();
        let target = host.and_then(|host| Target::parse(host).ok());
        let request = target.and_then(|target| request::request(arguments, &target).ok());
        let metrics = conversation_error_metrics(failure.code, request.as_ref());
        present::bytes(metrics.as_bytes())?;
    }
    let html = arguments.output.html.as_deref();
    let destination = html.map(Destination::of);
    let Some(Ok(destination)) = destination.filter(|_| failure.code != Code::Usage) else {
        return Ok(());
    };
    let remedy = failure.remedy.as_ref();
    let (cause, because) = (&failure.cause, &failure.because);
    let page = conversation_error_page(cause, because, remedy, context.now, &suggest::line);
    destination.write(&page)
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
    let mut output = Output::one(arguments, context)?;
    let check = Check::prepare(arguments, context)?;
    let runtime = runtime(false)?;
    let report = runtime.block_on(async {
        tokio::select! {
            report = check.run(&request) => Some(report),
            () = interrupted() => None,
        }
    });
    runtime.shutdown_background();
    let Some(report) = report else {
        output.interrupt(1);
        output.finish()?;
        let cause = format!("the check of `{host}` was interrupted");
        return Err(
            Failure::new(Code::Interrupted, cause).with_remedy(Remedy::text("run it again"))
        );
    };
    output.add(&report)?;
    output.finish()?;
    Ok(output.status(report.verdict(), context))
}
