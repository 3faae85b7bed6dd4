//! `certgen fixtures` as a command: what it writes, keeps and refuses, its layouts, and its ports.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use certgen::fixtures::lock::sha256;
use certgen::time::parse_time;
use certgen::x509::Certificate;
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
fn the_command_writes_what_the_library_makes() {
    let place = Folder::new();
    let folder = place.join("set");
    make(&folder, &[]).ok();
    let written = tree(&folder);
    let set = certgen::fixtures::Request::default().make().unwrap();
    assert_eq!(written.len(), set.files().len());
    for file in set.files() {
        assert_eq!(written[&file.path], file.bytes, "{}", file.path);
    }
    let manifest: Value = serde_json::from_slice(&written["manifest.json"]).unwrap();
    for file in manifest["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        assert_eq!(file["sha256"], sha256(&written[path]), "{path}");
    }
}

#[test]
fn the_environment_clock_and_the_option_give_the_same_set() {
    let place = Folder::new();
    let only = ["--scenario", "time/*"];
    let mut command = certgen();
    command
        .env("SOURCE_DATE_EPOCH", "1751328000")
        .args(["fixtures", "--out"])
        .arg(place.join("a"))
        .args(only);
    run(&mut command).ok();
    make(&place.join("b"), &["--now", "2025-07-01", only[0], only[1]]).ok();
    assert_eq!(tree(&place.join("a")), tree(&place.join("b")));
    make(&place.join("c"), &only).ok();
    assert_ne!(tree(&place.join("a")), tree(&place.join("c")));
}

#[test]
fn neither_place_nor_umask_nor_processors_change_a_byte() {
    let place = Folder::new();
    let only = ["--scenario", "good/*", "--scenario", "store/*"];
    make(&place.join("a"), &only).ok();
    let mut shell = peer("sh");
    shell
        .envs([("TZ", "Asia/Tokyo"), ("LC_ALL", "tr_TR.UTF-8")])
        .args(["-c", "umask 077; exec taskset -c 0 \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_certgen"), "fixtures", "--out"])
        .arg(place.join("another/place"))
        .args(only);
    run(&mut shell).ok();
    assert_eq!(tree(&place.join("a")), tree(&place.join("another/place")));
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let place = Folder::new();
    place.write("set/precious", "x");
    let refused = make(&place.join("set"), &["--scenario", "time/expired"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("`precious`"), "{refused:?}");
    assert_eq!(tree(&place.join("set")).len(), 1);
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
fn relative_windows_lie_around_the_clock() {
    let place = Folder::new();
    let folder = place.join("set");
    make(
        &folder,
        &[
            "--relative",
            "--now",
            "2026-05-05T12:00:00Z",
            "--scenario",
            "good/server",
        ],
    )
    .ok();
    let der = std::fs::read(folder.join("good/server/leaf.der")).unwrap();
    let leaf = Certificate::from_der(&der).unwrap();
    assert_eq!(leaf.not_before, parse_time("2026-05-05T11:00:00Z").unwrap());
    assert_eq!(leaf.not_after, parse_time("2027-06-06T10:59:59Z").unwrap());
}

#[test]
fn stores_are_written_where_they_are_asked_for() {
    let place = Folder::new();
    let folder = place.join("set");
    make(
        &folder,
        &["--scenario", "good/client", "--format", "p12,bks,jks"],
    )
    .ok();
    let written = tree(&folder);
    for name in ["leaf.p12", "leaf.bks", "leaf.jks"] {
        assert!(
            written.contains_key(&format!("good/client/{name}")),
            "{name}"
        );
    }
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

#[test]
fn an_unknown_scenario_is_named_with_a_similar_one() {
    let place = Folder::new();
    let refused = make(&place.join("set"), &["--scenario", "trust/expired"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("`time/expired`"), "{refused:?}");
}

#[test]
fn lists_and_explanations_are_json_too() {
    let mut command = certgen();
    command.args(["fixtures", "--list", "--json", "--scenario", "time/*"]);
    let list: Value = serde_json::from_str(&run(&mut command).ok().stdout).unwrap();
    let ids: Vec<&str> = list["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"time/expired") && ids.iter().all(|id| id.starts_with("time/")));
    let mut command = certgen();
    command.args(["fixtures", "--explain", "name/cn-only", "--json"]);
    let explained: Value = serde_json::from_str(&run(&mut command).ok().stdout).unwrap();
    assert_eq!(explained["code"], "no-subject-alt-name");
    assert_eq!(explained["differs_from"], "good/server");
}

// --- other projects' layouts ---

#[test]
fn the_mosquitto_layout_stands_in_for_its_test_ssl() {
    let place = Folder::new();
    let folder = place.join("ssl");
    make(&folder, &["--layout", "mosquitto"]).ok();
    let verify = |more: &[&str], name: &str| {
        let mut openssl = peer("openssl");
        openssl
            .current_dir(&folder)
            .args(["verify", "-x509_strict", "-CAfile", "all-ca.crt"])
            .args(more)
            .arg(name);
        run(&mut openssl)
    };
    for name in ["client.crt", "client-encrypted.crt", "client-revoked.crt"] {
        verify(&["-purpose", "sslclient"], name).ok();
    }
    verify(
        &["-purpose", "sslserver", "-verify_hostname", "localhost"],
        "server.crt",
    )
    .ok();
    verify(&["-verify_ip", "127.0.0.1"], "server-san.crt").ok();
    let refused = [
        (
            vec!["-verify_ip", "127.0.0.2"],
            "server-san.crt",
            "IP address mismatch",
        ),
        (vec![], "client-expired.crt", "certificate has expired"),
        (
            vec!["-crl_check", "-CRLfile", "crl.pem"],
            "client-revoked.crt",
            "certificate revoked",
        ),
    ];
    for (more, name, words) in refused {
        let output = verify(&more, name);
        assert!(
            !output.success() && output.all().contains(words),
            "{output:?}"
        );
    }
    verify(&["-crl_check", "-CRLfile", "crl.pem"], "client.crt").ok();
    let mut openssl = peer("openssl");
    openssl.current_dir(&folder).args([
        "pkey",
        "-in",
        "client-encrypted.key",
        "-passin",
        "pass:password",
        "-noout",
    ]);
    run(&mut openssl).ok();
    let mut openssl = peer("openssl");
    openssl
        .current_dir(&folder)
        .args(["dhparam", "-in", "dhparam", "-check", "-noout"]);
    run(&mut openssl).ok();
    let same_name = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let mut openssl = peer("openssl");
        openssl
            .args(["x509", "-noout", "-subject", "-in"])
            .arg(folder.join(name));
        assert!(!bytes.is_empty());
        run(&mut openssl).ok().stdout
    };
    assert_eq!(
        same_name("test-root-ca.crt"),
        same_name("test-fake-root-ca.crt")
    );
}

#[test]
fn every_layout_is_written() {
    let place = Folder::new();
    for (layout, name) in [
        ("mosquitto", "dhparam"),
        ("rustls", "end.fullchain"),
        ("trustme", "server.pem"),
        ("guide", "broker/broker.crt"),
    ] {
        make(&place.join(layout), &["--layout", layout]).ok();
        assert!(place.join(layout).join(name).is_file(), "{layout}");
    }
}

// --- behind a port ---

#[test]
fn scenarios_are_served_on_consecutive_ports() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let place = Folder::new();
    make(
        &place.join("set"),
        &["--scenario", "time/expired", "--scenario", "good/server"],
    )
    .ok();
    let mut command = certgen();
    command
        .args(["serve", "--bind", "127.0.0.1", "--port", "0"])
        .args(["--scenario", "time/expired", "--scenario", "good/server"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let mut server = command.spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut ports = BTreeMap::new();
    let mut order = Vec::new();
    while ports.len() < 2 {
        let line = lines.next().unwrap().unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        order.push(words[2].to_owned());
        ports.insert(words[2].to_owned(), words[1].to_owned());
    }
    assert_eq!(order, ["time/expired", "good/server"], "as asked for");
    let mut outcomes = BTreeMap::new();
    for (id, port) in &ports {
        let mut openssl = peer("openssl");
        openssl
            .args([
                "s_client",
                "-verify_return_error",
                "-verify_hostname",
                "broker.test",
                "-connect",
            ])
            .arg(format!("127.0.0.1:{port}"))
            .arg("-CAfile")
            .arg(place.join(format!("set/{id}/ca.crt")))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut client = openssl.spawn().unwrap();
        client.stdin.take().unwrap().write_all(b"Q\n").unwrap();
        let mut text = String::new();
        client
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        client
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        client.wait().unwrap();
        outcomes.insert(id.as_str(), text);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(
        outcomes["good/server"].contains("Verify return code: 0 (ok)"),
        "{outcomes:#?}"
    );
    assert!(
        outcomes["time/expired"].contains("certificate has expired"),
        "{outcomes:#?}"
    );
}
