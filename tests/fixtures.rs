//! Fixtures: the same bytes each time, one fault each, and a command that keeps them so.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use certgen::fixtures::lock::sha256;
use certgen::fixtures::{Clock, Expected, Kind, MARK, Request, Seed, Subject, catalogue, proof};
use certgen::pki::KeyType;
use certgen::x509::Certificate;

/// The default set of format 1, without its indexes, which say what stacks were seen to do. It may
/// change only together with the format version.
const GOLDEN: &str = "b4b1ce09e675ab530d7d16da9bc0144e9c4c9da9151d26154735e7ddc0b5bb5f";

fn default_set() -> certgen::fixtures::Set {
    Request::default().make().unwrap()
}

#[test]
fn the_default_set_has_the_bytes_it_always_had() {
    let set = default_set();
    let fixed = set.files().iter().filter(|file| file.kind != Kind::Index);
    let mut lines: Vec<String> = fixed
        .map(|file| format!("{}  {}\n", file.path, sha256(&file.bytes)))
        .collect();
    lines.sort();
    let lines = lines.concat();
    assert_eq!(
        sha256(lines.as_bytes()),
        GOLDEN,
        "the bytes of format {} changed",
        certgen::fixtures::FORMAT
    );
}

#[test]
fn a_scenario_has_the_same_bytes_alone_and_in_any_company() {
    let whole = default_set();
    for only in ["time/*", "store/p12*", "crypto/rsa1024-leaf"] {
        let mut request = Request::default();
        request.only = vec![only.to_owned()];
        for fixture in request.make().unwrap().fixtures() {
            assert_eq!(
                fixture.files(),
                whole.get(fixture.id()).unwrap().files(),
                "{}",
                fixture.id()
            );
            let alone = request.fixture(fixture.id()).unwrap();
            assert_eq!(alone.files(), fixture.files(), "{}", fixture.id());
        }
    }
}

#[test]
fn another_seed_makes_another_of_every_derived_key() {
    let mut request = Request::default();
    request.only = vec!["good/*".to_owned()];
    let one = request.make().unwrap();
    request.seed = Seed::new("another");
    let two = request.make().unwrap();
    for (one, two) in one.fixtures().iter().zip(two.fixtures()) {
        assert_ne!(one.chain(), two.chain(), "{}", one.id());
    }
}

#[test]
fn every_verdict_holds_and_every_fault_is_the_only_one() {
    let request = Request::default();
    let set = request.make().unwrap();
    let findings = proof::prove(&request, &set, Clock::DEFAULT).unwrap();
    let open: Vec<String> = findings
        .iter()
        .map(|one| {
            format!(
                "{}: {}",
                one.subject.as_deref().unwrap_or_default(),
                one.cause
            )
        })
        .collect();
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn good_chains_of_every_key_are_good() {
    for kind in KeyType::ALL {
        let mut request = Request::default();
        request.keys = vec![kind];
        for id in ["good/depth2", "good/client", "crl/empty"] {
            let fixture = request.fixture(id).unwrap();
            assert_eq!(
                proof::judge(&fixture, Clock::DEFAULT),
                Ok(()),
                "{id} {kind}"
            );
        }
        let expired = request.fixture("time/expired").unwrap();
        assert_eq!(
            proof::judge(&expired, Clock::DEFAULT),
            Err("CertExpired".to_owned()),
            "{kind}"
        );
    }
}

#[test]
fn several_keys_make_every_scenario_for_each() {
    let mut request = Request::default();
    request.keys = vec![KeyType::P256, KeyType::Ed25519];
    request.only = vec!["time/expired".to_owned()];
    let set = request.make().unwrap();
    let ids: Vec<&str> = set.fixtures().iter().map(|one| one.id()).collect();
    assert_eq!(ids, ["time/expired@p256", "time/expired@ed25519"]);
}

#[test]
fn every_fixture_says_that_it_is_one() {
    let mut read = 0;
    for fixture in default_set().fixtures() {
        for der in fixture.chain().iter().chain(fixture.roots()) {
            let Ok(certificate) = Certificate::from_der(der) else {
                continue;
            };
            read += 1;
            let names = [&certificate.subject, &certificate.issuer];
            let marked = names
                .iter()
                .any(|name| name.organizations().iter().any(|one| one == MARK));
            assert!(marked, "{}", fixture.id());
        }
    }
    assert!(read > 500, "{read}");
}

#[test]
fn faults_have_twins_rules_and_codes() {
    for scenario in catalogue() {
        assert!(!scenario.rule.is_empty() && !scenario.summary.is_empty());
        if scenario.expected == Expected::Reject {
            assert!(scenario.differs_from.is_some(), "{scenario:?}");
            assert!(scenario.fault().is_some(), "{scenario:?}");
        }
    }
    assert!(
        catalogue()
            .filter(|one| one.subject() == Subject::Store)
            .count()
            > 80
    );
}

/// What a late end is the whole point of.
const ABOUT_A_LATE_END: &[&str] = &[
    "time/beyond-2050",
    "time/notafter-99991231",
    "time/utctime-2049",
];

#[test]
fn a_set_for_clocks_of_32_bits_ends_in_2037() {
    let mut request = Request::default();
    request.clock = Clock::default().until(2037).unwrap();
    let set = request.make().unwrap();
    let mut late = BTreeSet::new();
    for fixture in set.fixtures() {
        for der in fixture.chain().iter().chain(fixture.roots()) {
            let Ok(certificate) = Certificate::from_der(der) else {
                continue;
            };
            if certificate.not_after.unix_timestamp() >= i64::from(i32::MAX) {
                late.insert(fixture.id());
            }
        }
    }
    assert_eq!(late, ABOUT_A_LATE_END.iter().copied().collect());
}
