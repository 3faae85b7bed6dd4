//! The command line of certgen: arguments in, one report out, an exit status with a meaning.

#[cfg(test)]
mod advice;
mod cli;
mod commands;
mod context;
mod deployment;
mod failure;
mod issuing;
mod page;
mod password;
mod present;
mod suggest;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::context::Context;
use crate::present::Status;

fn main() -> ExitCode {
    let status = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(error) => present::usage(&error),
    };
    status.into()
}

fn run(cli: Cli) -> Status {
    let (json, verbose) = (cli.global.json, cli.global.verbose);
    let outcome = Context::new(cli.global).and_then(|context| {
        present::circumstances(&context);
        commands::run(cli.command, &context)
    });
    outcome.unwrap_or_else(|failure| present::failure(&failure, json, verbose))
}
