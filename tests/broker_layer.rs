//! Real brokers and proxies that are set up wrongly, or that go away: the first finding is the cause.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

#[path = "broker_layer/credentials.rs"]
mod credentials;
#[path = "broker_layer/websocket.rs"]
mod over_websocket;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Folder, Mosquitto, certgen, free_port, peer, run};

/// A folder with a CA and the certificate of a broker on this machine.
fn household() -> Folder {
    let folder = Folder::new();
    let mut init = certgen();
    init.arg("--dir").arg(folder.join("pki"));
    init.args(["init", "localhost", "127.0.0.1", "--no-ca-password"]);
    init.args(["--store-password", "pass:correct horse battery"]);
    run(&mut init).ok();
    folder
}

fn pki(folder: &Folder, inside: &str) -> PathBuf {
    folder.join("pki").join(inside)
}

/// The options of a listener that speak TLS.
fn tls(folder: &Folder) -> String {
    format!(
        "certfile {}\nkeyfile {}\n",
        pki(folder, "broker/broker.crt").display(),
        pki(folder, "broker/broker.key").display()
    )
}

fn mosquitto(folder: &Folder, lines: &str) -> Mosquitto {
    let port = free_port();
    let is_root = run(peer("id").arg("-u")).ok().stdout.trim() == "0";
    let mut text = String::new();
    if is_root {
        text.push_str("user root\n");
    }
    write!(
        text,
        "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n{lines}"
    )
    .unwrap();
    let file = folder.write(&format!("mosquitto-{port}.conf"), text);
    Mosquitto::start(&file, port)
}

/// Ends with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn verify(folder: &Folder, port: u16) -> Command {
    let mut verify = certgen();
    verify.arg("--dir").arg(folder.join("pki"));
    verify.args(["verify", "--json", "--host", "localhost", "--port"]);
    verify.arg(port.to_string());
    verify
}

/// What the first finding is called, and what it says.
#[track_caller]
fn first(command: &mut Command) -> (String, String) {
    let output = run(command);
    assert_eq!(output.status, Some(1), "{output:#?}");
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let finding = report.pointer("/findings/0").unwrap();
    let code = finding.pointer("/code").and_then(Value::as_str);
    (code.unwrap().to_owned(), finding.to_string())
}

#[track_caller]
fn told(command: &mut Command, code: &str, words: &str) {
    let (found, said) = first(command);
    assert_eq!(found, code, "{said}");
    assert!(said.contains(words), "{said}");
}

/// A listener for WebSocket; mosquitto 2.0 starts none without one of the ordinary kind beside it.
fn websocket(folder: &Folder, lines: &str) -> (Mosquitto, u16) {
    let port = free_port();
    let listener = format!("listener {port} 127.0.0.1\nprotocol websockets\n{lines}");
    let broker = mosquitto(folder, &listener);
    assert!(support::wait_for_port(port), "{}", broker.log());
    (broker, port)
}

#[test]
fn a_websocket_listener_is_named_with_its_path() {
    let folder = household();
    let (_secured, port) = websocket(&folder, &tls(&folder));
    told(
        &mut verify(&folder, port),
        "websocket-endpoint",
        "--websocket /mqtt",
    );
    told(
        verify(&folder, port).args(["--no-tls", "--websocket", "/mqtt"]),
        "port-expects-tls",
        "wss://",
    );
    let good = run(verify(&folder, port).args(["--websocket", "/mqtt"])).ok();
    assert!(good.stdout.contains("\"verdict\": \"good\""), "{good:#?}");
    let (_plain, port) = websocket(&folder, "");
    for clear in [None, Some("--no-tls")] {
        told(
            verify(&folder, port).args(clear),
            "websocket-endpoint",
            "--websocket /mqtt --no-tls",
        );
    }
}

#[test]
fn a_listener_without_websocket_is_named_so() {
    let folder = household();
    let broker = mosquitto(&folder, &tls(&folder));
    told(
        verify(&folder, broker.port).args(["--websocket", "/mqtt"]),
        "websocket-refused",
        "answers MQTT itself",
    );
}

/// HAProxy with these lines, listening on the port.
fn haproxy(folder: &Folder, port: u16, lines: &str) -> Ending {
    let text = format!(
        "defaults\n  mode tcp\n  timeout connect 60s\n  timeout client 60s\n  timeout server 60s\n\
         listen one\n  bind 127.0.0.1:{port} {lines}\n"
    );
    let file = folder.write("haproxy.cfg", text);
    let mut haproxy = peer("haproxy");
    haproxy.args(["-db", "-f"]).arg(file);
    haproxy.stdout(Stdio::null()).stderr(Stdio::null());
    let proxy = Ending(haproxy.spawn().unwrap());
    assert!(support::wait_for_port(port));
    proxy
}

#[test]
fn tls_that_is_ended_twice_is_told() {
    let folder = household();
    let broker = mosquitto(&folder, &tls(&folder));
    let mut bundle = folder.read("pki/broker/broker.crt");
    bundle.extend(folder.read("pki/broker/broker.key"));
    let bundle = folder.write("haproxy.pem", bundle);
    let port = free_port();
    let lines = format!(
        "ssl crt {}\n  server one 127.0.0.1:{}",
        bundle.display(),
        broker.port
    );
    let _proxy = haproxy(&folder, port, &lines);
    told(
        &mut verify(&folder, port),
        "other-protocol",
        "expects TLS once more",
    );
}

#[test]
fn a_proxy_header_that_nobody_expects_is_among_the_causes() {
    let folder = household();
    let behind = free_port();
    let mut serve = certgen();
    serve.arg("--dir").arg(folder.join("pki"));
    serve.args(["serve", "--bind", "127.0.0.1", "--port"]);
    serve.arg(behind.to_string());
    serve.stdout(Stdio::null()).stderr(Stdio::null());
    let _broker = Ending(serve.spawn().unwrap());
    assert!(support::wait_for_port(behind));
    let port = free_port();
    let lines = format!("\n  server one 127.0.0.1:{behind} send-proxy");
    let _proxy = haproxy(&folder, port, &lines);
    told(
        &mut verify(&folder, port),
        "handshake-refused",
        "a proxy puts a PROXY header in front",
    );
}

#[test]
fn a_broker_that_goes_away_is_no_idle_limit() {
    let folder = household();
    let broker = mosquitto(&folder, &tls(&folder));
    let mut held = verify(&folder, broker.port);
    held.args(["--hold", "60s", "--keep-alive", "1s"]);
    let held = held.stdout(Stdio::piped()).spawn().unwrap();
    assert!(broker.has_logged("PINGREQ"), "{}", broker.log());
    drop(broker);
    let output = held.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let at = |place| report.pointer(place).and_then(Value::as_str);
    assert_eq!(at("/findings/0/code"), Some("broker-stopped"), "{report}");
    assert_eq!(at("/steps/6/outcome"), Some("failed"), "{report}");
}

/// An empty revocation list of a CA that issued nothing here.
fn foreign_list(folder: &Folder) -> PathBuf {
    let other = folder.join("other");
    let mut ca = certgen();
    ca.arg("--dir").arg(&other).args(["ca", "--no-ca-password"]);
    run(&mut ca).ok();
    folder.write("index.txt", "");
    folder.write("number", "01\n");
    let settings = format!(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = {0}/index.txt\ncrlnumber = {0}/number\n\
         default_md = sha256\ndefault_crl_days = 30\n",
        folder.join("").display()
    );
    let settings = folder.write("ca.cnf", settings);
    let list = folder.join("other.crl");
    let mut openssl = peer("openssl");
    openssl.args(["ca", "-gencrl", "-config"]).arg(settings);
    openssl.arg("-cert").arg(other.join("ca/ca.crt"));
    openssl.arg("-keyfile").arg(other.join("ca/ca.key"));
    openssl.arg("-out").arg(&list);
    run(&mut openssl).ok();
    list
}

#[test]
fn a_revocation_list_of_another_ca_is_the_cause_on_either_side() {
    let folder = household();
    let list = foreign_list(&folder);
    let broker = mosquitto(&folder, &tls(&folder));
    told(
        verify(&folder, broker.port).arg("--crl").arg(&list),
        "revocation-data-unusable",
        "give the current revocation list of the CA",
    );
    let strict = format!(
        "{}cafile {}\nrequire_certificate true\ncrlfile {}\n",
        tls(&folder),
        pki(&folder, "ca/ca.crt").display(),
        list.display()
    );
    let broker = mosquitto(&folder, &strict);
    let mut client = certgen();
    client.arg("--dir").arg(folder.join("pki"));
    run(client.args(["client", "phone"])).ok();
    told(
        verify(&folder, broker.port)
            .arg("--cert")
            .arg(pki(&folder, "client/phone.crt"))
            .arg("--key")
            .arg(pki(&folder, "client/phone.key")),
        "client-certificate-untrusted",
        "its `crlfile` has no list of this CA",
    );
}

#[test]
fn messages_above_a_limit_are_no_matter_of_access() {
    let folder = household();
    let limited = format!("message_size_limit 1000\n{}", tls(&folder));
    let broker = mosquitto(&folder, &limited);
    told(
        verify(&folder, broker.port).args(["--payload-size", "5000", "--connection-timeout", "2s"]),
        "message-not-delivered",
        "message_size_limit",
    );
    told(
        verify(&folder, broker.port).args(["--payload-size", "5000", "--mqtt", "5"]),
        "message-too-large",
        "0x95",
    );
}

#[test]
fn an_identity_that_nobody_asks_for_is_told() {
    let folder = household();
    let lines = format!("{}use_identity_as_username true\n", tls(&folder));
    let broker = mosquitto(&folder, &lines);
    told(
        &mut verify(&folder, broker.port),
        "bad-credentials",
        "without `require_certificate true`",
    );
}

#[test]
fn an_empty_client_id_is_refused_by_name_in_both_versions() {
    let folder = household();
    let lines = format!("allow_zero_length_clientid false\n{}", tls(&folder));
    let broker = mosquitto(&folder, &lines);
    for version in ["3.1.1", "5"] {
        told(
            verify(&folder, broker.port).args(["--client-id", "", "--mqtt", version]),
            "client-id-rejected",
            "the empty client id",
        );
    }
}

#[test]
fn a_full_broker_is_not_said_to_dislike_the_handshake() {
    let folder = household();
    let lines = format!(
        "max_connections 1
{}",
        tls(&folder)
    );
    let broker = mosquitto(&folder, &lines);
    let mut blocking = peer("openssl");
    blocking.args(["s_client", "-quiet", "-connect"]);
    blocking.arg(format!("127.0.0.1:{}", broker.port));
    blocking.stdin(Stdio::piped()).stdout(Stdio::null());
    let _blocking = Ending(blocking.stderr(Stdio::null()).spawn().unwrap());
    assert!(broker.has_logged("New connection"), "{}", broker.log());
    let (code, said) = first(&mut verify(&folder, broker.port));
    assert_eq!(code, "closed-before-tls", "{said}");
    assert!(said.contains("likely: a limit on connections"), "{said}");
    assert!(!said.contains("server that crashed"), "{said}");
}
