//! `certgen config mosquitto`: a listener with mutual TLS, and how to install its files.

use std::path::{Path, PathBuf};

use certgen::finding::{Action, Code, Remedy};
use certgen::store::{Access, FileSet, PkiFolder};
use serde_json::{Map, json};

use crate::context::Context;
use crate::deployment::{self, Deployment, Placement};
use crate::failure::Failure;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The name of the broker's files
    #[arg(long, value_name = "NAME", default_value = "broker")]
    name: String,
    #[command(flatten)]
    placement: Placement,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let folder = PkiFolder::new(&context.dir);
    let certificate = folder.broker_file(&arguments.name, "crt")?;
    if !certificate.exists() {
        let names = vec!["<NAME_OR_IP>".to_owned()];
        let action = Action::IssueBroker {
            names,
            replace: false,
        };
        let shown = certificate.display();
        return Err(
            Failure::new(Code::FileNotFound, format!("`{shown}` does not exist"))
                .with_remedy(Remedy::run("issue the broker's certificate first", action)),
        );
    }
    let file = arguments
        .out
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let default = context.dir.join("broker/mosquitto.conf");
    let written = file.unwrap_or(&default);
    let mut deployment =
        deployment::mosquitto(&folder, &arguments.name, written, &arguments.placement)?;
    if file.is_none() {
        // The last command installs the configuration, which went to standard output.
        deployment.install.pop();
    }
    if let Some(file) = file.filter(|_| !arguments.dry_run) {
        let parent = file
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let mut files = FileSet::new(parent.unwrap_or_else(|| Path::new(".")), arguments.force);
        files.add(
            file,
            deployment.configuration.clone().into_bytes(),
            Access::Public,
        );
        files.write()?;
    }
    report(file, &deployment, context)?;
    Ok(Status::Good)
}

fn report(file: Option<&Path>, deployment: &Deployment, context: &Context) -> Result<(), Failure> {
    let restart = deployment::restart();
    if context.json {
        let mut document = Map::new();
        document.insert("schema".into(), "config/1".into());
        document.insert("verdict".into(), "good".into());
        document.insert("findings".into(), json!([]));
        document.insert(
            "configuration".into(),
            deployment.configuration.clone().into(),
        );
        let files: Vec<_> = file.iter().map(|path| path.display().to_string()).collect();
        document.insert("files".into(), json!(files));
        document.insert(
            "install".into(),
            json!(deployment::lines(&deployment.install)),
        );
        document.insert("restart".into(), json!(deployment::lines(&[restart])));
        return present::json(document);
    }
    let include = match file {
        Some(_) => String::new(),
        None => format!(
            "Save the configuration as {}.\n",
            certgen::deploy::mosquitto::INCLUDED
        ),
    };
    let mut next = format!(
        "{include}Put the files where the broker's user can read them, and restart the broker:\n{}",
        deployment::block(&deployment.install)
    );
    next.push_str(&deployment::block(&[restart]));
    match file {
        None => {
            present::text(&deployment.configuration)?;
            present::say(context, &next);
            Ok(())
        }
        Some(file) => present::text(&format!("wrote {}\n\n{next}", file.display())),
    }
}
