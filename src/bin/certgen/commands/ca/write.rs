//! The files of a CA, written; a CA that is replaced is kept.

use certgen::finding::{Code, Finding, Remedy};
use certgen::keystore::pem;
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
        let findings = self.keep_what_was_there(files);
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

    fn keep_what_was_there(&self, files: &mut FileSet) -> Vec<Finding> {
        let Ok(chain) = self.folder.authority_chain() else {
            return Vec::new();
        };
        let Some(old) = chain.first().filter(|old| Some(*old) != self.chain.first()) else {
            return Vec::new();
        };
        let serial = old.serial_hex();
        let certificate = self.folder.replaced_authority(&serial, "crt");
        let text: String = chain.iter().map(|one| pem::certificate(&one.der)).collect();
        if !certificate.exists() {
            files.add(certificate, text.into_bytes(), Access::Public);
        }
        let key = self.folder.replaced_authority(&serial, "key");
        if let (false, Ok(bytes)) = (key.exists(), PkiFolder::read(&self.folder.ca_key())) {
            files.add(key.clone(), bytes, Access::Owner);
        }
        let cause = format!(
            "the CA `{}` was replaced: certificates and stores that it made are refused from now on; it is kept as `{}`",
            old.subject,
            key.display()
        );
        let remedy = "issue every broker and client certificate again, and bundle the stores again";
        let finding = Finding::warning(Code::CaRegenerated, cause);
        vec![finding.with_remedy(Remedy::text(remedy))]
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
