//! The layouts of fixtures in the hands of those whose files they replace.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use certgen::fixtures::Clock;
use certgen::x509::{Certificate, GeneralName};
use support::{Folder, Mosquitto, free_port, peer, run};

fn made(layout: &str) -> Folder {
    let folder = Folder::new();
    let mut command = support::certgen();
    command.args(["fixtures", "--layout", layout, "--out"]);
    command.arg(folder.join("set"));
    run(&mut command).ok();
    folder
}

/// A mosquitto that has the files of its own `test/ssl` under the names that its tests use.
fn mosquitto(folder: &Folder, server: &str) -> Mosquitto {
    let port = free_port();
    let set = folder.join("set");
    let set = set.display();
    let configuration = folder.write(
        &format!("{server}.conf"),
        format!(
            "user root\n\
             listener {port} 127.0.0.1\n\
             cafile {set}/all-ca.crt\n\
             certfile {set}/{server}.crt\n\
             keyfile {set}/{server}.key\n\
             crlfile {set}/crl.pem\n\
             require_certificate true\n\
             use_identity_as_username true\n"
        ),
    );
    Mosquitto::start(&configuration, port)
}

/// Whether `mosquitto_pub` gets a message through; it asks for the address, which both servers name.
fn publishes(folder: &Folder, broker: &Mosquitto, authority: &str, client: &str) -> bool {
    let file = |name: String| folder.join("set").join(name);
    let mut command = peer("mosquitto_pub");
    command
        .args(["-h", "127.0.0.1", "-p", &broker.port.to_string()])
        .args(["-q", "1", "-t", "t", "-m", "m", "--cafile"])
        .arg(file(format!("{authority}.crt")))
        .arg("--cert")
        .arg(file(format!("{client}.crt")))
        .arg("--key")
        .arg(file(format!("{client}.key")));
    run(&mut command).success()
}

#[test]
fn mosquitto_takes_the_good_client_and_refuses_the_others() {
    let folder = made("mosquitto");
    let broker = mosquitto(&folder, "server");
    let publishes = |authority, client| publishes(&folder, &broker, authority, client);
    assert!(publishes("test-root-ca", "client"), "{}", broker.log());
    assert!(broker.has_logged("u'test client'"), "{}", broker.log());
    assert!(!publishes("test-root-ca", "client-expired"));
    assert!(!publishes("test-root-ca", "client-revoked"));
    // The client's turn: neither a sibling of the issuer nor another key under the root's name.
    assert!(!publishes("test-alt-ca", "client"));
    assert!(!publishes("test-fake-root-ca", "client"));
    assert!(publishes("test-root-ca", "client"), "{}", broker.log());
}

#[test]
fn mosquitto_serves_the_server_with_addresses() {
    let folder = made("mosquitto");
    let broker = mosquitto(&folder, "server-san");
    assert!(
        publishes(&folder, &broker, "all-ca", "client"),
        "{}",
        broker.log()
    );
}

/// What OpenSSL says of a file of mosquitto's layout, with and without the revocation list.
#[test]
fn each_bad_certificate_for_mosquitto_has_its_own_fault() {
    let folder = made("mosquitto");
    let verdict = |leaf: &str, options: &[&str]| {
        let mut command = peer("openssl");
        command.current_dir(folder.join("set"));
        command.args(["verify", "-x509_strict", "-CAfile", "all-ca.crt"]);
        run(command.args(options).arg(format!("{leaf}.crt")))
    };
    let listed = ["-crl_check", "-CRLfile", "crl.pem"];
    for good in ["client", "client-encrypted", "server", "server-san"] {
        verdict(good, &listed).ok();
    }
    for expired in ["client-expired", "server-expired"] {
        let output = verdict(expired, &listed);
        assert!(!output.success() && output.all().contains("certificate has expired"));
    }
    verdict("client-revoked", &[]).ok();
    let output = verdict("client-revoked", &listed);
    assert!(!output.success() && output.all().contains("certificate revoked"));
    verdict("server-san", &["-verify_ip", "::1"]).ok();
    assert!(!verdict("server-san", &["-verify_ip", "127.0.0.2"]).success());
    assert!(!verdict("server-mitm", &["-verify_hostname", "localhost"]).success());
    let mut key = peer("openssl");
    key.args(["pkey", "-noout", "-passin", "pass:password", "-in"])
        .arg(folder.join("set/client-encrypted.key"));
    run(&mut key).ok();
}

/// What mosquitto's tests need of a certificate: file, common name, issuer, names, purpose, whether
/// its time is over, and the file of its key.
type Wanted = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
    bool,
    &'static str,
);

const SERVER: Option<&str> = Some("1.3.6.1.5.5.7.3.1");
const CLIENT: Option<&str> = Some("1.3.6.1.5.5.7.3.2");
const HERE: &[&str] = &["localhost", "127.0.0.1", "::1"];

#[rustfmt::skip]
const WANTED: [Wanted; 14] = [
    ("test-root-ca", "Root CA", "Root CA", &[], None, false, "test-root-ca.key"),
    ("test-signing-ca", "Signing CA", "Root CA", &[], None, false, "test-signing-ca.key"),
    ("test-alt-ca", "Alternative Signing CA", "Root CA", &[], None, false, "test-alt-ca.key"),
    ("test-fake-root-ca", "Root CA", "Root CA", &[], None, false, "test-fake-root-ca.key"),
    ("test-bad-root-ca", "Bad Root CA", "Bad Root CA", &[], None, false, "test-bad-root-ca.key"),
    ("server", "localhost", "Signing CA", HERE, SERVER, false, "server.key"),
    ("server-san", "server with addresses", "Signing CA", HERE, SERVER, false, "server-san.key"),
    ("server-expired", "localhost", "Signing CA", HERE, SERVER, true, "server-expired.key"),
    ("server-mitm", "elsewhere.test", "Signing CA", &["elsewhere.test"], SERVER, false, "server-mitm.key"),
    ("client", "test client", "Signing CA", &[], CLIENT, false, "client.key"),
    ("client-expired", "test client expired", "Signing CA", &[], CLIENT, true, "client-expired.key"),
    ("client-revoked", "test client revoked", "Signing CA", &[], CLIENT, false, "client-revoked.key"),
    ("client-encrypted", "test client encrypted", "Signing CA", &[], CLIENT, false, "client-encrypted.key"),
    ("client-pw", "test client encrypted", "Signing CA", &[], CLIENT, false, "client-pw.key"),
];

fn openssl(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = peer("openssl");
    command.current_dir(folder.join("set")).args(arguments);
    run(&mut command).ok().stdout
}

/// The certificate in a file of a layout.
fn certificate(folder: &Folder, file: &str) -> Certificate {
    openssl(
        folder,
        &["x509", "-in", file, "-outform", "DER", "-out", "../one.der"],
    );
    Certificate::from_der(&folder.read("one.der")).unwrap()
}

#[test]
fn mosquittos_tests_find_each_certificate_with_its_property() {
    let folder = made("mosquitto");
    for (name, subject, issuer, names, purpose, expired, key) in WANTED {
        let file = format!("{name}.crt");
        let one = certificate(&folder, &file);
        assert_eq!(one.subject.common_name(), Some(subject), "{name}");
        assert_eq!(one.issuer.common_name(), Some(issuer), "{name}");
        let in_date = one.not_before <= Clock::DEFAULT && Clock::DEFAULT <= one.not_after;
        assert_eq!(in_date, !expired, "{name}");
        assert!(
            !expired || one.not_after < Clock::DEFAULT,
            "{name} is over, not to come"
        );
        let found: Vec<String> = one.subject_alt_names.iter().flatten().map(text).collect();
        assert_eq!(found, names, "{name}");
        let purposes = one.extended_key_usage.clone().unwrap_or_default();
        assert_eq!(purposes.first().map(String::as_str), purpose, "{name}");
        let basic = one.basic_constraints.unwrap();
        assert_eq!(
            (basic.ca, basic.path_length),
            (purpose.is_none(), None),
            "{name}"
        );
        let public = openssl(
            &folder,
            &["pkey", "-in", key, "-pubout", "-passin", "pass:password"],
        );
        let certified = openssl(&folder, &["x509", "-in", &file, "-noout", "-pubkey"]);
        assert_eq!(public, certified, "{name}");
    }
}

fn text(name: &GeneralName) -> String {
    match name {
        GeneralName::Dns(name) => name.clone(),
        GeneralName::Ip(address) => address.to_string(),
        other => other.to_string(),
    }
}

#[test]
fn mosquittos_tests_find_the_files_that_hold_several_things() {
    let folder = made("mosquitto");
    let read = |name: &str| String::from_utf8(folder.read(&format!("set/{name}"))).unwrap();
    let together = |names: &[&str]| names.iter().map(|name| read(name)).collect::<String>();
    assert_eq!(
        read("all-ca.crt"),
        together(&["test-signing-ca.crt", "test-root-ca.crt"])
    );
    let client = ["client.crt", "client.key", "all-ca.crt"];
    assert_eq!(read("client.pem"), together(&client));
    // The same name as the root, and another key.
    let (root, fake) = (
        certificate(&folder, "test-root-ca.crt"),
        certificate(&folder, "test-fake-root-ca.crt"),
    );
    assert_eq!(root.subject, fake.subject);
    assert_ne!(root.public_key, fake.public_key);
    for encrypted in ["client-encrypted.key", "client-pw.key"] {
        assert!(read(encrypted).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY"));
    }
    // The list is the signing CA's, is current, and revokes one client alone.
    let list = openssl(&folder, &["crl", "-in", "crl.pem", "-noout", "-text"]);
    let revoked: Vec<&str> = list.split("Serial Number: ").skip(1).collect();
    let serial = openssl(
        &folder,
        &["x509", "-in", "client-revoked.crt", "-noout", "-serial"],
    );
    assert_eq!(revoked.len(), 1, "{list}");
    assert!(
        revoked[0].starts_with(serial.trim().trim_start_matches("serial=")),
        "{list}"
    );
    assert!(
        list.contains("Signing CA") && list.contains("Next Update: Dec 31 23:59:59 2049"),
        "{list}"
    );
    let empty = openssl(&folder, &["crl", "-in", "crl-empty.pem", "-noout", "-text"]);
    assert!(empty.contains("Signing CA") && empty.contains("No Revoked Certificates"));
    // A folder of trust, in which OpenSSL finds the root by the hash of its name.
    let trust = ["verify", "-CApath", "capath", "-no-CAfile", "-no-CAstore"];
    openssl(&folder, &[&trust[..], &["test-signing-ca.crt"]].concat());
    let group = openssl(
        &folder,
        &["dhparam", "-in", "dhparam", "-noout", "-check", "-text"],
    );
    assert!(group.contains("2048 bit"), "{group}");
}

/// Each layout: where it is, its trust anchor, intermediates, and the certificates with their keys.
#[test]
fn the_other_layouts_chain_to_their_anchors_and_have_the_keys() {
    type Pair = (&'static str, &'static str, &'static str);
    let layouts: [(&str, &str, &str, [Pair; 2]); 3] = [
        (
            "rustls",
            "ca.cert",
            "inter.cert",
            [
                ("end.cert", "end.key", "sslserver"),
                ("client.cert", "client.key", "sslclient"),
            ],
        ),
        (
            "trustme",
            "ca.pem",
            "ca.pem",
            [
                ("server.pem", "server.key", "sslserver"),
                ("client.pem", "client.key", "sslclient"),
            ],
        ),
        (
            "guide",
            "ca/ca.crt",
            "ca/ca.crt",
            [
                ("broker/broker.crt", "broker/broker.key", "sslserver"),
                ("client/client.crt", "client/client.key", "sslclient"),
            ],
        ),
    ];
    for (layout, anchor, intermediate, pairs) in layouts {
        let folder = made(layout);
        let openssl = |arguments: &[&str]| {
            let mut command = peer("openssl");
            command.current_dir(folder.join("set")).args(arguments);
            run(&mut command).ok().stdout
        };
        for (certificate, key, purpose) in pairs {
            openssl(&[
                "verify",
                "-x509_strict",
                "-purpose",
                purpose,
                "-CAfile",
                anchor,
                "-untrusted",
                intermediate,
                certificate,
            ]);
            let certified = openssl(&["x509", "-noout", "-pubkey", "-in", certificate]);
            assert_eq!(certified, openssl(&["pkey", "-pubout", "-in", key]));
        }
    }
}
