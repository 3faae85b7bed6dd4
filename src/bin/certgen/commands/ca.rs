//! `certgen ca`: the authority of a folder, made, taken over, or made below another.

mod existing;
mod write;

use std::path::PathBuf;

use certgen::finding::{Action, Code, Finding, Remedy, Stack};
use certgen::pki::{
    self, AUTHORITY_DAYS, Authority, AuthorityProfile, KeyType, Serial, Validity, subordinate,
};
use certgen::random::{Random as _, SystemRandom};
use certgen::secret::{Password, PrivateKey};
use certgen::store::{FileSet, PkiFolder, file_name};
use certgen::time::{Timestamp, parse_time};
use certgen::x509::Certificate;

pub(super) use self::write::NewAuthority;
use crate::context::Context;
use crate::failure::Failure;
use crate::issuing::{self, Entry, Protection, Replacing, Report, lifetime_note};
use crate::password::{self, Purpose, Source};
use crate::present::Status;
use crate::suggest;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The CA's name [default: MQTT CA and a random suffix, so that no two are alike]
    #[arg(long, value_name = "NAME", conflicts_with = "import")]
    cn: Option<String>,
    /// How many days it is valid [default: 3650]
    #[arg(long, value_name = "N", conflicts_with_all = ["not_after", "import"], value_parser = clap::value_parser!(u32).range(1..=3_652_058))]
    days: Option<u32>,
    /// When it ends: a date or an RFC 3339 time
    #[arg(long, value_name = "TIME", conflicts_with = "import", value_parser = parse_time)]
    not_after: Option<Timestamp>,
    /// The key to make: p256, p384, p521, rsa2048, rsa3072, rsa4096 or ed25519
    #[arg(long, value_name = "TYPE", default_value_t, conflicts_with = "import")]
    key: KeyType,
    #[command(flatten)]
    protection: Protection,
    /// How many CAs may stand one below the other under this one [default: 0]
    #[arg(long, value_name = "N", conflicts_with = "import")]
    path_length: Option<u8>,
    /// Limit the CA to a domain or a network such as 192.168.0.0/16; repeat for more
    #[arg(long, value_name = "NAME", conflicts_with = "import")]
    permit: Vec<String>,
    /// Take over an existing CA: its certificate and its key, in any flavour
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"], conflicts_with = "intermediate")]
    import: Option<Vec<PathBuf>>,
    /// Make a CA below this folder's one, in DIR/NAME, with its chain
    #[arg(long, value_name = "NAME")]
    intermediate: Option<String>,
    /// The password of the key to import, or of the new intermediate's key where it is to differ
    #[arg(long, value_name = "SRC")]
    key_password: Option<Source>,
    #[command(flatten)]
    replacing: Replacing,
    /// Let a CA be used whose key is public, since it is a test fixture
    #[arg(long)]
    allow_fixture_ca: bool,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    match (&arguments.import, &arguments.intermediate) {
        (Some(files), _) => existing::import(arguments, files, context),
        (None, Some(name)) => intermediate(arguments, name, context),
        (None, None) => create(arguments, context),
    }
}

/// What `ca` and `init` say a root is to be.
pub(super) fn root(
    profile: &AuthorityProfile,
    kind: KeyType,
) -> Result<(PrivateKey, Certificate), Failure> {
    let key = pki::generate(kind);
    let serial = Serial::draw(&mut SystemRandom);
    let certificate = pki::root(profile, &key, &serial)?;
    Ok((key, certificate))
}

/// `MQTT CA` and six characters, since two CAs of one name confuse trust stores.
pub(super) fn default_name() -> String {
    let mut random = [0_u8; 3];
    SystemRandom.fill(&mut random);
    let [a, b, c] = random;
    format!("MQTT CA {a:02x}{b:02x}{c:02x}")
}

impl Arguments {
    fn profile(&self, now: Timestamp) -> Result<AuthorityProfile, Failure> {
        let validity = match (self.not_after, self.days) {
            (Some(end), _) => Validity::until(now, end),
            (None, days) => Validity::days(now, days.unwrap_or(AUTHORITY_DAYS)),
        };
        let name = self.cn.clone().unwrap_or_else(default_name);
        let profile = AuthorityProfile::new(&name, validity)?
            .with_path_length(self.path_length.unwrap_or(0))
            .with_permitted(&self.permit)?;
        Ok(profile)
    }

    fn findings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        if !self.permit.is_empty() {
            let cause = "the CA is limited to some names by a critical extension, and Mbed TLS cannot load such a CA at all";
            out.push(
                Finding::warning(Code::NameConstraintViolated, cause)
                    .with_remedy(Remedy::text(
                        "leave out the limits where small devices connect",
                    ))
                    .for_stacks(&[Stack::MbedTls]),
            );
        }
        out.extend(unprotected(&self.protection));
        out.extend(uncommon(self.key));
        out
    }
}

/// Who has the file has the CA.
pub(super) fn unprotected(protection: &Protection) -> Option<Finding> {
    protection.no_ca_password.then(|| {
        let cause =
            "the CA's key is not encrypted: whoever can read the file can issue certificates";
        Finding::note(Code::PasswordWeak, cause)
            .with_remedy(Remedy::text("keep the folder where only you can read it"))
    })
}

/// Keys that phones and small devices refuse.
pub(super) fn uncommon(kind: KeyType) -> Option<Finding> {
    (kind == KeyType::Ed25519).then(|| {
        let cause = "phones and ESP32 devices refuse certificates that involve an Ed25519 key";
        Finding::warning(Code::UncommonKey, cause)
            .with_remedy(Remedy::text("use a P-256 key where they connect"))
            .for_stacks(&[Stack::Android, Stack::MbedTls])
    })
}

fn create(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let folder = PkiFolder::new(&context.dir);
    let profile = arguments.profile(context.issue_now)?;
    check(&folder, arguments)?;
    let password = match arguments.replacing.dry_run {
        true => None,
        false => arguments.protection.password("the new CA's key")?,
    };
    let (key, certificate) = root(&profile, arguments.key)?;
    let new = NewAuthority {
        folder,
        chain: vec![certificate],
        key,
        password,
    };
    finish(arguments, new, arguments.findings(), context)
}

fn intermediate(arguments: &Arguments, name: &str, context: &Context) -> Result<Status, Failure> {
    let above = PkiFolder::new(&context.dir);
    let folder = PkiFolder::new(context.dir.join(file_name(name)?));
    let profile = arguments.profile(context.issue_now)?;
    above.authority_chain()?;
    check(&folder, arguments)?;
    let source = arguments.protection.ca_password.as_ref();
    let (authority, opened) = issuing::open(&above, source, arguments.allow_fixture_ca)?;
    let password = match arguments.replacing.dry_run {
        true => None,
        false => own_password(arguments, opened)?,
    };
    let (key, chain) = below(&authority, &profile, arguments.key, context.issue_now)?;
    let mut findings = arguments.findings();
    findings.extend(
        chain
            .first()
            .and_then(|one| lifetime_note(one, profile.validity().end)),
    );
    if !arguments.replacing.dry_run {
        write::issued_copy(&above, &chain)?;
    }
    let new = NewAuthority {
        folder,
        chain,
        key,
        password,
    };
    finish(arguments, new, findings, context)
}

fn below(
    authority: &Authority,
    profile: &AuthorityProfile,
    kind: KeyType,
    now: Timestamp,
) -> Result<(PrivateKey, Vec<Certificate>), Failure> {
    let key = pki::generate(kind);
    let serial = Serial::draw(&mut SystemRandom);
    let certificate = subordinate(authority, profile, &key, &serial, now)?;
    let mut chain = vec![certificate];
    chain.extend_from_slice(authority.chain());
    Ok((key, chain))
}

/// The password of the new key: its own, or that of the CA above.
fn own_password(
    arguments: &Arguments,
    above: Option<Password>,
) -> Result<Option<Password>, Failure> {
    let purpose = Purpose {
        what: "the new CA's key",
        option: "--key-password",
    };
    match (&arguments.key_password, above) {
        (Some(source), _) => password::new(Some(source), purpose).map(Some),
        (None, Some(above)) if !arguments.protection.no_ca_password => Ok(Some(above)),
        (None, _) => arguments.protection.password("the new CA's key"),
    }
}

fn check(folder: &PkiFolder, arguments: &Arguments) -> Result<(), Failure> {
    let paths = [folder.ca_certificate(), folder.ca_key()];
    let paths = paths.iter().map(PathBuf::as_path);
    Ok(FileSet::check(paths, arguments.replacing.force)?)
}

fn finish(
    arguments: &Arguments,
    new: NewAuthority,
    mut findings: Vec<Finding>,
    context: &Context,
) -> Result<Status, Failure> {
    let dry_run = arguments.replacing.dry_run;
    if !dry_run {
        findings.extend(new.write(arguments.replacing.force)?);
    }
    let files = vec![new.folder.ca_certificate(), new.folder.ca_key()];
    let certificate = new.chain.first().cloned();
    let entries = certificate.into_iter().map(|certificate| Entry {
        kind: "CA",
        name: "ca".to_owned(),
        certificate,
        files: files.clone(),
    });
    let broker = Action::IssueBroker {
        names: vec!["<NAME_OR_IP>".to_owned()],
        replace: false,
    };
    let report = Report {
        schema: "ca/1",
        entries: entries.collect(),
        findings,
        dry_run,
        next: vec![(
            "issue the broker's certificate, for every name and address that clients type"
                .to_owned(),
            Some(if new.folder.root() == context.dir {
                suggest::line(&broker)
            } else {
                suggest::line_in(&broker, new.folder.root())
            }),
        )],
    };
    report.print(context)
}
