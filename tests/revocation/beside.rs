//! Lists that are of no use, beside other faults and without a CA.

use certgen::finding::{Code, Finding};
use certgen::pki::audit::{Question, Role, audit};
use certgen::time::Timestamp;

use crate::made::{chain, current, der, make, openssl};

fn findings(chain: &[Vec<u8>], anchor: Vec<u8>, host: &str, lists: &[Vec<u8>]) -> Vec<Finding> {
    let anchors = [anchor];
    let mut question = Question::new(chain, &anchors, Role::Server { host }, Timestamp::now_utc());
    question.crls = lists.iter().map(Vec::as_slice).collect();
    audit(&question).findings
}

#[test]
fn the_fault_of_the_certificate_comes_before_that_of_the_list() {
    let folder = chain("keyCertSign", "");
    let lists = make(&folder, &[current("new")]);
    let sent = [der(&folder, "b"), der(&folder, "i")];
    let found = findings(&sent, der(&folder, "r"), "elsewhere.lan", &lists);
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::NameMismatch, Code::RevocationDataUnusable]);
}

#[test]
fn a_self_signed_certificate_has_no_ca_that_could_revoke_it() {
    let folder = chain("keyCertSign, cRLSign", "");
    let lists = make(&folder, &[current("new")]);
    let name = "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
    openssl(
        &folder,
        &format!("req -x509 -new -key b.key {name} -days 90 -out own.pem"),
    )
    .ok();
    let verify = "verify -crl_check -CAfile own.pem -CRLfile all.crl own.pem";
    assert!(!openssl(&folder, verify).success());
    let own = der(&folder, "own");
    let found = findings(std::slice::from_ref(&own), own.clone(), "localhost", &lists);
    let told = found
        .iter()
        .find(|one| one.code == Code::RevocationDataUnusable);
    let cause = &told.unwrap().cause;
    assert!(cause.contains("is self-signed"), "{cause}");
}

#[test]
fn a_list_that_is_none_is_told_in_plain_words() {
    let folder = chain("keyCertSign, cRLSign", "");
    let sent = [der(&folder, "b"), der(&folder, "i")];
    let found = findings(
        &sent,
        der(&folder, "r"),
        "localhost",
        &[vec![0x30, 3, 2, 1, 2]],
    );
    let [finding] = found.as_slice() else {
        panic!("{found:#?}");
    };
    assert_eq!(finding.code, Code::RevocationDataUnusable);
    assert!(
        finding.cause.contains("cannot be read (the 5 bytes"),
        "{}",
        finding.cause
    );
    assert!(!finding.cause.contains("Some("), "{}", finding.cause);
}
