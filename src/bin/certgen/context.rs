//! What every command needs to know: folder, clock, and how to speak.

use std::path::{Path, PathBuf};

use certgen::time::Timestamp;
use time::OffsetDateTime;

use crate::cli::Global;
use crate::failure::Failure;

/// The resolved global options.
#[derive(Debug)]
pub(crate) struct Context {
    /// The PKI folder.
    pub(crate) dir: PathBuf,
    /// The clock of judging.
    pub(crate) now: Timestamp,
    /// Whether `now` is the computer's own clock.
    pub(crate) now_is_clock: bool,
    /// The clock of issuing: `SOURCE_DATE_EPOCH` where set and `--now` is not.
    pub(crate) issue_now: Timestamp,
    /// The clock as given by `--now` or `SOURCE_DATE_EPOCH`, where it was.
    pub(crate) given_now: Option<Timestamp>,
    pub(crate) json: bool,
    pub(crate) strict: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
}

impl Context {
    /// Resolves the global options against the environment and the clock.
    pub(crate) fn new(global: Global) -> Result<Self, Failure> {
        if global.no_color {
            anstream::ColorChoice::Never.write_global();
        }
        let clock = OffsetDateTime::now_utc();
        let now = global.now.unwrap_or(clock);
        let given_now = match global.now {
            Some(now) => Some(now),
            None => source_date_epoch()?,
        };
        Ok(Self {
            dir: global.dir.unwrap_or_else(default_dir),
            now,
            now_is_clock: global.now.is_none(),
            issue_now: given_now.unwrap_or(clock),
            given_now,
            json: global.json,
            strict: global.strict,
            quiet: global.quiet,
            verbose: global.verbose,
        })
    }
}

fn default_dir() -> PathBuf {
    if Path::new("ca/ca.crt").exists() {
        PathBuf::from(".")
    } else {
        PathBuf::from("certs")
    }
}

fn source_date_epoch() -> Result<Option<Timestamp>, Failure> {
    let Ok(text) = std::env::var("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let seconds = text.trim().parse().ok();
    let time = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    match time {
        Some(time) => Ok(Some(time)),
        None => Err(Failure::usage(format!(
            "the environment variable SOURCE_DATE_EPOCH is `{text}`, which is no count of seconds since 1970"
        ))),
    }
}
