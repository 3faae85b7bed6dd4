//! Brokers with nothing wrong are found good: mosquitto, RabbitMQ, and mosquitto behind HAProxy and
//! nginx, with credentials of every format, both versions of MQTT, and both versions of TLS.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

#[path = "good_brokers/servers.rs"]
mod servers;

use std::path::PathBuf;
use std::process::Command;

use servers::{Server, haproxy, mosquitto, nginx, plain_mosquitto, rabbitmq};
use support::{Folder, certgen, run};

const PASSWORD: &str = "correct horse battery";

/// The folder with everything: the PKI in `pki`, and what each server needs.
fn household() -> Folder {
    let folder = Folder::new();
    made(
        &folder,
        &["init", "localhost", "127.0.0.1", "--client", "phone"],
    );
    made(&folder, &["bundle", "phone", "--format", "jks"]);
    folder
}

fn made(folder: &Folder, arguments: &[&str]) {
    let mut command = certgen();
    command.arg("--dir").arg(folder.join("pki")).args(arguments);
    if arguments.first() == Some(&"init") {
        command.arg("--no-ca-password");
    }
    command.args(["--store-password", "env:STORE_PASSWORD"]);
    run(command.env("STORE_PASSWORD", PASSWORD)).ok();
}

/// The phone's credentials, as arguments, by the name of their format.
fn credentials(folder: &Folder) -> [(&'static str, Vec<String>); 4] {
    let file = |name: &str| {
        let path: PathBuf = folder.join("pki").join(name);
        assert!(path.is_file(), "{} was not made", path.display());
        path.to_str().unwrap().to_owned()
    };
    let pem = ["--cafile", "ca/ca.crt"]
        .into_iter()
        .chain(["--cert", "client/phone.crt"])
        .chain(["--key", "client/phone.key"])
        .map(|word| {
            if word.starts_with('-') {
                word.to_owned()
            } else {
                file(word)
            }
        })
        .collect();
    let store = |name: &str| {
        let words = ["--keystore".to_owned(), file(name)];
        let password = [
            "--store-password".to_owned(),
            "env:STORE_PASSWORD".to_owned(),
        ];
        words.into_iter().chain(password).collect()
    };
    [
        ("PEM", pem),
        ("PKCS#12", store("client/phone.p12")),
        ("BKS", store("client/phone.bks")),
        ("JKS", store("client/phone.jks")),
    ]
}

/// Every way to check `server`; all that are not found good are named together.
#[track_caller]
fn every_check_is_good(folder: &Folder, server: &Server, versions: &[&str]) {
    let mut wrong = Vec::new();
    for (format, credentials) in &credentials(folder) {
        for version in versions {
            for tls in ["1.2", "1.3"] {
                let output = run(verify(server.port)
                    .args(["--mqtt", version, "--tls-min", tls, "--tls-max", tls])
                    .args(credentials));
                let is_good = output.stdout.contains("\"verdict\": \"good\"");
                if !(output.success() && is_good) {
                    let what = format!("{format}, MQTT {version}, TLS {tls}");
                    wrong.push(format!("{what}: {output:#?}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nthe server's log:\n{}",
        wrong.join("\n"),
        server.log()
    );
}

fn verify(port: u16) -> Command {
    let mut verify = certgen();
    verify.args(["verify", "--json", "--host", "localhost", "--port"]);
    verify.arg(port.to_string());
    verify.args(["--connection-timeout", "15s"]);
    verify.env("STORE_PASSWORD", PASSWORD);
    verify
}

/// Without the client's certificate the check fails: the servers do ask for it.
#[track_caller]
fn a_certificate_is_required(folder: &Folder, server: &Server) {
    let output = run(verify(server.port)
        .arg("--cafile")
        .arg(folder.join("pki/ca/ca.crt")));
    assert_eq!(output.status, Some(1), "{output:#?}");
    assert!(
        output.stdout.contains("\"client-certificate-missing\""),
        "{output:#?}"
    );
}

#[test]
fn mosquitto_is_good() {
    let folder = household();
    let server = mosquitto(&folder);
    every_check_is_good(&folder, &server, &["3.1.1", "5"]);
    a_certificate_is_required(&folder, &server);
}

#[test]
fn a_broker_behind_haproxy_is_good() {
    let folder = household();
    let broker = plain_mosquitto(&folder);
    let server = haproxy(&folder, broker.port);
    every_check_is_good(&folder, &server, &["3.1.1", "5"]);
    a_certificate_is_required(&folder, &server);
}

#[test]
fn a_broker_behind_nginx_is_good() {
    let folder = household();
    let broker = plain_mosquitto(&folder);
    let server = nginx(&folder, broker.port);
    every_check_is_good(&folder, &server, &["3.1.1", "5"]);
}

#[test]
fn rabbitmq_is_good() {
    let folder = household();
    let server = rabbitmq(&folder);
    every_check_is_good(&folder, &server, &["3.1.1"]);
    a_certificate_is_required(&folder, &server);
}
