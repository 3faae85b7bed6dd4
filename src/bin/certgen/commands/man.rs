//! `certgen man`: the manual page, from the same source as `--help`.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The page of one command instead of the overview
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let mut root = Cli::command();
    root.build();
    let page = match &arguments.command {
        None => root,
        Some(name) => root
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::usage(format!("there is no command `{name}`")))?,
    };
    let mut roff = Vec::new();
    let title = page.get_display_name().unwrap_or("certgen").to_owned();
    clap_mangen::Man::new(page)
        .title(title)
        .render(&mut roff)
        .map_err(|error| Failure::cannot_write("standard output", &error))?;
    present::bytes(&roff)?;
    Ok(Status::Good)
}
