//! The files that a configuration names: whether they are there, can be read by the broker's user,
//! and are what the option wants.

use super::access::obstacle;
use super::complaints::{
    folder, key_file, missing, not_pem, quoted, relative, tilde, unreadable, unseen,
};
use super::options::{PATHS, READ, THERE};
use super::parse::{Line, Listener};
use super::{Facts, FileFact, Node, access_list, passwords, written};
use crate::finding::{Code, Finding, Remedy, Severity};
use crate::keystore::pem::{self, Contents, Item};
use crate::keystore::{KeyState, Limits, Passwords};
use crate::pki::audit::{Lone, certificate_name, lone};
use crate::time;
use crate::x509::{Certificate, RevocationList, key};

/// The paths of a configuration with what is known about them.
pub(super) struct Paths<'a> {
    pub(super) lines: &'a [Line<'a>],
    pub(super) facts: &'a Facts,
    pub(super) user: String,
    pub(super) judge: Lone,
}

impl Paths<'_> {
    /// What is wrong with paths, and with what they lead to.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for line in self.lines {
            let is_path = READ.contains(&line.name) || PATHS.contains(&line.name);
            let path = match written::log_file(line) {
                Some(path) => path,
                None if is_path => line.value,
                None => continue,
            };
            if path.starts_with('~') {
                findings.push(tilde(line, path));
                continue;
            }
            if path.starts_with(['"', '\'']) {
                findings.push(quoted(line, path));
                continue;
            }
            if !path.starts_with('/') {
                findings.extend(relative(line, path));
            }
            if READ.contains(&line.name) {
                findings.extend(self.file(line));
            } else if THERE.contains(&line.name) && line.name != "http_dir" {
                let fact = self.fact(line);
                let is_missing = fact.is_some_and(|fact| fact.nodes.is_empty());
                findings.extend(is_missing.then(|| missing(line)));
            }
        }
        let persists = self.persists();
        let lines = self.lines.iter();
        findings.extend(lines.filter_map(|line| written::finding(line, self.facts, persists)));
        findings.extend(self.unknown_user().or_else(|| self.without_user()));
        findings
    }

    fn persists(&self) -> bool {
        let names = ["persistence", "retained_persistence"];
        let mut lines = self.lines.iter().rev();
        lines
            .find(|line| names.contains(&line.name))
            .is_some_and(Line::is_true)
    }

    /// Whether clients without a name are let in somewhere.
    fn is_open(&self) -> bool {
        let names = ["allow_anonymous", "listener_allow_anonymous"];
        let mut lines = self.lines.iter();
        lines.any(|line| names.contains(&line.name) && line.is_true())
    }

    fn fact(&self, line: &Line<'_>) -> Option<&FileFact> {
        self.facts.files.get(line.value)
    }

    fn file(&self, line: &Line<'_>) -> Vec<Finding> {
        let Some(fact) = self.fact(line) else {
            return unseen(line).into_iter().collect();
        };
        if fact.nodes.is_empty() {
            return vec![missing(line)];
        }
        let is_folder = fact.nodes.first().is_some_and(Node::is_folder);
        if is_folder && !matches!(line.name, "capath" | "bridge_capath" | "acl_file") {
            return vec![folder(line)];
        }
        let mut findings = Vec::new();
        if let Some(user) = &self.facts.user
            && let Some(obstacle) = obstacle(user, &fact.nodes)
        {
            findings.push(unreadable(line, &user.name, &obstacle));
        }
        findings.extend(self.contents(line, fact));
        findings
    }

    fn without_user(&self) -> Option<Finding> {
        let reads_files = self.lines.iter().any(|line| READ.contains(&line.name));
        if self.facts.user.is_some() || !reads_files {
            return None;
        }
        let cause = format!(
            "this machine has no user `{}`, so that it was not checked whether the broker may read its files",
            self.user
        );
        let remedy = Remedy::text("check the configuration on the broker's machine");
        Some(Finding::note(Code::CannotRead, cause).with_remedy(remedy))
    }

    /// Started by root, mosquitto ends where it cannot become the user that the file names.
    fn unknown_user(&self) -> Option<Finding> {
        let line = self.lines.iter().rev().find(|line| line.name == "user")?;
        if self.facts.user.is_some() || line.value.is_empty() {
            return None;
        }
        let cause = format!(
            "this machine has no user `{}`: started by root, mosquitto does not start there",
            line.value
        );
        let remedy = Remedy::text(
            "name a user that exists on the broker's machine, or take the line out: the default is `mosquitto`",
        );
        let finding = Finding::warning(Code::OptionValueInvalid, cause).with_remedy(remedy);
        Some(finding.about(line.place()))
    }

    fn contents(&self, line: &Line<'_>, fact: &FileFact) -> Vec<Finding> {
        let Some(bytes) = &fact.contents else {
            return Vec::new();
        };
        let about = |finding: Finding| finding.about(line.place());
        if line.name == "acl_file" {
            return access_list::finding(line, bytes.secret_bytes())
                .into_iter()
                .collect();
        }
        if line.name == "password_file" {
            return passwords::findings(line, bytes.secret_bytes(), self.is_open());
        }
        let wants_pem = matches!(
            line.name,
            "certfile"
                | "cafile"
                | "keyfile"
                | "crlfile"
                | "bridge_certfile"
                | "bridge_cafile"
                | "bridge_keyfile"
        );
        if !wants_pem {
            return Vec::new();
        }
        let contents = read(bytes.secret_bytes());
        let Ok(contents) = contents else {
            return vec![about(not_pem(line, bytes.secret_bytes()))];
        };
        let mut findings = Vec::new();
        if !contents.is_text {
            findings.push(about(not_pem(line, bytes.secret_bytes())));
        }
        findings.extend(
            match line.name {
                "keyfile" | "bridge_keyfile" => key_file(line, &contents),
                "crlfile" => self.revocation_list(&contents),
                _ => self.certificates(line, &contents),
            }
            .into_iter()
            .map(about),
        );
        findings
    }

    fn certificates(&self, line: &Line<'_>, contents: &Contents) -> Vec<Finding> {
        let certificates: Vec<Certificate> = contents
            .certificates()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        if certificates.is_empty() {
            let cause = format!("`{}` holds no certificate", line.value);
            let remedy = Remedy::text("give the file with the certificate (PEM)");
            let finding = Finding::failure(Code::NoCertificateInFile, cause);
            return vec![finding.with_remedy(remedy)];
        }
        certificates
            .iter()
            .take(20)
            .flat_map(|certificate| lone(certificate, self.judge))
            .filter(|finding| finding.severity > Severity::Note)
            .filter(|finding| finding.code != Code::NotStrict)
            .collect()
    }

    fn revocation_list(&self, contents: &Contents) -> Vec<Finding> {
        let lists: Vec<RevocationList> = contents
            .items
            .iter()
            .filter_map(|item| match item {
                Item::RevocationList(der) => RevocationList::from_der(der).ok(),
                _ => None,
            })
            .collect();
        if lists.is_empty() {
            let cause = "`crlfile` holds no revocation list: mosquitto does not start";
            let remedy = Remedy::text("give the file with the revocation list (PEM)");
            return vec![Finding::failure(Code::RevocationDataUnusable, cause).with_remedy(remedy)];
        }
        lists
            .iter()
            .filter(|list| list.is_outdated_among(&lists, self.judge.now))
            .filter_map(|list| {
                let next = list.next_update?;
                let cause = format!(
                    "the revocation list of `{}` was to be replaced by {}: the broker refuses every client",
                    list.issuer,
                    time::end_for_people(self.judge.now, next)
                );
                let remedy = Remedy::text("make the current list with the CA, install it, and reload the broker");
                Some(Finding::failure(Code::BrokerCrlExpired, cause).with_remedy(remedy))
            })
            .collect()
    }

    /// The certificates in the file of a line.
    pub(super) fn certificates_of(&self, line: &Line<'_>) -> Vec<Certificate> {
        let Some(contents) = self.pem(line) else {
            return Vec::new();
        };
        contents
            .certificates()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect()
    }

    /// The names in the folder of a line, where it can be read.
    pub(super) fn entries(&self, line: &Line<'_>) -> Option<&[String]> {
        self.fact(line)?.entries.as_deref()
    }

    /// mosquitto opens the folder of a listener for WebSocket alone.
    pub(super) fn web_folder(&self, listener: &Listener<'_>) -> Option<Finding> {
        let line = listener.option("http_dir")?;
        let is_web = listener
            .option("protocol")
            .is_some_and(|line| line.first() == "websockets");
        let is_missing = self.fact(line).is_some_and(|fact| fact.nodes.is_empty());
        (is_web && is_missing).then(|| missing(line))
    }

    /// Whether key and certificate of a listener belong together.
    pub(super) fn pair(
        &self,
        listener: &Listener<'_>,
        certificate: &str,
        key: &str,
    ) -> Option<Finding> {
        let (certificate_line, key_line) = (listener.option(certificate)?, listener.option(key)?);
        let leaf = self.certificates_of(certificate_line).into_iter().next()?;
        let keys = self.pem(key_line)?;
        let public = match keys.private_key()? {
            KeyState::Open { value, .. } => key::public_key(value).ok()?,
            KeyState::Sealed(_) => return None,
        };
        if public.key_bits() == leaf.public_key.key_bits() {
            return None;
        }
        let so = if key.starts_with("bridge") {
            "the bridge does not connect"
        } else {
            "mosquitto does not start"
        };
        let cause = format!(
            "the key `{}` does not belong to the certificate `{}` ({}): {so}",
            key_line.value,
            certificate_line.value,
            certificate_name(&leaf)
        );
        let remedy =
            "give the key that was made with this certificate, or issue the certificate again";
        let finding = Finding::failure(Code::KeyMismatch, cause).with_remedy(Remedy::text(remedy));
        Some(finding.about(key_line.place()))
    }

    /// What the PEM file of a line holds, where it can be read.
    pub(super) fn pem(&self, line: &Line<'_>) -> Option<Contents> {
        let bytes = self.fact(line)?.contents.as_ref()?;
        read(bytes.secret_bytes()).ok()
    }
}

fn read(bytes: &[u8]) -> Result<Contents, crate::keystore::Error> {
    pem::read(bytes, &Passwords::default(), &Limits::default())
}
