//! `config check` held against the real mosquitto: what it calls bad, mosquitto refuses, and what it
//! calls good, mosquitto starts with; where they differ, the table says why.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

#[macro_use]
#[path = "config_check/cases.rs"]
mod cases;
#[path = "config_check/contents.rs"]
mod contents;

use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use cases::{CASES, Case, Differs, Mosquitto};
use support::{Folder, certgen, free_port, peer, run, until};

/// The files that the configurations name.
fn household() -> Folder {
    let folder = Folder::new();
    // mosquitto drops to its own user before it reads them.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for arguments in [
        &["ca", "--no-ca-password"][..],
        &["broker", "localhost"],
        &["client", "phone"],
    ] {
        run(certgen().arg("--dir").arg(folder.path()).args(arguments)).ok();
    }
    for inside in [
        "ca/ca.crt",
        "broker/broker.crt",
        "broker/broker.key",
        "client/phone.crt",
        "client/phone.key",
    ] {
        let name = inside.rsplit('/').next().unwrap();
        folder.write(name, folder.read(inside));
        open(&folder.join(name), 0o644);
    }
    let openssl = |arguments: &str| {
        let mut openssl = peer("openssl");
        run(openssl
            .args(arguments.split(' '))
            .current_dir(folder.path()))
        .ok();
    };
    openssl("x509 -in broker.crt -outform der -out broker.der");
    openssl("ec -in broker.key -outform der -out key.der");
    openssl("ec -in broker.key -aes128 -passout pass:secret -out sealed.key");
    let old = [
        "broker",
        "localhost",
        "--name",
        "old",
        "--days",
        "1",
        "--now",
        "2020-01-01",
    ];
    run(certgen().arg("--dir").arg(folder.join("old")).args([
        "ca",
        "--no-ca-password",
        "--now",
        "2020-01-01",
    ]))
    .ok();
    run(certgen().arg("--dir").arg(folder.join("old")).args(old)).ok();
    for ending in ["crt", "key"] {
        folder.write(
            &format!("old.{ending}"),
            folder.read(&format!("old/broker/old.{ending}")),
        );
    }
    for (name, text) in [
        ("empty.pem", ""),
        ("junk.pem", "junk\n"),
        (
            "access",
            "user phone\ntopic readwrite home/#\npattern read %u/#\n",
        ),
        ("bad-access", "allow everything\n"),
        ("access-rw", "user phone\ntopic rw home/#\n"),
        ("access-no-topic", "user phone\ntopic\n"),
        ("access-no-user", "user\ntopic read #\n"),
        ("access-levels", "topic read a/#/b\n"),
        ("access-plus", "topic read foo/+bar\n"),
        ("access-mark", "\u{feff}user phone\n"),
        ("plain", "alice:secret\n"),
        ("no-hash", "alice:$7$101$x\n"),
        ("no-colon", "alice\n"),
        ("nobody", "\n"),
        ("psk", "phone:0123456789abcdef\n"),
    ] {
        folder.write(name, text);
    }
    let mut passwords = peer("mosquitto_passwd");
    run(passwords
        .args(["-b", "-c", "passwords", "phone", "secret"])
        .current_dir(folder.path()))
    .ok();
    let mut both = String::from_utf8(folder.read("passwords")).unwrap();
    both.push_str("alice:secret\n");
    folder.write("one-plain", both);
    for name in [
        "sealed.key",
        "key.der",
        "broker.der",
        "old.crt",
        "old.key",
        "passwords",
    ] {
        open(&folder.join(name), 0o644);
    }
    folder.write("shut.key", folder.read("broker.key"));
    open(&folder.join("shut.key"), 0o600);
    folder.write("shut/broker.key", folder.read("broker.key"));
    open(&folder.join("shut/broker.key"), 0o644);
    open(&folder.join("shut"), 0o700);
    folder.write("parts/one.conf", "allow_anonymous true\n");
    std::fs::create_dir(folder.join("nothing")).unwrap();
    std::fs::create_dir(folder.join("hashed")).unwrap();
    folder.write("hashed/ca.crt", folder.read("ca.crt"));
    openssl("rehash hashed");
    folder.write("middle.ext", "basicConstraints=critical,CA:TRUE\n");
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout middle.key -out middle.csr -subj /CN=middle",
    );
    openssl(
        "x509 -req -in middle.csr -CA ca.crt -CAkey ca/ca.key -days 365 -set_serial 7 -extfile middle.ext -out middle.crt",
    );
    open(&folder.join("middle.crt"), 0o644);
    folder
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether mosquitto runs with the file, and what it says. Without its log it does not say that it
/// runs, and is asked at its port.
fn mosquitto(file: &Path, port: u16) -> (bool, String) {
    let mut command = peer("mosquitto");
    command.args(["-v", "-c"]).arg(file).current_dir("/");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let said = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let shared = said.clone();
    let reading = std::thread::spawn(move || {
        let mut bytes = [0; 4_096];
        while let Ok(count @ 1..) = stderr.read(&mut bytes) {
            shared
                .lock()
                .unwrap()
                .extend_from_slice(bytes.get(..count).unwrap());
        }
    });
    let text = || String::from_utf8_lossy(&said.lock().unwrap()).into_owned();
    let mut ended = None;
    let decided = until(|| {
        ended = child.try_wait().unwrap();
        let is_silent = text().contains("Unable to open log file");
        let answers = || is_silent && TcpStream::connect(("127.0.0.1", port)).is_ok();
        ended.is_some() || text().contains(" running\n") || answers()
    });
    let _ = child.kill();
    let _ = child.wait();
    reading.join().unwrap();
    assert!(decided, "mosquitto neither runs nor ends: {}", text());
    (ended.is_none(), text())
}

/// What `config check --json` says: whether it is good, and the codes of failures and warnings.
fn checked(file: &Path) -> (bool, Vec<String>, String) {
    let output = run(certgen().args(["config", "check", "--json"]).arg(file));
    let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let failure = document.get("verdict").unwrap() == "failure";
    assert_eq!(output.status, Some(i32::from(failure)), "{output:#?}");
    let findings = document.get("findings").unwrap().as_array().unwrap();
    let codes = findings
        .iter()
        .filter(|finding| finding.get("severity").unwrap() != "note")
        .map(|finding| finding.get("code").unwrap().as_str().unwrap().to_owned());
    (!failure, codes.collect(), output.stdout)
}

fn judge(case: &Case, folder: &Folder) -> Option<String> {
    let port = free_port();
    let text = case
        .configuration
        .replace("{P}", &port.to_string())
        .replace("{Q}", &free_port().to_string())
        .replace("{D}", folder.path().to_str().unwrap());
    let file = folder.write("mosquitto.conf", text);
    open(&file, 0o644);
    let (starts, log) = mosquitto(&file, port);
    let (good, codes, document) = checked(&file);
    let expected = match case.mosquitto {
        Mosquitto::Starts => starts,
        Mosquitto::Refuses => !starts,
    };
    let told = match case.code {
        Some(code) => codes.first().map(String::as_str) == Some(code),
        None => codes.is_empty(),
    };
    let agree = good == starts;
    let explained = match case.differs {
        Differs::No => agree,
        Differs::Because(why) => !agree && !why.is_empty(),
    };
    (!(expected && told && explained)).then(|| {
        format!(
            "{}: mosquitto starts: {starts}, check is good: {good}, codes {codes:?}\n{log}{document}",
            case.name
        )
    })
}

#[test]
fn the_verdicts_are_those_of_mosquitto() {
    let is_root = run(peer("id").arg("-u")).ok().stdout.trim() == "0";
    let folder = household();
    let mut wrong = Vec::new();
    for case in CASES.iter().chain(contents::CASES) {
        if case.as_root && !is_root {
            support::skipped(&format!(
                "{}: only root can start mosquitto as its own user",
                case.name
            ));
            continue;
        }
        wrong.extend(judge(case, &folder));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// What a client of mosquitto gives.
const ANONYMOUS: &str = "";
const TLS: &str = "--cafile ca.crt";
const MUTUAL: &str = "--cafile ca.crt --cert phone.crt --key phone.key";
const PASSWORD: &str = "-u alice -P secret";
const PSK: &str = "--psk 0123456789abcdef --psk-identity phone";

/// Configurations that mosquitto starts with, what a client gives, and whether it is let in.
const CLIENTS: &[(&str, &str, bool)] = &[
    (
        "{TLS}cafile {D}/ca.crt\nrequire_certificate true\nuse_identity_as_username true\n",
        MUTUAL,
        true,
    ),
    (
        "{TLS}capath {D}/hashed\nrequire_certificate true\nuse_identity_as_username true\n",
        MUTUAL,
        true,
    ),
    (
        "{TLS}cafile {D}/broker.crt\nrequire_certificate true\nuse_identity_as_username true\n",
        MUTUAL,
        false,
    ),
    (
        "{TLS}cafile {D}/middle.crt\nrequire_certificate true\nuse_identity_as_username true\n",
        MUTUAL,
        false,
    ),
    (
        "{TLS}capath {D}/nothing\nrequire_certificate true\nuse_identity_as_username true\n",
        MUTUAL,
        false,
    ),
    (
        "{TLS}allow_anonymous true\nrequire_certificate true\n",
        MUTUAL,
        false,
    ),
    (
        "{TLS}allow_anonymous true\nuse_identity_as_username true\n",
        TLS,
        false,
    ),
    (
        "allow_anonymous true\nuse_identity_as_username true\n",
        ANONYMOUS,
        true,
    ),
    (
        "psk_hint home\npsk_file {D}/psk\nuse_identity_as_username true\n",
        PSK,
        true,
    ),
    (
        "allow_anonymous true\ncertfile {D}/phone.crt\nkeyfile {D}/phone.key\n",
        TLS,
        false,
    ),
    ("password_file {D}/plain\n", PASSWORD, false),
    ("password_file {D}/hashed-now\n", PASSWORD, true),
    ("password_file {D}/nobody\n", PASSWORD, false),
];

#[test]
fn whom_it_calls_shut_out_is_shut_out() {
    let folder = household();
    folder.write("hashed-now", folder.read("plain"));
    let mut passwords = peer("mosquitto_passwd");
    run(passwords.arg("-U").arg(folder.join("hashed-now"))).ok();
    open(&folder.join("hashed-now"), 0o644);
    let mut wrong = Vec::new();
    for (options, client, let_in) in CLIENTS {
        let port = free_port();
        let options = options
            .replace("{TLS}", "certfile {D}/broker.crt\nkeyfile {D}/broker.key\n")
            .replace("{D}", folder.path().to_str().unwrap());
        let text = format!("listener {port} 127.0.0.1\n{options}");
        let file = folder.write("mosquitto.conf", &text);
        open(&file, 0o644);
        let (good, codes, document) = checked(&file);
        let is_in = is_let_in(&file, port, client, &folder);
        if is_in != *let_in || good != *let_in {
            wrong.push(format!(
                "{text}{client}: let in: {is_in}, {codes:?}\n{document}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// Whether a message of the client reaches mosquitto.
fn is_let_in(file: &Path, port: u16, client: &str, folder: &Folder) -> bool {
    let mut command = peer("mosquitto");
    command.arg("-c").arg(file).current_dir("/");
    let mut broker = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let opened = until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    let mut publish = peer("mosquitto_pub");
    publish.args([
        "-h",
        "localhost",
        "-p",
        &port.to_string(),
        "-t",
        "a",
        "-m",
        "b",
    ]);
    publish.args(client.split(' ').filter(|word| !word.is_empty()));
    let output = run(publish.current_dir(folder.path()));
    let _ = broker.kill();
    let _ = broker.wait();
    assert!(opened, "mosquitto does not start");
    output.status == Some(0)
}
