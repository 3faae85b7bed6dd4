//! Revocation lists and OCSP answers that OpenSSL made and judges: which list of a CA counts, and why
//! others do not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "revocation/beside.rs"]
mod beside;
#[path = "revocation/made.rs"]
mod made;
#[path = "revocation/staples.rs"]
mod staples;
mod support;

use certgen::finding::{Code, Finding, Severity};
use certgen::pki::audit::{ListVerdict, Lists, Memory, Question, Role, audit};
use certgen::time::Timestamp;
use made::{AUTHORITY, List, OTHER, SERIAL, chain, current, der, issue, key, make, openssl};
use support::{Folder, Mosquitto, Output, certgen, free_port, peer, run};

/// Whether OpenSSL takes the broker's certificate with these lists.
fn is_taken(folder: &Folder) -> Output {
    openssl(
        folder,
        "verify -crl_check -CAfile r.pem -untrusted i.pem -CRLfile all.crl b.pem",
    )
}

/// What is found, and what the lists alone say.
fn judged(folder: &Folder, lists: &[Vec<u8>]) -> (Vec<Finding>, ListVerdict) {
    let chain = [der(folder, "b"), der(folder, "i")];
    let anchors = [der(folder, "r")];
    let now = Timestamp::now_utc();
    let mut question = Question::new(&chain, &anchors, Role::Server { host: "localhost" }, now);
    question.crls = lists.iter().map(Vec::as_slice).collect();
    let memory = Memory::default();
    question.memory = Some(&memory);
    let known = chain.iter().skip(1).chain(&anchors).map(Vec::as_slice);
    let verdict = Lists::new(lists.iter().map(Vec::as_slice))
        .judge(&chain[0], known, now)
        .0;
    (audit(&question).findings, verdict)
}

/// certgen refuses what OpenSSL refuses, for this reason alone, in whatever order the lists come.
#[track_caller]
fn agrees(folder: &Folder, mut lists: Vec<List>, code: Option<Code>, words: &str) {
    for _ in 0..2 {
        lists.reverse();
        let ders = make(folder, &lists);
        let taken = is_taken(folder);
        assert_eq!(taken.success(), code.is_none(), "{taken:#?}");
        told(folder, &ders, code, words);
    }
}

#[track_caller]
fn told(folder: &Folder, lists: &[Vec<u8>], code: Option<Code>, words: &str) {
    let (findings, verdict) = judged(folder, lists);
    let failures: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Failure)
        .collect();
    let found = failures.first().map(|finding| finding.code);
    assert_eq!(found, code, "{findings:#?}");
    assert!(failures.len() < 2, "{failures:#?}");
    assert_eq!(
        verdict == ListVerdict::NotRevoked,
        code.is_none(),
        "{verdict:?}"
    );
    let said = findings
        .first()
        .map(|finding| format!("{finding:?}"))
        .unwrap_or_default();
    assert!(said.contains(words), "{said}");
}

#[test]
fn the_newest_valid_list_of_a_ca_counts() {
    let folder = chain("keyCertSign, cRLSign", "");
    let old = || List {
        from: -60,
        to: -30,
        number: 1,
        ..current("old")
    };
    agrees(&folder, vec![current("new")], None, "");
    agrees(&folder, vec![old(), current("new")], None, "");
    agrees(&folder, vec![old()], Some(Code::CrlExpired), "Inter");

    let held = List {
        revoked: vec![(SERIAL, "certificateHold")],
        ..old()
    };
    agrees(&folder, vec![held, current("new")], None, "");
    let before = List {
        from: -10,
        number: 1,
        ..current("before")
    };
    let revoked = List {
        revoked: vec![(SERIAL, "keyCompromise")],
        ..current("new")
    };
    let code = Some(Code::ServerCertificateRevoked);
    agrees(&folder, vec![before, revoked], code, "keyCompromise");
    let before = List {
        from: -10,
        number: 1,
        revoked: vec![(SERIAL, "certificateHold")],
        ..current("before")
    };
    agrees(&folder, vec![before, current("new")], None, "");
    let others = List {
        revoked: vec![(OTHER, "superseded")],
        ..current("new")
    };
    agrees(&folder, vec![others], None, "");
}

#[test]
fn a_list_counts_from_its_beginning() {
    let folder = chain("keyCertSign, cRLSign", "");
    let later = || List {
        from: 5,
        number: 3,
        ..current("later")
    };
    agrees(
        &folder,
        vec![later()],
        Some(Code::ClockWrong),
        "revocation data",
    );
    agrees(&folder, vec![later(), current("new")], None, "");
}

#[test]
fn a_list_counts_within_its_scope() {
    let unusable = Some(Code::RevocationDataUnusable);
    let point = "crlDistributionPoints = URI:http://ca.lan/1.crl\n";
    let folder = chain("keyCertSign, cRLSign", point);
    let of = |extensions| {
        vec![List {
            extensions,
            ..current("part")
        }]
    };
    let only = "issuingDistributionPoint = critical, @point\n[point]\n";
    let with = |line: &str| -> &'static str { Box::leak(format!("{only}{line}").into_boxed_str()) };
    agrees(&folder, of(with("onlyCA = TRUE")), unusable, "CAs alone");
    agrees(
        &folder,
        of(with("onlyAA = TRUE")),
        unusable,
        "attribute certificates",
    );
    agrees(
        &folder,
        of(with("indirectCRL = TRUE")),
        unusable,
        "indirect",
    );
    agrees(
        &folder,
        of(with("onlysomereasons = keyCompromise")),
        unusable,
        "some reasons",
    );
    agrees(
        &folder,
        of(with("fullname = URI:http://ca.lan/2.crl")),
        unusable,
        "names `http://ca.lan/1.crl`",
    );
    agrees(
        &folder,
        of(with("fullname = URI:http://ca.lan/1.crl")),
        None,
        "",
    );
    agrees(&folder, of(with("onlyuser = TRUE")), None, "");
    let both = vec![
        current("whole"),
        List {
            extensions: with("onlyCA = TRUE"),
            from: 0,
            ..current("part")
        },
    ];
    agrees(&folder, both, None, "");

    let folder = chain("keyCertSign, cRLSign", "");
    agrees(
        &folder,
        of(with("fullname = URI:http://ca.lan/1.crl")),
        unusable,
        "names none",
    );
}

#[test]
fn a_delta_changes_a_list_and_replaces_none() {
    let folder = chain("keyCertSign, cRLSign", "");
    let delta = |revoked| List {
        from: 0,
        number: 3,
        extensions: "2.5.29.27 = critical, DER:020102",
        revoked,
        ..current("delta")
    };
    let code = Some(Code::ServerCertificateRevoked);
    let revokes = || delta(vec![(SERIAL, "superseded")]);
    agrees(&folder, vec![revokes()], code, "superseded");
    agrees(
        &folder,
        vec![current("whole"), revokes()],
        code,
        "superseded",
    );
    let held = List {
        revoked: vec![(SERIAL, "certificateHold")],
        ..current("whole")
    };
    let lifted = delta(vec![(SERIAL, "removeFromCRL")]);
    agrees(&folder, vec![held, lifted], None, "");
    // OpenSSL takes it for a whole list, unless it is told to look closer.
    let ders = make(&folder, &[delta(vec![(OTHER, "superseded")])]);
    let closer = "verify -crl_check -use_deltas -extended_crl -CAfile r.pem -untrusted i.pem -CRLfile all.crl b.pem";
    assert!(!openssl(&folder, closer).success());
    told(
        &folder,
        &ders,
        Some(Code::RevocationDataUnusable),
        "since list 2",
    );
}

#[test]
fn a_list_that_the_ca_did_not_sign_is_no_fault_of_the_certificate() {
    let unusable = Some(Code::RevocationDataUnusable);
    let folder = chain("keyCertSign, cRLSign", "");
    key(&folder, "again");
    folder.write("again.ext", AUTHORITY);
    issue(&folder, "again", "r", "Inter", "78", "now");
    let foreign = || List {
        key: "again.key",
        from: 0,
        number: 9,
        ..current("foreign")
    };
    agrees(&folder, vec![foreign()], unusable, "another key");
    agrees(&folder, vec![foreign(), current("own")], None, "");

    let folder = chain("keyCertSign", "");
    agrees(&folder, vec![current("new")], unusable, "lacks cRLSign");
}

#[test]
fn a_damaged_list_is_told_where_openssl_stumbles_over_it() {
    let folder = chain("keyCertSign, cRLSign", "");
    let newer = List {
        from: 0,
        number: 3,
        ..current("newer")
    };
    let mut lists = make(&folder, &[current("good"), newer]);
    *lists.last_mut().unwrap().last_mut().unwrap() ^= 1;
    folder.write("newer.der", lists.last().unwrap());
    openssl(&folder, "crl -inform DER -in newer.der -out newer.crl").ok();
    let both = [folder.read("good.crl"), folder.read("newer.crl")].concat();
    folder.write("all.crl", both);
    assert!(is_taken(&folder).all().contains("CRL signature failure"));
    let (findings, verdict) = judged(&folder, &lists);
    assert_eq!(verdict, ListVerdict::NotRevoked);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    assert!(
        finding.cause.contains("OpenSSL tries that one"),
        "{finding:?}"
    );
}

#[test]
fn a_list_of_a_ca_above_leaves_the_leaf_in_doubt_and_says_so_once() {
    let folder = chain("keyCertSign, cRLSign", "");
    let of_root = List {
        key: "r.key",
        ..current("root")
    };
    std::fs::copy(folder.join("r.pem"), folder.join("again.pem")).unwrap();
    let unusable = Some(Code::RevocationDataUnusable);
    agrees(
        &folder,
        vec![of_root],
        unusable,
        "no revocation list of `Inter`",
    );
    let of_root = List {
        key: "r.key",
        revoked: vec![("77", "cACompromise")],
        ..current("root")
    };
    let lists = make(&folder, &[current("inter"), of_root]);
    let (findings, _) = judged(&folder, &lists);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    let remedy = finding.remedy.as_ref().unwrap();
    assert_eq!(finding.code, Code::ServerCertificateRevoked);
    assert!(
        remedy.text.contains("new CA in place of `Inter`"),
        "{}",
        remedy.text
    );
    assert!(remedy.action.is_none());
}

#[test]
fn a_list_of_a_ca_above_that_is_out_of_date_refuses_nobody_who_asks_about_the_leaf() {
    let folder = chain("keyCertSign, cRLSign", "");
    std::fs::copy(folder.join("r.pem"), folder.join("again.pem")).unwrap();
    let of_root = List {
        key: "r.key",
        from: -60,
        to: -30,
        ..current("root")
    };
    let lists = make(&folder, &[current("inter"), of_root]);
    assert!(is_taken(&folder).success());
    let (findings, verdict) = judged(&folder, &lists);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    assert_eq!(verdict, ListVerdict::NotRevoked);
    assert_eq!(finding.code, Code::CrlExpired);
    assert_eq!(finding.severity, Severity::Warning);
}

#[test]
fn inspect_calls_a_list_outdated_where_the_file_has_no_newer_one() {
    let folder = chain("keyCertSign, cRLSign", "");
    let old = || List {
        from: -60,
        to: -30,
        ..current("old")
    };
    let inspect = || run(certgen().arg("inspect").arg(folder.join("all.crl"))).all();
    make(&folder, &[old(), current("new")]);
    assert!(!inspect().contains("crl-expired"), "{}", inspect());
    make(&folder, &[old()]);
    assert!(inspect().contains("crl-expired"), "{}", inspect());
}

/// A broker with the certificate `b`, and further options.
fn broker(folder: &Folder, options: &str) -> (Mosquitto, u16) {
    let both = [folder.read("b.pem"), folder.read("i.pem")].concat();
    folder.write("chain.pem", both);
    let port = free_port();
    let is_root = run(peer("id").arg("-u")).ok().stdout.trim() == "0";
    let path = |name: &str| folder.join(name).display().to_string();
    let text = format!(
        "{}listener {port} 127.0.0.1\nallow_anonymous true\ncertfile {}\nkeyfile {}\n{options}",
        if is_root { "user root\n" } else { "" },
        path("chain.pem"),
        path("b.key")
    );
    let file = folder.write("mosquitto.conf", text);
    (Mosquitto::start(&file, port), port)
}

/// The status of `verify` with the file of lists, and its report.
fn verify(folder: &Folder, port: u16) -> Output {
    let mut verify = certgen();
    verify.args(["verify", "--json", "--host", "localhost", "--port"]);
    verify
        .arg(port.to_string())
        .arg("--cafile")
        .arg(folder.join("r.pem"));
    run(verify.arg("--crl").arg(folder.join("all.crl")))
}

#[test]
fn webpki_is_asked_about_the_list_that_counts() {
    let folder = chain("keyCertSign, cRLSign", "");
    let (_broker, port) = broker(&folder, "");
    let old = || List {
        from: -60,
        to: -30,
        number: 1,
        revoked: vec![(SERIAL, "certificateHold")],
        ..current("old")
    };
    make(&folder, &[old(), current("new")]);
    let output = verify(&folder, port);
    assert!(
        output.success() && !output.stdout.contains("revo"),
        "{output:#?}"
    );

    make(
        &folder,
        &[List {
            is_v1: true,
            ..current("new")
        }],
    );
    let output = verify(&folder, port);
    assert!(
        output.success() && output.stdout.contains("of version 1"),
        "{output:#?}"
    );
    make(
        &folder,
        &[List {
            is_v1: true,
            revoked: vec![(SERIAL, "superseded")],
            ..current("new")
        }],
    );
    let output = verify(&folder, port);
    assert!(
        output.stdout.contains("server-certificate-revoked"),
        "{output:#?}"
    );

    key(&folder, "again");
    folder.write("again.ext", AUTHORITY);
    issue(&folder, "again", "r", "Inter", "78", "now");
    make(
        &folder,
        &[List {
            key: "again.key",
            ..current("foreign")
        }],
    );
    let output = verify(&folder, port);
    assert_eq!(output.status, Some(1));
    assert!(output.stdout.contains("another key"), "{output:#?}");
    assert!(!output.stdout.contains("rustls refuses"), "{output:#?}");
}

#[test]
fn mosquitto_and_config_check_take_the_newest_list_of_a_crlfile() {
    let folder = chain("keyCertSign, cRLSign", "");
    key(&folder, "c");
    folder.write("c.ext", "extendedKeyUsage = clientAuth\n");
    issue(&folder, "c", "i", "phone", OTHER, "now");
    folder.write(
        "cas.pem",
        [folder.read("r.pem"), folder.read("i.pem")].concat(),
    );
    let old = || List {
        from: -60,
        to: -30,
        ..current("old")
    };
    let path = |name: &str| folder.join(name).display().to_string();
    let options = format!(
        "require_certificate true\ncafile {}\ncrlfile {}\n",
        path("cas.pem"),
        path("all.crl")
    );
    for (lists, is_good) in [(vec![old(), current("new")], true), (vec![old()], false)] {
        make(&folder, &lists);
        let (_broker, port) = broker(&folder, &options);
        let mut verify = certgen();
        verify.args(["verify", "--host", "localhost", "--port", &port.to_string()]);
        for (option, name) in [
            ("--cafile", "r.pem"),
            ("--cert", "c.pem"),
            ("--key", "c.key"),
        ] {
            verify.arg(option).arg(folder.join(name));
        }
        let output = run(&mut verify);
        assert_eq!(output.success(), is_good, "{output:#?}");
        let mut check = certgen();
        check.args(["config", "check", "--json"]);
        let said = run(check.arg(folder.join("mosquitto.conf"))).all();
        assert_eq!(said.contains("broker-crl-expired"), !is_good, "{said}");
    }
}
