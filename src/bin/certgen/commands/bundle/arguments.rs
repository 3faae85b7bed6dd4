//! What `certgen bundle` can be told.

use std::path::{Path, PathBuf};

use certgen::bundle::{Output, Target};
use certgen::finding::{Code, Remedy};
use certgen::keystore::{Format, Limits, Profile};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::context::Context;
use crate::failure::Failure;
use crate::password::Source;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Clients (or brokers) of the PKI folder [default: client]
    #[arg(value_name = "NAME", conflicts_with_all = ["input", "cert"])]
    pub(super) names: Vec<String>,
    /// The formats to write [default: p12 and bks, what --for needs, or the ending of --out]
    #[arg(long = "format", value_name = "FORMAT", value_delimiter = ',', value_parser = formats())]
    pub(super) formats: Vec<Format>,
    /// Who is to read it: picks format and profile, and refuses what cannot be read there
    #[arg(long = "for", value_name = "TARGET", value_delimiter = ',', value_parser = targets())]
    pub(super) targets: Vec<Target>,
    /// The password of the new stores [default for --in: the old one's]
    #[arg(long, value_name = "SRC")]
    pub(super) store_password: Option<Source>,
    /// The name of the key's entry [default: NAME, or what the input says]
    #[arg(long, value_name = "ALIAS")]
    pub(super) alias: Option<String>,
    /// Write trusted certificates alone: no key
    #[arg(long)]
    pub(super) trust_only: bool,
    /// The version of BKS: 1 for Android up to 4.1, whose integrity check proves nothing
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(super) bks_version: Option<u8>,
    /// The profile of PKCS#12: modern AES-256, compat 3DES, legacy RC2-40, pbmac1 RFC 9579
    #[arg(long, value_name = "PROFILE", value_parser = profiles())]
    pub(super) p12_profile: Option<Profile>,
    /// Iterations of the key derivations, instead of the format's default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) iterations: Option<u32>,
    /// The one file to write, `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,

    /// Convert this store, or PEM or DER file; `-` for standard input
    #[arg(
        long = "in",
        value_name = "FILE",
        help_heading = "Conversion",
        requires = "out"
    )]
    pub(super) input: Option<PathBuf>,
    /// The password of the store to convert
    #[arg(
        long,
        value_name = "SRC",
        help_heading = "Conversion",
        requires = "input"
    )]
    pub(super) in_password: Option<Source>,
    /// The certificate, with its chain behind it (PEM or DER)
    #[arg(long, value_name = "FILE", help_heading = "Conversion", requires_all = ["out", "key"], conflicts_with = "input")]
    pub(super) cert: Option<PathBuf>,
    /// The private key of --cert, in any flavour
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Conversion",
        requires = "cert"
    )]
    pub(super) key: Option<PathBuf>,
    /// Certificates to trust [default: DIR/ca/ca.crt for clients and brokers of the folder]
    #[arg(long, value_name = "FILE", help_heading = "Conversion")]
    pub(super) ca: Vec<PathBuf>,
    /// The password of a PEM key, or of keys in a store where it differs
    #[arg(long, value_name = "SRC", help_heading = "Conversion")]
    pub(super) key_password: Option<Source>,
    /// Convert a store whose integrity nothing proves
    #[arg(long, help_heading = "Conversion")]
    pub(super) allow_unauthenticated: bool,
    /// Let keys keep a password of their own
    #[arg(long, help_heading = "Conversion")]
    pub(super) allow_mixed_passwords: bool,
    /// The work of key derivations that a store may ask for [default: 20000000]
    #[arg(long, value_name = "N", help_heading = "Conversion")]
    pub(super) max_kdf_work: Option<u64>,

    /// Say what would be written and lost, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Replace files that exist
    #[arg(long)]
    pub(super) force: bool,
}

impl Arguments {
    /// What clap does not see.
    pub(super) fn check(&self, context: &Context) -> Result<(), Failure> {
        if self.out.is_some() && self.names.len() > 1 {
            return Err(Failure::usage(
                "--out is one file, and several names were given",
            ));
        }
        if self.out.is_some() && self.formats.len() > 1 {
            return Err(Failure::usage(
                "--out is one file, and several formats were given",
            ));
        }
        if self.to_stdout() && context.json {
            return Err(Failure::usage(
                "--out - and --json both want standard output; write the store to a file",
            ));
        }
        Ok(())
    }

    /// An option about a format that is not written would be passed over in silence.
    pub(super) fn check_effect(&self, outputs: &[Output]) -> Result<(), Failure> {
        let none = |test: fn(Format) -> bool| !outputs.iter().any(|output| test(output.format));
        let options = [
            (
                self.bks_version.is_some() && none(|format| format == Format::Bks),
                "--bks-version is about BKS, which is not written here",
            ),
            (
                self.p12_profile.is_some() && none(|format| format == Format::Pkcs12),
                "--p12-profile is about PKCS#12, which is not written here",
            ),
            (
                self.iterations.is_some() && none(|format| format != Format::Jks),
                "JKS derives keys without iterations, so --iterations changes nothing",
            ),
        ];
        let mut wrong = options.iter().filter(|(wrong, _)| *wrong);
        wrong
            .next()
            .map_or(Ok(()), |(_, cause)| Err(Failure::usage(*cause)))
    }

    pub(super) fn to_stdout(&self) -> bool {
        self.out.as_deref() == Some(Path::new("-"))
    }

    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(work) = self.max_kdf_work {
            limits.kdf_work = work;
        }
        limits
    }

    /// The format that the name of the file to write says.
    pub(super) fn format_of(&self, out: &Path) -> Result<Format, Failure> {
        let extension = out.extension().and_then(|ending| ending.to_str());
        extension.and_then(Format::from_extension).ok_or_else(|| {
            let shown = out.display();
            let cause = format!("the name `{shown}` does not say which format to write");
            let remedy = "give the format: --format p12, bks, jks, jceks, uber, bcfks or pem";
            Failure::new(Code::Usage, cause).with_remedy(Remedy::text(remedy))
        })
    }
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    let names = Format::ALL.map(Format::extension);
    PossibleValuesParser::new(names)
        .try_map(|name| Format::from_extension(&name).ok_or("no format of this name"))
}

fn targets() -> impl clap::builder::TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::ALL.map(Target::as_str))
        .try_map(|name| name.parse::<Target>())
}

fn profiles() -> impl clap::builder::TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::ALL.map(Profile::as_str)).try_map(|name| {
        let mut all = Profile::ALL.into_iter();
        all.find(|profile| profile.as_str() == name)
            .ok_or("no profile of this name")
    })
}
