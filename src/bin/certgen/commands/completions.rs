//! `certgen completions`: a completion script, from the same source as `--help`.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "certgen", &mut script);
    present::bytes(&script)?;
    Ok(Status::Good)
}
