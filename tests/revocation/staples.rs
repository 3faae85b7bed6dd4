//! OCSP answers, held against what `openssl ocsp` says of them.

use certgen::finding::{Code, Finding, Severity};
use certgen::pki::audit::{Question, Role, audit};
use certgen::time::Timestamp;

use crate::made::{OTHER, SERIAL, chain, der, issue, key, openssl, openssl_at};
use crate::support::Folder;

const AUTHORITY: &str = "keyCertSign, cRLSign";
const MUST_STAPLE: &str = "tlsfeature = status_request\n";

/// Who signs an answer about which certificate (its issuer, its serial number), and when.
struct Answer {
    signer: &'static str,
    about: (&'static str, &'static str),
    at: &'static str,
}

const GOOD: Answer = Answer {
    signer: "i",
    about: ("i", SERIAL),
    at: "now",
};

/// An answer that is valid for a week.
fn answer(folder: &Folder, answer: &Answer) -> Vec<u8> {
    let valid = |serial| format!("V\t350101000000Z\t\t{serial}\tunknown\t/CN={serial}\n");
    folder.write("ocsp.txt", [SERIAL, OTHER].map(valid).concat());
    let (ca, serial) = answer.about;
    let ask = format!("ocsp -issuer {ca}.pem -serial 0x{serial} -no_nonce -reqout question.der");
    openssl(folder, &ask).ok();
    let signer = answer.signer;
    let sign = format!("-rsigner {signer}.pem -rkey {signer}.key -ndays 7");
    let files = "-reqin question.der -respout staple.der -noverify";
    let respond = format!("ocsp -index ocsp.txt -CA {ca}.pem {sign} {files}");
    openssl_at(folder, answer.at, &respond).ok();
    folder.read("staple.der")
}

/// Whether OpenSSL takes the answer in `staple.der` for one that says that `b` is good.
fn is_taken(folder: &Folder) -> bool {
    let files = "-issuer i.pem -cert b.pem -CAfile r.pem -verify_other i.pem";
    let output = openssl(folder, &format!("ocsp -respin staple.der {files}")).all();
    let has = |words: &str| output.contains(words);
    has("Response verify OK") && has("b.pem: good") && !has("Status times invalid")
}

fn findings(folder: &Folder, staple: &[u8]) -> Vec<Finding> {
    let chain = [der(folder, "b"), der(folder, "i")];
    let anchors = [der(folder, "r")];
    let role = Role::Server { host: "localhost" };
    let mut question = Question::new(&chain, &anchors, role, Timestamp::now_utc());
    question.staple = Some(staple);
    audit(&question).findings
}

#[track_caller]
fn told(folder: &Folder, staple: &[u8], words: &[&str]) {
    let found = findings(folder, staple);
    let [finding] = found.as_slice() else {
        panic!("{found:#?}");
    };
    assert_eq!(finding.code, Code::RevocationDataUnusable);
    assert_eq!(finding.severity, Severity::Warning);
    let said = format!("{finding:?}");
    assert!(words.iter().all(|words| said.contains(words)), "{said}");
}

/// A certificate `d` of the CA `ca` with this usage.
fn delegate(folder: &Folder, ca: &str, usage: &str, at: &str) {
    key(folder, "d");
    folder.write("d.ext", format!("extendedKeyUsage = {usage}\n"));
    issue(folder, "d", ca, "Responder", "99", at);
}

#[test]
fn an_answer_of_the_ca_or_its_delegate_counts() {
    let folder = chain(AUTHORITY, MUST_STAPLE);
    let staple = answer(&folder, &GOOD);
    assert!(is_taken(&folder));
    assert_eq!(findings(&folder, &staple), []);
    delegate(&folder, "i", "OCSPSigning", "now");
    let staple = answer(
        &folder,
        &Answer {
            signer: "d",
            ..GOOD
        },
    );
    assert!(is_taken(&folder));
    assert_eq!(findings(&folder, &staple), []);
}

#[test]
fn who_was_not_appointed_or_no_longer_is_signs_nothing() {
    let folder = chain(AUTHORITY, "");
    for (ca, usage, at, words) in [
        ("i", "serverAuth", "now", "lacks the usage OCSPSigning"),
        ("i", "OCSPSigning", "400 days ago", "was valid until"),
        (
            "r",
            "OCSPSigning",
            "now",
            "whom its CA `Inter` did not appoint",
        ),
    ] {
        delegate(&folder, ca, usage, at);
        let staple = answer(
            &folder,
            &Answer {
                signer: "d",
                ..GOOD
            },
        );
        assert!(!is_taken(&folder), "{words}");
        told(&folder, &staple, &["`Responder`", words]);
    }
}

#[test]
fn an_answer_counts_in_its_time_and_for_its_certificate() {
    let folder = chain(AUTHORITY, MUST_STAPLE);
    key(&folder, "again");
    folder.write("again.ext", "basicConstraints = CA:TRUE\n");
    issue(&folder, "again", "r", "Other", "78", "now");
    let cases = [
        (
            Answer {
                at: "20 days ago",
                ..GOOD
            },
            "was valid until",
            "fetch a new OCSP answer",
        ),
        (
            Answer {
                at: "2 days",
                ..GOOD
            },
            "begins only at",
            "clocks",
        ),
        (
            Answer {
                about: ("i", OTHER),
                ..GOOD
            },
            "serial 2002",
            "after a renewal",
        ),
        (
            Answer {
                about: ("again", SERIAL),
                ..GOOD
            },
            "of another CA",
            "after a renewal",
        ),
    ];
    for (one, words, remedy) in cases {
        let staple = answer(&folder, &one);
        assert!(!is_taken(&folder), "{words}");
        told(&folder, &staple, &[words, remedy, "must-staple"]);
    }
    told(
        &folder,
        &[0x30, 3, 0x0a, 1, 3],
        &["`tryLater`", "must-staple"],
    );
}
