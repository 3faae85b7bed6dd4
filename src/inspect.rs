//! What a file of certificates, keys or entries of a store is and holds, as a report value.

mod entry;
mod file;
mod item;
mod pair;
mod server;
mod store;
mod target;

pub use entry::{Entry, EntryKind, Fact, Key, KeyLock};
pub use item::{Item, Kind};
pub use pair::mismatches;
pub use server::server;
pub use target::refused;

use crate::bundle::Target;
use crate::finding::{Finding, Severity, Verdict};
use crate::keystore::{Error, Format, Limits, Passwords, detect};
use crate::pki::audit::{Lone, lone};
use crate::x509::Certificate;

/// How a file is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The moment and the period by which certificates are judged.
    pub judge: Lone,
    /// The passwords to try.
    pub passwords: Passwords<'a>,
    /// Bounds on what a file may ask for.
    pub limits: Limits,
    /// Who is to read it.
    pub target: Option<Target>,
}

/// Several files.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was looked at.
    pub items: Vec<Item>,
    /// Findings about several of them, or about paths that are no items.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report of these items, with the findings that only show when files are held side by side.
    #[must_use]
    pub fn of(items: Vec<Item>, mut findings: Vec<Finding>) -> Self {
        findings.extend(mismatches(&items));
        Self { items, findings }
    }

    /// All findings, the heaviest first.
    #[must_use]
    pub fn all_findings(&self) -> Vec<Finding> {
        let of_items = self.items.iter().flat_map(|item| &item.findings);
        let mut all: Vec<Finding> = self.findings.iter().chain(of_items).cloned().collect();
        all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        all
    }

    /// What it all comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::of(&self.all_findings())
    }

    /// Every certificate with the item and the entry that hold it.
    pub fn certificates(&self) -> impl Iterator<Item = (&Item, &Entry, &Certificate)> {
        self.items.iter().flat_map(|item| {
            item.entries.iter().flat_map(move |entry| {
                entry
                    .certificates
                    .iter()
                    .map(move |certificate| (item, entry, certificate))
            })
        })
    }
}

/// Whether the bytes look like something that can be looked at.
#[must_use]
pub fn is_known(bytes: &[u8]) -> bool {
    detect(bytes).is_some()
}

/// Looks at the bytes of one file.
///
/// # Errors
///
/// Where the bytes are damaged, of no known kind, or sealed by a password that was not given.
pub fn examine(path: &str, bytes: &[u8], look: &Look<'_>) -> Result<Item, Error> {
    let mut item = match detect(bytes) {
        Some(Format::Pem) => file::examine(path, bytes, look)?,
        _ => store::examine(path, bytes, look)?,
    };
    judge(&mut item, look.judge);
    item.findings.extend(name_lies(&item));
    item.findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(item)
}

/// The findings about each certificate, once even where several entries hold it.
fn judge(item: &mut Item, how: Lone) {
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut findings = Vec::new();
    for entry in &item.entries {
        for certificate in &entry.certificates {
            if seen.contains(&certificate.der.as_slice()) {
                continue;
            }
            seen.push(&certificate.der);
            let about = entry.place(&item.path);
            findings.extend(
                lone(certificate, how)
                    .into_iter()
                    .map(|f| f.about(about.clone())),
            );
        }
    }
    item.findings.extend(findings);
}

/// The file's name says another format than its content.
fn name_lies(item: &Item) -> Option<Finding> {
    use crate::finding::{Code, Remedy};
    let name = item.path.rsplit(['/', '\\']).next()?;
    let (_, ending) = name.rsplit_once('.')?;
    let promised = match ending.to_ascii_lowercase().as_str() {
        "p12" | "pfx" => "PKCS#12",
        "bks" => "BKS",
        "uber" => "UBER",
        "jks" => "JKS",
        "jceks" => "JCEKS",
        "bcfks" => "BCFKS",
        "pem" => "PEM",
        "der" => "DER",
        _ => return None,
    };
    if promised == item.format {
        return None;
    }
    let cause = format!(
        "the file is named .{ending}, and it is {}: programs that go by the name fail to read it",
        item.format
    );
    let remedy = Remedy::text(format!(
        "name it after what it is, or convert it to {promised}"
    ));
    let finding = Finding::new(Code::NameExtensionMismatch, Severity::Warning, cause);
    Some(finding.about(item.path.clone()).with_remedy(remedy))
}
