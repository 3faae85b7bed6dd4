//! `inspect HOST:PORT`: the chain of a running server, shown as that of a file.
#![expect(clippy::unwrap_used, reason = "tests")]

mod lab;
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use certgen::broker::Fault;
use lab::{Pki, with_broker};
use serde_json::Value;
use support::{Folder, Mosquitto, Output, certgen, free_port, peer, run, wait_for_port};

fn inspect(what: &str, more: &[&str]) -> Output {
    run(certgen().args(["inspect", what]).args(more))
}

fn document(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:#?}"))
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect()
}

/// `inspect --json`, its document and its exit status.
fn looked_at(what: &str, more: &[&str]) -> (Value, Option<i32>) {
    let output = inspect(what, &[&["--json"], more].concat());
    (document(&output), output.status)
}

#[test]
fn the_chain_of_a_server_is_shown_as_that_of_a_file() {
    let pki = Pki::new();
    with_broker(&pki.options(None), async |port| {
        let what = format!("localhost:{port}");
        let (document, status) = looked_at(&what, &[]);
        assert_eq!(status, Some(0), "{document:#}");
        assert_eq!(document["verdict"], "good", "{document:#}");
        let item = &document["items"][0];
        assert_eq!(item["path"], what.as_str());
        assert_eq!(item["kind"], "server");
        assert_eq!(item["format"], "TLS 1.3");
        let entry = &item["entries"][0];
        assert_eq!(entry["sni"], "localhost");
        assert_eq!(entry["certificates"][0]["issuer"], "CN=Lab CA");
        assert!(entry["certificates"][0]["days_left"].as_i64().unwrap() >= 89);

        let text = inspect(&what, &[]).stdout;
        for line in ["  server (TLS 1.3)\n", "    issuer     CN=Lab CA\n"] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(
            text.contains("    client     a certificate is asked for\n"),
            "{text}"
        );
    });
}

#[test]
fn an_end_that_is_near_fails_the_check() {
    let pki = Pki::new();
    with_broker(&pki.options(None), async |port| {
        let what = format!("localhost:{port}");
        let (document, status) = looked_at(&what, &["--expires-within", "100d"]);
        assert_eq!(status, Some(1));
        assert_eq!(codes(&document), ["expires-soon"]);
        assert_eq!(document["findings"][0]["subject"], what.as_str());
        let (document, status) = looked_at(&what, &["--expires-within", "80d"]);
        assert_eq!(
            (status, document["verdict"].as_str()),
            (Some(0), Some("good"))
        );
        let nagios = inspect(&what, &["--nagios", "--expires-within", "100d"]);
        assert_eq!(nagios.status, Some(2), "{nagios:#?}");
        let metrics = inspect(&what, &["--prometheus"]).stdout;
        assert!(metrics.contains("not_after"), "{metrics}");
    });
}

#[test]
fn another_name_is_sent_and_checked() {
    let pki = Pki::new();
    with_broker(&pki.options(None), async |port| {
        let what = format!("localhost:{port}");
        let (document, status) = looked_at(&what, &["--servername", "other.lan"]);
        assert_eq!(document["items"][0]["entries"][0]["sni"], "other.lan");
        assert_eq!(codes(&document), ["name-mismatch"]);
        assert_eq!(
            (status, document["verdict"].as_str()),
            (Some(0), Some("warning"))
        );
        let (_, status) = looked_at(&what, &["--servername", "other.lan", "--strict"]);
        assert_eq!(status, Some(1));
        let (document, status) = looked_at(&format!("127.0.0.1:{port}"), &[]);
        assert_eq!(document["items"][0]["entries"][0]["sni"], "none sent");
        assert_eq!((status, codes(&document)), (Some(0), Vec::new()));
    });
}

#[test]
fn servers_that_want_a_client_certificate_show_theirs_all_the_same() {
    let pki = Pki::new();
    for fault in [Fault::CertificateRequired, Fault::CertificateRequired12] {
        with_broker(&pki.options(Some(fault)), async |port| {
            let (document, status) = looked_at(&format!("localhost:{port}"), &[]);
            assert_eq!(
                (status, codes(&document)),
                (Some(0), Vec::new()),
                "{document:#}"
            );
            let entry = &document["items"][0]["entries"][0];
            assert_eq!(entry["client"], "a certificate is required", "{fault}");
            assert_eq!(entry["certificates"][0]["issuer"], "CN=Lab CA");
        });
    }
}

#[test]
fn the_pem_is_what_the_server_sent() {
    let pki = Pki::new();
    let mut options = pki.options(None);
    options.chain.push(pki.anchor());
    with_broker(&options, async |port| {
        let folder = Folder::new();
        let pem = inspect(&format!("localhost:{port}"), &["--pem"])
            .ok()
            .stdout;
        let sent = folder.write("sent.pem", &pem);
        assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 2);
        let (of_file, _) = looked_at(sent.to_str().unwrap(), &[]);
        let (of_server, _) = looked_at(&format!("localhost:{port}"), &[]);
        assert_eq!(
            of_file["items"][0]["entries"][0]["certificates"],
            of_server["items"][0]["entries"][0]["certificates"]
        );
    });
}

#[test]
fn no_answer_is_told_as_verify_tells_it() {
    let closed = format!("127.0.0.1:{}", free_port());
    let (document, status) = looked_at(&closed, &[]);
    assert_eq!(
        (status, codes(&document)),
        (Some(1), vec!["connection-refused"])
    );
    assert_eq!(document["schema"], "inspect/1");
    assert_eq!(document["items"][0]["entries"], Value::Array(Vec::new()));
    let text = inspect(&closed, &[]);
    assert!(
        text.stdout.contains("failure  connection-refused\n"),
        "{text:#?}"
    );
    assert_eq!(inspect(&closed, &["--nagios"]).status, Some(2));
    let pem = inspect(&closed, &["--pem"]);
    assert_eq!((pem.status, pem.stdout.as_str()), (Some(1), ""));
    assert!(pem.stderr.contains("connection-refused"), "{pem:#?}");

    let (document, status) = looked_at("no-such-host.invalid:8883", &[]);
    assert_eq!(
        (status, codes(&document)),
        (Some(1), vec!["name-not-found"])
    );
}

#[test]
fn a_port_without_tls_is_named() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
            let _ = stream.read(&mut [0; 1_024]);
        }
    });
    let (document, status) = looked_at(&format!("127.0.0.1:{port}"), &[]);
    assert_eq!(
        (status, codes(&document)),
        (Some(1), vec!["other-protocol"])
    );
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let pki = Pki::new();
    with_broker(&pki.options(Some(Fault::Silent)), async |port| {
        let what = format!("localhost:{port}");
        let (document, status) = looked_at(&what, &["--connection-timeout", "1s"]);
        assert_eq!((status, codes(&document)), (Some(1), vec!["tls-no-answer"]));
    });
}

#[test]
fn a_file_of_that_name_is_a_file() {
    let folder = Folder::new();
    folder.write("localhost:1", "not a certificate");
    let output = run(certgen()
        .args(["inspect", "localhost:1"])
        .current_dir(folder.path()));
    assert_eq!(output.status, Some(2), "{output:#?}");
    assert!(
        output.stderr.contains("cannot read `localhost:1`"),
        "{output:#?}"
    );
    let missing = inspect("broker.lan", &[]);
    assert_eq!(missing.status, Some(2));
    assert!(
        missing.stderr.contains("a server is written HOST:PORT"),
        "{missing:#?}"
    );
    let plain = inspect("mqtt://broker.lan", &[]);
    assert_eq!(plain.status, Some(2));
    assert!(plain.stderr.contains("not spoken over TLS"), "{plain:#?}");
}

/// Ends the process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `openssl s_server` with a certificate of this common name.
fn s_server(folder: &Folder, name: &str, more: &[&str]) -> (Running, u16) {
    let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
    let mut openssl = peer("openssl");
    openssl.args([
        "req", "-x509", "-nodes", "-days", "90", "-newkey", "rsa:2048", "-subj",
    ]);
    openssl
        .arg(format!("/CN={name}"))
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    run(&mut openssl).ok();
    let port = free_port();
    let mut server: Command = peer("openssl");
    server.args(["s_server", "-quiet", "-accept", &port.to_string(), "-key"]);
    server.arg(&key).arg("-cert").arg(&certificate).args(more);
    server
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let running = Running(server.spawn().unwrap());
    assert!(wait_for_port(port), "openssl s_server does not listen");
    (running, port)
}

#[test]
fn what_a_server_wrote_steers_no_terminal() {
    let folder = Folder::new();
    let (_server, port) = s_server(&folder, "evil\u{1b}]0;owned\u{7}\u{1b}[2J", &[]);
    let output = inspect(&format!("127.0.0.1:{port}"), &[]);
    assert!(output.stdout.contains("evil"), "{output:#?}");
    assert!(!output.stdout.contains(['\u{1b}', '\u{7}']), "{output:#?}");
}

#[test]
fn a_server_of_old_tls_shows_its_certificate_too() {
    let folder = Folder::new();
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let (_server, port) = s_server(&folder, "old.lan", &old);
    let (document, status) = looked_at(&format!("127.0.0.1:{port}"), &[]);
    assert_eq!(status, Some(1), "{document:#}");
    assert_eq!(
        codes(&document).first(),
        Some(&"tls-version-too-old"),
        "{document:#}"
    );
    let entry = &document["items"][0]["entries"][0];
    assert_eq!(
        entry["certificates"][0]["subject"], "CN=old.lan",
        "{document:#}"
    );
}

#[test]
fn mosquitto_shows_its_chain() {
    let folder = Folder::new();
    let made = ["init", "localhost", "--client", "phone", "--no-ca-password"];
    run(certgen()
        .arg("--dir")
        .arg(folder.join("pki"))
        .args(made)
        .args(["--store-password", "pass:correct horse battery"]))
    .ok();
    let path = |inside: &str| folder.join("pki").join(inside).display().to_string();
    let port = free_port();
    let lines = format!(
        "user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\ncafile {}\ncertfile {}\nkeyfile {}\n",
        path("ca/ca.crt"),
        path("broker/broker.crt"),
        path("broker/broker.key")
    );
    let _broker = Mosquitto::start(&folder.write("mosquitto.conf", lines), port);
    let (document, status) = looked_at(&format!("localhost:{port}"), &[]);
    assert_eq!(status, Some(0), "{document:#}");
    let item = &document["items"][0];
    assert_eq!(item["entries"][0]["client"], "a certificate is required");
    let (of_file, _) = looked_at(&path("broker/broker.crt"), &[]);
    assert_eq!(
        item["entries"][0]["certificates"][0],
        of_file["items"][0]["entries"][0]["certificates"][0]
    );
}
