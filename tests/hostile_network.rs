//! Servers that mean harm: `verify` ends in time, in bounded memory, with a failure that names the
//! stage, and nothing that the server wrote steers a terminal.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "hostile_network/behaviours.rs"]
mod behaviours;
mod lab;
mod support;

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use behaviours::{Behaviour, Inside, Outside};
use certgen::keystore::pem;
use lab::Pki;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use support::{Folder, certgen};

/// A hang, and never a slow machine: seven stages of one second, and what a loaded machine adds.
const LIMIT: Duration = Duration::from_secs(16);
/// The most memory that `verify` may hold, whatever the server sends. Test builds carry the
/// symbols of all dependencies, so that their resting size is about half of it.
const MOST_KILOBYTES: u64 = 48 * 1_024;

#[derive(Debug)]
struct Seen {
    stdout: String,
    stderr: String,
    status: Option<i32>,
    took: Duration,
    kilobytes: u64,
}

/// Runs `verify` to its end and watches its size.
fn verify(port: u16, ca: &std::path::Path, more: &[&str]) -> Seen {
    let started = Instant::now();
    let mut child = certgen()
        .args([
            "verify",
            "--host",
            "127.0.0.1",
            "--connection-timeout",
            "1s",
            "--cafile",
        ])
        .arg(ca)
        .args(["--port", &port.to_string()])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let status_file = format!("/proc/{}/status", child.id());
    let mut kilobytes = 0;
    let status = loop {
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|value| value.trim().split(' ').next()?.parse().ok());
        kilobytes = kilobytes.max(peak.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > Duration::from_secs(40) {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Seen {
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        status: status.code(),
        took: started.elapsed(),
        kilobytes,
    }
}

fn drain(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}

fn config(pki: &Pki, chain: Vec<Vec<u8>>, tickets: usize) -> Arc<ServerConfig> {
    let key = PrivatePkcs8KeyDer::from(pki.broker_key.secret_pkcs8_der().to_vec());
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key))
        .unwrap();
    config.send_tls13_tickets = tickets;
    Arc::new(config)
}

/// Serves every connection with the behaviour, until the process ends.
fn serve(behaviour: Behaviour, config: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = config.clone();
            std::thread::spawn(move || behaviour.run(stream, config));
        }
    });
    port
}

fn judge(name: &str, seen: &Seen) -> Option<String> {
    let wrong = |what: &str| Some(format!("{name}: {what}: {seen:#?}"));
    if seen.took > LIMIT {
        return wrong("took too long");
    }
    if seen.kilobytes > MOST_KILOBYTES {
        return wrong("held too much memory");
    }
    let Ok(document) = serde_json::from_str::<serde_json::Value>(&seen.stdout) else {
        return wrong("no JSON document");
    };
    if seen.status != Some(1) || document["verdict"] != "failure" {
        return wrong("is no failure");
    }
    let failed = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["outcome"] == "failed");
    if failed.count() != 1 {
        return wrong("does not say which step failed");
    }
    let first = &document["findings"][0];
    if first["code"] == "internal" || first["cause"].as_str().unwrap_or_default().is_empty() {
        return wrong("names no cause");
    }
    None
}

/// Runs all cases, a few at a time.
fn all(cases: Vec<(String, u16, Vec<&'static str>)>, ca: &std::path::Path) {
    let waiting = std::sync::Mutex::new(cases);
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let Some((name, port, arguments)) = waiting.lock().unwrap().pop() else {
                        return;
                    };
                    let seen = verify(port, ca, &arguments);
                    wrong.lock().unwrap().extend(judge(&name, &seen));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn ca(folder: &Folder, pki: &Pki) -> std::path::PathBuf {
    folder.write("ca.crt", pem::certificate(&pki.anchor()))
}

#[test]
fn servers_that_break_the_protocol_cannot_hang_or_bloat_it() {
    let (pki, folder) = (Pki::new(), Folder::new());
    let plain = config(&pki, pki.broker.clone(), 2);
    let mut cases = Vec::new();
    for behaviour in Outside::ALL {
        let port = serve(Behaviour::Outside(*behaviour), plain.clone());
        cases.push((
            format!("{behaviour:?}"),
            port,
            vec!["--json", "--no-probes"],
        ));
    }
    for behaviour in Inside::ALL {
        let port = serve(Behaviour::Inside(*behaviour), plain.clone());
        for version in ["1.2", "1.3"] {
            for mqtt in ["3.1.1", "5"] {
                let name = format!("{behaviour:?}, TLS {version}, MQTT {mqtt}");
                let more = vec![
                    "--json",
                    "--no-probes",
                    "--tls-max",
                    version,
                    "--mqtt",
                    mqtt,
                ];
                cases.push((name, port, more));
            }
        }
    }
    assert!(Outside::ALL.len() + Inside::ALL.len() >= 25);
    all(cases, &ca(&folder, &pki));
}

#[test]
fn large_chains_and_floods_of_tickets_are_bounded() {
    let (pki, folder) = (Pki::new(), Folder::new());
    let mut cases = Vec::new();
    // A hundred certificates that could all be the issuer: the path builder must not try them all.
    let mut chain = pki.broker.clone();
    chain.extend((0..100).map(|_| Pki::new().anchor()));
    let port = serve(Behaviour::Inside(Inside::Silent), config(&pki, chain, 2));
    cases.push((
        "a hundred certificates".to_owned(),
        port,
        vec!["--json", "--no-probes"],
    ));
    let port = serve(
        Behaviour::Inside(Inside::Silent),
        config(&pki, pki.broker.clone(), 5_000),
    );
    cases.push((
        "5000 tickets".to_owned(),
        port,
        vec!["--json", "--no-probes"],
    ));
    all(cases, &ca(&folder, &pki));
}

#[test]
fn the_extra_probes_end_in_time_too() {
    let (pki, folder) = (Pki::new(), Folder::new());
    let plain = config(&pki, pki.broker.clone(), 2);
    let outside = [
        Outside::Silent,
        Outside::Junk,
        Outside::WarningAlerts,
        Outside::CloseAfterHello,
        Outside::Drip,
    ];
    let mut cases: Vec<_> = outside
        .into_iter()
        .map(|behaviour| {
            let port = serve(Behaviour::Outside(behaviour), plain.clone());
            (format!("{behaviour:?} with probes"), port, vec!["--json"])
        })
        .collect();
    for behaviour in [Inside::Silent, Inside::Close, Inside::EndlessHttp] {
        let port = serve(Behaviour::Inside(behaviour), plain.clone());
        cases.push((format!("{behaviour:?} with probes"), port, vec!["--json"]));
    }
    all(cases, &ca(&folder, &pki));
}

#[test]
fn nothing_that_a_server_says_steers_the_terminal() {
    let (pki, folder) = (Pki::new(), Folder::new());
    let plain = config(&pki, pki.broker.clone(), 2);
    let ca = ca(&folder, &pki);
    let banner = serve(Behaviour::Outside(Outside::EscapeBanner), plain.clone());
    let reason = serve(Behaviour::Inside(Inside::EscapeReason), plain);
    for (port, mqtt) in [(banner, "3.1.1"), (reason, "5")] {
        for form in [
            vec![],
            vec!["--json"],
            vec!["--nagios"],
            vec!["--prometheus"],
            vec!["--html", "-"],
        ] {
            let mut arguments = vec!["--mqtt", mqtt];
            arguments.extend(&form);
            let seen = verify(port, &ca, &arguments);
            let shown = format!("{}{}", seen.stdout, seen.stderr);
            let steering = shown.chars().find(|c| {
                (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}')
            });
            assert_eq!(steering, None, "{form:?}: {seen:#?}");
            assert!(
                !form.contains(&"--html") || !shown.contains("<img"),
                "{seen:#?}"
            );
        }
    }
}

#[test]
fn user_and_password_never_reach_a_peer_that_was_not_verified() {
    let (pki, other, folder) = (Pki::new(), Pki::new(), Folder::new());
    let (sender, receiver) = std::sync::mpsc::channel();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let stranger = config(&other, other.broker.clone(), 2);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = sender.send(behaviours::decrypted(stream, stranger.clone()));
        }
    });
    let credentials = ["--username", "canary-user", "--password", "env:CANARY"];
    let ca = ca(&folder, &pki);
    let seen = certgen()
        .env("CANARY", "canary-password")
        .args([
            "verify",
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--cafile",
        ])
        .arg(&ca)
        .args(credentials)
        .output()
        .unwrap();
    assert_eq!(seen.status.code(), Some(1));
    let received: Vec<u8> = receiver.try_iter().flatten().collect();
    let received = String::from_utf8_lossy(&received);
    assert!(!received.contains("canary"), "{received}");
    let shown = [seen.stdout, seen.stderr].concat();
    assert!(!String::from_utf8_lossy(&shown).contains("canary-password"));
}
