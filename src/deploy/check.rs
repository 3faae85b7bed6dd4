//! `mosquitto.conf` held against what mosquitto knows and can read: the text and facts about the
//! files that it names go in, findings come out.

mod access;
mod access_list;
mod ciphers;
mod complaints;
mod files;
mod listeners;
mod options;
mod order;
mod parse;
mod passwords;
mod trust;
mod twice;
mod values;
mod written;

use std::collections::HashMap;

use crate::finding::{Action, Code, Finding, Remedy};
use crate::pki::audit::Lone;
use parse::Line;

/// The user that mosquitto drops to when it is started by root.
pub const DEFAULT_USER: &str = "mosquitto";

/// One configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path, as it is to be shown.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What is known about the files that a configuration names, and about the broker's user.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Facts {
    /// By path, as written in the configuration.
    pub files: HashMap<String, FileFact>,
    /// The user that the broker runs as; none where this machine has no such user.
    pub user: Option<UserFact>,
    /// The first port that mosquitto may open without being root; none where that is not known.
    pub first_free_port: Option<u16>,
}

/// What is known about a file.
#[derive(Debug)]
pub struct FileFact {
    /// The file itself, and the folders above it up to the root; empty where it does not exist.
    pub nodes: Vec<Node>,
    /// Its contents, where certgen could read them; `None` too for folders.
    pub contents: Option<crate::secret::SecretBytes>,
    /// The names in it, where it is a folder that certgen could read.
    pub entries: Option<Vec<String>>,
}

/// Owner and mode of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The path.
    pub path: String,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// What it is, and permission bits, as `st_mode` has them.
    pub mode: u32,
}

impl Node {
    fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }
}

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFact {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The groups, the primary one included.
    pub groups: Vec<u32>,
}

/// The folders of `include_dir`, whose `*.conf` files belong to the configuration.
#[must_use]
pub fn included_folders(text: &str) -> Vec<String> {
    let lines = parse::lines("", text);
    let folders = lines.iter().filter(|line| line.name == "include_dir");
    folders.map(|line| line.value.to_owned()).collect()
}

/// The paths that facts are wanted about.
#[must_use]
pub fn wanted_paths(sources: &[Source]) -> Vec<String> {
    let mut paths = Vec::new();
    for line in all_lines(sources) {
        paths.extend(written::wanted(&line).into_iter().map(str::to_owned));
        let wanted = options::READ.contains(&line.name) || options::THERE.contains(&line.name);
        if wanted && !paths.contains(&line.value.to_owned()) {
            paths.push(line.value.to_owned());
        }
    }
    paths
}

/// The user that the broker is told to run as.
#[must_use]
pub fn wanted_user(sources: &[Source]) -> String {
    let lines = all_lines(sources);
    let user = lines.iter().rev().find(|line| line.name == "user");
    user.map_or(DEFAULT_USER, |line| line.value).to_owned()
}

/// Checks a configuration: the main file first, then what it includes.
#[must_use]
pub fn check(sources: &[Source], facts: &Facts, judge: Lone) -> Vec<Finding> {
    let lines = all_lines(sources);
    let mut findings = Vec::new();
    findings.extend(sources.iter().filter_map(byte_order_mark));
    for line in &lines {
        findings.extend(option(line));
    }
    findings.extend(order::findings(&lines));
    findings.extend(twice::findings(&lines));
    let (before, listeners) = parse::listeners(&lines);
    let all = listeners::Listeners {
        default: &before,
        others: &listeners,
        sources,
        facts,
    };
    findings.extend(all.findings());
    let paths = files::Paths {
        lines: &lines,
        facts,
        user: wanted_user(sources),
        judge,
    };
    findings.extend(paths.findings());
    for listener in listeners.iter().chain([&before]) {
        findings.extend(paths.web_folder(listener));
        for (certificate, key) in [
            ("certfile", "keyfile"),
            ("bridge_certfile", "bridge_keyfile"),
        ] {
            if let Some(swapped) = trust::swapped(&paths, listener, certificate, key) {
                let places = [certificate, key].map(|name| listener.option(name).map(Line::place));
                findings.retain(|finding| {
                    let is_part = matches!(finding.code, Code::NoCertificateInFile | Code::NotAKey);
                    !(is_part && places.contains(&finding.subject))
                });
                findings.push(swapped);
            }
            findings.extend(paths.pair(listener, certificate, key));
        }
        findings.extend(trust::findings(&paths, listener));
    }
    ordered(findings)
}

/// mosquitto reads a byte order mark as the beginning of the first name, even of a comment.
fn byte_order_mark(source: &Source) -> Option<Finding> {
    source.text.strip_prefix('\u{feff}')?;
    let cause = "the file begins with a byte order mark, which mosquitto takes for a part of the first line: it does not start";
    let text = "save the file as UTF-8 without byte order mark";
    let remedy = if source.path == "-" {
        Remedy::text(text)
    } else {
        let sed = ["sed", "-i", "1s/^\\xEF\\xBB\\xBF//", &source.path];
        Remedy::run(text, Action::shell(&sed))
    };
    let finding = Finding::failure(Code::ByteOrderMark, cause).with_remedy(remedy);
    Some(finding.about(format!("{}:1", source.path)))
}

fn all_lines(sources: &[Source]) -> Vec<Line<'_>> {
    sources
        .iter()
        .flat_map(|source| parse::lines(&source.path, &source.text))
        .collect()
}

/// Whether the option exists, and has a value that it can have.
fn option(line: &Line<'_>) -> Option<Finding> {
    let name = line.name;
    let by_plugin = options::PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let is_new_protocol = name == "protocol" && line.first() == "http_api";
    if options::SINCE_2_1.contains(&name) || is_new_protocol {
        let what = if is_new_protocol {
            "protocol http_api"
        } else {
            name
        };
        let cause =
            format!("`{what}` is known since mosquitto 2.1: older ones do not start with it");
        let remedy = Remedy::text("check the version of the broker with `mosquitto -h`");
        let finding = Finding::note(Code::UnknownOption, cause).with_remedy(remedy);
        return Some(finding.about(line.place()));
    }
    if !options::OPTIONS.contains(&name) && !by_plugin {
        return Some(unknown(line));
    }
    values::finding(line)
}

fn unknown(line: &Line<'_>) -> Finding {
    let spoilt = line.name.contains('\t') || line.name == "#";
    let likely = options::likely(line.name).filter(|_| !spoilt);
    let why = match line.name {
        "#" => ": a comment has to begin at the very start of the line",
        name if name.contains('\t') => ": a tab stands in it, and only a space ends a name",
        _ => "",
    };
    let cause = format!(
        "mosquitto has no option `{}`, and does not start with it{why}",
        line.name
    );
    let text = match likely {
        None if line.name == "#" => "move the `#` to the start of the line".to_owned(),
        None if spoilt => "write a space instead of the tab".to_owned(),
        Some(likely) => format!("write `{likely} {}`", line.value),
        None => "take the line out".to_owned(),
    };
    Finding::failure(Code::UnknownOption, cause)
        .about(line.place())
        .with_remedy(Remedy::text(text.trim_end()))
}

/// Failures before warnings before notes; what keeps mosquitto from starting first.
fn ordered(mut findings: Vec<Finding>) -> Vec<Finding> {
    let rank = |code: Code| {
        ORDER
            .iter()
            .position(|other| *other == code)
            .unwrap_or(ORDER.len())
    };
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), rank(finding.code)));
    findings
}

const ORDER: &[Code] = &[
    Code::ByteOrderMark,
    Code::UnknownOption,
    Code::OptionValueInvalid,
    Code::TildeInPath,
    Code::FileNotFound,
    Code::CannotWrite,
    Code::KeyNotReadable,
    Code::PemDamaged,
    Code::NoCertificateInFile,
    Code::NotAKey,
    Code::RevocationDataUnusable,
    Code::KeyMismatch,
    Code::PasswordNeeded,
    Code::CertfileWithoutKeyfile,
    Code::DuplicateListener,
    Code::CannotRead,
    Code::CannotListen,
    Code::TlsOptionsBeforeListener,
    Code::RequireCertificateWithoutCa,
    Code::LeafAsTrustAnchor,
    Code::BrokerCrlExpired,
    Code::ServerUsageMissing,
    Code::CertificateExpired,
    Code::ClientCertificateNotRequested,
    Code::NotAuthorized,
];
