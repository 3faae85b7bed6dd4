//! `certgen inspect`: what files of certificates, keys and stores are and hold, what servers present, and
//! what ends when.

mod server;
mod walk;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use certgen::bundle::Target;
use certgen::finding::{Action, Code, Diagnostic as _, Finding, Remedy, Severity, Verdict};
use certgen::inspect::{Item, Look, Report, examine, is_known};
use certgen::keystore::{Error, Integrity, Limits, Passwords, pem};
use certgen::pki::audit::Lone;
use certgen::render::{
    findings_text, inspection_html, inspection_json, inspection_nagios, inspection_prometheus,
    inspection_text,
};
use certgen::secret::Password;
use certgen::time::Span;

use crate::context::Context;
use crate::failure::Failure;
use crate::page::Destination;
use crate::password::{self, Purpose, Source};
use crate::present::{self, Status};
use crate::suggest;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, folders with everything below them, `-` for standard input, or TLS servers
    #[arg(value_name = "PATH|HOST:PORT", required = true)]
    paths: Vec<PathBuf>,
    /// The password of the stores
    #[arg(long, value_name = "SRC")]
    store_password: Option<Source>,
    /// The password of the keys, where it differs from the store's
    #[arg(long, value_name = "SRC")]
    key_password: Option<Source>,
    /// Fail where a certificate ends within this time [without it, 30 days are a warning]
    #[arg(long, value_name = "DURATION", value_parser = Span::parse)]
    expires_within: Option<Span>,
    /// Say what this client could not read
    #[arg(long = "for", value_name = "TARGET")]
    target: Option<Target>,
    /// The work of key derivations that a store may ask for [default: 20000000]
    #[arg(long, value_name = "N")]
    max_kdf_work: Option<u64>,
    #[command(flatten)]
    server: server::Asking,
    #[command(flatten)]
    output: Output,
}

/// How the report is printed
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct Output {
    /// Print the certificates as PEM, and nothing else
    #[arg(long, conflicts_with = "json", group = "form")]
    pem: bool,
    /// Print metrics for Prometheus' node exporter (textfile)
    #[arg(long, conflicts_with = "json", group = "form")]
    prometheus: bool,
    /// Print one line for Nagios, and exit with its 0, 1, 2 or 3
    #[arg(long, conflicts_with = "json", group = "form")]
    nagios: bool,
    /// Write the report as a page that stands for itself to this file (`-` for standard output)
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let nagios = arguments.output.nagios;
    let report = destination(arguments, context)
        .and_then(|destination| gather(arguments, context).map(|report| (report, destination)));
    match report {
        Err(failure) if nagios => present::nagios_unknown(&failure),
        Err(failure) => Err(failure),
        Ok((report, destination)) => print(&report, destination.as_ref(), arguments, context),
    }
}

/// Where the page goes, where one is wanted; standard output takes one report.
fn destination(arguments: &Arguments, context: &Context) -> Result<Option<Destination>, Failure> {
    let output = &arguments.output;
    let others = [
        (output.prometheus, "--prometheus"),
        (output.nagios, "--nagios"),
        (output.pem, "--pem"),
        (context.json, "--json"),
    ];
    let other = others.iter().find(|(is_given, _)| *is_given);
    Destination::wanted(output.html.as_deref(), other.map(|(_, name)| *name))
}

fn print(
    report: &Report,
    destination: Option<&Destination>,
    arguments: &Arguments,
    context: &Context,
) -> Result<Status, Failure> {
    let verdict = report.verdict();
    let output = &arguments.output;
    if let Some(destination) = destination {
        let page = inspection_html(report, context.now, &suggest::line);
        destination.write(&page)?;
        if destination.is_output() {
            return Ok(Status::of(verdict, context));
        }
    }
    if output.nagios {
        present::text(&inspection_nagios(report, context.now))?;
        return Ok(Status::Nagios(verdict));
    }
    if output.pem {
        let blocks = report
            .certificates()
            .map(|(_, _, certificate)| pem::certificate(&certificate.der));
        present::bytes(blocks.collect::<String>().as_bytes())?;
        if verdict == Verdict::Failure {
            present::say(
                context,
                &findings_text(&report.all_findings(), &suggest::line),
            );
        }
    } else if output.prometheus {
        present::bytes(inspection_prometheus(report, context.now).as_bytes())?;
    } else if context.json {
        present::json(inspection_json(report, context.now, &suggest::line))?;
    } else {
        present::text(&inspection_text(report, context.now, &suggest::line))?;
    }
    Ok(Status::of(verdict, context))
}

fn gather(arguments: &Arguments, context: &Context) -> Result<Report, Failure> {
    let reader = Reader::new(arguments, context)?;
    let mut items = Vec::new();
    let mut findings = Vec::new();
    for path in &arguments.paths {
        if path.is_dir() {
            let found = walk::files(path, context)?;
            findings.extend(found.findings);
            for file in found.files {
                reader.passing(&file, &mut items, &mut findings);
            }
        } else if server::is_server(path) {
            let look = reader.look(None);
            items.push(server::look(path, &arguments.server, &look, context)?);
        } else {
            items.push(reader.named(path)?);
        }
    }
    Ok(Report::of(items, findings))
}

struct Reader<'a> {
    arguments: &'a Arguments,
    store_password: Option<Password>,
    key_passwords: Vec<Password>,
    judge: Lone,
}

impl<'a> Reader<'a> {
    fn new(arguments: &'a Arguments, context: &Context) -> Result<Self, Failure> {
        let ask = |source: &Option<Source>, what, option| {
            let purpose = Purpose { what, option };
            let source = source.as_ref();
            source
                .map(|source| password::existing(Some(source), purpose))
                .transpose()
        };
        let store = ask(&arguments.store_password, "the store", "--store-password")?;
        let key = ask(&arguments.key_password, "the key", "--key-password")?;
        let mut judge = Lone::at(context.now);
        if let Some(span) = arguments.expires_within {
            judge.warning_period = span;
            judge.warning_weight = Severity::Failure;
        }
        Ok(Self {
            arguments,
            store_password: store,
            key_passwords: key.into_iter().collect(),
            judge,
        })
    }

    fn look<'b>(&'b self, store: Option<&'b Password>) -> Look<'b> {
        let mut limits = Limits::default();
        if let Some(work) = self.arguments.max_kdf_work {
            limits.kdf_work = work;
        }
        Look {
            judge: self.judge,
            passwords: Passwords {
                store,
                keys: &self.key_passwords,
            },
            limits,
            target: self.arguments.target,
        }
    }

    /// A file that was named: it must be readable, and its password is asked for.
    fn named(&self, path: &Path) -> Result<Item, Failure> {
        let bytes = zeroize::Zeroizing::new(read(path)?);
        let shown = path.display().to_string();
        let look = self.look(self.store_password.as_ref());
        let failed =
            |error: Error| Failure::from(error).while_doing(format!("cannot read `{shown}`"));
        match examine(&shown, &bytes, &look) {
            Err(Error::PasswordNeeded { .. }) if self.store_password.is_none() => {}
            Ok(item) if self.store_password.is_none() && is_shut(&item) => {}
            result => return result.map_err(failed),
        }
        let what = format!("the store `{shown}`");
        let option = "--store-password";
        let purpose = Purpose {
            what: &what,
            option,
        };
        let password = password::existing(None, purpose)?;
        examine(&shown, &bytes, &self.look(Some(&password))).map_err(failed)
    }

    /// A file that was met on the way: what cannot be read is a finding, what is foreign is left.
    fn passing(&self, path: &Path, items: &mut Vec<Item>, findings: &mut Vec<Finding>) {
        let shown = path.display().to_string();
        let bytes = match read(path) {
            Ok(bytes) => zeroize::Zeroizing::new(bytes),
            Err(failure) => {
                let reason = failure.because.first().cloned().unwrap_or_default();
                let cause = format!("{}: {reason}", failure.cause);
                let finding = Finding::warning(failure.code, cause)
                    .with_remedy(Remedy::text("see who may read it"));
                findings.push(finding.about(shown));
                return;
            }
        };
        if !is_known(&bytes) {
            return;
        }
        let look = self.look(self.store_password.as_ref());
        match examine(&shown, &bytes, &look) {
            Ok(item) => items.push(item),
            Err(error) => findings.push(unread(&error, &shown)),
        }
    }
}

/// A store that shows nothing but sealed keys without its password.
fn is_shut(item: &Item) -> bool {
    item.integrity == Some(Integrity::None)
        && item
            .entries
            .iter()
            .all(|entry| entry.certificates.is_empty())
}

/// A store among others that did not open: its password may simply be another.
fn unread(error: &Error, path: &str) -> Finding {
    let severity = match error {
        Error::PasswordNeeded { .. } | Error::WrongPasswordOrDamaged { .. } => Severity::Warning,
        Error::NotAKeystore { .. } => Severity::Note,
        _ => Severity::Failure,
    };
    let by_itself = || {
        let what = path.to_owned();
        let text = "look at it by itself, with its own password";
        Remedy::run(text, Action::Inspect { what })
    };
    let remedy = match severity {
        Severity::Warning => by_itself(),
        _ => error.remedy().unwrap_or_else(by_itself),
    };
    Finding::new(error.code(), severity, error.to_string())
        .about(path)
        .with_remedy(remedy)
}

/// The bytes of a file, at most one more than the limit, so that too large files are noticed.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        let failure = Failure::cannot_read(path, &error);
        match (failure.code, path.parent()) {
            (Code::FileNotFound, Some(folder)) if folder == Path::new("") => failure.with_remedy(
                Remedy::text("check the path; a server is written HOST:PORT"),
            ),
            _ => failure,
        }
    };
    let limit = u64::try_from(Limits::default().file_size).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let mut input = std::io::stdin().lock().take(limit + 1);
        input.read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    Ok(bytes)
}
