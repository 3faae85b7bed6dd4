//! What is expected of fixtures, measured: OpenSSL, GnuTLS, Java, Go, Node, Python and webpki judge
//! the default set, and `src/fixtures/verdicts.tsv` has to say what they say.
//!
//! Where a stack does not do what the rule demands, `tests/fixtures_peers/differences.tsv` says why;
//! a line there that no stack needs any more fails the test. After a change of the catalogue:
//! `CERTGEN_MEASURE=1 cargo test --test fixtures_peers` writes the table anew.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use certgen::fixtures::{Clock, Kind, Request, Subject, catalogue, find, proof};
use certgen::time::rfc3339;
use support::{Folder, Java, node, peer, python, run};

/// By scenario and stack: the verdict, and the words of those that refuse.
type Rows = BTreeMap<(String, String), (String, String)>;

static MEASURED: LazyLock<Rows> = LazyLock::new(measure);

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The default set on disk.
fn set() -> Folder {
    let folder = Folder::new();
    for file in Request::default().make().unwrap().files() {
        folder.write(&file.path, &file.bytes);
    }
    folder
}

fn measure() -> Rows {
    let folder = set();
    let clock = rfc3339(Clock::DEFAULT);
    let mut go = Command::new("go");
    go.arg("run")
        .arg(here("tests/fixtures_peers/judge.go"))
        .arg(folder.path())
        .arg(&clock);
    let mut java = Java::debian().source(&here("tests/fixtures_peers/Judge.java"));
    java.arg(folder.path()).arg(&clock);
    let mut python = faked(&python());
    python
        .arg(here("tests/fixtures_peers/judge.py"))
        .arg(folder.path());
    let mut node = faked(&node());
    node.arg(here("tests/fixtures_peers/judge.mjs"))
        .arg(folder.path());
    let mut rows = webpki();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| rows_of(&mut python));
        for command in [&mut java, &mut node] {
            rows.extend(rows_of(command));
        }
        rows.extend(slow.join().unwrap());
    });
    if Command::new("go").arg("version").output().is_ok() {
        rows.extend(rows_of(&mut go));
    } else {
        support::skipped("what Go says of fixtures: there is no go (Debian package golang-go)");
    }
    rows
}

/// The same program at the set's clock.
fn faked(command: &Command) -> Command {
    let mut faketime = peer("faketime");
    faketime
        .env("TZ", "UTC")
        .arg("2025-01-01 00:00:00")
        .arg(command.get_program());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            faketime.env(name, value);
        }
    }
    faketime
}

fn rows_of(command: &mut Command) -> Rows {
    parse(&run(command).ok().stdout)
}

fn parse(text: &str) -> Rows {
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 4, "{line}");
            let own = |index: usize| fields[index].to_owned();
            ((own(0), own(1)), (own(2), own(3)))
        })
        .collect()
}

fn webpki() -> Rows {
    let request = Request::default();
    let chains = catalogue().filter(|scenario| scenario.subject() == Subject::Chain);
    chains
        .map(|scenario| request.fixture(scenario.id).unwrap())
        .filter(|fixture| fixture.file(Kind::Ocsp).is_none())
        .map(|fixture| {
            let outcome = match proof::judge(&fixture, Clock::DEFAULT) {
                Ok(()) => ("accept".to_owned(), String::new()),
                Err(error) => ("reject".to_owned(), error),
            };
            ((fixture.id().to_owned(), "webpki".to_owned()), outcome)
        })
        .collect()
}

fn table() -> Rows {
    parse(&std::fs::read_to_string(here("src/fixtures/verdicts.tsv")).unwrap())
}

#[test]
fn the_table_says_what_the_stacks_say() {
    if std::env::var_os("CERTGEN_MEASURE").is_some() {
        let place = |id: &str| catalogue().position(|one| one.id == id);
        let mut rows: Vec<_> = MEASURED.iter().collect();
        rows.sort_by_key(|((id, stack), _)| (place(id), stack.clone()));
        let text: String = rows
            .into_iter()
            .map(|((id, stack), (verdict, words))| format!("{id}\t{stack}\t{verdict}\t{words}\n"))
            .collect();
        std::fs::write(here("src/fixtures/verdicts.tsv"), text).unwrap();
        return;
    }
    let table = table();
    let measured_stacks: Vec<&str> = MEASURED.keys().map(|(_, stack)| stack.as_str()).collect();
    let mut wrong = Vec::new();
    for (key, (verdict, words)) in MEASURED.iter() {
        if table.get(key).map(|(verdict, _)| verdict) != Some(verdict) {
            wrong.push(format!(
                "{key:?}: measured {verdict} ({words}), the table says {:?}",
                table.get(key)
            ));
        }
    }
    for key in table.keys() {
        if !MEASURED.contains_key(key) && measured_stacks.contains(&key.1.as_str()) {
            wrong.push(format!("{key:?}: in the table, not measured"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Stack, scenario (with a star for several), and the reason.
fn differences() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(here("tests/fixtures_peers/differences.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 3, "{line}");
            (
                fields[0].to_owned(),
                fields[1].to_owned(),
                fields[2].to_owned(),
            )
        })
        .collect()
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => text.starts_with(start) && text.ends_with(end),
        None => pattern == text,
    }
}

#[test]
fn every_difference_has_a_reason_and_every_reason_a_difference() {
    let reasons = differences();
    let mut used = vec![false; reasons.len()];
    let mut unexplained = Vec::new();
    for ((id, stack), (verdict, words)) in &table() {
        let scenario =
            find(id).unwrap_or_else(|| panic!("the table knows `{id}`, the catalogue does not"));
        if scenario.expected.as_str() == verdict {
            continue;
        }
        let mut explained = false;
        for (index, (stacks, ids, _)) in reasons.iter().enumerate() {
            if stacks.split(',').any(|one| fits(one, stack)) && fits(ids, id) {
                used[index] = true;
                explained = true;
            }
        }
        if !explained {
            unexplained.push(format!("{id}\t{stack}\t{verdict}\t{words}"));
        }
    }
    assert!(
        unexplained.is_empty(),
        "no reason for\n{}",
        unexplained.join("\n")
    );
    let stale: Vec<_> = reasons
        .iter()
        .zip(&used)
        .filter(|(_, used)| !**used)
        .collect();
    assert!(stale.is_empty(), "no difference for {stale:#?}");
}

/// What pkilint holds against good certificates, and why it is let pass.
const LINT: [(&str, &str); 2] = [
    (
        "good/localhost",
        "pkilint wants a dot in every host name; RFC 1034 does not",
    ),
    (
        "good/wildcard",
        "RFC 5280 leaves wildcards to others, RFC 9525 allows them",
    ),
];

#[test]
fn good_certificates_pass_pkilint() {
    let folder = set();
    let lint = here("target/venv/bin/lint_pkix_cert");
    assert!(
        lint.is_file(),
        "pkilint is missing: scripts/peers installs it"
    );
    let good = catalogue().filter(|scenario| scenario.theme() == "good");
    let mut files: Vec<String> = good
        .flat_map(|scenario| ["leaf.crt", "ca.crt"].map(|name| format!("{}/{name}", scenario.id)))
        .collect();
    let chain = String::from_utf8(folder.read("good/depth1/chain.crt")).unwrap();
    let (_, intermediate) = chain.split_once("-----END CERTIFICATE-----\n").unwrap();
    folder.write("intermediate/leaf.crt", intermediate);
    files.push("intermediate/leaf.crt".to_owned());
    let mut found = Vec::new();
    for file in &files {
        let mut command = Command::new(&lint);
        command
            .args(["lint", "-s", "WARNING"])
            .arg(folder.join(file));
        let output = run(&mut command);
        if !output.success() || output.stdout.contains("(ERROR)") {
            found.push((file.trim_end_matches("/leaf.crt").to_owned(), output.all()));
        }
    }
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, LINT.map(|(id, _)| id), "{found:#?}");
}
