//! Where a broker's files will live, and the commands that bring them there.

use std::path::{Path, PathBuf};

use certgen::deploy::mosquitto::{self, Listener, Sources};
use certgen::finding::Code;
use certgen::render::style::{HELP, paint};
use certgen::render::suggestion::shell_line;
use certgen::store::{PkiFolder, file_name};

use crate::failure::Failure;

/// Where the broker is to find its files.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Placement {
    /// The folder where the broker's files will live
    #[arg(long, value_name = "DIR", default_value = mosquitto::CERTIFICATES, conflicts_with = "in_place")]
    pub(crate) certs: String,
    /// Let the broker read the files where they are now
    #[arg(long)]
    pub(crate) in_place: bool,
}

impl Default for Placement {
    fn default() -> Self {
        Self {
            certs: mosquitto::CERTIFICATES.to_owned(),
            in_place: false,
        }
    }
}

/// A configuration, and how to install it.
pub(crate) struct Deployment {
    pub(crate) configuration: String,
    pub(crate) install: Vec<Vec<String>>,
}

/// Plans the deployment of the broker `name` of a PKI folder; `file` is where its configuration
/// will be written.
pub(crate) fn mosquitto(
    folder: &PkiFolder,
    name: &str,
    file: &Path,
    placement: &Placement,
) -> Result<Deployment, Failure> {
    let certificate = folder.broker_file(name, "crt")?;
    let key = folder.broker_file(name, "key")?;
    let crl = folder.crl();
    let crl = crl.exists().then_some(crl);
    // Absolute, since whoever pastes the commands as root stands somewhere else.
    let sources = Sources {
        ca: absolute(&folder.ca_certificate())?,
        certificate: absolute(&certificate)?,
        key: absolute(&key)?,
        configuration: absolute(file)?,
        crl: crl.as_deref().map(absolute).transpose()?,
    };
    let mut listener = match placement.in_place {
        false => Listener::below(&absolute(Path::new(&placement.certs))?, &file_name(name)?),
        true => Listener {
            port: mosquitto::PORT,
            cafile: absolute(&folder.ca_certificate())?,
            certfile: absolute(&certificate)?,
            keyfile: absolute(&key)?,
            crlfile: None,
        },
    };
    listener.crlfile = match &crl {
        Some(path) if placement.in_place => Some(absolute(path)?),
        Some(_) => Some(format!("{}/ca.crl", absolute(Path::new(&placement.certs))?)),
        None => None,
    };
    let install = match placement.in_place {
        false => mosquitto::install_commands(&listener, &sources),
        true => mosquitto::in_place_commands(&listener, &sources),
    };
    Ok(Deployment {
        configuration: listener.configuration(),
        install: as_root(install),
    })
}

/// mosquitto takes the rest of the line as the path, so a line end cannot be in it.
fn absolute(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path).map_err(|error| Failure::cannot_read(path, &error))?;
    let clean: PathBuf = absolute.components().collect();
    let text = clean.display().to_string();
    if text.chars().any(char::is_control) {
        let cause =
            format!("the path `{text}` has control characters, which a configuration cannot hold");
        return Err(Failure::new(Code::BadName, cause));
    }
    Ok(text)
}

/// Who is not root puts `sudo` before the commands.
fn as_root(commands: Vec<Vec<String>>) -> Vec<Vec<String>> {
    if rustix::process::geteuid().is_root() {
        return commands;
    }
    let with_sudo = |words: Vec<String>| std::iter::once("sudo".to_owned()).chain(words).collect();
    commands.into_iter().map(with_sudo).collect()
}

/// The commands as lines to paste into a shell.
pub(crate) fn lines(commands: &[Vec<String>]) -> Vec<String> {
    commands.iter().map(|words| shell_line(words)).collect()
}

/// The command that makes a running broker take the new files.
pub(crate) fn restart() -> Vec<String> {
    as_root(vec![mosquitto::restart_command()]).concat()
}

/// The commands as an indented block of text.
pub(crate) fn block(commands: &[Vec<String>]) -> String {
    lines(commands)
        .iter()
        .map(|line| format!("  {}\n", paint(HELP, line)))
        .collect()
}
