//! `certgen init`: the whole guide in one command.

mod make;
mod passwords;
mod report;

use std::path::PathBuf;

use certgen::bundle::{Output, Target, Wish, choose};
use certgen::finding::{Code, Remedy};
use certgen::keystore::Format;
use certgen::pki::{KeyType, LEAF_DAYS, host};
use certgen::store::{FileSet, PkiFolder, file_name};
use certgen::x509::GeneralName;

use self::passwords::StorePasswords;
use crate::context::Context;
use crate::failure::Failure;
use crate::issuing::{Protection, Replacing};
use crate::password::Source;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Host names and addresses of the broker, exactly as clients will type them [default: this host's name, localhost, 127.0.0.1]
    #[arg(value_name = "NAME_OR_IP")]
    hosts: Vec<String>,
    /// A client; repeat for more [default: client]
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// Who the clients are: rhasspy, android, java17, esp32 and so on; repeat for more
    #[arg(long = "for", value_name = "TARGET", value_delimiter = ',')]
    targets: Vec<Target>,
    /// The keys to make: p256, p384, p521, rsa2048, rsa3072, rsa4096 or ed25519
    #[arg(long, value_name = "TYPE", default_value_t)]
    key: KeyType,
    /// How many days the broker's and the clients' certificates are valid
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_652_058))]
    days: u32,
    #[command(flatten)]
    protection: Protection,
    /// The password of the clients' stores, and of the keys in them
    #[arg(long, value_name = "SRC")]
    store_password: Option<Source>,
    /// Make a random password for each client's stores, and write it to client/NAME.password
    #[arg(long, conflicts_with = "store_password")]
    generate_password: bool,
    #[command(flatten)]
    replacing: Replacing,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let plan = Plan::new(arguments, context)?;
    plan.check(arguments.replacing.force)?;
    if arguments.replacing.dry_run {
        return report::dry_run(&plan, context);
    }
    let ca_password = arguments.protection.password("the new CA's key")?;
    let passwords = StorePasswords::new(arguments)?;
    let made = make::make(arguments, &plan, ca_password, &passwords, context)?;
    report::print(&made, &plan, arguments, context)
}

/// The name of the broker's files.
const BROKER: &str = "broker";

/// What is going to be made, before anything is.
struct Plan {
    folder: PkiFolder,
    hosts: Vec<GeneralName>,
    /// Whether the names are this machine's, for want of others.
    assumed: bool,
    clients: Vec<String>,
    outputs: Vec<Output>,
    generate: bool,
}

impl Plan {
    fn new(arguments: &Arguments, context: &Context) -> Result<Self, Failure> {
        let assumed = arguments.hosts.is_empty();
        let hosts = match assumed {
            true => own_names(),
            false => arguments
                .hosts
                .iter()
                .map(|name| host(name))
                .collect::<Result<_, _>>()?,
        };
        let mut clients = arguments.client.clone();
        if clients.is_empty() {
            clients.push("client".to_owned());
        }
        refuse_twins(&clients)?;
        Ok(Self {
            folder: PkiFolder::new(&context.dir),
            hosts,
            assumed,
            clients,
            outputs: outputs(&arguments.targets)?,
            generate: arguments.generate_password,
        })
    }

    fn mosquitto_conf(&self) -> PathBuf {
        self.folder.root().join("broker/mosquitto.conf")
    }

    fn client_files(&self, client: &str) -> Result<Vec<PathBuf>, Failure> {
        let endings = self.outputs.iter().map(|output| output.format.extension());
        let password = self.generate.then_some("password");
        let endings = ["crt", "key"].into_iter().chain(endings).chain(password);
        let paths = endings.map(|ending| self.folder.client_file(client, ending));
        Ok(paths.collect::<Result<_, _>>()?)
    }

    /// Every file that will be written, but the copies by serial number.
    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut files = vec![
            self.folder.ca_certificate(),
            self.folder.ca_key(),
            self.folder.broker_file(BROKER, "crt")?,
            self.folder.broker_file(BROKER, "key")?,
            self.mosquitto_conf(),
        ];
        for client in &self.clients {
            files.extend(self.client_files(client)?);
        }
        Ok(files)
    }

    fn check(&self, replace: bool) -> Result<(), Failure> {
        let names = self.clients.iter().map(String::as_str);
        self.folder.check_case("client", names)?;
        let files = self.files()?;
        Ok(FileSet::check(files.iter().map(PathBuf::as_path), replace)?)
    }
}

/// PKCS#12 and BKS always, and what the targets need besides.
fn outputs(targets: &[Target]) -> Result<Vec<Output>, Failure> {
    let mut wish = Wish::default();
    wish.targets = targets.to_vec();
    let mut outputs = choose(&wish)?;
    for format in [Format::Pkcs12, Format::Bks] {
        if outputs.iter().all(|output| output.format != format) {
            outputs.push(Output::new(format));
        }
    }
    Ok(outputs)
}

/// This machine's name and the names that mean itself everywhere.
fn own_names() -> Vec<GeneralName> {
    let uname = rustix::system::uname();
    let own = uname.nodename().to_string_lossy().into_owned();
    let names = [own.as_str(), "localhost", "127.0.0.1"];
    let mut out = Vec::new();
    for name in names.into_iter().filter_map(|name| host(name).ok()) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

fn refuse_twins(clients: &[String]) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeSet::new();
    for client in clients {
        if !seen.insert(file_name(client)?.to_lowercase()) {
            let cause = format!("the client `{client}` is named twice, or differs by case alone");
            return Err(Failure::new(Code::NameTaken, cause)
                .with_remedy(Remedy::text("name each client once")));
        }
    }
    Ok(())
}

/// Says something that is no part of the report.
fn say_assumed(plan: &Plan, context: &Context) {
    if plan.assumed {
        let names: Vec<String> = plan.hosts.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        present::say(
            context,
            &format!("no name was given, so the broker's certificate is for this machine: {names}"),
        );
    }
}
