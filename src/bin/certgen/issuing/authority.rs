//! The CA of the folder, opened; and keys on their way into files.

use std::path::Path;

use certgen::finding::{Action, Code, Remedy};
use certgen::keystore::pem::{self, KeyDerivation};
use certgen::pki::{Authority, audit::is_fixture};
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey, SecretBytes};
use certgen::store::{PkiFolder, key_is_encrypted};

use crate::failure::Failure;
use crate::password::{self, Purpose, Source};

/// The CA of the folder, ready to issue; its password is asked for where there is one.
///
/// # Errors
///
/// Where there is no CA, its password is wrong, or its key is public knowledge.
pub(crate) fn open(
    folder: &PkiFolder,
    source: Option<&Source>,
    allow_fixture: bool,
) -> Result<(Authority, Option<Password>), Failure> {
    let chain = folder.authority_chain()?;
    if chain.iter().any(is_fixture) && !allow_fixture {
        return Err(public_key(&folder.ca_certificate()));
    }
    let path = folder.ca_key();
    let password = match key_is_encrypted(&path)? {
        false => None,
        true => {
            let purpose = Purpose {
                what: &format!("the CA's key `{}`", path.display()),
                option: "--ca-password",
            };
            Some(password::existing(source, purpose)?)
        }
    };
    let authority = folder.authority(password.as_ref())?;
    Ok((authority, password))
}

/// The refusal of a CA whose key is public, since it is a fixture.
pub(crate) fn public_key(path: &Path) -> Failure {
    let cause = format!(
        "`{}` is a test fixture: everybody has its private key, and could issue the same",
        path.display()
    );
    let extra = vec!["--allow-fixture-ca".to_owned()];
    Failure::new(Code::FixtureAuthority, cause).with_remedy(Remedy::run(
        "make a CA of your own, or say that this is for tests",
        Action::Again { extra },
    ))
}

/// What protects the key of a CA that is made.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Protection {
    /// The password that the CA's key is encrypted with
    #[arg(long, value_name = "SRC")]
    pub(crate) ca_password: Option<Source>,
    /// Leave the CA's key unencrypted, for automation
    #[arg(long, conflicts_with = "ca_password")]
    pub(crate) no_ca_password: bool,
}

impl Protection {
    /// The password to encrypt with, asked for where it is not given.
    pub(crate) fn password(&self, what: &str) -> Result<Option<Password>, Failure> {
        if self.no_ca_password {
            return Ok(None);
        }
        let purpose = Purpose {
            what,
            option: "--ca-password",
        };
        let password = password::new(self.ca_password.as_ref(), purpose)
            .map_err(|failure| offer_none(failure, self.ca_password.is_none()))?;
        not_empty(password, "--no-ca-password").map(Some)
    }
}

/// Whoever cannot be asked may want no password at all.
fn offer_none(mut failure: Failure, unasked: bool) -> Failure {
    if let (true, Some(remedy)) = (unasked, failure.remedy.as_mut()) {
        remedy.text.push_str(
            ", or leave the key unencrypted with `--no-ca-password` where nobody else can read it",
        );
    }
    failure
}

fn not_empty(password: Password, instead: &str) -> Result<Password, Failure> {
    if !password.is_empty() {
        return Ok(password);
    }
    let remedy = format!("choose a password, or say `{instead}`");
    Err(Failure::new(
        Code::PasswordWeak,
        "the password is empty and would protect nothing",
    )
    .with_remedy(Remedy::text(remedy)))
}

/// A private key as PEM, encrypted where there is a password.
pub(crate) fn sealed(key: &PrivateKey, password: Option<&Password>) -> SecretBytes {
    match password {
        None => pem::private_key(key),
        Some(password) => {
            pem::pkcs8_encrypt(key, password, KeyDerivation::default(), &mut SystemRandom)
        }
    }
}
