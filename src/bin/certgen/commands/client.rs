//! `certgen client`: certificates by which clients are known to their broker, one or thousands.

mod list;
mod work;

use std::path::PathBuf;

use certgen::finding::Action;
use certgen::pki::Role;
use certgen::store::PkiFolder;

pub(super) use self::work::Work;
use crate::context::Context;
use crate::failure::Failure;
use crate::issuing::{IssueOptions, Names};
use crate::present::Status;
use crate::suggest;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Names of the clients, which brokers take as their user names [default: client]
    #[arg(value_name = "NAME", conflicts_with = "from")]
    names: Vec<String>,
    /// Names from a CSV file: one client a line, further columns are names as for --san
    #[arg(long, value_name = "LIST.csv", conflicts_with = "csr")]
    from: Option<PathBuf>,
    /// How many certificates to make at the same time [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    #[command(flatten)]
    options: IssueOptions,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let work = Work {
        role: Role::Client,
        folder: PkiFolder::new(&context.dir),
        options: &arguments.options,
        jobs: arguments.jobs.map_or_else(processors, usize::from),
    };
    let items = items(arguments)?;
    let first = items.first().map_or("client", |(name, _)| name.as_str());
    let bundle = Action::Bundle {
        name: if items.len() == 1 { first } else { "<NAME>" }.to_owned(),
        formats: vec!["p12".into(), "bks".into()],
        replace: false,
    };
    let next = match arguments.options.csr {
        Some(_) => Vec::new(),
        None => vec![(
            "package key and chain for a phone or a JVM".to_owned(),
            Some(suggest::line(&bundle)),
        )],
    };
    work.run(items, next, context)
}

fn items(arguments: &Arguments) -> Result<Vec<(String, Names)>, Failure> {
    let others = &arguments.options.san;
    if let Some(path) = &arguments.from {
        return list::read(path, others);
    }
    let mut names = arguments.names.clone();
    if names.is_empty() && arguments.options.csr.is_none() {
        names.push("client".to_owned());
    }
    if arguments.options.csr.is_some() && names.len() > 1 {
        return Err(Failure::usage(
            "--csr is one request, and several names were given",
        ));
    }
    if names.is_empty() {
        // The request names itself.
        names.push(String::new());
    }
    let with_others = |name| {
        let names = Names {
            hosts: Vec::new(),
            others: others.clone(),
        };
        (name, names)
    };
    Ok(names.into_iter().map(with_others).collect())
}
