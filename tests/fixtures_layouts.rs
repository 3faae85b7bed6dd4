//! The layouts of fixtures in the hands of those whose files they replace.

mod support;

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
