//! What holds for every BKS, UBER, JKS and JCEKS: what is written reads back, what others computed
//! is reproduced to the byte, and what was altered is refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "java_stores/making.rs"]
mod making;
#[path = "java_stores/round_trips.rs"]
mod round_trips;

use certgen::keystore::{
    Alias, Content, EncodeOptions, Entry, Error, Format, Integrity, KeyState, Keystore, Limits,
    Opened, Passwords, decode, detect, encode,
};
use certgen::random::{Random, SystemRandom};
use making::{
    aes_key, date, der, facts, open, password, private_key, trusted, try_write, unhex,
    with_passwords, written,
};

/// 1, 2, 3 … each time: the salts of the known answers.
struct Counting;

impl Random for Counting {
    fn fill(&mut self, out: &mut [u8]) {
        for (byte, number) in out.iter_mut().zip(1..) {
            *byte = number;
        }
    }
}

// Made with the codecs of BouncyCastle 1.72 and pyjks; password "password", one AES key of zeros.
const BKS_V2: &str = "00000002000000140102030405060708090a0b0c0d0e0f1011121314000004010400016100000123456789ab000000000000003c000000140102030405060708090a0b0c0d0e0f101112131400000401638302707bfe0321ea3413a50da1ce7044bc1e3e401eec2052d9a091118b5bf60084f5d3f5f7bf0efa8879a81896470e85511dc9a5";
const BKS_V1: &str = "00000001000000140102030405060708090a0b0c0d0e0f1011121314000004010400016100000123456789ab000000000000003c000000140102030405060708090a0b0c0d0e0f101112131400000401638302707bfe0321ea3413a50da1ce7044bc1e3e401eec2052d9a091118b5bf6006868210a08b82f9db8bedecc2f5afb3dbd9ec705";
const UBER: &str = "00000001000000140102030405060708090a0b0c0d0e0f101112131400000401bc1071deff812ef291d107dc13d95c07fb6261a62111e17ff07b9507951a571ce3951ecdb1c643ffb4c1f19bb3f758a7143b80edd85105e8596ad4fe0c7351433307d740292b573a20a965146749889de6af0f52d7f5dd8c27e363aee6a721ff13876af18a1cd4a456e478c7097ea4c3";

#[test]
fn known_stores_are_read_and_written_to_the_byte() {
    for (hex, format, version, integrity) in [
        (BKS_V2, Format::Bks, 2, Integrity::Verified),
        (BKS_V1, Format::Bks, 1, Integrity::Weak),
        (UBER, Format::Uber, 1, Integrity::Verified),
    ] {
        let bytes = unhex(hex);
        let store = open(&bytes, "password").unwrap();
        assert_eq!(
            (store.format, store.version, store.integrity),
            (format, Some(version), integrity)
        );
        assert_eq!(facts(&store.entries), facts(&[aes_key(0x0123_4567_89ab)]));
        let password = password("password");
        let mut options = EncodeOptions::new(format, &password);
        options.iterations = Some(1_025);
        options.bks_version = u8::try_from(version).unwrap();
        let written = encode(&store, &options, &mut Counting).unwrap();
        assert_eq!(written.secret_bytes(), bytes);
    }
}

#[test]
fn a_bks_without_password_is_read_unverified() {
    let bytes = unhex(BKS_V2);
    let store = decode(&bytes, &Passwords::default(), &Limits::default()).unwrap();
    assert_eq!(store.integrity, Integrity::None);
    assert!(store.entries[0].content.sealed().is_some());
    let refused = decode(&unhex(UBER), &Passwords::default(), &Limits::default());
    assert!(matches!(refused, Err(Error::PasswordNeeded { .. })));
}

#[test]
fn every_flipped_bit_is_refused() {
    let jks = written(
        Format::Jks,
        vec![Entry::new("a", Some(date(7)), trusted(b"ca"))],
    );
    let jceks = written(Format::Jceks, vec![aes_key(7)]);
    let accepted: Vec<(&str, Vec<usize>)> = [
        ("BKS 2", unhex(BKS_V2)),
        ("BKS 1", unhex(BKS_V1)),
        ("UBER", unhex(UBER)),
        ("JKS", jks),
        ("JCEKS", jceks),
    ]
    .map(|(name, bytes)| (name, accepted_flips(&bytes)))
    .into();
    // Versions 0 and 1 share their rule of integrity, and the version is not under it.
    let version_0_for_1 = vec![3 * 8];
    assert_eq!(
        accepted,
        [
            ("BKS 2", vec![]),
            ("BKS 1", version_0_for_1),
            ("UBER", vec![]),
            ("JKS", vec![]),
            ("JCEKS", vec![])
        ]
    );
}

fn accepted_flips(bytes: &[u8]) -> Vec<usize> {
    let accepted = |bit: &usize| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        open(&flipped, "password").is_ok()
    };
    assert!(open(bytes, "password").is_ok());
    (0..bytes.len() * 8).filter(accepted).collect()
}

#[test]
fn what_is_cut_off_or_followed_is_refused() {
    for format in [Format::Bks, Format::Uber, Format::Jks, Format::Jceks] {
        let bytes = written(format, vec![Entry::new("a", None, trusted(b"ca"))]);
        for end in 0..bytes.len() {
            assert!(open(&bytes[..end], "password").is_err(), "{format} {end}");
        }
        for extra in [1, 16, 20] {
            let mut longer = bytes.clone();
            longer.resize(bytes.len() + extra, 0);
            assert!(open(&longer, "password").is_err(), "{format} {extra}");
        }
    }
}

#[test]
fn an_uber_that_was_cut_off_is_no_bks() {
    let uber = unhex(UBER);
    for end in 33..uber.len() {
        assert_eq!(detect(&uber[..end]), Some(Format::Uber), "{end}");
    }
    let bks = unhex(BKS_V2);
    for end in 9..bks.len() {
        assert_eq!(detect(&bks[..end]), Some(Format::Bks), "{end}");
    }
}

#[test]
fn passwords_are_told_apart() {
    for format in [Format::Bks, Format::Uber, Format::Jks, Format::Jceks] {
        let texts = ["", "password", "Password", "pässwört", "🔑", "password\0"];
        for right in texts {
            let bytes = with_passwords(format, vec![private_key()], right, "key");
            for tried in texts {
                let outcome = open(&bytes, tried);
                if tried == right {
                    assert!(outcome.unwrap().entries[0].content.sealed().is_some());
                } else {
                    assert!(
                        matches!(outcome, Err(Error::WrongPasswordOrDamaged { .. })),
                        "{format} of {right:?} opened with {tried:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn which_password_opened_a_key_is_told() {
    for format in [Format::Bks, Format::Uber, Format::Jks, Format::Jceks] {
        let bytes = with_passwords(format, vec![private_key()], "password", "key");
        let keys = [password("other"), password("key")];
        let store = password("password");
        let passwords = Passwords {
            store: Some(&store),
            keys: &keys,
        };
        let store = decode(&bytes, &passwords, &Limits::default()).unwrap();
        let opened = match &store.entries[0].content {
            Content::PrivateKey {
                key: KeyState::Open { opened, .. },
                ..
            } => *opened,
            content => panic!("{content:?}"),
        };
        assert_eq!(opened, Opened::KeyPassword(1), "{format}");
    }
}

#[test]
fn sealed_keys_are_carried_along_unopened() {
    let bks = with_passwords(Format::Bks, vec![aes_key(5)], "password", "key");
    let mut store = open(&bks, "password").unwrap();
    let blob = store.entries[0].content.sealed().unwrap().blob.clone();
    for (format, version) in [
        (Format::Bks, 1),
        (Format::Bks, 2),
        (Format::Uber, 2),
        (Format::Bks, 2),
    ] {
        let password = password("password");
        let mut options = EncodeOptions::new(format, &password);
        options.bks_version = version;
        let bytes = encode(&store, &options, &mut SystemRandom).unwrap();
        store = open(bytes.secret_bytes(), "password").unwrap();
        assert_eq!(store.entries[0].content.sealed().unwrap().blob, blob);
    }
    for format in [Format::Jks, Format::Jceks] {
        let password = password("password");
        let options = EncodeOptions::new(format, &password);
        let refused = encode(&store, &options, &mut SystemRandom);
        assert!(matches!(refused, Err(Error::NotRepresentable { .. })));
    }
    let jks = with_passwords(Format::Jks, vec![private_key()], "password", "key");
    let store = open(&jks, "password").unwrap();
    let jceks = written(Format::Jceks, store.entries);
    let keys = [password("key")];
    let passwords = Passwords {
        store: None,
        keys: &keys,
    };
    let store = decode(&jceks, &passwords, &Limits::default()).unwrap();
    assert!(store.entries[0].content.sealed().is_none());
}

#[test]
fn aliases_are_unique_and_as_java_asks_for_them() {
    let named = |aliases: &[&str]| {
        let entry = |alias: &&str| Entry::new(*alias, None, trusted(b"ca"));
        aliases.iter().map(entry).collect::<Vec<Entry>>()
    };
    let refused = |format, a, b| {
        matches!(
            try_write(format, named(&[a, b])),
            Err(Error::NotRepresentable { .. })
        )
    };
    for format in [Format::Bks, Format::Uber, Format::Jks, Format::Jceks] {
        assert!(refused(format, "ca", "ca"));
        let keeps_case = matches!(format, Format::Bks | Format::Uber);
        assert_eq!(refused(format, "ca", "CA"), !keeps_case);
        let store = open(&written(format, named(&["Ünicode"])), "password").unwrap();
        let alias = if keeps_case { "Ünicode" } else { "ünicode" };
        assert_eq!(store.entries[0].alias, alias.into());
    }
}

#[test]
fn aliases_have_their_greatest_length() {
    for format in [Format::Bks, Format::Uber, Format::Jks, Format::Jceks] {
        let entry = |length| {
            let alias = Alias::from_units(vec![0x20ac; length]);
            vec![Entry::new(alias, None, trusted(b"ca"))]
        };
        let store = open(&written(format, entry(21_845)), "password").unwrap();
        assert_eq!(facts(&store.entries), facts(&entry(21_845)));
        let refused = try_write(format, entry(21_846));
        assert!(matches!(refused, Err(Error::NotRepresentable { .. })));
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let secret = || aes_key(0);
    let public = || {
        let key = KeyState::Open {
            value: der(b"public"),
            opened: Opened::Clear,
        };
        let algorithm = "RSA".to_owned();
        let chain = Vec::new();
        Entry::new(
            "p",
            None,
            Content::PublicKey {
                algorithm,
                key,
                chain,
            },
        )
    };
    for (format, entry) in [
        (Format::Jks, secret()),
        (Format::Jks, public()),
        (Format::Jceks, public()),
    ] {
        let refused = try_write(format, vec![entry]);
        assert!(matches!(refused, Err(Error::NotRepresentable { .. })));
    }
    let password = password("pässword");
    let options = EncodeOptions::new(Format::Jceks, &password);
    let store = Keystore::new(Format::Jceks, vec![secret()]);
    let refused = encode(&store, &options, &mut SystemRandom);
    assert!(matches!(refused, Err(Error::NotRepresentable { .. })));
}

#[test]
fn options_out_of_range_are_refused() {
    let password = password("password");
    for (format, version, iterations) in [
        (Format::Bks, 0, None),
        (Format::Bks, 3, None),
        (Format::Bks, 2, Some(0)),
        (Format::Bks, 2, Some(65_537)),
        (Format::Uber, 2, Some(65_537)),
        (Format::Jceks, 2, Some(0)),
        (Format::Jceks, 2, Some(5_000_001)),
    ] {
        let mut options = EncodeOptions::new(format, &password);
        options.bks_version = version;
        options.iterations = iterations;
        let store = Keystore::new(format, vec![aes_key(0)]);
        let refused = encode(&store, &options, &mut SystemRandom);
        assert!(
            matches!(refused, Err(Error::OptionRefused { .. })),
            "{format} {version} {iterations:?}"
        );
    }
}
