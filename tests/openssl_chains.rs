//! Chains that OpenSSL made and judges: what it refuses is told, with the reason, and nothing else.

mod support;

use certgen::finding::{Code, Severity};
use certgen::pki::audit::{Question, Role, audit};
use certgen::time::Timestamp;
use support::{Folder, Output, peer, run};

const EXTENSIONS: &str = "subjectAltName = DNS:broker.lan
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid, issuer:always
";

fn openssl(folder: &Folder, arguments: &str) -> Output {
    let words = arguments.split_whitespace();
    run(peer("openssl").args(words).current_dir(folder.path()))
}

/// Two CAs of one name and one key, with serial numbers of their own, and a certificate of the first.
fn renewed_authority() -> Folder {
    let folder = Folder::new();
    folder.write("extensions", EXTENSIONS);
    let p256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    openssl(&folder, &format!("genpkey {p256} -out ca.key")).ok();
    openssl(&folder, &format!("genpkey {p256} -out broker.key")).ok();
    for ca in ["old", "new"] {
        let usage = "-addext keyUsage=critical,keyCertSign,cRLSign";
        let subject = "req -x509 -new -key ca.key -subj /CN=Home -days 900";
        openssl(&folder, &format!("{subject} {usage} -out {ca}.pem")).ok();
    }
    let request = "req -new -key broker.key -subj /CN=broker.lan -out broker.csr";
    openssl(&folder, request).ok();
    let sign = "x509 -req -in broker.csr -CA old.pem -CAkey ca.key -CAcreateserial -days 300";
    openssl(
        &folder,
        &format!("{sign} -extfile extensions -out broker.pem"),
    )
    .ok();
    for name in ["old", "new", "broker"] {
        let convert = format!("x509 -in {name}.pem -outform DER -out {name}.der");
        openssl(&folder, &convert).ok();
    }
    folder
}

fn failures(folder: &Folder, anchor: &str) -> Vec<(Code, String)> {
    let chain = [folder.read("broker.der")];
    let anchors = [folder.read(anchor)];
    let role = Role::Server { host: "broker.lan" };
    let question = Question::new(&chain, &anchors, role, Timestamp::now_utc());
    let findings = audit(&question).findings.into_iter();
    findings
        .filter(|finding| finding.severity == Severity::Failure)
        .map(|finding| (finding.code, finding.cause))
        .collect()
}

#[test]
fn a_ca_renewed_under_its_key_is_not_the_one_that_a_serial_number_names() {
    let folder = renewed_authority();
    let verify = |ca: &str| openssl(&folder, &format!("verify -CAfile {ca}.pem broker.pem"));

    assert!(verify("old").success());
    assert_eq!(failures(&folder, "old.der"), []);

    assert!(!verify("new").success());
    let found = failures(&folder, "new.der");
    let [(code, cause)] = found.as_slice() else {
        panic!("{found:#?}");
    };
    assert_eq!(*code, Code::KeyIdMismatch);
    assert!(cause.contains("the serial number"), "{cause}");
}

/// A root, and a certificate that it issued with these extensions and this digest.
fn issued(subject: &str, extensions: &str, digest: &str) -> Folder {
    let folder = Folder::new();
    folder.write("extensions", extensions);
    let p256 = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let usage = "-addext keyUsage=critical,keyCertSign";
    let root = format!("req -x509 {p256} -keyout ca.key -subj /CN=Home {usage} -out root.pem");
    openssl(&folder, &root).ok();
    let request = format!("req -new {p256} -keyout broker.key -subj {subject} -out broker.csr");
    openssl(&folder, &request).ok();
    let sign = "x509 -req -in broker.csr -CA root.pem -CAkey ca.key -CAcreateserial -days 20";
    let more = format!("-extfile extensions {digest} -out broker.pem");
    openssl(&folder, &format!("{sign} {more}")).ok();
    for name in ["root", "broker"] {
        let convert = format!("x509 -in {name}.pem -outform DER -out {name}.der");
        openssl(&folder, &convert).ok();
    }
    folder
}

#[track_caller]
fn only_failure(folder: &Folder, words: &[&str]) -> Code {
    let found = failures(folder, "root.der");
    let [(code, cause)] = found.as_slice() else {
        panic!("{found:#?}");
    };
    for word in words {
        assert!(cause.contains(word), "`{word}` is not in: {cause}");
    }
    *code
}

#[test]
fn the_netscape_type_still_counts() {
    for (kind, fits) in [("client", false), ("server", true), ("client,server", true)] {
        let extensions = format!("subjectAltName = DNS:broker.lan\nnsCertType = {kind}\n");
        let folder = issued("/CN=broker.lan", &extensions, "-sha256");
        let verify = "verify -purpose sslserver -CAfile root.pem broker.pem";
        assert_eq!(openssl(&folder, verify).success(), fits, "{kind}");
        if fits {
            assert_eq!(failures(&folder, "root.der"), []);
        } else {
            assert_eq!(
                only_failure(&folder, &["nsCertType"]),
                Code::ServerUsageMissing
            );
        }
    }
}

#[test]
fn sha_224_is_refused_by_others_than_openssl() {
    let extensions = "subjectAltName = DNS:broker.lan\n";
    let folder = issued("/CN=broker.lan", extensions, "-sha224");
    let verify = "verify -auth_level 2 -CAfile root.pem broker.pem";
    assert!(openssl(&folder, verify).success());
    let words = ["SHA-224", "OpenSSL still takes"];
    assert_eq!(only_failure(&folder, &words), Code::WeakSignature);
}

#[test]
fn of_several_common_names_the_one_that_is_the_host_is_named() {
    let folder = issued(
        "/CN=broker.lan/CN=other",
        "basicConstraints = CA:FALSE\n",
        "-sha256",
    );
    let verify = "verify -verify_hostname broker.lan -CAfile root.pem broker.pem";
    assert!(openssl(&folder, verify).success());
    let words = ["its CN `broker.lan` is the host"];
    assert_eq!(only_failure(&folder, &words), Code::NoSubjectAltName);
}

#[test]
fn rsa_pss_with_a_long_salt_is_no_damage() {
    let folder = Folder::new();
    folder.write("extensions", "subjectAltName = DNS:broker.lan\n");
    let rsa = "-newkey rsa:2048 -nodes";
    let usage = "-addext keyUsage=critical,keyCertSign";
    let root = format!("req -x509 {rsa} -keyout ca.key -subj /CN=Home {usage} -out root.pem");
    openssl(&folder, &root).ok();
    let request = format!("req -new {rsa} -keyout broker.key -subj /CN=broker.lan");
    openssl(&folder, &format!("{request} -out broker.csr")).ok();
    for (salt, fits) in [("222", false), ("32", true)] {
        let sign = "x509 -req -in broker.csr -CA root.pem -CAkey ca.key -CAcreateserial -days 20";
        let pss = format!("-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{salt}");
        let more = format!("-extfile extensions -sha256 {pss} -out broker.pem");
        openssl(&folder, &format!("{sign} {more}")).ok();
        for name in ["root", "broker"] {
            let convert = format!("x509 -in {name}.pem -outform DER -out {name}.der");
            openssl(&folder, &convert).ok();
        }
        assert!(openssl(&folder, "verify -CAfile root.pem broker.pem").success());
        if fits {
            assert_eq!(failures(&folder, "root.der"), []);
        } else {
            assert_eq!(only_failure(&folder, &["salt"]), Code::UnsupportedKey);
        }
    }
}
