//! What issued certificates say, field by field.

use ::time::macros::datetime;
use proptest::prelude::*;

use super::*;
use crate::pki::{Identity, KeyType, generate};
use crate::random::SystemRandom;
use crate::x509::{GeneralName, Signed, Verification};

const NOW: Timestamp = datetime!(2026-06-01 12:00 UTC);

fn serial() -> Serial {
    Serial::draw(&mut SystemRandom)
}

fn authority(kind: KeyType) -> Authority {
    let key = generate(kind);
    let profile = AuthorityProfile::new("Test CA", Validity::days(NOW, 3_650)).unwrap();
    let certificate = root(&profile, &key, &serial()).unwrap();
    Authority::new(Identity::new(key, vec![certificate]).unwrap()).unwrap()
}

fn leaf(authority: &Authority, profile: &Profile, kind: KeyType) -> Certificate {
    let key = public_key(&generate(kind)).unwrap();
    issue(authority, profile, &key, &serial(), NOW).unwrap()
}

fn broker(days: u32) -> Profile {
    let names = vec![
        GeneralName::Dns("broker.lan".into()),
        GeneralName::Ip([192, 168, 1, 10].into()),
    ];
    Profile::broker(names, Validity::days(NOW, days)).unwrap()
}

#[test]
fn a_root_has_the_extensions_of_a_ca_alone() {
    let authority = authority(KeyType::P256);
    let ca = authority.certificate();
    let oids: Vec<&str> = ca.extensions.iter().map(|e| e.oid.as_str()).collect();
    assert_eq!(oids, ["2.5.29.19", "2.5.29.15", "2.5.29.14"]);
    let basic = ca.basic_constraints.unwrap();
    assert!(basic.ca && basic.critical && basic.path_length == Some(0));
    assert_eq!(ca.key_usage.unwrap().names(), ["keyCertSign", "cRLSign"]);
    assert!(ca.key_usage.unwrap().critical && ca.is_self_issued() && ca.version == 3);
    assert_eq!(
        (ca.not_after - ca.not_before).whole_seconds(),
        3_650 * 86_400 - 1
    );
}

#[test]
fn leaves_are_for_one_role() {
    let authority = authority(KeyType::P384);
    let broker = leaf(&authority, &broker(397), KeyType::P256);
    let client = Profile::client("phone", Vec::new(), Validity::days(NOW, 397)).unwrap();
    let client = leaf(&authority, &client, KeyType::Rsa2048);
    assert!(broker.allows_server() && !broker.allows_client());
    assert!(client.allows_client() && !client.allows_server());
    assert_eq!(broker.key_usage.unwrap().names(), ["digitalSignature"]);
    assert_eq!(
        client.key_usage.unwrap().names(),
        ["digitalSignature", "keyEncipherment"]
    );
    assert_eq!(broker.subject_alt_names.as_ref().unwrap().len(), 2);
    assert_eq!(client.subject_alt_names, None);
    for one in [&broker, &client] {
        assert_eq!(one.authority_key_id, authority.certificate().subject_key_id);
        assert!(one.subject_key_id.is_some() && !one.is_ca());
        assert_eq!(one.not_before, datetime!(2026-06-01 11:00 UTC));
    }
    assert_eq!(broker.subject.to_string(), "CN=broker.lan");
    assert_eq!(client.subject.to_string(), "CN=phone");
}

#[test]
fn every_kind_of_ca_signs_every_kind_of_leaf() {
    for ca in [
        KeyType::P256,
        KeyType::P384,
        KeyType::P521,
        KeyType::Rsa2048,
        KeyType::Ed25519,
    ] {
        let authority = authority(ca);
        for kind in [KeyType::P256, KeyType::P521, KeyType::Ed25519] {
            let leaf = leaf(&authority, &broker(10), kind);
            let signed = Signed::from_der(&leaf.der).unwrap();
            let key = &authority.certificate().public_key;
            assert_eq!(signed.verify(key), Verification::Valid, "{ca} {kind}");
        }
    }
}

#[test]
fn no_leaf_outlives_its_ca() {
    let authority = authority(KeyType::P256);
    let leaf = leaf(&authority, &broker(10_000), KeyType::P256);
    assert_eq!(leaf.not_after, authority.certificate().not_after);
    let late = authority.certificate().not_after + ::time::Duration::SECOND;
    let key = public_key(&generate(KeyType::P256)).unwrap();
    let error = issue(&authority, &broker(1), &key, &serial(), late).unwrap_err();
    assert!(matches!(error, Error::AuthorityExpired { .. }));
}

#[test]
fn ca_and_leaf_never_share_a_subject() {
    let authority = authority(KeyType::P256);
    let key = public_key(&generate(KeyType::P256)).unwrap();
    for name in ["Test CA", "test  ca", " TEST CA "] {
        let profile = Profile::client(name, Vec::new(), Validity::days(NOW, 1)).unwrap();
        let error = issue(&authority, &profile, &key, &serial(), NOW).unwrap_err();
        assert!(matches!(error, Error::SameSubject { .. }), "{name}");
    }
}

#[test]
fn a_ca_below_needs_room() {
    let flat = authority(KeyType::P256);
    let profile = AuthorityProfile::new("Below", Validity::days(NOW, 10)).unwrap();
    let key = generate(KeyType::P256);
    let error = subordinate(&flat, &profile, &key, &serial(), NOW).unwrap_err();
    assert!(matches!(error, Error::NoRoomBelow { .. }));

    let above = generate(KeyType::P256);
    let deep = AuthorityProfile::new("Above", Validity::days(NOW, 20)).unwrap();
    let deep = root(&deep.with_path_length(1), &above, &serial()).unwrap();
    let deep = Authority::new(Identity::new(above, vec![deep]).unwrap()).unwrap();
    let below = subordinate(&deep, &profile, &key, &serial(), NOW).unwrap();
    assert_eq!(below.basic_constraints.unwrap().path_length, Some(0));
    assert_eq!(below.authority_key_id, deep.certificate().subject_key_id);
    let chain = vec![below, deep.certificate().clone()];
    let below = Authority::new(Identity::new(key, chain).unwrap()).unwrap();
    assert_eq!(below.intermediates().len(), 1);
    assert_eq!(deep.intermediates().len(), 0);
}

#[test]
fn years_are_encoded_as_the_standard_says() {
    assert_eq!(
        time(datetime!(2049-12-31 23:59:59 UTC)),
        b"\x17\x0d491231235959Z"
    );
    assert_eq!(
        time(datetime!(2050-01-01 0:00 UTC)),
        b"\x18\x0f20500101000000Z"
    );
    assert_eq!(
        time(datetime!(1969-12-31 23:00 UTC)),
        b"\x17\x0d691231230000Z"
    );
    assert_eq!(
        time(datetime!(9999-12-31 23:59:59 UTC)),
        b"\x18\x0f99991231235959Z"
    );
}

struct Fixed(Vec<u8>);

impl Random for Fixed {
    fn fill(&mut self, out: &mut [u8]) {
        for (to, from) in out.iter_mut().zip(&self.0) {
            *to = *from;
        }
    }
}

proptest! {
    #[test]
    fn serial_numbers_are_positive_and_minimal(bytes in proptest::collection::vec(any::<u8>(), 20)) {
        let serial = Serial::draw(&mut Fixed(bytes));
        let encoded = der::unsigned(&serial.0);
        let content = &encoded[2..];
        prop_assert!(content.len() <= 20 && content[0] < 0x80);
        prop_assert!(content.iter().any(|byte| *byte != 0));
        prop_assert!(content.len() == 1 || content[0] != 0 || content[1] >= 0x80);
        prop_assert_eq!(serial.to_hex(), hex(content));
    }
}
