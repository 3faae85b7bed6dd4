//! `certgen config`: configuration of brokers, written so that it loads.

mod check;
mod mosquitto;

use crate::context::Context;
use crate::failure::Failure;
use crate::present::Status;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write the configuration of a mosquitto with this folder's certificates
    Mosquitto(mosquitto::Arguments),
    /// Check a mosquitto.conf before the broker does, with the files that it names
    Check(check::Arguments),
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    match &arguments.what {
        What::Mosquitto(arguments) => mosquitto::run(arguments, context),
        What::Check(arguments) => check::run(arguments, context),
    }
}
