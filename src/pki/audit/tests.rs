//! What is said of chains that are made by hand, and what is not.

use ::time::macros::datetime;

use super::*;
use crate::finding::Stack;
use crate::pki::{
    Authority, AuthorityProfile, Identity, KeyType, Profile, Serial, Validity, generate, issue,
    root, subordinate,
};
use crate::random::SystemRandom;
use crate::x509::GeneralName;
use crate::x509::key::public_key;

const NOW: Timestamp = datetime!(2026-06-01 12:00 UTC);
const HOST: &str = "broker.lan";

fn serial() -> Serial {
    Serial::draw(&mut SystemRandom)
}

fn profile(name: &str, days: u32) -> AuthorityProfile {
    AuthorityProfile::new(name, Validity::days(NOW, days)).unwrap()
}

fn root_of(profile: &AuthorityProfile) -> Authority {
    let key = generate(KeyType::P256);
    let certificate = root(profile, &key, &serial()).unwrap();
    Authority::new(Identity::new(key, vec![certificate]).unwrap()).unwrap()
}

fn below(parent: &Authority, profile: &AuthorityProfile) -> Authority {
    let key = generate(KeyType::P256);
    let certificate = subordinate(parent, profile, &key, &serial(), NOW).unwrap();
    let mut chain = vec![certificate];
    chain.extend_from_slice(parent.chain());
    Authority::new(Identity::new(key, chain).unwrap()).unwrap()
}

fn der(authority: &Authority) -> Vec<u8> {
    authority.certificate().der.clone()
}

fn broker(authority: &Authority, days: u32, kind: KeyType) -> Vec<u8> {
    let names = vec![GeneralName::Dns(HOST.into())];
    let profile = Profile::broker(names, Validity::days(NOW, days)).unwrap();
    let key = public_key(&generate(kind)).unwrap();
    issue(authority, &profile, &key, &serial(), NOW)
        .unwrap()
        .der
}

fn client(authority: &Authority) -> Vec<u8> {
    let profile = Profile::client("phone", Vec::new(), Validity::days(NOW, 90)).unwrap();
    let key = public_key(&generate(KeyType::P256)).unwrap();
    issue(authority, &profile, &key, &serial(), NOW)
        .unwrap()
        .der
}

fn judged(chain: &[Vec<u8>], anchors: &[Vec<u8>], host: &str, now: Timestamp) -> Report {
    audit(&Question::new(chain, anchors, Role::Server { host }, now))
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

/// A root with an intermediate below it, and a broker below that.
fn three() -> [Vec<u8>; 3] {
    let root = root_of(&profile("Root", 3_650).with_path_length(1));
    let intermediate = below(&root, &profile("Intermediate", 1_000));
    let leaf = broker(&intermediate, 90, KeyType::P256);
    [leaf, der(&intermediate), der(&root)]
}

#[test]
fn nothing_is_said_of_a_good_chain() {
    let [leaf, intermediate, root] = three();
    let report = judged(&[leaf, intermediate], &[root], HOST, NOW);
    assert_eq!(codes(&report), []);
    assert!(report.trusted);
    let places: Vec<Place> = report.links.iter().map(|link| link.place).collect();
    assert_eq!(places, [Place::Leaf, Place::Intermediate, Place::Anchor]);
}

#[test]
fn an_intermediate_that_is_not_sent_is_missed_and_not_merely_unknown() {
    let [leaf, intermediate, root] = three();
    let chain = [leaf];
    let role = Role::Server { host: HOST };
    let anchors = [root];
    let others = [intermediate];
    let mut question = Question::new(&chain, &anchors, role, NOW);
    question.others = &others;
    let report = audit(&question);
    assert_eq!(codes(&report), [Code::MissingIntermediate]);
    assert!(report.findings[0].cause.contains("Intermediate"));
}

#[test]
fn order_and_strays_are_told_apart() {
    let [leaf, intermediate, root] = three();
    let stray = der(&root_of(&profile("Stray", 365)));
    let anchors = [root.clone()];
    let turned = [leaf.clone(), root, intermediate.clone()];
    let report = judged(&turned, &anchors, HOST, NOW);
    assert!(codes(&report).contains(&Code::ChainOutOfOrder));
    let report = judged(&[leaf, intermediate, stray], &anchors, HOST, NOW);
    assert_eq!(codes(&report), [Code::ChainUnusedCertificate]);
    assert_eq!(report.links.last().unwrap().place, Place::Unused);
}

#[test]
fn a_foreign_issuer_is_unknown_and_a_regenerated_one_is_named() {
    let old = root_of(&profile("Home CA", 3_650));
    let new = root_of(&profile("Home CA", 3_650));
    let other = root_of(&profile("Other CA", 3_650));
    let chain = [broker(&old, 90, KeyType::P256)];
    let unknown = judged(&chain, &[der(&other)], HOST, NOW);
    assert_eq!(codes(&unknown).first(), Some(&Code::UnknownIssuer));
    assert!(unknown.findings[0].cause.contains("Home CA"));
    assert!(!unknown.trusted);
    let regenerated = judged(&chain, &[der(&new)], HOST, NOW);
    assert_eq!(codes(&regenerated).first(), Some(&Code::CaRegenerated));
    assert!(!codes(&regenerated).contains(&Code::UnknownIssuer));
}

#[test]
fn webpkis_verdict_is_taken_where_only_one_key_can_have_signed() {
    let old = root_of(&profile("Home CA", 3_650));
    let new = root_of(&profile("Home CA", 3_650));
    let chain = [broker(&old, 90, KeyType::P256)];
    let believed = |anchors: &[Vec<u8>]| {
        let role = Role::Server { host: HOST };
        let mut question = Question::new(&chain, anchors, role, NOW);
        question.is_verified = true;
        audit(&question)
    };
    assert!(believed(&[der(&new)]).trusted);
    let both = believed(&[der(&new), der(&old)]);
    assert_eq!(both.links[1].certificate.der, der(&old));
    assert_eq!(codes(&both), []);
    assert!(!judged(&chain, &[der(&new)], HOST, NOW).trusted);
}

#[test]
fn what_is_remembered_changes_no_judgement() {
    let [leaf, intermediate, root] = three();
    let mut altered = leaf.clone();
    *altered.last_mut().unwrap() ^= 1;
    let memory = Memory::default();
    let anchors = [root];
    for _ in 0..2 {
        for leaf in [&leaf, &altered] {
            let chain = [leaf.clone(), intermediate.clone()];
            let mut question = Question::new(&chain, &anchors, Role::Server { host: HOST }, NOW);
            let fresh = audit(&question);
            question.memory = Some(&memory);
            let remembering = audit(&question);
            assert_eq!(remembering.findings, fresh.findings);
            assert_eq!(remembering.trusted, fresh.trusted);
        }
    }
    assert_eq!(memory.certificate(&leaf).unwrap().der, leaf);
}

#[test]
fn each_certificate_that_has_ended_is_named() {
    let root = root_of(&profile("Root", 3_650).with_path_length(1));
    let intermediate = below(&root, &profile("Short CA", 100));
    let chain = [broker(&intermediate, 90, KeyType::P256), der(&intermediate)];
    let later = NOW + ::time::Duration::days(200);
    let report = judged(&chain, &[der(&root)], HOST, later);
    assert_eq!(
        codes(&report),
        [Code::CertificateExpired, Code::CertificateExpired]
    );
    assert!(report.findings[0].cause.contains("broker.lan"));
    assert!(report.findings[1].cause.contains("Short CA"));
}

#[test]
fn dates_that_no_clock_explains_put_the_clock_in_doubt() {
    let root = root_of(&profile("Root", 3_650));
    let chain = [broker(&root, 90, KeyType::P256)];
    let before = NOW - ::time::Duration::days(10_000);
    let report = judged(&chain, &[der(&root)], HOST, before);
    assert_eq!(codes(&report), [Code::ClockWrong]);
}

#[test]
fn what_ends_soon_is_a_warning_and_carries_its_date() {
    let root = root_of(&profile("Root", 3_650));
    let chain = [broker(&root, 10, KeyType::P256)];
    let report = judged(&chain, &[der(&root)], HOST, NOW);
    assert_eq!(codes(&report), [Code::ExpiresSoon]);
    assert_eq!(report.findings[0].severity, Severity::Warning);
    assert!(report.findings[0].cause.contains("2026-06-"));
}

#[test]
fn a_root_that_has_ended_lists_the_stacks_that_look() {
    let root = root_of(&profile("Root", 30));
    let chain = [broker(&root, 10, KeyType::P256)];
    let later = NOW + ::time::Duration::days(40);
    let report = judged(&chain, &[der(&root)], HOST, later);
    let ended = report
        .findings
        .iter()
        .find(|finding| finding.code == Code::TrustAnchorExpired)
        .unwrap();
    assert!(ended.stacks.contains(&Stack::OpenSsl) && !ended.stacks.contains(&Stack::Java));
}

#[test]
fn names_on_both_sides_stand_in_a_mismatch() {
    let root = root_of(&profile("Root", 3_650));
    let chain = [broker(&root, 90, KeyType::P256)];
    for host in ["other.lan", "192.0.2.7"] {
        let report = judged(&chain, &[der(&root)], host, NOW);
        assert_eq!(codes(&report), [Code::NameMismatch], "{host}");
        let cause = &report.findings[0].cause;
        assert!(cause.contains(host) && cause.contains(HOST), "{cause}");
    }
    assert_eq!(
        codes(&judged(&chain, &[der(&root)], "BROKER.lan.", NOW)),
        []
    );
}

#[test]
fn a_client_certificate_serves_no_server_nor_the_other_way_round() {
    let root = root_of(&profile("Root", 3_650));
    let anchors = [der(&root)];
    let chain = [client(&root)];
    let as_server = codes(&judged(&chain, &anchors, HOST, NOW));
    assert!(as_server.contains(&Code::ServerUsageMissing));
    let as_client = audit(&Question::new(&chain, &anchors, Role::Client, NOW));
    assert_eq!(codes(&as_client), []);
    let chain = [broker(&root, 90, KeyType::P256)];
    let as_client = audit(&Question::new(&chain, &anchors, Role::Client, NOW));
    assert!(codes(&as_client).contains(&Code::ClientUsageMissing));
}

#[test]
fn a_ca_as_server_and_a_leaf_as_ca_are_named() {
    let root = root_of(&profile("Root", 3_650));
    let leaf = broker(&root, 90, KeyType::P256);
    let report = judged(
        std::slice::from_ref(&leaf),
        std::slice::from_ref(&leaf),
        HOST,
        NOW,
    );
    assert_eq!(codes(&report).first(), Some(&Code::LeafAsTrustAnchor));
    let report = judged(&[der(&root)], &[der(&root)], HOST, NOW);
    assert!(codes(&report).contains(&Code::CaUsedAsServerCertificate));
}

#[test]
fn keys_that_some_stacks_refuse_are_warnings_with_those_stacks() {
    let root = root_of(&profile("Root", 3_650));
    for (kind, common) in [
        (KeyType::P256, true),
        (KeyType::P384, true),
        (KeyType::Rsa2048, true),
        (KeyType::Ed25519, false),
        (KeyType::P521, false),
    ] {
        let report = judged(&[broker(&root, 90, kind)], &[der(&root)], HOST, NOW);
        assert!(report.trusted);
        let uncommon = report
            .findings
            .iter()
            .find(|finding| finding.code == Code::UncommonKey);
        assert_eq!(uncommon.is_none(), common, "{}", kind.as_str());
        if let Some(finding) = uncommon {
            assert_eq!(finding.severity, Severity::Warning);
            assert!(!finding.stacks.is_empty());
        }
    }
}

#[test]
fn a_name_that_the_ca_may_not_certify_is_a_violation() {
    let permitted = ["home.arpa".to_owned()];
    let narrow = profile("Narrow", 3_650).with_permitted(&permitted).unwrap();
    let key = generate(KeyType::P256);
    let certificate = root(&narrow, &key, &serial()).unwrap();
    let narrow = certificate.der.clone();
    // The same key under a profile without limits issues what the limits forbid.
    let free = root(&profile("Narrow", 3_650), &key, &serial()).unwrap();
    let free = Authority::new(Identity::new(key, vec![free]).unwrap()).unwrap();
    let report = judged(&[broker(&free, 90, KeyType::P256)], &[narrow], HOST, NOW);
    assert_eq!(codes(&report).first(), Some(&Code::NameConstraintViolated));
}

#[test]
fn bytes_that_are_no_certificate_are_a_finding_and_no_panic() {
    let root = root_of(&profile("Root", 3_650));
    for junk in [
        Vec::new(),
        vec![0x30],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ] {
        let report = judged(&[junk], &[der(&root)], HOST, NOW);
        assert!(!report.trusted);
    }
    assert!(judged(&[], &[], HOST, NOW).findings.is_empty());
}

#[test]
fn a_leaf_that_is_sent_twice_is_not_out_of_order() {
    let [leaf, intermediate, root] = three();
    let chain = [leaf.clone(), leaf, intermediate];
    let report = judged(&chain, &[root], HOST, NOW);
    assert_eq!(codes(&report), [Code::ChainUnusedCertificate]);
    assert!(report.findings[0].cause.contains("twice"));
}

#[test]
fn a_leaf_that_comes_alone_may_lack_its_intermediate() {
    let root = root_of(&profile("Root", 3_000));
    let stranger = root_of(&profile("Elsewhere", 3_000));
    let leaf = broker(&stranger, 90, KeyType::P256);
    let report = judged(&[leaf], &[der(&root)], HOST, NOW);
    assert_eq!(codes(&report)[0], Code::UnknownIssuer);
    let finding = &report.findings[0];
    assert!(
        finding.cause.contains("sends no other certificate"),
        "{}",
        finding.cause
    );
    let remedy = finding.remedy.as_ref().unwrap();
    assert!(
        remedy.text.contains("append its certificate"),
        "{}",
        remedy.text
    );
}

#[test]
fn names_that_cannot_be_issued_are_not_suggested() {
    let root = root_of(&profile("Root", 3_000));
    let leaf = broker(&root, 90, KeyType::P256);
    let mut certificate = Certificate::from_der(&leaf).unwrap();
    let long = format!("{}.lan", "x".repeat(70));
    let names = [
        "*",
        "*.lan",
        "mq*.lan",
        "-x.lan",
        &long,
        "*.lab.test",
        "mqtt.lan",
    ];
    let names = names.map(|name| GeneralName::Dns(name.into()));
    certificate.subject_alt_names = Some(names.to_vec());
    let remedy = words::reissue(&certificate, Role::Server { host: HOST }, "again");
    let Some(crate::finding::Action::IssueBroker { names, .. }) = remedy.action else {
        panic!("{remedy:?}");
    };
    assert_eq!(names, [HOST, "*.lab.test", "mqtt.lan"]);
}
