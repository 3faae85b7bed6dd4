//! What scripts rely on in the output of `verify`: the fields of its JSON in every outcome, and the
//! statuses and lines for monitoring.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use certgen::time::{Timestamp, rfc3339};
use serde_json::Value;
use support::{Folder, Mosquitto, certgen, free_port, peer, run};

const STEPS: [&str; 7] = [
    "resolve",
    "tcp",
    "tls",
    "mqtt",
    "subscribe",
    "publish",
    "hold",
];

/// Two brokers, one whose certificate ends in five days, and a port on which nobody listens.
struct House {
    folder: Folder,
    good: Mosquitto,
    soon: Mosquitto,
    nobody: u16,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let before = Timestamp::now_utc() - Duration::from_secs(25 * 86_400);
        let before = rfc3339(before);
        let make = |arguments: &[&str]| {
            let mut command = certgen();
            command.args(["--now", &before]);
            command.arg("--dir").arg(folder.join("pki")).args(arguments);
            run(&mut command).ok();
        };
        make(&["ca", "--no-ca-password"]);
        make(&["broker", "localhost"]);
        make(&["broker", "localhost", "--name", "soon", "--days", "30"]);
        Self {
            good: mosquitto(&folder, "broker"),
            soon: mosquitto(&folder, "soon"),
            nobody: free_port(),
            folder,
        }
    }

    fn verify(&self) -> Command {
        let mut verify = certgen();
        verify.arg("--dir").arg(self.folder.join("pki"));
        verify.arg("verify");
        verify
    }

    fn host(&self, port: u16, form: &str) -> Command {
        let mut verify = self.verify();
        verify.args(["--host", "localhost", "--port"]);
        verify.arg(port.to_string()).arg(form);
        verify
    }

    fn hosts(&self, ports: &[u16], form: &str) -> Command {
        let list: String = ports.iter().map(|p| format!("localhost:{p}\n")).collect();
        let list = self.folder.write("hosts", list);
        let mut verify = self.verify();
        verify.arg("--hosts").arg(list).arg(form);
        verify
    }
}

fn mosquitto(folder: &Folder, name: &str) -> Mosquitto {
    let port = free_port();
    let is_root = run(peer("id").arg("-u")).ok().stdout.trim() == "0";
    let user = if is_root { "user root\n" } else { "" };
    let pki = folder.join("pki/broker");
    let text = format!(
        "{user}listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\ncertfile {0}/{name}.crt\nkeyfile {0}/{name}.key\n",
        pki.display()
    );
    let file = folder.write(&format!("{name}.conf"), text);
    Mosquitto::start(&file, port)
}

fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    let found = value.pointer(place).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{place} is no text in {value}"))
}

fn list<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    let found = value.pointer(place).and_then(Value::as_array);
    found.unwrap_or_else(|| panic!("{place} is no list in {value}"))
}

fn has_remedy(value: &Value) {
    assert!(!text(value, "/remedy/text").is_empty());
    let command = value.pointer("/remedy/command");
    assert!(command.is_none_or(Value::is_string), "{value}");
}

/// Every field that a report has in every outcome.
fn is_report(report: &Value, verdict: &str) {
    assert_eq!(text(report, "/schema"), "verify/1");
    assert_eq!(text(report, "/verdict"), verdict, "{report}");
    for finding in list(report, "/findings") {
        assert!(!text(finding, "/code").is_empty() && !text(finding, "/cause").is_empty());
        assert!(["failure", "warning", "note"].contains(&text(finding, "/severity")));
        let stacks = finding.pointer("/stacks");
        assert!(stacks.is_none_or(Value::is_array), "{finding}");
        has_remedy(finding);
    }
    assert_eq!(text(report, "/target/host"), "localhost");
    assert!(report.pointer("/target/port").unwrap().is_u64());
    let steps = list(report, "/steps");
    let names: Vec<&str> = steps.iter().map(|step| text(step, "/name")).collect();
    assert_eq!(names, STEPS);
    for step in steps {
        let outcome = text(step, "/outcome");
        assert!(["good", "failed", "not-reached", "skipped"].contains(&outcome));
        assert!(step.pointer("/ms").unwrap().is_number(), "{step}");
        text(step, "/detail");
    }
    list(report, "/chain");
    assert!(report.pointer("/ms").unwrap().is_number());
}

#[test]
fn json_has_every_field_in_every_outcome() {
    let house = House::new();
    let cases = [
        (house.good.port, "good", 0),
        (house.soon.port, "warning", 0),
        (house.nobody, "failure", 1),
    ];
    for (port, verdict, status) in cases {
        let output = run(&mut house.host(port, "--json"));
        assert_eq!(output.status, Some(status), "{output:#?}");
        let report = serde_json::from_str(&output.stdout).unwrap();
        is_report(&report, verdict);
        let published = if status == 0 { "good" } else { "not-reached" };
        assert_eq!(text(&report, "/steps/5/outcome"), published);
        assert_eq!(text(&report, "/steps/6/outcome"), "skipped");
    }
    let strict = run(house.host(house.soon.port, "--json").arg("--strict"));
    assert_eq!(strict.status, Some(1));
}

#[test]
fn json_of_many_is_one_report_a_line() {
    let house = House::new();
    let ports = [house.good.port, house.soon.port, house.nobody];
    let output = run(&mut house.hosts(&ports, "--json"));
    assert_eq!(output.status, Some(1), "{output:#?}");
    let mut verdicts: Vec<String> = Vec::new();
    for line in output.stdout.lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        let verdict = text(&report, "/verdict").to_owned();
        is_report(&report, &verdict);
        verdicts.push(verdict);
    }
    verdicts.sort();
    assert_eq!(verdicts, ["failure", "good", "warning"]);
}

#[test]
fn what_cannot_be_done_is_an_error_in_every_form() {
    let house = House::new();
    let cases = [
        ("--json", Some(2), "\"schema\": \"error/1\""),
        ("--nagios", Some(3), "UNKNOWN - `nowhere` does not exist\n"),
        (
            "--prometheus",
            Some(2),
            "certgen_verify_error{code=\"file-not-found\"} 1\n",
        ),
    ];
    for (form, status, words) in cases {
        let output = run(house
            .host(house.good.port, form)
            .args(["--cafile", "nowhere"]));
        assert_eq!(output.status, status, "{output:#?}");
        assert!(output.stdout.contains(words), "{output:#?}");
    }
    let error =
        run(house
            .host(house.good.port, "--json")
            .args(["--tls-min", "1.3", "--tls-max", "1.2"]));
    assert_eq!(error.status, Some(2), "{error:#?}");
    let error: Value = serde_json::from_str(&error.stdout).unwrap();
    let error = error.pointer("/error").unwrap();
    assert_eq!(text(error, "/code"), "usage");
    assert!(text(error, "/cause").contains("no version lies between"));
    list(error, "/because");
    has_remedy(error);
    let usage = run(house.verify().args(["--nagios", "--no-such-option"]));
    assert_eq!(usage.status, Some(3), "{usage:#?}");
    assert!(usage.stdout.starts_with("UNKNOWN - "), "{usage:#?}");
}

#[test]
fn nagios_counts_warnings_of_many_as_it_exits() {
    let house = House::new();
    let output = run(&mut house.hosts(&[house.good.port, house.soon.port], "--nagios"));
    assert_eq!(output.status, Some(1), "{output:#?}");
    let line = "WARNING - 0 of 2 brokers failed, 1 with warnings | failed=0 warnings=1 brokers=2\n";
    assert_eq!(output.stdout, line);
}

#[test]
fn a_large_message_goes_and_comes_back() {
    let house = House::new();
    let mut verify = house.host(house.good.port, "--json");
    let output = run(verify.args(["--payload-size", "300000"]));
    assert!(output.success(), "{output:#?}");
    assert!(output.stdout.contains("300000 bytes sent and come back"));
}

#[test]
fn options_and_credentials_come_from_standard_input() {
    let house = House::new();
    let given = |command: &mut Command, bytes: &[u8]| {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    let options = format!(
        "[verify]\nhost = \"localhost\"\nport = {}\n",
        house.good.port
    );
    let output = given(house.verify().args(["--config", "-"]), options.as_bytes());
    assert!(output.status.success(), "{output:#?}");
    let mut both = house.folder.read("pki/broker/broker.crt");
    both.extend(house.folder.read("pki/broker/broker.key"));
    let mut verify = house.host(house.good.port, "--json");
    let output = given(verify.args(["--cert", "-"]), &both);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"schema\": \"verify/1\""), "{said}");
}

#[test]
fn secrets_of_tls_go_to_standard_output_for_people_alone() {
    let house = House::new();
    let mut verify = house.verify();
    verify.args(["--host", "localhost", "--keylog", "-", "--port"]);
    verify.arg(house.good.port.to_string());
    let output = run(verify.current_dir(house.folder.join("")));
    assert!(output.success(), "{output:#?}");
    assert!(output.stdout.contains("SERVER_TRAFFIC_SECRET_0 "));
    assert!(!house.folder.join("-").exists());
    let mixed = run(house
        .host(house.good.port, "--json")
        .args(["--keylog", "-"]));
    assert_eq!(mixed.status, Some(2), "{mixed:#?}");
    assert!(!mixed.all().contains("SERVER_TRAFFIC_SECRET_0 "));
}

#[test]
fn a_password_for_a_broker_that_need_not_be_verified_is_warned_of() {
    let house = House::new();
    let warned = |more: &[&str]| {
        let mut verify = house.host(house.good.port, "--json");
        verify.args(["--username", "me", "--password", "env:SECRET"]);
        let output = run(verify.args(more).env("SECRET", "hunter2"));
        assert!(!output.all().contains("hunter2"));
        output.stderr.contains("nobody has verified")
    };
    assert!(warned(&["--insecure"]));
    assert!(!warned(&[]));
}

#[test]
fn what_no_protocol_carries_is_refused_before_anything_is_sent() {
    let long = "a".repeat(70_000);
    let cases = [
        "--alpn=".to_owned(),
        format!("--alpn={}", "a".repeat(256)),
        "--servername=".to_owned(),
        "--try-servername=a..b".to_owned(),
        "--connection-timeout=0s".to_owned(),
        format!("--username={long}"),
        format!("--client-id={long}"),
        format!("--topic={long}"),
        "--websocket=/a b".to_owned(),
        "--keep-alive=100000s".to_owned(),
    ];
    for option in cases {
        let mut verify = certgen();
        // Nobody listens there: a connection would be a finding, and no error.
        verify.args(["verify", "--json", "--host", "localhost", "--port", "1"]);
        let output = run(verify.arg(&option));
        assert_eq!(output.status, Some(2), "{option}: {output:#?}");
        assert!(output.stdout.contains("error/1"), "{option}: {output:#?}");
    }
    for option in ["--servername=", "--connection-timeout=0s"] {
        let output = run(certgen().args(["inspect", "localhost:1", option]));
        assert_eq!(output.status, Some(2), "{option}: {output:#?}");
    }
    let with_password = "mqtts://me:hunter2@localhost";
    let output = run(certgen().args(["verify", "--host", with_password]));
    assert_eq!(output.status, Some(2));
    let said = output.all();
    assert!(
        said.contains("--username") && !said.contains("hunter2"),
        "{said}"
    );
}

/// One file of each kind that people mistake for another.
fn kinds_of_files() -> Folder {
    let folder = Folder::new();
    let openssl = |arguments: &str| {
        let words = arguments.split_whitespace();
        run(peer("openssl").args(words).current_dir(folder.path())).ok();
    };
    openssl("genpkey -algorithm ED25519 -out key");
    openssl("req -x509 -new -key key -subj /CN=x -out certificate");
    openssl("req -new -key key -subj /CN=x -outform DER -out request");
    openssl("crl2pkcs7 -nocrl -certfile certificate -out text.p7b");
    openssl("crl2pkcs7 -nocrl -certfile certificate -outform DER -out bytes.p7b");
    openssl("pkcs12 -export -nokeys -in certificate -out store -passout pass:abc");
    folder.write("empty", "");
    folder
}

#[test]
fn a_file_in_the_place_of_another_is_called_what_it_is() {
    let folder = kinds_of_files();
    for (option, file, words) in [
        ("--cafile", "key", "there is a private key in it"),
        ("--cafile", "request", "certificate request (CSR)"),
        ("--cafile", "text.p7b", "pkcs7 -print_certs -in"),
        ("--cafile", "bytes.p7b", "pkcs7 -print_certs -inform DER"),
        ("--cafile", "store", "a keystore (PKCS#12)"),
        ("--cafile", "empty", "the file is empty"),
        ("--crl", "empty", "holds no certificate revocation list"),
        ("--crl", "key", "there is a private key in it"),
        ("--crl", "certificate", "its certificate goes to --cafile"),
    ] {
        let mut verify = certgen();
        verify.args(["verify", "--json", "--host", "localhost", "--port", "1"]);
        verify.arg(option).arg(folder.join(file));
        let output = run(&mut verify);
        assert_eq!(output.status, Some(2), "{file}: {output:#?}");
        assert!(output.stdout.contains(words), "{file}: {output:#?}");
    }
}

#[test]
fn an_identity_that_cannot_be_used_is_told_with_the_reason() {
    let folder = Folder::new();
    let openssl = |arguments: &str| {
        let words = arguments.split_whitespace();
        run(peer("openssl").args(words).current_dir(folder.path())).ok();
    };
    for (name, kind) in [
        ("ca", "EC -pkeyopt ec_paramgen_curve:P-256"),
        ("phone", "EC -pkeyopt ec_paramgen_curve:P-256"),
        ("short", "RSA -pkeyopt rsa_keygen_bits:1024"),
        ("bitcoin", "EC -pkeyopt ec_paramgen_curve:secp256k1"),
    ] {
        openssl(&format!("genpkey -algorithm {kind} -out {name}.key"));
        openssl(&format!(
            "req -x509 -new -key {name}.key -subj /CN={name} -out {name}.crt"
        ));
    }
    let both = [folder.read("ca.crt"), folder.read("phone.crt")].concat();
    folder.write("both.crt", both);
    for (certificate, key, code, words) in [
        (
            "both",
            "phone",
            "key-mismatch",
            "belongs to certificate 2 of",
        ),
        ("short", "short", "algorithm-unsupported", "it is RSA 1024"),
        ("bitcoin", "bitcoin", "algorithm-unsupported", "secp256k1"),
    ] {
        let mut verify = certgen();
        verify.args(["verify", "--json", "--host", "localhost", "--port", "1"]);
        verify
            .arg("--cert")
            .arg(folder.join(format!("{certificate}.crt")));
        verify.arg("--key").arg(folder.join(format!("{key}.key")));
        let output = run(&mut verify);
        assert_eq!(output.status, Some(2), "{output:#?}");
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(text(&report, "/error/code"), code);
        assert!(output.stdout.contains(words), "{output:#?}");
    }
}

#[test]
fn names_in_other_scripts_are_looked_up_and_checked_as_dns_has_them() {
    let mut verify = certgen();
    verify.args(["verify", "--json", "--host", "bücher.invalid"]);
    let output = run(verify.args(["--servername", "münchen.example"]));
    assert_eq!(output.status, Some(1), "{output:#?}");
    assert!(
        output.stdout.contains("`xn--bcher-kva.invalid`"),
        "{output:#?}"
    );
}
