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
