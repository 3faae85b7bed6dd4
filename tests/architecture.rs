//! The floors of the library, held: which module may name which, what the lower floors may not
//! touch, and how a file begins and how long it may grow.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use source::{paths_below, paths_of_supers, tokens};

/// The highest floor that may not touch the outside world.
const PURE: u32 = 3;
/// The floor whose modules may not name each other.
const OUTSIDE: u32 = 4;
const MAX_LINES: usize = 500;

/// A source file of the library.
struct File {
    path: PathBuf,
    /// Where it stands in the tree of modules: `["keystore", "bks"]`.
    module: Vec<String>,
    tokens: Vec<String>,
}

impl File {
    fn top(&self) -> &str {
        &self.module[0]
    }

    /// The modules at the top of the crate that this file names.
    fn named_modules(&self) -> Vec<String> {
        let mut paths = paths_below(&self.tokens, "crate");
        for (supers, path) in paths_of_supers(&self.tokens) {
            if supers >= self.module.len() {
                paths.push(path);
            }
        }
        let first = |path: String| path.split("::").next().unwrap().to_owned();
        paths.into_iter().map(first).collect()
    }
}

#[test]
fn every_module_stands_on_a_floor() {
    let floors = floors();
    let tokens = tokens(&read("src/lib.rs"));
    let mut modules: Vec<&str> = Vec::new();
    for pair in tokens.windows(2).filter(|pair| pair[0] == "mod") {
        modules.push(&pair[1]);
    }
    assert!(modules.len() >= 8, "lib.rs declares its modules");
    let mut assigned: Vec<&str> = floors.keys().map(String::as_str).collect();
    modules.sort_unstable();
    assigned.sort_unstable();
    assert_eq!(
        modules, assigned,
        "the modules of lib.rs, and those in its table of floors"
    );
}

#[test]
fn no_arrow_runs_upwards() {
    let floors = floors();
    let mut wrong = Vec::new();
    for file in library() {
        let own = floors[file.top()];
        for named in file.named_modules() {
            let Some(&floor) = floors.get(&named) else {
                wrong.push(format!("{} names crate::{named}", file.path.display()));
                continue;
            };
            let sideways = own == OUTSIDE && floor == OUTSIDE && named != file.top();
            if floor > own || sideways {
                wrong.push(format!(
                    "{} (floor {own}) names {named} (floor {floor})",
                    file.path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn modules_of_one_floor_use_each_other_in_one_direction() {
    let mut arrows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in library() {
        let named = file.named_modules().into_iter();
        let others = named.filter(|named| named != file.top());
        arrows
            .entry(file.top().to_owned())
            .or_default()
            .extend(others);
    }
    for start in arrows.keys() {
        let mut seen: Vec<&String> = Vec::new();
        let mut open: Vec<&String> = arrows[start].iter().collect();
        while let Some(module) = open.pop() {
            assert_ne!(module, start, "{start} uses itself through {seen:?}");
            if !seen.contains(&module) {
                seen.push(module);
                open.extend(arrows.get(module).into_iter().flatten());
            }
        }
    }
}

#[test]
fn the_lower_floors_touch_no_world_and_no_clock() {
    let floors = floors();
    let mut wrong = Vec::new();
    for file in library() {
        if floors[file.top()] <= PURE {
            let found = worldly(&file.tokens).into_iter();
            wrong.extend(found.map(|name| format!("{} names {name}", file.path.display())));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What of the world and the clock the tokens name.
fn worldly(tokens: &[String]) -> Vec<String> {
    // Addresses are values; only what opens a socket or asks a resolver is the world.
    const VALUES: [&str; 5] = [
        "IpAddr",
        "Ipv4Addr",
        "Ipv6Addr",
        "SocketAddr",
        "AddrParseError",
    ];
    const CLOCKS: [&str; 4] = ["SystemTime", "Instant", "now_utc", "now_local"];
    const CRATES: [&str; 5] = [
        "tokio",
        "tokio_rustls",
        "rustix",
        "tempfile",
        "rustls_native_certs",
    ];
    let mut found = Vec::new();
    for path in paths_below(tokens, "std") {
        let mut segments = path.split("::");
        let module = segments.next().unwrap();
        let value = module == "net" && segments.next().is_some_and(|name| VALUES.contains(&name));
        if ["fs", "net", "env", "process", "os"].contains(&module) && !value {
            found.push(format!("std::{path}"));
        }
    }
    for token in tokens {
        if CLOCKS.contains(&token.as_str()) {
            found.push(token.clone());
        }
    }
    for name in CRATES {
        let paths = paths_below(tokens, name).into_iter();
        found.extend(paths.map(|path| format!("{name}::{path}")));
    }
    found
}

#[test]
fn worldly_names_are_seen() {
    let found = |text: &str| worldly(&tokens(text));
    assert_eq!(found("use std::{fmt, fs::{self, File}};").len(), 2);
    assert_eq!(
        found("use std::net::{IpAddr, TcpStream};"),
        ["std::net::TcpStream"]
    );
    assert_eq!(found("let now = OffsetDateTime::now_utc();"), ["now_utc"]);
    assert_eq!(found("use tokio::time::Instant;").len(), 2);
    assert!(found("use std::{fmt, net::IpAddr}; // std::fs").is_empty());
}

#[test]
fn the_library_knows_no_terminal_and_no_arguments() {
    for file in library() {
        for name in ["clap", "rpassword", "anstream", "indicatif", "certgen"] {
            let paths = paths_below(&file.tokens, name);
            assert!(paths.is_empty(), "{} names {name}", file.path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_owns_and_stays_small() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in ["src", "tests", "fuzz/fuzz_targets"] {
        for path in rust_files(&root().join(folder)) {
            count += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().count();
            if !text.starts_with("//! ") {
                wrong.push(format!("{} does not open with `//! `", path.display()));
            }
            if lines > MAX_LINES {
                wrong.push(format!("{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(count > 20, "the sources are found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Module → floor, from the table in lib.rs: `| 2 formats | [`x509`], [`keystore`] |`.
fn floors() -> BTreeMap<String, u32> {
    let mut floors = BTreeMap::new();
    for line in read("src/lib.rs").lines() {
        let Some(row) = line.strip_prefix("//! | ") else {
            continue;
        };
        let floor = row.split(' ').next().and_then(|word| word.parse().ok());
        let Some(floor) = floor else { continue };
        for link in row.split("[`").skip(1) {
            let name = link.split("`]").next().unwrap();
            if !name.contains("::") {
                let before = floors.insert(name.to_owned(), floor);
                assert!(before.is_none(), "{name} stands on two floors");
            }
        }
    }
    floors
}

fn library() -> Vec<File> {
    let src = root().join("src");
    let mut files = Vec::new();
    for path in rust_files(&src) {
        let inside = path.strip_prefix(&src).unwrap().with_extension("");
        let module: Vec<String> = inside
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .collect();
        let is_test = module.iter().any(|part| part == "tests");
        if module[0] == "lib" || module[0] == "bin" || is_test {
            continue;
        }
        let tokens = tokens(&std::fs::read_to_string(&path).unwrap());
        files.push(File {
            path,
            module,
            tokens,
        });
    }
    assert!(files.len() > 20, "the sources are found");
    files
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
