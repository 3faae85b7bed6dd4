//! The journey of a home user: one command, the commands it prints, and then Debian's mosquitto
//! and every kind of client work together, with other programs as the judges.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

#[path = "journey/household.rs"]
mod household;

use std::path::Path;
use std::process::Command;

use household::{PASSWORD, household, key_hash, made, program};
use support::{Folder, Java, certgen, node, peer, python, run};

/// The names that the broker was made for and that reach it.
const NAMES: [&str; 4] = ["broker.lan", "192.168.1.10", "127.0.0.1", "localhost"];

#[test]
fn the_broker_runs_as_its_own_user() {
    let Some(household) = household() else { return };
    let pid = household.run(peer("cat").arg("/run/mosquitto/mosquitto.pid"));
    let user = household.run(peer("ps").args(["-o", "user=", "-p", pid.ok().stdout.trim()]));
    assert!(
        "mosquitto".starts_with(user.stdout.trim().trim_end_matches('+')),
        "{user:?}"
    );
}

#[test]
fn mosquittos_clients_make_a_round_trip() {
    let Some(household) = household() else { return };
    for name in NAMES {
        let client = |program: &str| {
            let mut command = peer(program);
            command.args(["-h", name, "-p", "8883", "-t", name, "--cafile"]);
            command.arg(made().file("ca/ca.crt"));
            command.arg("--cert").arg(made().file("client/phone.crt"));
            command.arg("--key").arg(made().file("client/phone.key"));
            command
        };
        // Retained, so that the order of the two does not matter.
        let publish = household.run(client("mosquitto_pub").args(["-r", "-q", "1", "-m", "hello"]));
        publish.ok();
        let received = household.run(client("mosquitto_sub").args(["-C", "1", "-W", "20"]));
        assert_eq!(received.ok().stdout, "hello\n", "{name}");
    }
}

#[test]
fn a_phone_that_knows_only_its_bks_connects() {
    let Some(household) = household() else { return };
    for java in Java::every() {
        for name in ["broker.lan", "192.168.1.10"] {
            let mut phone = java.source(&program("Phone.java"));
            phone
                .args([name, "8883"])
                .arg(made().file("client/phone.bks"));
            let output = household.run(phone.arg(PASSWORD)).ok();
            assert_eq!(output.stdout, "CONNACK 0\necho hello\n", "{name}");
        }
    }
}

#[test]
fn strict_python_connects_by_name_and_by_address() {
    let Some(household) = household() else { return };
    for name in NAMES {
        let output = household
            .run(&with_pem_files(python(), "strict_tls.py", name))
            .ok();
        assert_eq!(output.stdout, "CONNACK 0\n", "{name}");
    }
}

#[test]
fn paho_and_mqtt_js_make_a_round_trip() {
    let Some(household) = household() else { return };
    for name in ["broker.lan", "192.168.1.10"] {
        let paho = household
            .run(&with_pem_files(python(), "paho_echo.py", name))
            .ok();
        assert_eq!(paho.stdout, "echo hello\n", "{name}");
        let node = household
            .run(&with_pem_files(node(), "node_echo.js", name))
            .ok();
        assert_eq!(node.stdout, "echo hello\n", "{name}");
    }
}

/// A client of `tests/peers` with the phone's certificate and key in PEM files.
fn with_pem_files(mut interpreter: Command, name: &str, host: &str) -> Command {
    interpreter.arg(program(name)).args([host, "8883"]);
    for file in ["ca/ca.crt", "client/phone.crt", "client/phone.key"] {
        interpreter.arg(made().file(file));
    }
    interpreter
}

#[test]
fn verify_finds_everything_good_with_every_kind_of_credentials() {
    let Some(household) = household() else { return };
    let stores = ["client/phone.bks", "client/phone.p12"];
    for name in NAMES {
        for store in stores {
            let output = household.run(&verify(name, |verify| {
                verify.arg("--keystore").arg(made().file(store));
                verify.args(["--store-password", "env:STORE_PASSWORD"]);
            }));
            assert!(output.success(), "{name} {store}: {output:#?}");
        }
        let output = household.run(&verify(name, |verify| {
            verify.arg("--cert").arg(made().file("client/phone.crt"));
            verify.arg("--key").arg(made().file("client/phone.key"));
        }));
        assert!(output.success(), "{name}: {output:#?}");
        assert!(
            output.stdout.contains("\"verdict\": \"good\""),
            "{output:#?}"
        );
    }
}

#[test]
fn a_client_of_another_ca_is_refused() {
    let Some(household) = household() else { return };
    let other = Folder::new();
    for arguments in [&["ca", "--no-ca-password"][..], &["client", "stranger"]] {
        run(certgen().arg("--dir").arg(other.path()).args(arguments)).ok();
    }
    let (cert, key) = (
        other.join("client/stranger.crt"),
        other.join("client/stranger.key"),
    );
    let mut publish = peer("mosquitto_pub");
    publish.args([
        "-h",
        "broker.lan",
        "-p",
        "8883",
        "-t",
        "t",
        "-m",
        "m",
        "--cafile",
    ]);
    publish
        .arg(made().file("ca/ca.crt"))
        .arg("--cert")
        .arg(&cert)
        .arg("--key")
        .arg(&key);
    assert!(!household.run(&publish).success());
    let output = household.run(&verify("broker.lan", |verify| {
        verify.arg("--cert").arg(&cert).arg("--key").arg(&key);
    }));
    assert_eq!(output.status, Some(1), "{output:#?}");
    assert!(
        output.stdout.contains("\"client-certificate-untrusted\""),
        "{output:#?}"
    );
}

fn verify(host: &str, credentials: impl FnOnce(&mut Command)) -> Command {
    let mut verify = certgen();
    verify.args(["verify", "--json", "--host", host, "--cafile"]);
    verify
        .arg(made().file("ca/ca.crt"))
        .env("STORE_PASSWORD", PASSWORD);
    credentials(&mut verify);
    verify
}

#[test]
fn keytool_lists_the_phones_store() {
    for java in Java::every() {
        let mut list = java.keytool("-list");
        list.args(["-storetype", "BKS", "-storepass", PASSWORD, "-keystore"]);
        let listed = run(list.arg(made().file("client/phone.bks"))).ok().stdout;
        assert!(
            listed.contains("Your keystore contains 2 entries"),
            "{listed}"
        );
        assert!(listed.contains("PrivateKeyEntry"), "{listed}");
        assert!(listed.contains("trustedCertEntry"), "{listed}");
    }
}

#[test]
fn java_pyjks_and_openssl_recover_the_same_key() {
    let pem = key_hash(&["pem", text(&made().file("client/phone.key"))]);
    let bks = made().file("client/phone.bks");
    assert_eq!(pem, key_hash(&["bks", text(&bks), PASSWORD]), "pyjks");
    for java in Java::every() {
        let entries = run(store_key(&java, &bks).arg(PASSWORD)).ok().stdout;
        let mut words = entries.lines().flat_map(|line| line.split_once(" key "));
        let (key, chain) = words.next().unwrap().1.split_once(' ').unwrap();
        assert_eq!(pem, key_hash(&["der-base64", key]), "Java");
        assert_eq!(chain, "2", "the chain has the CA: {entries}");
        assert_eq!(entries.matches(" trusted ").count(), 1, "{entries}");
    }
    let p12 = made().file("client/phone.p12");
    assert_eq!(
        pem,
        key_hash(&["p12", text(&p12), PASSWORD]),
        "cryptography"
    );
    let key = run(openssl_pkcs12(&p12)
        .args(["-nocerts", "-passin"])
        .arg(format!("pass:{PASSWORD}")));
    let folder = Folder::new();
    let file = folder.write("key.pem", key.ok().stdout);
    assert_eq!(pem, key_hash(&["pem", text(&file)]), "OpenSSL");
}

#[test]
fn a_wrong_password_is_refused_by_all() {
    let bks = made().file("client/phone.bks");
    let p12 = made().file("client/phone.p12");
    let wrong = "wrong";
    assert!(!run(store_key(&Java::debian(), &bks).arg(wrong)).success());
    assert!(
        !run(python()
            .arg(program("keys.py"))
            .arg("bks")
            .arg(&bks)
            .arg(wrong))
        .success()
    );
    assert!(!run(openssl_pkcs12(&p12).args(["-passin", "pass:wrong"])).success());
    for store in [&bks, &p12] {
        let mut inspect = certgen();
        inspect
            .args(["inspect", "--store-password", "env:WRONG", "--json"])
            .arg(store);
        let output = run(inspect.env("WRONG", wrong));
        assert_eq!(output.status, Some(2), "{output:#?}");
        assert!(output.stdout.contains("\"store-integrity\""), "{output:#?}");
    }
}

#[test]
fn a_store_of_keytool_is_refused_with_a_wrong_password() {
    let folder = Folder::new();
    let store = folder.join("made-by-keytool.bks");
    let mut import = Java::debian().keytool("-importcert");
    import.args([
        "-noprompt",
        "-alias",
        "ca",
        "-storetype",
        "BKS",
        "-storepass",
        PASSWORD,
    ]);
    import
        .arg("-keystore")
        .arg(&store)
        .arg("-file")
        .arg(made().file("ca/ca.crt"));
    run(&mut import).ok();
    let inspect = |password: &str| {
        let mut inspect = certgen();
        inspect
            .args(["inspect", "--store-password", "env:PASSWORD"])
            .arg(&store);
        run(inspect.env("PASSWORD", password))
    };
    inspect(PASSWORD).ok();
    assert_eq!(inspect("wrong").status, Some(2));
}

#[test]
fn openssl_accepts_each_certificate_for_its_purpose_alone() {
    for (file, purpose, good) in [
        ("broker/broker.crt", "sslserver", true),
        ("broker/broker.crt", "sslclient", false),
        ("client/phone.crt", "sslclient", true),
        ("client/phone.crt", "sslserver", false),
    ] {
        let mut verify = peer("openssl");
        verify.args(["verify", "-x509_strict", "-purpose", purpose, "-CAfile"]);
        let output = run(verify.arg(made().file("ca/ca.crt")).arg(made().file(file)));
        assert_eq!(output.success(), good, "{file} as {purpose}: {output:#?}");
    }
}

fn store_key(java: &Java, store: &Path) -> Command {
    let mut command = java.source(&program("StoreKey.java"));
    command.arg("BKS").arg(store);
    command
}

fn openssl_pkcs12(store: &Path) -> Command {
    let mut command = peer("openssl");
    command.args(["pkcs12", "-noenc", "-in"]).arg(store);
    command
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
