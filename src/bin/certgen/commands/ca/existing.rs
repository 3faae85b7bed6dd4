//! A CA that other software made, taken over.

use std::path::{Path, PathBuf};

use certgen::finding::Finding;
use certgen::pki::audit::{Lone, is_fixture, lone};
use certgen::pki::{Authority, Identity};
use certgen::secret::Password;
use certgen::store::{PkiFolder, key_is_encrypted, read_certificates, read_key};
use certgen::x509::Certificate;

use super::write::NewAuthority;
use super::{Arguments, check, finish, unprotected};
use crate::context::Context;
use crate::failure::Failure;
use crate::issuing::public_key;
use crate::password::{self, Purpose};
use crate::present::Status;

pub(super) fn import(
    arguments: &Arguments,
    files: &[PathBuf],
    context: &Context,
) -> Result<Status, Failure> {
    let [certificate, key] = files else {
        return Err(Failure::usage(
            "--import takes two files: certificate and key",
        ));
    };
    let folder = PkiFolder::new(&context.dir);
    let chain = read_certificates(certificate)?;
    if chain.iter().any(is_fixture) && !arguments.allow_fixture_ca {
        return Err(public_key(certificate));
    }
    check(&folder, arguments)?;
    let opened = opening_password(arguments, key)?;
    let passwords: Vec<Password> = opened.iter().map(Password::clone_secret).collect();
    let private = read_key(key, &passwords)?;
    let copy = private.clone_secret();
    let doing = || format!("cannot take over the CA `{}`", certificate.display());
    let identity = Identity::new(copy, chain.clone())
        .map_err(|error| Failure::from(error).while_doing(doing()))?;
    Authority::new(identity).map_err(|error| Failure::from(error).while_doing(doing()))?;
    let findings = findings(arguments, &chain, context);
    let password = match (arguments.replacing.dry_run, opened) {
        (true, _) => None,
        (false, opened) => closing_password(arguments, opened)?,
    };
    let new = NewAuthority {
        folder,
        chain,
        key: private,
        password,
    };
    finish(arguments, new, findings, context)
}

fn findings(arguments: &Arguments, chain: &[Certificate], context: &Context) -> Vec<Finding> {
    let judged = chain
        .iter()
        .flat_map(|one| lone(one, Lone::at(context.now)));
    judged.chain(unprotected(&arguments.protection)).collect()
}

/// The password that opens the key, where it is encrypted: its own, or the CA's.
fn opening_password(arguments: &Arguments, key: &Path) -> Result<Option<Password>, Failure> {
    if !key_is_encrypted(key)? {
        return Ok(None);
    }
    let (source, option) = match (&arguments.key_password, &arguments.protection.ca_password) {
        (Some(source), _) => (Some(source), "--key-password"),
        (None, Some(source)) => (Some(source), "--ca-password"),
        (None, None) => (None, "--key-password"),
    };
    let purpose = Purpose {
        what: &format!("the key `{}`", key.display()),
        option,
    };
    password::existing(source, purpose).map(Some)
}

/// The password that the key is encrypted with here: the one that opened it, unless another is
/// given.
fn closing_password(
    arguments: &Arguments,
    opened: Option<Password>,
) -> Result<Option<Password>, Failure> {
    let protection = &arguments.protection;
    let same = arguments.key_password.is_none() || protection.ca_password.is_none();
    match opened {
        Some(opened) if same && !protection.no_ca_password => Ok(Some(opened)),
        _ => protection.password("the CA's key"),
    }
}
