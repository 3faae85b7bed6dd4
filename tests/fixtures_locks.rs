//! What keeps fixtures as they are: locks, checks, and scanners that are told of the keys.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use support::{Folder, certgen, peer, run};

fn make(folder: &Path, more: &[&str]) -> support::Output {
    let mut command = certgen();
    command.arg("fixtures").arg("--out").arg(folder).args(more);
    run(&mut command)
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = certgen::store::tree::list(folder).unwrap();
    let read = |name: String| (name.clone(), std::fs::read(folder.join(name)).unwrap());
    names.into_iter().map(read).collect()
}

#[test]
fn a_lock_holds_no_key_and_brings_the_set_back() {
    let place = Folder::new();
    let lock = place.join("fixtures.lock");
    let mut command = certgen();
    command
        .args([
            "fixtures",
            "lock",
            "--seed",
            "s",
            "--scenario",
            "good/*",
            "--file",
        ])
        .arg(&lock);
    run(&mut command).ok();
    let text = std::fs::read_to_string(&lock).unwrap();
    assert!(!text.contains("PRIVATE"));
    let sync = || {
        let mut command = certgen();
        command
            .args(["fixtures", "sync", "--file"])
            .arg(&lock)
            .arg("--out")
            .arg(place.join("set"));
        run(&mut command)
    };
    sync().ok();
    let first = tree(&place.join("set"));
    sync().ok();
    assert_eq!(first, tree(&place.join("set")));
    std::fs::write(&lock, text.replace("\"seed\": \"s\"", "\"seed\": \"t\"")).unwrap();
    let refused = sync();
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert_eq!(first, tree(&place.join("set")), "nothing was written");
}

#[test]
fn a_lock_that_cannot_be_used_is_named_and_nothing_is_written() {
    let place = Folder::new();
    let lock = place.join("fixtures.lock");
    let mut command = certgen();
    command.args(["fixtures", "lock", "--scenario", "time/expired", "--file"]);
    run(command.arg(&lock)).ok();
    let text = std::fs::read_to_string(&lock).unwrap();
    let hash = line_of(&text, "expired/ca.crt");
    let cases = [
        (
            text.replacen(&hash[..64], &"0".repeat(64), 1),
            "`time/expired/ca.crt` has another content\n",
        ),
        (
            text.replace("fixtures/1\"", "fixtures/999\""),
            "of the format `certgen-fixtures/999`",
        ),
        (
            text[..100].to_owned(),
            "does not say what a set of fixtures",
        ),
        (String::new(), "does not say what a set of fixtures"),
    ];
    for (content, cause) in cases {
        std::fs::write(&lock, content).unwrap();
        let mut command = certgen();
        command.args(["fixtures", "sync", "--file"]).arg(&lock);
        let refused = run(command.arg("--out").arg(place.join("set")));
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(cause), "{refused:?}");
        assert!(refused.stderr.contains("fixtures.lock"), "{refused:?}");
        assert!(!place.join("set").exists());
    }
}

#[test]
fn a_lock_that_does_not_fit_says_how_to_make_it_again() {
    let place = Folder::new();
    let lock = place.join("my fixtures.lock");
    let lock_again = |arguments: &[String]| {
        let mut command = certgen();
        run(command.args(arguments)).ok();
    };
    let arguments = "fixtures lock --seed it's --until 2037 --scenario time/* --key p256 --file";
    let mut arguments: Vec<String> = arguments.split(' ').map(ToOwned::to_owned).collect();
    arguments.push(lock.display().to_string());
    lock_again(&arguments);
    let text = std::fs::read_to_string(&lock).unwrap();
    let manifest = line_of(&text, "manifest.json");
    let spoiled = text.replacen(&manifest[..64], &"0".repeat(64), 1);
    std::fs::write(&lock, spoiled).unwrap();
    let mut command = certgen();
    command
        .args(["fixtures", "sync", "--json", "--file"])
        .arg(&lock);
    let refused = run(command.arg("--out").arg(place.join("set")));
    assert_eq!(refused.status, Some(2), "{refused:?}");
    let document: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(document["error"]["code"], "fixture-changed");
    let command = document["error"]["remedy"]["command"].as_str().unwrap();
    let mut shell = peer("sh");
    let program = Path::new(env!("CARGO_BIN_EXE_certgen")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    run(shell.env("PATH", path).args(["-c", command])).ok();
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), text, "{command}");
}

#[test]
fn a_check_says_what_it_checks() {
    let place = Folder::new();
    let check = |arguments: &[&str]| {
        let mut command = certgen();
        command.args(["fixtures", "check", "--at", "2025-01-01"]);
        run(command.current_dir(place.path()).args(arguments))
    };
    let only = ["--scenario", "good/server"];
    assert!(check(&only).ok().stdout.contains("no folder"));
    make(&place.join("fixtures"), &only).ok();
    assert!(check(&[]).ok().stdout.starts_with("checked fixtures,"));
    assert!(check(&only).ok().stdout.contains("no folder"));
    let both = check(&["--out", "fixtures", "--seed", "x"]);
    assert_eq!(both.status, Some(2), "{both:?}");
}

/// The line of a lock that ends in this path: it begins with the hash.
fn line_of<'a>(lock: &'a str, path: &str) -> &'a str {
    let end = format!("{path}\"");
    let mut lines = lock.lines().map(|line| line.trim_end_matches(','));
    let line = lines.find(|line| line.ends_with(&end)).unwrap();
    line.trim_start_matches([' ', '"'])
}

#[test]
fn a_lock_has_no_line_that_scanners_take_for_a_secret() {
    let place = Folder::new();
    let mut command = certgen();
    command.args(["fixtures", "lock", "--file"]);
    run(command.arg(place.join("fixtures.lock"))).ok();
    let text = String::from_utf8(place.read("fixtures.lock")).unwrap();
    // What Gitleaks and detect-secrets ask for: a hash in quotes of its own, after a colon.
    let hash = |word: &str| word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
    assert!(text.matches("leaf.key").count() > 100);
    assert!(text.split('"').all(|quoted| !hash(quoted)));
}

fn check(folder: &Path, at: &str) -> support::Output {
    let mut command = certgen();
    command
        .args(["fixtures", "check", "--json", "--at", at, "--out"])
        .arg(folder);
    run(&mut command)
}

#[test]
fn a_check_finds_changes_and_the_end_of_verdicts() {
    let place = Folder::new();
    let folder = place.join("set");
    make(
        &folder,
        &["--scenario", "time/expired", "--scenario", "good/server"],
    )
    .ok();
    check(&folder, "2045-01-01").ok();
    let late = check(&folder, "2050-01-01");
    assert_eq!(late.status, Some(1));
    assert!(late.stdout.contains("fixture-out-of-date"), "{late:?}");
    place.write("set/time/expired/leaf.key", "x");
    place.write("set/stray", "x");
    let changed = check(&folder, "2045-01-01");
    assert_eq!(changed.status, Some(1));
    let document: Value = serde_json::from_str(&changed.stdout).unwrap();
    let codes: Vec<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["fixture-changed", "fixture-changed"]);
}

#[test]
fn scanners_are_told_of_exactly_the_keys() {
    let place = Folder::new();
    make(
        &place.join("set"),
        &["--scenario", "good/server", "--scanner-ignore"],
    )
    .ok();
    let gitleaks = std::fs::read_to_string(place.join(".gitleaks.toml")).unwrap();
    assert!(
        gitleaks.contains(r"set/good/server/leaf\.key$"),
        "{gitleaks}"
    );
    assert!(!gitleaks.contains("leaf\\.crt"));
    for other in [
        ".github/secret_scanning.yml",
        ".gitguardian.yaml",
        ".secrets.baseline",
        ".trufflehog-exclude",
    ] {
        let text = String::from_utf8(place.read(other)).unwrap();
        assert!(text.contains("set/good/server/leaf"), "{other}: {text}");
        assert!(!text.contains("leaf.crt"), "{other}: {text}");
    }
}

#[test]
fn scanners_are_told_in_the_root_of_the_repository() {
    let place = Folder::new();
    place.write(".git/HEAD", "");
    let only = ["--scenario", "good/server", "--scanner-ignore"];
    make(&place.join("tests/data/set"), &only).ok();
    let text = String::from_utf8(place.read(".github/secret_scanning.yml")).unwrap();
    let line = "  - \"tests/data/set/good/server/leaf.key\"\n";
    assert!(text.contains(line), "{text}");
    assert!(!place.join("tests/data/.gitleaks.toml").exists());
}
