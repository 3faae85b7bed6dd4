//! What is expected of fixtures, measured: OpenSSL, GnuTLS, Java, Go, Node, Python and webpki judge
//! the default set beside certgen itself, and `src/fixtures/verdicts.tsv` has to say what they say.
//!
//! Where a stack does not do what the rule demands, `tests/fixtures_peers/differences.tsv` says why;
//! a line there that no stack needs any more fails the test. After a change of the catalogue:
//! `CERTGEN_MEASURE=1 cargo test --test fixtures_peers` writes the table anew.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "fixtures_peers/own.rs"]
mod own;
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
    rows.extend(certgen(folder.path()));
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
            ((own(0), own(1)), (own(2), printable(fields[3])))
        })
        .collect()
}

/// Control characters in words (a NUL of a name, say) written out, so that the table stays a text.
fn printable(words: &str) -> String {
    let written = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    words.chars().map(written).collect()
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

fn certgen(folder: &Path) -> Rows {
    let request = Request::default();
    let fixtures = catalogue().map(|scenario| request.fixture(scenario.id).unwrap());
    fixtures
        .map(|fixture| {
            let mut said = own::says(&fixture, folder);
            said.codes.retain(|code| code != "fixture-certificate");
            said.codes.dedup();
            let verdict = if said.refused { "reject" } else { "accept" };
            let key = (fixture.id().to_owned(), "certgen".to_owned());
            (key, (verdict.to_owned(), said.codes.join(", ")))
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
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let tail = text.strip_prefix(start);
    tail.is_some_and(|tail| {
        (0..=tail.len()).any(|at| tail.is_char_boundary(at) && fits(rest, &tail[at..]))
    })
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

#[test]
fn the_codes_of_the_catalogue_are_certgens_own() {
    let folder = set();
    let request = Request::default();
    let wrong: Vec<String> = catalogue()
        .filter_map(|scenario| {
            let code = scenario.code?;
            let said = own::says(&request.fixture(scenario.id).unwrap(), folder.path());
            (!said.names(code)).then(|| format!("{scenario:?}: {code}, not {:?}", said.codes))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pkilint_finds_the_fault_of_a_scenario_and_no_other() {
    let folder = set();
    let mut lint = python();
    lint.arg(here("tests/fixtures_peers/lint.py"))
        .arg(folder.path());
    let found = run(&mut lint).ok().stdout;
    let listed = std::fs::read_to_string(here("tests/fixtures_peers/lint.tsv")).unwrap();
    let listed: Vec<Vec<&str>> = listed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let mut used = vec![false; listed.len()];
    let mut unexplained = Vec::new();
    for line in found.lines() {
        let (id, finding) = line.split_once('\t').unwrap();
        let index = listed
            .iter()
            .position(|fields| fits(fields[0], id) && fields[1] == finding);
        match index {
            Some(index) => used[index] = true,
            None => unexplained.push(line),
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let stale: Vec<_> = listed.iter().zip(used).filter(|(_, used)| !used).collect();
    assert!(stale.is_empty(), "pkilint no longer finds {stale:#?}");
}
