//! `certgen fixtures`: sets of test certificates, and what keeps them the same.

mod check;
mod describe;
mod lock;
mod scanners;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use certgen::finding::{Code, Remedy};
use certgen::fixtures::{Clock, Layout, Request, Seed, Set};
use certgen::keystore::Format;
use certgen::pki::KeyType;
use certgen::random::{SystemRandom, array};
use certgen::store::tree::{self, Leaf};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    choice: Choice,
    /// The folder to write; it is replaced as a whole, and refused where it holds other files
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    out: PathBuf,
    /// List the scenarios instead
    #[arg(long, conflicts_with_all = ["explain", "out"])]
    list: bool,
    /// Explain one scenario instead
    #[arg(long, value_name = "ID", conflicts_with = "out")]
    explain: Option<String>,
    /// Write the ignore files of secret scanners as well, into the root of the repository (without
    /// one, beside the folder)
    #[arg(long)]
    scanner_ignore: bool,
    /// Write nothing, only say what would be written
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write only a lock file: what the set follows from, and the hash of each file
    Lock(lock::LockArguments),
    /// Make the set that a lock file describes, and check every file against it
    Sync(lock::SyncArguments),
    /// Check a folder against its manifest, and that every verdict holds at a time
    Check(check::Arguments),
}

/// What a set is made from
#[derive(Debug, clap::Args)]
struct Choice {
    /// What all keys and serial numbers grow from [default: certgen]
    #[arg(long, value_name = "TEXT", conflicts_with = "random")]
    seed: Option<String>,
    /// A seed that nobody has used; the manifest names it
    #[arg(long)]
    random: bool,
    /// Let nothing end after this year but what is about a late end; 2037 suits clocks of 32 bits
    #[arg(long, value_name = "YEAR", conflicts_with = "relative")]
    until: Option<i32>,
    /// Dates around now (from one hour before) instead of fixed ones
    #[arg(long)]
    relative: bool,
    /// A scenario, or a pattern such as 'time/*'; repeat for more [default: all]
    #[arg(long, value_name = "ID", conflicts_with = "layout")]
    scenario: Vec<String>,
    /// The type of those keys that a scenario leaves open; repeat for several [default: p256]
    #[arg(long, value_name = "TYPE")]
    key: Vec<KeyType>,
    /// Keystores to write for every chain: p12, bks, jks, jceks, uber, bcfks
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = store_format)]
    format: Vec<Format>,
    /// The files of another project's test suite: mosquitto, rustls, trustme, guide
    #[arg(
        long,
        value_name = "LAYOUT",
        default_value = "scenarios",
        hide_default_value = true
    )]
    layout: Layout,
}

fn store_format(text: &str) -> Result<Format, String> {
    Format::ALL
        .into_iter()
        .find(|format| format.extension() == text && *format != Format::Pem)
        .ok_or_else(|| "write p12, bks, jks, jceks, uber or bcfks".to_owned())
}

impl Choice {
    /// Whether nothing was chosen.
    fn is_default(&self) -> bool {
        let lists = self.scenario.is_empty() && self.key.is_empty() && self.format.is_empty();
        let dates = self.until.is_none() && !self.relative;
        let layout = self.layout == Layout::Scenarios;
        lists && dates && layout && self.seed.is_none() && !self.random
    }

    fn request(&self, context: &Context) -> Result<Request, Failure> {
        let mut request = Request::default();
        request.seed = match (&self.seed, self.random) {
            (Some(text), _) => Seed::new(text.as_str()),
            (None, true) => Seed::new(random_text()),
            (None, false) => Seed::default(),
        };
        request.clock = self.clock(context)?;
        if !self.key.is_empty() {
            request.keys.clone_from(&self.key);
        }
        request.only.clone_from(&self.scenario);
        request.stores.clone_from(&self.format);
        request.layout = self.layout;
        Ok(request)
    }

    fn clock(&self, context: &Context) -> Result<Clock, Failure> {
        if self.relative {
            return Ok(Clock::relative(context.issue_now));
        }
        let clock = Clock::fixed(context.given_now.unwrap_or(Clock::DEFAULT));
        match self.until {
            None => Ok(clock),
            Some(year) => clock.until(year).ok_or_else(|| {
                let now = certgen::time::date(clock.now());
                let cause = format!("the year {year} does not begin after the set's clock, {now}");
                let later = format!("choose a year after {}", clock.now().year());
                Failure::new(Code::Usage, cause).with_remedy(Remedy::text(later))
            }),
        }
    }
}

fn random_text() -> String {
    let bytes: [u8; 16] = array(&mut SystemRandom);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    match &arguments.action {
        Some(Action::Lock(arguments)) => return lock::lock(arguments, context),
        Some(Action::Sync(arguments)) => return lock::sync(arguments, context),
        Some(Action::Check(arguments)) => return check::run(arguments, context),
        None => {}
    }
    if arguments.list {
        return describe::list(&arguments.choice.scenario, context);
    }
    if let Some(id) = &arguments.explain {
        return describe::explain(id, context);
    }
    let request = arguments.choice.request(context)?;
    let set = request.make()?;
    if !arguments.dry_run {
        write(&arguments.out, &set)?;
        if arguments.scanner_ignore {
            scanners::write(&arguments.out, &set, context)?;
        }
    }
    report(&arguments.out, &request, &set, arguments.dry_run, context)?;
    Ok(Status::Good)
}

/// Writes the set in the place of `folder`, which may hold nothing but an earlier set.
fn write(folder: &Path, set: &Set) -> Result<(), Failure> {
    let leaves: Vec<Leaf<'_>> = set
        .files()
        .iter()
        .map(|file| Leaf {
            path: &file.path,
            bytes: &file.bytes,
            secret: file.kind.is_secret(),
        })
        .collect();
    Ok(tree::replace(folder, &leaves, &known(folder))?)
}

/// The files that the manifest in `folder` lists, and the manifest itself.
fn known(folder: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("manifest.json")).unwrap_or_default();
    certgen::fixtures::manifest_paths(&text).unwrap_or_default()
}

/// So many of something.
fn counted(number: usize, what: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {what}{end}")
}

fn report(
    folder: &Path,
    request: &Request,
    set: &Set,
    dry: bool,
    context: &Context,
) -> Result<(), Failure> {
    let (scenarios, files) = (set.fixtures().len(), set.files().len());
    if context.json {
        let mut document = Map::new();
        document.insert("schema".into(), "fixtures/1".into());
        document.insert("verdict".into(), "good".into());
        document.insert("findings".into(), json!([]));
        document.insert("folder".into(), folder.display().to_string().into());
        document.insert("written".into(), (!dry).into());
        document.insert("seed".into(), request.seed.text().into());
        document.insert(
            "clock".into(),
            certgen::time::rfc3339(request.clock.now()).into(),
        );
        document.insert("scenarios".into(), scenarios.into());
        let paths: Vec<Value> = set
            .files()
            .iter()
            .map(|file| file.path.clone().into())
            .collect();
        document.insert("files".into(), paths.into());
        return present::json(document);
    }
    let (start, end) = request.clock.good();
    let verb = if dry { "would write" } else { "wrote" };
    let what = match request.layout {
        Layout::Scenarios => {
            let scenarios = counted(scenarios, "scenario");
            format!("{scenarios}, {}", counted(files, "file"))
        }
        layout => format!("the layout of {layout}, {}", counted(files, "file")),
    };
    let mut text = format!("{verb} {}: {what}\n", folder.display());
    text.push_str(&format!(
        "  seed   {}\n",
        certgen::render::escape::terminal(request.seed.text())
    ));
    let date = certgen::time::date;
    text.push_str(&format!(
        "  dates  good from {} to {}\n",
        date(start),
        date(end)
    ));
    text.push_str(&format!(
        "  keys   public: anybody can make them from the seed; password of what is encrypted: {}\n",
        certgen::fixtures::PASSWORD
    ));
    if request.layout == Layout::Scenarios {
        text.push_str("  next   manifest.json says what to expect of each scenario\n");
    }
    present::text(&text)
}
