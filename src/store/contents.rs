//! What lies in the files of a PKI folder: certificates, keys, the authority.

use std::path::Path;

use super::{Error, PkiFolder};
use crate::keystore::pem::{self, Item};
use crate::keystore::{KeyState, Limits, Passwords};
use crate::pki::{Authority, Identity};
use crate::secret::{Password, PrivateKey};
use crate::x509::Certificate;

/// The certificates of a PEM or DER file, in its order.
///
/// # Errors
///
/// [`Error::Contents`] where there is none, or what is there cannot be read.
pub fn read_certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let bytes = PkiFolder::read(path)?;
    let contents = pem::read(&bytes, &Passwords::default(), &Limits::default())
        .map_err(|error| Error::contents(path, error))?;
    let read = contents.certificates().map(Certificate::from_der);
    let certificates: Vec<Certificate> = read
        .collect::<Result<_, _>>()
        .map_err(|error| Error::contents(path, error))?;
    if certificates.is_empty() {
        return Err(Error::contents(path, crate::pki::Error::NoCertificate));
    }
    Ok(certificates)
}

/// Whether the private key in a file is encrypted.
///
/// # Errors
///
/// [`Error::Contents`] where it holds no key.
pub fn key_is_encrypted(path: &Path) -> Result<bool, Error> {
    let bytes = PkiFolder::read(path)?;
    let contents = pem::read(&bytes, &Passwords::default(), &Limits::default())
        .map_err(|error| Error::contents(path, error))?;
    Ok(contents
        .items
        .iter()
        .any(|item| matches!(item, Item::PrivateKey(KeyState::Sealed(_)))))
}

/// The private key in a PEM or DER file: PKCS#8, PKCS#1 or SEC1, encrypted or not.
///
/// # Errors
///
/// [`Error::Contents`] where there is none, or none of the passwords opens it.
pub fn read_key(path: &Path, passwords: &[Password]) -> Result<PrivateKey, Error> {
    let bytes = PkiFolder::read(path)?;
    let passwords = Passwords {
        store: None,
        keys: passwords,
    };
    pem::read(&bytes, &passwords, &Limits::default())
        .and_then(|contents| contents.into_private_key(&passwords))
        .map_err(|error| Error::contents(path, error))
}

impl PkiFolder {
    /// The CA's certificate, and those above it.
    ///
    /// # Errors
    ///
    /// [`Error::NoAuthority`] where there is no CA in the folder, and as [`read_certificates`].
    pub fn authority_chain(&self) -> Result<Vec<Certificate>, Error> {
        match read_certificates(&self.ca_certificate()) {
            Err(Error::NotFound { .. }) => Err(Error::NoAuthority {
                path: self.root().to_owned(),
            }),
            other => other,
        }
    }

    /// The CA, ready to issue.
    ///
    /// # Errors
    ///
    /// [`Error::NoAuthority`], and what is wrong with certificate or key.
    pub fn authority(&self, password: Option<&Password>) -> Result<Authority, Error> {
        let chain = self.authority_chain()?;
        let passwords: Vec<Password> = password.into_iter().map(Password::clone_secret).collect();
        let key = read_key(&self.ca_key(), &passwords)?;
        let contents = |error| Error::contents(self.ca_certificate(), error);
        Authority::new(Identity::new(key, chain).map_err(contents)?).map_err(contents)
    }
}
