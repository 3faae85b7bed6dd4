//! The files that a configuration names: whether they are there, can be read by the broker's user,
//! and are what the option wants.

use super::access::{Obstacle, obstacle};
use super::options::{PATHS, READ};
use super::parse::{Line, Listener};
use super::{Facts, FileFact};
use crate::finding::{Action, Code, Finding, Remedy, Severity};
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
            let path = match line.value.strip_prefix("file ") {
                Some(path) if line.name == "log_dest" => path.trim(),
                _ if is_path => line.value,
                _ => continue,
            };
            if path.starts_with('~') {
                findings.push(tilde(line, path));
                continue;
            }
            if !path.starts_with('/') {
                findings.extend(relative(line, path));
            }
            if READ.contains(&line.name) {
                findings.extend(self.file(line));
            }
        }
        findings.extend(self.without_user());
        findings
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

    fn contents(&self, line: &Line<'_>, fact: &FileFact) -> Vec<Finding> {
        let Some(bytes) = &fact.contents else {
            return Vec::new();
        };
        let about = |finding: Finding| finding.about(line.place());
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
        let lists = contents.items.iter().filter_map(|item| match item {
            Item::RevocationList(der) => RevocationList::from_der(der).ok(),
            _ => None,
        });
        lists
            .filter_map(|list| {
                let next = list.next_update.filter(|next| *next < self.judge.now)?;
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

    /// Whether key and certificate of a listener belong together.
    pub(super) fn pair(&self, listener: &Listener<'_>) -> Option<Finding> {
        let (certificate_line, key_line) =
            (listener.option("certfile")?, listener.option("keyfile")?);
        let certificates = self.read_fact(certificate_line)?;
        let leaf = certificates.certificates().next()?;
        let leaf = Certificate::from_der(leaf).ok()?;
        let keys = self.read_fact(key_line)?;
        let public = match keys.private_key()? {
            KeyState::Open { value, .. } => key::public_key(value).ok()?,
            KeyState::Sealed(_) => return None,
        };
        if public.key_bits() == leaf.public_key.key_bits() {
            return None;
        }
        let cause = format!(
            "the key `{}` does not belong to the certificate `{}` ({}): mosquitto does not start",
            key_line.value,
            certificate_line.value,
            certificate_name(&leaf)
        );
        let remedy =
            "give the key that was made with this certificate, or issue the certificate again";
        let finding = Finding::failure(Code::KeyMismatch, cause).with_remedy(Remedy::text(remedy));
        Some(finding.about(key_line.place()))
    }

    fn read_fact(&self, line: &Line<'_>) -> Option<Contents> {
        let bytes = self.fact(line)?.contents.as_ref()?;
        read(bytes.secret_bytes()).ok()
    }
}

fn read(bytes: &[u8]) -> Result<Contents, crate::keystore::Error> {
    pem::read(bytes, &Passwords::default(), &Limits::default())
}

fn tilde(line: &Line<'_>, path: &str) -> Finding {
    let cause = format!(
        "`{} {path}`: mosquitto does not expand `~`, and finds no such file",
        line.name
    );
    Finding::failure(Code::TildeInPath, cause)
        .about(line.place())
        .with_remedy(Remedy::run(
            "write the whole path from `/` on",
            Action::ConfigMosquitto,
        ))
}

fn relative(line: &Line<'_>, path: &str) -> Option<Finding> {
    if path.is_empty() {
        return None;
    }
    let cause = format!(
        "`{} {path}` is relative to the folder that mosquitto was started in, which for a service is `/`",
        line.name
    );
    let remedy = Remedy::text("write the whole path from `/` on");
    let finding = Finding::warning(Code::RelativePath, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

/// certgen itself may not look there.
fn unseen(line: &Line<'_>) -> Option<Finding> {
    if !line.value.starts_with('/') {
        return None;
    }
    let cause = format!(
        "`{} {}` could not be looked at: this user may not pass through the folders above it",
        line.name, line.value
    );
    let remedy = Remedy::text("check the configuration as root");
    Some(
        Finding::note(Code::CannotRead, cause)
            .about(line.place())
            .with_remedy(remedy),
    )
}

fn missing(line: &Line<'_>) -> Finding {
    let cause = format!("`{} {}`: there is no such file", line.name, line.value);
    let remedy = Remedy::text("correct the path, or put the file there");
    Finding::failure(Code::FileNotFound, cause)
        .about(line.place())
        .with_remedy(remedy)
}

fn unreadable(line: &Line<'_>, user: &str, obstacle: &Obstacle<'_>) -> Finding {
    let (what, remedy) = match obstacle {
        Obstacle::File(node) => (
            format!(
                "it has the mode {:04o}, owner {} and group {}",
                node.mode & 0o7777,
                node.uid,
                node.gid
            ),
            Remedy::run(
                format!("let `{user}` alone read it"),
                Action::shell(&["sudo", "chown", &format!("{user}:"), line.value]),
            ),
        ),
        Obstacle::Folder(node) => (
            format!(
                "the folder `{}` has the mode {:04o}, and `{user}` may not pass through it",
                node.path,
                node.mode & 0o7777
            ),
            Remedy::run(
                format!("put it where `{user}` may read, such as /etc/mosquitto/certs"),
                Action::ConfigMosquitto,
            ),
        ),
    };
    let is_key = line.name.ends_with("keyfile");
    let code = if is_key {
        Code::KeyNotReadable
    } else {
        Code::CannotRead
    };
    let cause = format!(
        "mosquitto runs as `{user}`, which may not read the {} `{}`: {what}",
        if is_key { "key" } else { "file" },
        line.value
    );
    Finding::failure(code, cause)
        .about(line.place())
        .with_remedy(remedy)
}

fn not_pem(line: &Line<'_>, bytes: &[u8]) -> Finding {
    let what = if bytes.is_empty() {
        "is empty"
    } else {
        "is not PEM, or damaged"
    };
    let cause = format!("`{}` {what}: mosquitto reads PEM alone", line.value);
    let remedy = Remedy::text("give the file as PEM (`-----BEGIN …`)");
    Finding::failure(Code::PemDamaged, cause).with_remedy(remedy)
}

fn key_file(line: &Line<'_>, contents: &Contents) -> Vec<Finding> {
    let finding = match contents.private_key() {
        Some(KeyState::Open { .. }) => return Vec::new(),
        Some(KeyState::Sealed(_)) => {
            let cause = format!(
                "the key `{}` is encrypted: mosquitto asks for its password on a terminal, and as a service does not start",
                line.value
            );
            let remedy =
                "store the broker's key without password, readable by the broker's user alone";
            Finding::failure(Code::PasswordNeeded, cause).with_remedy(Remedy::text(remedy))
        }
        None => {
            let cause = format!("`{}` holds no private key", line.value);
            let remedy = Remedy::text("give the file with the key (PEM)");
            Finding::failure(Code::NotAKey, cause).with_remedy(remedy)
        }
    };
    vec![finding]
}
