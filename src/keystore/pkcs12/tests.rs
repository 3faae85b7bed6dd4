//! Stores that tools write when they are asked for something unusual, made of ours.

use rcgen::{CertificateParams, KeyPair};

use super::{DATA, auth_safe_content, decode};
use crate::der;
use crate::keystore::ber::{Ber, tag};
use crate::keystore::{
    Content, EncodeOptions, Entry, Error, Format, Integrity, KeyState, Keystore, Limits, Opened,
    Passwords, encode,
};
use crate::random::SystemRandom;
use crate::secret::{Password, PrivateKey};

const AES_256_CBC: [u8; 9] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];

fn identity(alias: &str, with_chain: bool) -> Entry {
    let pair = KeyPair::generate().unwrap();
    let leaf = CertificateParams::default().self_signed(&pair).unwrap();
    let key = KeyState::Open {
        value: PrivateKey::from_pkcs8_der(pair.serialize_der()),
        opened: Opened::Clear,
    };
    let chain = match with_chain {
        true => vec![leaf.der().to_vec()],
        false => Vec::new(),
    };
    Entry::new(alias, None, Content::PrivateKey { key, chain })
}

fn password() -> Password {
    Password::new("password".to_owned())
}

/// The store of these entries, its contents changed by `change`, without MAC.
fn without_mac(entries: Vec<Entry>, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let store = Keystore::new(Format::Pkcs12, entries);
    let password = password();
    let options = EncodeOptions::new(Format::Pkcs12, &password);
    let bytes = encode(&store, &options, &mut SystemRandom).unwrap();
    let mut outer = Ber::new(Format::Pkcs12, bytes.secret_bytes());
    let mut pfx = outer.sequence("a PFX").unwrap();
    pfx.integer("the version").unwrap();
    let mut safes = auth_safe_content(&mut pfx).unwrap().into_owned();
    change(&mut safes);
    let content = der::tlv(tag::CONTEXT_0, &der::octets(&safes));
    let info = der::sequence(&[&der::oid(DATA), &content]);
    der::sequence(&[&der::integer(3), &info])
}

/// AES-256-CFB instead, from the n-th mention of AES-256-CBC on.
fn with_cfb(safes: &mut [u8], from: usize) {
    let places: Vec<usize> = safes
        .windows(AES_256_CBC.len())
        .enumerate()
        .filter_map(|(at, window)| (window == AES_256_CBC).then_some(at))
        .collect();
    for at in &places[from..] {
        safes[at + 8] = 44;
    }
}

fn opened(bytes: &[u8], password: Option<&str>) -> Result<Keystore, Error> {
    let password = password.map(|text| Password::new(text.to_owned()));
    let passwords = Passwords {
        store: password.as_ref(),
        keys: &[],
    };
    decode(bytes, &passwords, &Limits::default())
}

#[test]
fn one_key_under_an_unknown_cipher_stays_sealed_and_goes_along() {
    let entries = vec![identity("known", true), identity("unknown", true)];
    // The certificates, the first key, the second.
    let bytes = without_mac(entries, |safes| with_cfb(safes, 2));
    let store = opened(&bytes, Some("password")).unwrap();
    assert_eq!(store.integrity, Integrity::None);
    assert!(store.entries[0].content.sealed().is_none());
    let sealed = store.entries[1].content.sealed().unwrap();
    assert!(
        sealed.algorithm.contains("AES-256-CFB"),
        "{}",
        sealed.algorithm
    );
    assert!(!sealed.supported);
    assert_eq!(store.entries[1].content.certificates().len(), 1);

    let password = password();
    let options = EncodeOptions::new(Format::Pkcs12, &password);
    let again = encode(&store, &options, &mut SystemRandom).unwrap();
    let again = opened(again.secret_bytes(), Some("password")).unwrap();
    let carried = again.entries[1].content.sealed().unwrap();
    assert_eq!(carried.blob, sealed.blob);
}

#[test]
fn a_store_of_nothing_but_unknown_ciphers_is_unsupported() {
    for passwords in [None, Some("password")] {
        let entries = vec![identity("a", true), identity("b", true)];
        let bytes = without_mac(entries, |safes| with_cfb(safes, 1));
        let error = opened(&bytes, passwords).unwrap_err();
        let Error::Unsupported { algorithm, .. } = error else {
            panic!("{error}")
        };
        assert!(algorithm.contains("AES-256-CFB"), "{algorithm}");
    }
}

#[test]
fn without_a_mac_a_password_that_opens_nothing_is_wrong() {
    let bytes = without_mac(vec![identity("k", false)], |_| {});
    let error = opened(&bytes, Some("wrong")).unwrap_err();
    assert!(
        matches!(error, Error::WrongPasswordOrDamaged { .. }),
        "{error}"
    );
    let sealed = opened(&bytes, None).unwrap();
    assert!(sealed.entries[0].content.sealed().is_some());
    let open = opened(&bytes, Some("password")).unwrap();
    assert!(open.entries[0].content.sealed().is_none());
}

#[test]
fn chains_that_keys_share_do_not_outgrow_the_file() {
    let shared = identity("k", true).content.certificates().to_vec();
    let size = shared[0].len();
    let key = || {
        let mut entry = identity("k", true);
        if let Content::PrivateKey { chain, .. } = &mut entry.content {
            chain.clone_from(&shared);
        }
        entry
    };
    let bytes = without_mac(vec![key(), key(), key()], |_| {});
    let password = password();
    let passwords = Passwords {
        store: Some(&password),
        keys: &[],
    };
    let mut limits = Limits::default();
    for (file_size, fits) in [(3 * size, true), (3 * size - 1, false)] {
        limits.file_size = file_size;
        let read = decode(&bytes, &passwords, &limits);
        assert_eq!(read.is_ok(), fits, "{file_size}");
        if let Err(error) = read {
            assert!(matches!(error, Error::LimitExceeded { .. }), "{error}");
        }
    }
}
