//! What can be asked for: global options, and one subcommand per job.

use std::path::PathBuf;

use certgen::time::Timestamp;
use clap::{Args, Parser, Subcommand};

use crate::commands;

/// Certificates, keystores and a real check for mutual-TLS MQTT
#[derive(Debug, Parser)]
#[command(name = "certgen", version, max_term_width = 100, after_help = EXIT_STATUSES)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_STATUSES: &str = "Exit status: 0 all good (warnings allowed, unless --strict) · 1 the check failed · \
2 certgen could not do it (arguments, files, passwords)";

/// Options that every command takes
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The PKI folder [default: the current folder if it holds ca/ca.crt, else ./certs]
    #[arg(long, global = true, value_name = "DIR", env = "CERTGEN_DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Count warnings as failures in the exit status
    #[arg(long, global = true)]
    pub(crate) strict: bool,
    /// Say less on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Use no colour (also: NO_COLOR)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Set the clock of issuing and judging
    #[arg(long, global = true, hide = true, value_name = "TIME", value_parser = certgen::time::parse_time)]
    pub(crate) now: Option<Timestamp>,
}

/// What can be done
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make everything at once: CA, broker, clients, their stores and the broker's configuration
    Init(Box<commands::init::Arguments>),
    /// Make a certification authority, take over an existing one, or make one below another
    Ca(Box<commands::ca::Arguments>),
    /// Issue the certificate of a broker for its names and addresses
    Broker(Box<commands::broker::Arguments>),
    /// Issue certificates of clients
    Client(Box<commands::client::Arguments>),
    /// Say what files of certificates, keys and stores are and hold, or a server presents, and what ends when
    Inspect(commands::inspect::Arguments),
    /// Run the whole conversation with a broker, and name what is wrong and what to do
    Verify(Box<commands::verify::Arguments>),
    /// Write configuration for brokers, or check it
    Config(commands::config::Arguments),
    /// Make certificates for test suites, good and deliberately broken, the same bytes each time
    Fixtures(commands::fixtures::Arguments),
    /// Package keys, chains and the CA as keystores, or convert one store into another
    Bundle(Box<commands::bundle::Arguments>),
    /// Try everything at once on this machine, with an embedded broker
    Demo(commands::demo::Arguments),
    /// Run a practice broker with the certificates of the PKI folder, or one that misbehaves
    Serve(commands::serve::Arguments),
    /// Say what a code means, how it comes about and how it is put right
    Explain(commands::explain::Arguments),
    /// Print a completion script for a shell
    Completions(commands::completions::Arguments),
    /// Print the manual page (roff)
    Man(commands::man::Arguments),
}
