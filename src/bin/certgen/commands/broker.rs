//! `certgen broker`: the certificate that a broker shows to its clients.

use certgen::finding::Action;
use certgen::pki::Role;
use certgen::store::PkiFolder;

use super::client;
use crate::context::Context;
use crate::failure::Failure;
use crate::issuing::{IssueOptions, Names};
use crate::present::Status;
use crate::suggest;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Host names and addresses of the broker, exactly as clients will type them
    #[arg(value_name = "NAME_OR_IP", required_unless_present_any = ["san", "csr"])]
    hosts: Vec<String>,
    /// The name of the files
    #[arg(long, value_name = "NAME", default_value = "broker")]
    name: String,
    #[command(flatten)]
    options: IssueOptions,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let names = Names {
        hosts: arguments.hosts.clone(),
        others: arguments.options.san.clone(),
    };
    let work = client::Work {
        role: Role::Broker,
        folder: PkiFolder::new(&context.dir),
        options: &arguments.options,
        jobs: 1,
    };
    let items = vec![(arguments.name.clone(), names)];
    let next = vec![(
        "issue a certificate for each client".to_owned(),
        Some(suggest::line(&Action::IssueClient {
            name: "<NAME>".into(),
            replace: false,
        })),
    )];
    work.run(items, next, context)
}
