//! What is not issued: lists with a mistake in them, what cannot work, dry runs, fixture CAs.

use std::fs;

use super::*;

#[test]
fn lists_are_issued_all_or_none() {
    let pki = Pki::with_ca(&[]);
    let names: String = (0..300)
        .map(|n| format!("device{n},uri:urn:device:{n}\n"))
        .collect();
    fs::write(pki.file("list.csv"), format!("name,san\n{names}")).unwrap();
    let json = pki
        .certgen(&["client", "--from", "list.csv", "--jobs", "4", "--json"])
        .ok();
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["schema"], "client/1");
    assert_eq!(document["certificates"].as_array().unwrap().len(), 300);
    assert_eq!(document["certificates"][7]["name"], "device7");
    assert!(pki.verify("sslclient", "client/device299.crt"));
    assert_eq!(fs::read_dir(pki.file("ca/issued")).unwrap().count(), 300);
    fs::write(pki.file("more.csv"), "new1\nnew2\ndevice7\n").unwrap();
    assert_eq!(
        pki.certgen(&["client", "--from", "more.csv"]).status,
        Some(2)
    );
    assert!(!pki.file("client/new1.crt").exists());
    fs::write(pki.file("twins.csv"), "new1\nNEW1\n").unwrap();
    assert!(
        pki.certgen(&["client", "--from", "twins.csv"])
            .stderr
            .contains("NEW1")
    );
}

#[test]
fn what_cannot_work_is_not_issued() {
    let pki = Pki::with_ca(&["--cn", "Home CA", "--days", "30"]);
    for (arguments, code) in [
        (&["broker", "broker.lan:8883"][..], "bad-name"),
        (&["broker", "192.168.1.300"], "bad-name"),
        (&["broker", "--san", "uri:urn:x"], "profile-violated"),
        (&["client", "home ca"], "same-subject-as-issuer"),
        (&["client", "--now", "2099-01-01"], "trust-anchor-expired"),
        (
            &[
                "ca",
                "--force",
                "--no-ca-password",
                "--not-after",
                "2001-01-01",
            ],
            "profile-violated",
        ),
    ] {
        let output = pki.certgen(&[arguments, &["--json"]].concat());
        assert_eq!(output.status, Some(2), "{arguments:?}");
        let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(document["error"]["code"], code, "{arguments:?}");
    }
    let long = "a".repeat(65);
    assert!(pki.certgen(&["client", &long]).stderr.contains("64"));
    let beyond = pki.certgen(&["client", "phone"]).ok();
    assert!(
        beyond.stdout.contains("ends with its CA"),
        "{}",
        beyond.stdout
    );
    let apple = Pki::with_ca(&[]);
    let long_lived = apple
        .certgen(&["broker", "a.lan", "--days", "826", "--json"])
        .ok();
    assert!(
        long_lived.stdout.contains("validity-too-long"),
        "{}",
        long_lived.stdout
    );
    let strict = ["broker", "a.lan", "--force", "--days", "826", "--strict"];
    assert_eq!(apple.certgen(&strict).status, Some(1));
    let fine = apple
        .certgen(&["broker", "a.lan", "--force", "--days", "825", "--json"])
        .ok();
    assert!(
        !fine.stdout.contains("validity-too-long"),
        "{}",
        fine.stdout
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let pki = Pki::new();
    let count = |path: &Path| fs::read_dir(path).unwrap().count();
    pki.certgen(&["ca", "--dry-run"]).ok();
    pki.certgen(&["init", "a.lan", "--dry-run"]).ok();
    assert_eq!(count(pki.0.path()), 0);
    let pki = Pki::with_ca(&[]);
    let before = count(&pki.file("ca"));
    pki.certgen(&["client", "phone", "--dry-run"]).ok();
    assert!(!pki.file("client").exists());
    assert_eq!(count(&pki.file("ca")), before);
}

/// Certificates of fixtures have keys that everybody knows.
#[test]
fn fixtures_issue_nothing_by_accident() {
    let pki = Pki::new();
    let request = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "9"];
    let files = [
        "-keyout",
        "f.key",
        "-out",
        "f.crt",
        "-subj",
        "/O=certgen TEST FIXTURE/CN=CA",
    ];
    pki.openssl(&[&request[..], &files].concat()).ok();
    let import = ["ca", "--no-ca-password", "--import", "f.crt", "f.key"];
    let refused = pki.certgen(&import);
    assert!(
        refused.stderr.contains("--allow-fixture-ca"),
        "{}",
        refused.stderr
    );
    pki.certgen(&[&import[..], &["--allow-fixture-ca"]].concat())
        .ok();
    assert_eq!(pki.certgen(&["client"]).status, Some(2));
    pki.certgen(&["client", "--allow-fixture-ca"]).ok();
}
