//! Certificates, keys and stores for test suites: good ones, and ones with exactly one fault each,
//! the same bytes each time.
//!
//! A set follows from its seed, its clock and the catalogue, and from nothing else. All keys of a
//! seed are public; every subject or issuer says `O = certgen TEST FIXTURE`.
//!
//! ```
//! use certgen::fixtures::Request;
//!
//! let expired = Request::default().fixture("time/expired")?;
//! assert_eq!(expired.chain().len(), 1); // DER, leaf first, as the server sends it
//! assert_eq!(expired.roots().len(), 1); // DER, what the client trusts
//! assert!(expired.private_key().secret_pkcs8_der().len() > 100);
//! assert!(expired.holds().contains(certgen::fixtures::Clock::DEFAULT));
//! assert_eq!(expired.scenario().differs_from, Some("good/server"));
//! # Ok::<(), certgen::fixtures::Error>(())
//! ```
//!
//! As a set, in memory; `certgen fixtures` writes the same files:
//!
//! ```
//! use certgen::fixtures::Request;
//!
//! let mut request = Request::default();
//! request.only = vec!["good/*".into(), "name/cn-only".into()];
//! let set = request.make()?;
//! let manifest = set.files().iter().find(|file| file.path == "manifest.json");
//! assert!(manifest.is_some());
//! assert!(set.get("name/cn-only").is_some());
//! # Ok::<(), certgen::fixtures::Error>(())
//! ```

mod build;
mod catalogue;
mod certificate;
mod clock;
mod crl;
mod der;
mod extension;
mod glob;
mod key;
mod key_file;
mod layout;
pub mod lock;
mod manifest;
mod name;
mod ocsp;
mod pem;
mod plan;
mod pool;
pub mod proof;
mod scenario;
mod seed;
mod set;
mod store;
mod verdict;
mod workshop;

pub use build::{File, Fixture, Kind};
pub use clock::{Clock, Interval};
pub use key_file::PASSWORD;
pub use layout::{Layout, UnknownLayout};
pub use name::MARK;
pub use plan::Role;
pub use scenario::{Expected, Scenario, Subject};
pub use seed::Seed;
pub use set::{FORMAT, Request, Set};
pub use verdict::Measured;

use crate::finding::{Action, Code, Diagnostic, Remedy};
use crate::keystore;

/// Every scenario, in the order of the themes.
pub fn catalogue() -> impl Iterator<Item = &'static Scenario> {
    catalogue::all()
}

/// The scenario of this name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Scenario> {
    catalogue::find(id)
}

/// The scenarios that fit any of the names or patterns; all of them where there is none.
///
/// # Errors
///
/// [`Error::NoSuchScenario`] where one fits none.
pub fn choose(patterns: &[String]) -> Result<Vec<&'static Scenario>, Error> {
    set::choose(patterns)
}

/// The files that a manifest lists, and the indexes themselves; `None` where the text is none.
#[must_use]
pub fn manifest_paths(text: &str) -> Option<std::collections::BTreeSet<String>> {
    manifest::paths(text)
}

/// Why fixtures cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name or pattern that fits no scenario.
    #[error("no scenario is called `{name}`")]
    NoSuchScenario {
        /// The name or pattern.
        name: String,
        /// A name that looks like it.
        similar: Option<&'static str>,
    },
    /// The pool lacks a key that a scenario needs.
    #[error("there is no key for the scenario `{0}`")]
    NoKey(String),
    /// A key could not be encrypted.
    #[error("a private key could not be encrypted")]
    Encryption,
    /// A store could not be written.
    #[error("a keystore could not be written")]
    Store(#[from] keystore::Error),
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchScenario { .. } => Code::Usage,
            Self::Store(error) => error.code(),
            Self::NoKey(_) | Self::Encryption => Code::Internal,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NoSuchScenario {
                similar: Some(name),
                ..
            } => Some(Remedy::text(format!("did you mean `{name}`"))),
            Self::NoSuchScenario { similar: None, .. } => {
                let list = Action::shell(&["certgen", "fixtures", "--list"]);
                Some(Remedy::run("choose one of those that there are", list))
            }
            Self::Store(error) => error.remedy(),
            Self::NoKey(_) | Self::Encryption => None,
        }
    }
}
