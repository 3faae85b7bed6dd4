//! Clients that mosquitto refuses by their certificate's name or their client id.

use std::path::PathBuf;

use crate::support::{Folder, certgen, peer, run};
use crate::{household, mosquitto, pki, tls, told, verify};

/// A client certificate of the CA with this subject, and its key.
fn client(folder: &Folder, subject: &str) -> (PathBuf, PathBuf) {
    let at = |name: &str| folder.join(name);
    let mut request = peer("openssl");
    request.args([
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]);
    request
        .args(["-nodes", "-subj", subject, "-keyout"])
        .arg(at("own.key"));
    run(request.arg("-out").arg(at("own.csr"))).ok();
    let mut issue = peer("openssl");
    issue
        .args(["x509", "-req", "-days", "9", "-in"])
        .arg(at("own.csr"));
    issue.arg("-CA").arg(pki(folder, "ca/ca.crt"));
    issue.arg("-CAkey").arg(pki(folder, "ca/ca.key"));
    run(issue.args(["-CAcreateserial", "-out"]).arg(at("own.crt"))).ok();
    (at("own.crt"), at("own.key"))
}

fn mutual(folder: &Folder, lines: &str) -> String {
    format!(
        "{}cafile {}\nrequire_certificate true\nuse_identity_as_username true\n{lines}",
        tls(folder),
        pki(folder, "ca/ca.crt").display()
    )
}

#[test]
fn a_certificate_without_common_name_is_no_user() {
    let folder = household();
    let broker = mosquitto(&folder, &mutual(&folder, ""));
    let (certificate, key) = client(&folder, "/O=home");
    told(
        verify(&folder, broker.port)
            .arg("--cert")
            .arg(certificate)
            .arg("--key")
            .arg(key),
        "bad-credentials",
        "has no common name",
    );
}

#[test]
fn a_client_id_can_be_what_is_refused() {
    let folder = household();
    let lines = mutual(&folder, "clientid_prefixes rhasspy-\n");
    let broker = mosquitto(&folder, &lines);
    let mut client = certgen();
    client.arg("--dir").arg(folder.join("pki"));
    run(client.args(["client", "kitchen"])).ok();
    let check = || {
        let mut check = verify(&folder, broker.port);
        check.arg("--cert").arg(pki(&folder, "client/kitchen.crt"));
        check.arg("--key").arg(pki(&folder, "client/kitchen.key"));
        check
    };
    told(
        &mut check(),
        "not-authorized",
        "check with the app's own (--client-id)",
    );
    run(check().args(["--client-id", "rhasspy-1"])).ok();
}
