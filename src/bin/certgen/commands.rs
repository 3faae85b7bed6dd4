//! One file per command: its arguments, and what it does with them.

pub(crate) mod broker;
pub(crate) mod bundle;
pub(crate) mod ca;
pub(crate) mod client;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod fixtures;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod serve;
pub(crate) mod verify;

use certgen::store::PkiFolder;

use crate::cli::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::Status;

/// Does what was asked for.
pub(crate) fn run(command: Command, context: &Context) -> Result<Status, Failure> {
    // Whoever cannot write there reads what is there; whoever must write hears of it later.
    let _ = PkiFolder::new(&context.dir).finish_interrupted();
    match command {
        Command::Broker(arguments) => broker::run(&arguments, context),
        Command::Ca(arguments) => ca::run(&arguments, context),
        Command::Client(arguments) => client::run(&arguments, context),
        Command::Bundle(arguments) => bundle::run(&arguments, context),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Config(arguments) => config::run(&arguments, context),
        Command::Explain(arguments) => explain::run(&arguments, context),
        Command::Fixtures(arguments) => fixtures::run(&arguments, context),
        Command::Init(arguments) => init::run(&arguments, context),
        Command::Inspect(arguments) => inspect::run(&arguments, context),
        Command::Man(arguments) => man::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments, context),
        Command::Serve(arguments) => serve::run(&arguments, context),
        Command::Verify(arguments) => verify::run(&arguments, context),
    }
}
