//! The files of a CA, written; a CA that is replaced is kept.

use std::path::Path;

use certgen::finding::{Code, Finding, Remedy};
use certgen::keystore::pem;
use certgen::pki::Serial;
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey};
use certgen::store::{Access, FileSet, PkiFolder};
use certgen::x509::Certificate;

use crate::failure::Failure;
use crate::issuing::sealed;

/// A CA on its way into its folder.
pub(in crate::commands) struct NewAuthority {
    pub(in crate::commands) folder: PkiFolder,
    /// Its certificate and those above it.
    pub(in crate::commands) chain: Vec<Certificate>,
    pub(in crate::commands) key: PrivateKey,
    pub(in crate::commands) password: Option<Password>,
}

impl NewAuthority {
    /// Writes it, under the folder's lock.
    pub(super) fn write(&self, replace: bool) -> Result<Vec<Finding>, Failure> {
        let _lock = self.folder.lock()?;
        let mut files = FileSet::new(self.folder.root(), replace);
        let findings = self.add_to(&mut files)?;
        files.write()?;
        Ok(findings)
    }

    /// Adds its files to a set; a CA that is there already is moved out of the way, not lost.
    pub(in crate::commands) fn add_to(&self, files: &mut FileSet) -> Result<Vec<Finding>, Failure> {
        let findings = self.keep_what_was_there(files)?;
        let text: String = self
            .chain
            .iter()
            .map(|one| pem::certificate(&one.der))
            .collect();
        files.add(
            self.folder.ca_certificate(),
            text.into_bytes(),
            Access::Public,
        );
        let key = sealed(&self.key, self.password.as_ref());
        files.add(
            self.folder.ca_key(),
            key.secret_bytes().to_vec(),
            Access::Owner,
        );
        Ok(findings)
    }

    fn keep_what_was_there(&self, files: &mut FileSet) -> Result<Vec<Finding>, Failure> {
        let certificate = bytes_of(&self.folder.ca_certificate())?;
        let key = bytes_of(&self.folder.ca_key())?;
        let chain = self.folder.authority_chain().unwrap_or_default();
        let old = chain.first();
        if (&certificate, &key) == (&None, &None)
            || old.is_some_and(|one| self.chain.first() == Some(one))
        {
            return Ok(Vec::new());
        }
        // What cannot be read as a certificate is kept all the same, under a name of its own.
        let name = old.map_or_else(
            || Serial::draw(&mut SystemRandom).to_hex(),
            Certificate::serial_hex,
        );
        let kept = [
            ("crt", certificate, Access::Public),
            ("key", key, Access::Owner),
        ];
        for (ending, bytes, access) in kept {
            let path = self.folder.replaced_authority(&name, ending);
            if let Some(bytes) = bytes.filter(|_| !path.exists()) {
                files.add(path, bytes, access);
            }
        }
        let subject = old.map_or_else(String::new, |old| format!(" `{}`", old.subject));
        let cause = format!(
            "the CA{subject} was replaced: certificates and stores that it made are refused from now on; it is kept as `{}`",
            self.folder.replaced_authority(&name, "key").display()
        );
        let remedy = "issue every broker and client certificate again, and bundle the stores again";
        let finding = Finding::warning(Code::CaRegenerated, cause);
        Ok(vec![finding.with_remedy(Remedy::text(remedy))])
    }
}

/// What is in a file that is about to be replaced; a file that is there must be readable.
fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match PkiFolder::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(certgen::store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The copy of a CA's certificate by serial number, in the folder of the CA above it.
pub(super) fn issued_copy(above: &PkiFolder, chain: &[Certificate]) -> Result<(), Failure> {
    let Some(certificate) = chain.first() else {
        return Ok(());
    };
    let _lock = above.lock()?;
    let serial = certificate.serial_hex();
    let _reserved = above.reserve_serial(&serial)?;
    let mut files = FileSet::new(above.root(), false);
    let text = pem::certificate(&certificate.der);
    files.add(
        above.issued_certificate(&serial),
        text.into_bytes(),
        Access::Public,
    );
    Ok(files.write()?)
}
