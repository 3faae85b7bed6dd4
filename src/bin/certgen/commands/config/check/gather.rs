//! The texts of a configuration, and the facts about the files that it names.

use std::collections::HashMap;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use certgen::deploy::check::{Facts, FileFact, Node, Source, UserFact, included_folders};
use certgen::finding::Code;
use certgen::secret::SecretBytes;

use crate::failure::Failure;

/// The longest configuration, and the longest file that it may name, in bytes.
const LIMIT: u64 = 16 << 20;
/// How many files a folder may include.
const FILES: usize = 1_000;

/// The configuration files, each followed by what it includes.
pub(super) fn sources(files: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in files {
        let source = source(path)?;
        let folders = included_folders(&source.text);
        sources.push(source);
        for folder in folders {
            for path in included(Path::new(&folder))? {
                sources.push(self::source(&path)?);
            }
        }
    }
    Ok(sources)
}

fn source(path: &Path) -> Result<Source, Failure> {
    let bytes = read(path).map_err(|error| Failure::cannot_read(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            Code::CannotRead,
            format!("`{}` is not UTF-8 text", path.display()),
        )
    })?;
    Ok(Source {
        path: path.display().to_string(),
        text,
    })
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LIMIT)
            .read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(LIMIT)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// `*.conf` below a folder of `include_dir`, in the order in which mosquitto reads them. A folder
/// that is written with `~` or is not there is for the check to say.
fn included(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::cannot_read(folder, &error)),
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "conf"))
        .take(FILES)
        .collect();
    paths.sort();
    Ok(paths)
}

/// What can be learnt about the paths, and about the user.
pub(super) fn facts(paths: &[String], user: &str) -> Facts {
    let mut facts = Facts::default();
    facts.user = self::user(user);
    facts.first_free_port = first_free_port();
    facts.files = paths
        .iter()
        .filter(|path| path.starts_with('/'))
        .filter_map(|path| Some((path.clone(), file(Path::new(path))?)))
        .collect::<HashMap<_, _>>();
    facts
}

/// Nothing where certgen itself may not look.
fn file(path: &Path) -> Option<FileFact> {
    let real = match std::fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(FileFact {
                nodes: Vec::new(),
                contents: None,
                entries: None,
            });
        }
        Err(_) => return None,
    };
    let nodes: Option<Vec<Node>> = real.ancestors().map(node).collect();
    let contents = if real.is_file() {
        read(&real).ok()
    } else {
        None
    };
    Some(FileFact {
        nodes: nodes?,
        contents: contents.map(SecretBytes::new),
        entries: names(&real),
    })
}

/// The names in a folder.
fn names(path: &Path) -> Option<Vec<String>> {
    let entries = std::fs::read_dir(path).ok()?.flatten().take(FILES * 10);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    Some(names.collect())
}

fn node(path: &Path) -> Option<Node> {
    let meta = std::fs::metadata(path).ok()?;
    Some(Node {
        path: path.display().to_string(),
        uid: meta.uid(),
        gid: meta.gid(),
        mode: meta.mode(),
    })
}

/// Where a port may be opened by everybody; every port where the program has the right.
fn first_free_port() -> Option<u16> {
    let mut capability = [0; 64];
    let programs = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];
    let has_right = programs.iter().any(|program| {
        rustix::fs::getxattr(*program, "security.capability", &mut capability).is_ok()
    });
    if has_right {
        return Some(0);
    }
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").ok()?;
    text.trim().parse().ok()
}

/// The user with its groups, from the files in which Unix keeps them.
fn user(name: &str) -> Option<UserFact> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<&str> = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name))?;
    let uid = fields.get(2)?.parse().ok()?;
    let primary: u32 = fields.get(3)?.parse().ok()?;
    let all = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let further = all.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let is_member = fields.get(3)?.split(',').any(|member| member == name);
        is_member.then(|| fields.get(2)?.parse().ok())?
    });
    Some(UserFact {
        name: name.to_owned(),
        uid,
        groups: std::iter::once(primary).chain(further).collect(),
    })
}
