//! `certgen bundle`: keys, chains and the CA as keystores, and stores into other stores.

mod arguments;
mod destination;
mod report;
mod source;

pub(crate) use arguments::Arguments;
use certgen::bundle::{Output, Secrets, Wish, choose, plan};
use certgen::finding::{Action, Code};
use certgen::keystore::{Format, Keystore};
use certgen::random::SystemRandom;
use certgen::secret::Password;

use self::destination::Destination;
use self::report::{Made, Report};
use self::source::Source;
use crate::context::Context;
use crate::failure::Failure;
use crate::password::{self, Purpose};
use crate::present::Status;

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    arguments.check(context)?;
    let wish = wish(arguments)?;
    let outputs = choose(&wish)?;
    arguments.check_effect(&outputs)?;
    let sources = Source::all(arguments, context)?;
    let destinations = Destination::all(arguments, context, &sources, &outputs)?;
    destination::check(&destinations, arguments)?;

    let mut report = Report::new(arguments.dry_run);
    let mut stores = Vec::new();
    for source in sources {
        stores.push(source.open(arguments, context, &mut report.findings)?);
    }
    let password = store_password(arguments, &outputs, &stores)?;
    for (at, opened) in stores.iter().enumerate() {
        for destination in destinations.iter().filter(|d| d.source == at) {
            let made = make(arguments, &wish, opened, destination, &password)?;
            report.add(made);
        }
    }
    destination::write(&report, arguments, context)?;
    report.print(context, arguments)
}

/// A store that was read or put together, and what else is known of it.
pub(crate) struct Opened {
    pub(crate) store: Keystore,
    /// The password that it was opened with, for stores alone.
    pub(crate) password: Option<Password>,
    /// The password of its keys, where it differs.
    pub(crate) key_password: Option<Password>,
    /// The client of the folder whose certificate it is.
    pub(crate) client: Option<String>,
}

fn wish(arguments: &Arguments) -> Result<Wish, Failure> {
    let mut wish = Wish::default();
    wish.formats = arguments.formats.clone();
    wish.targets = arguments.targets.clone();
    wish.profile = arguments.p12_profile;
    wish.bks_version = arguments.bks_version;
    wish.iterations = arguments.iterations;
    if let Some(out) = &arguments.out
        && wish.formats.is_empty()
    {
        let named = arguments.format_of(out);
        let suits = |format: &Format| {
            let mut all = wish.targets.iter().flat_map(|target| target.packaging());
            all.any(|packaging| packaging.format == *format)
        };
        match wish.targets.is_empty() {
            true => wish.formats.push(named?),
            false => wish.formats.extend(named.ok().filter(suits)),
        }
    }
    Ok(wish)
}

/// The password of the new stores: what was given, or that of the store they come from.
fn store_password(
    arguments: &Arguments,
    outputs: &[Output],
    stores: &[Opened],
) -> Result<Password, Failure> {
    let purpose = Purpose {
        what: "the new store",
        option: "--store-password",
    };
    if let Some(source) = &arguments.store_password {
        return password::new(Some(source), purpose);
    }
    if let Some(kept) = stores.iter().find_map(|opened| opened.password.as_ref()) {
        return Ok(kept.clone_secret());
    }
    if outputs.iter().all(|output| output.format == Format::Pem) {
        return Ok(Password::new(String::new()));
    }
    password::new(None, purpose)
}

fn make(
    arguments: &Arguments,
    wish: &Wish,
    opened: &Opened,
    destination: &Destination,
    password: &Password,
) -> Result<Made, Failure> {
    let keys = opened.key_password.as_ref();
    let secrets = Secrets {
        store: password,
        keys: keys.filter(|_| arguments.allow_mixed_passwords),
        allow_mixed: arguments.allow_mixed_passwords,
    };
    let encoded = plan(
        &opened.store,
        destination.output,
        secrets,
        &wish.targets,
        &mut SystemRandom,
    )
    .map_err(|error| {
        let failure = reissue(Failure::from(error), opened);
        failure.while_doing(format!("cannot make {}", destination.shown()))
    })?;
    Ok(Made::new(destination, encoded))
}

/// A key that a target refuses is replaced by one command, where it is a client's of the folder.
fn reissue(mut failure: Failure, opened: &Opened) -> Failure {
    if matches!(failure.code, Code::TargetRefuses | Code::UnsupportedKey)
        && let (Some(remedy), Some(name)) = (&mut failure.remedy, &opened.client)
        && remedy.action.is_none()
    {
        let (name, replace) = (name.clone(), true);
        remedy.action = Some(Action::IssueClient { name, replace });
    }
    failure
}
