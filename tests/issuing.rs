//! What `ca`, `broker` and `client` make, with OpenSSL as the judge; CAs and requests of OpenSSL,
//! taken over.

#[path = "issuing/refusals.rs"]
mod refusals;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Folder, Output, certgen, peer, run};

/// A folder with one PKI in it.
struct Pki(Folder);

impl Pki {
    fn new() -> Self {
        Self(Folder::new())
    }

    fn with_ca(arguments: &[&str]) -> Self {
        let pki = Self::new();
        let mut all = vec!["ca", "--no-ca-password"];
        all.extend_from_slice(arguments);
        pki.certgen(&all).ok();
        pki
    }

    fn file(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    fn certgen(&self, arguments: &[&str]) -> Output {
        let secrets = [
            ("SECRET", "correct horse"),
            ("WRONG", "battery"),
            ("EMPTY", ""),
        ];
        run(certgen()
            .arg("--dir")
            .arg(self.0.path())
            .args(arguments)
            .current_dir(self.0.path())
            .envs(secrets))
    }

    fn openssl(&self, arguments: &[&str]) -> Output {
        run(peer("openssl").args(arguments).current_dir(self.0.path()))
    }

    /// OpenSSL's strict verdict for a purpose.
    fn verify(&self, purpose: &str, certificate: &str) -> bool {
        let verify = [
            "verify",
            "-x509_strict",
            "-purpose",
            purpose,
            "-CAfile",
            "ca/ca.crt",
        ];
        let rest = ["-untrusted", certificate, certificate];
        self.openssl(&[&verify[..], &rest].concat()).success()
    }

    fn text(&self, certificate: &str) -> String {
        self.openssl(&["x509", "-in", certificate, "-noout", "-text"])
            .ok()
            .stdout
    }
}

#[test]
fn each_certificate_is_for_its_purpose_alone() {
    for kind in ["p256", "p384", "p521", "rsa2048", "rsa3072", "ed25519"] {
        let pki = Pki::with_ca(&["--key", kind]);
        pki.certgen(&["broker", "broker.lan", "192.168.1.10", "--key", kind])
            .ok();
        pki.certgen(&["client", "phone", "--key", kind]).ok();
        assert!(pki.verify("sslserver", "broker/broker.crt"), "{kind}");
        assert!(pki.verify("sslclient", "client/phone.crt"), "{kind}");
        assert!(!pki.verify("sslclient", "broker/broker.crt"), "{kind}");
        assert!(!pki.verify("sslserver", "client/phone.crt"), "{kind}");
        for key in ["ca/ca", "broker/broker", "client/phone"] {
            let of_key = pki
                .openssl(&["pkey", "-in", &format!("{key}.key"), "-pubout"])
                .ok();
            let certificate = format!("{key}.crt");
            let of_certificate = pki.openssl(&["x509", "-in", &certificate, "-noout", "-pubkey"]);
            assert_eq!(of_key.stdout, of_certificate.ok().stdout, "{kind} {key}");
        }
    }
}

#[test]
fn names_are_told_apart_and_extensions_are_as_written_down() {
    let pki = Pki::with_ca(&["--cn", "Home CA"]);
    let names = [
        "broker",
        "Broker.LAN",
        "192.168.1.10",
        "::1",
        "bücher.example",
        "--san",
        "uri:urn:x",
    ];
    pki.certgen(&names).ok();
    let text = pki.text("broker/broker.crt");
    let expected = "DNS:broker.lan, IP Address:192.168.1.10, IP Address:0:0:0:0:0:0:0:1, DNS:xn--bcher-kva.example, URI:urn:x";
    assert!(text.contains(expected), "{text}");
    for part in [
        "Version: 3",
        "Issuer: CN = Home CA\n",
        "Subject: CN = broker.lan\n",
        "Basic Constraints: critical\n                CA:FALSE",
        "Key Usage: critical\n                Digital Signature\n",
        "Extended Key Usage: \n                TLS Web Server Authentication\n",
        "Subject Key Identifier",
        "Authority Key Identifier",
    ] {
        assert!(text.contains(part), "{part} is missing from\n{text}");
    }
    let ca = pki.text("ca/ca.crt");
    assert!(ca.contains("CA:TRUE, pathlen:0"), "{ca}");
    assert!(ca.contains("Certificate Sign, CRL Sign"), "{ca}");
    assert!(
        !ca.contains("Extended Key Usage") && !ca.contains("Alternative Name"),
        "{ca}"
    );
}

#[test]
fn python_agrees_by_name_and_by_address() {
    let pki = Pki::with_ca(&[]);
    pki.certgen(&["broker", "localhost", "127.0.0.1"]).ok();
    pki.certgen(&["client", "phone"]).ok();
    let script = r#"
import socket, ssl, threading
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain("broker/broker.crt", "broker/broker.key")
server.load_verify_locations("ca/ca.crt")
server.verify_mode = ssl.CERT_REQUIRED
server.verify_flags |= ssl.VERIFY_X509_STRICT
client = ssl.create_default_context(cafile="ca/ca.crt")
client.verify_flags |= ssl.VERIFY_X509_STRICT
client.load_cert_chain("client/phone.crt", "client/phone.key")
listener = socket.create_server(("127.0.0.1", 0))
def serve():
    for _ in range(2):
        connection, _ = listener.accept()
        with server.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(dict(x[0] for x in tls.getpeercert()["subject"])["commonName"].encode())
threading.Thread(target=serve, daemon=True).start()
for name in ["localhost", "127.0.0.1"]:
    with socket.create_connection(listener.getsockname()) as tcp:
        with client.wrap_socket(tcp, server_hostname=name) as tls:
            print(name, tls.recv(100).decode())
"#;
    let output = run(peer("python3")
        .args(["-c", script])
        .current_dir(pki.0.path()))
    .ok();
    assert_eq!(output.stdout, "localhost phone\n127.0.0.1 phone\n");
}

#[test]
fn the_ca_key_is_encrypted_unless_that_is_refused() {
    let pki = Pki::new();
    let unasked = pki.certgen(&["ca"]);
    assert_eq!(unasked.status, Some(2));
    assert!(
        unasked.stderr.contains("--ca-password"),
        "{}",
        unasked.stderr
    );
    let empty = pki.certgen(&["ca", "--ca-password", "env:EMPTY"]);
    assert_eq!(empty.status, Some(2));
    assert!(!pki.file("ca/ca.key").exists());
    pki.certgen(&["ca", "--ca-password", "env:SECRET"]).ok();
    let text = fs::read_to_string(pki.file("ca/ca.key")).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    pki.openssl(&[
        "pkey",
        "-in",
        "ca/ca.key",
        "-passin",
        "pass:correct horse",
        "-noout",
    ])
    .ok();
    assert!(
        !pki.openssl(&["pkey", "-in", "ca/ca.key", "-passin", "pass:x", "-noout"])
            .success()
    );
    let wrong = pki.certgen(&["client", "--ca-password", "env:WRONG", "--json"]);
    assert_eq!(wrong.status, Some(2));
    assert!(
        wrong.stdout.contains("\"schema\": \"error/1\""),
        "{}",
        wrong.stdout
    );
    let needed = pki.certgen(&["client"]);
    assert!(needed.stderr.contains("--ca-password"), "{}", needed.stderr);
    pki.certgen(&[
        "client",
        "--ca-password",
        "env:SECRET",
        "--key-password",
        "env:SECRET",
    ])
    .ok();
    let key = [
        "pkey",
        "-in",
        "client/client.key",
        "-passin",
        "pass:correct horse",
        "-noout",
    ];
    pki.openssl(&key).ok();
}

/// The name of such a CA survives byte for byte, or no chain would hold.
#[test]
fn authorities_of_openssl_are_taken_over() {
    let pki = Pki::new();
    let subject = "/C=DE/O=Home/OU=A/OU=B/DC=lan/CN=Old CA";
    let request = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
    ];
    let files = ["-keyout", "plain.pem", "-out", "old.crt", "-subj", subject];
    pki.openssl(&[&request[..], &files].concat()).ok();
    for (out, options) in [
        ("traditional.pem", &["-traditional"][..]),
        ("sealed.pem", &["-aes256", "-passout", "pass:correct horse"]),
        (
            "old-sealed.pem",
            &["-traditional", "-aes128", "-passout", "pass:correct horse"],
        ),
    ] {
        pki.openssl(&[&["rsa", "-in", "plain.pem", "-out", out][..], options].concat())
            .ok();
    }
    for key in [
        "plain.pem",
        "traditional.pem",
        "sealed.pem",
        "old-sealed.pem",
    ] {
        let import = [
            "ca",
            "--force",
            "--import",
            "old.crt",
            key,
            "--ca-password",
            "env:SECRET",
        ];
        pki.certgen(&import).ok();
        let text = fs::read_to_string(pki.file("ca/ca.key")).unwrap();
        assert!(text.contains("ENCRYPTED"), "{key}");
        pki.certgen(&["broker", "a.lan", "--force", "--ca-password", "env:SECRET"])
            .ok();
        let verified = pki.openssl(&["verify", "-CAfile", "old.crt", "broker/broker.crt"]);
        assert!(verified.success(), "{key} {verified:?}");
    }
    pki.certgen(&["client", "other", "--ca-password", "env:SECRET"])
        .ok();
    let stranger = pki.certgen(&["ca", "--force", "--import", "old.crt", "client/other.key"]);
    assert!(
        stranger.stderr.contains("does not belong"),
        "{}",
        stranger.stderr
    );
    let leaf = [
        "ca",
        "--force",
        "--import",
        "client/other.crt",
        "client/other.key",
    ];
    assert!(pki.certgen(&leaf).stderr.contains("CA:TRUE"));
}

#[test]
fn requests_give_their_key_and_their_good_names_alone() {
    let pki = Pki::with_ca(&[]);
    let request = [
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let files = [
        "-keyout",
        "device.key",
        "-out",
        "device.csr",
        "-subj",
        "/O=Evil/CN=device",
    ];
    let wishes = [
        "-addext",
        "subjectAltName=DNS:device.lan,IP:10.0.0.7",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=keyCertSign",
        "-addext",
        "extendedKeyUsage=serverAuth",
    ];
    pki.openssl(&[&request[..], &files, &wishes].concat()).ok();
    pki.certgen(&["client", "--csr", "device.csr"]).ok();
    let text = pki.text("client/device.crt");
    assert!(
        text.contains("DNS:device.lan, IP Address:10.0.0.7"),
        "{text}"
    );
    assert!(
        text.contains("CA:FALSE") && text.contains("Subject: CN = device\n"),
        "{text}"
    );
    assert!(
        text.contains("TLS Web Client") && !text.contains("TLS Web Server"),
        "{text}"
    );
    assert!(!pki.file("client/device.key").exists());
    let public = pki
        .openssl(&["pkey", "-in", "device.key", "-pubout"])
        .ok()
        .stdout;
    let issued = pki
        .openssl(&["x509", "-in", "client/device.crt", "-noout", "-pubkey"])
        .ok();
    assert_eq!(public, issued.stdout);

    // One bit of the signature, which is at the end.
    pki.openssl(&[
        "req",
        "-in",
        "device.csr",
        "-outform",
        "DER",
        "-out",
        "device.der",
    ])
    .ok();
    let mut der = fs::read(pki.file("device.der")).unwrap();
    pki.certgen(&["broker", "--csr", "device.der", "--name", "device"])
        .ok();
    let last = der.len() - 1;
    der[last] ^= 1;
    fs::write(pki.file("forged.der"), der).unwrap();
    let forged = pki.certgen(&["client", "forged", "--csr", "forged.der"]);
    assert!(forged.stderr.contains("signature"), "{}", forged.stderr);
}

#[test]
fn a_ca_below_another_issues_with_its_chain() {
    let pki = Pki::with_ca(&["--path-length", "1"]);
    pki.certgen(&["ca", "--intermediate", "site", "--no-ca-password"])
        .ok();
    let site = pki.file("site");
    let site = site.to_str().unwrap();
    run(certgen().args(["--dir", site, "broker", "site.lan"])).ok();
    assert!(pki.verify("sslserver", "site/broker/broker.crt"));
    let chain = fs::read_to_string(pki.file("site/broker/broker.crt")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    let deeper = [
        "--dir",
        site,
        "ca",
        "--intermediate",
        "x",
        "--no-ca-password",
    ];
    let deeper = run(certgen().args(deeper));
    assert!(deeper.stderr.contains("path length"), "{}", deeper.stderr);
}

#[test]
fn a_ca_that_is_limited_issues_within_its_limits_alone() {
    let pki = Pki::with_ca(&["--permit", "lan", "--permit", "192.168.0.0/16"]);
    pki.certgen(&["broker", "a.lan", "192.168.1.1", "::1"]).ok();
    assert!(pki.verify("sslserver", "broker/broker.crt"));
    for name in ["a.org", "10.0.0.1", "evil-lan"] {
        let refused = pki.certgen(&["broker", name, "--name", "other"]);
        assert_eq!(refused.status, Some(2), "{name}");
        assert!(
            refused.stderr.contains("name constraints"),
            "{}",
            refused.stderr
        );
    }
}
