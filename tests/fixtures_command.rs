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
