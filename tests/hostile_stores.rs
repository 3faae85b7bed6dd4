//! Stores that were made to hurt: none may panic, take long, or take more memory than a small
//! multiple of their size.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

#[path = "hostile_stores/mutants.rs"]
mod mutants;
#[path = "hostile_stores/seeds.rs"]
mod seeds;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use certgen::keystore::{Error, Format, Keystore, Limits, Passwords, decode};
use mutants::{Dice, mutation, put};
use peak_alloc::PeakAlloc;
use seeds::{password, seeds};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory is counted for the whole process, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A hang, and never a slow machine.
const TOO_LONG: Duration = Duration::from_secs(10);

const MUTANTS: usize = 20_000;

/// Decodes under a small budget of work, and counts.
fn survive(bytes: &[u8], passwords: &Passwords<'_>, what: &str) -> Result<Keystore, Error> {
    let mut limits = Limits::default();
    limits.kdf_work = 2_000;
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let outcome = decode(bytes, passwords, &limits);
    assert!(start.elapsed() < TOO_LONG, "{what}");
    let used = MEMORY.peak_usage().saturating_sub(before);
    let allowed = 8 * bytes.len() + (16 << 10);
    assert!(used <= allowed, "{what}: {used} bytes for {}", bytes.len());
    outcome
}

macro_rules! hostile {
    ($($name:ident: $format:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn mutants() {
                let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
                mutate(&seeds($format), MUTANTS);
            }

            #[test]
            fn extreme_numbers_everywhere() {
                let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
                overwrite(&seeds($format)[0]);
            }
        }
    )*};
}

hostile! {
    bks: Format::Bks;
    uber: Format::Uber;
    jks: Format::Jks;
    jceks: Format::Jceks;
    pkcs12: Format::Pkcs12;
    bcfks: Format::Bcfks;
}

fn mutate(seeds: &[Vec<u8>], count: usize) {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let store = password();
    for number in 0..count {
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(4) {
            mutation(&mut bytes, seeds, &mut dice);
        }
        let passwords = Passwords {
            // Without a password nothing is verified, so that parsing gets further.
            store: (number % 8 == 0).then_some(&store),
            keys: &[],
        };
        let _ = survive(&bytes, &passwords, &format!("mutant {number}"));
    }
}

/// Every place of a store as if it were a length or a count of 16 or 32 bits.
fn overwrite(seed: &[u8]) {
    let store = password();
    for at in 0..seed.len() {
        let left = u32::try_from(seed.len() - at).unwrap();
        let words = [0, u32::MAX, 0x7fff_ffff, left.saturating_sub(4), left + 1];
        let halves = [0, 0xffff, 0x7fff, u16::try_from(left).unwrap()];
        let words = words.iter().map(|value| value.to_be_bytes().to_vec());
        let halves = halves.iter().map(|value| value.to_be_bytes().to_vec());
        for (number, value) in words.chain(halves).enumerate() {
            let mut bytes = seed.to_vec();
            put(&mut bytes, at, &value);
            for password in [None, Some(&store)] {
                let passwords = Passwords {
                    store: password,
                    keys: &[],
                };
                let _ = survive(&bytes, &passwords, &format!("value {number} at {at}"));
            }
        }
    }
}

#[test]
fn every_length_and_count_is_checked() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // Offsets of the 32-bit numbers of each first entry, a key called `key`.
    let numbers: [(Format, &[usize]); 3] = [
        // salt, chain, certificate, certificate
        (Format::Bks, &[4, 46, 57, 130]),
        // entries, protected key
        (Format::Jks, &[8, 29]),
        (Format::Jceks, &[8, 29]),
    ];
    for (format, offsets) in numbers {
        let seed = seeds(format).swap_remove(0);
        let without = Passwords::default();
        survive(&seed, &without, "the seed").unwrap();
        for at in offsets {
            let left = u32::try_from(seed.len() - at).unwrap();
            for value in [u32::MAX, 0x7fff_ffff, left - 4, left - 3, left + 1] {
                let mut bytes = seed.clone();
                put(&mut bytes, *at, &value.to_be_bytes());
                let outcome = survive(&bytes, &without, "a number");
                assert!(
                    matches!(outcome, Err(Error::Malformed { .. })),
                    "{format}: {value:#x} at {at}: {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn work_beyond_the_limit_is_not_begun() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let store = password();
    let passwords = Passwords {
        store: Some(&store),
        keys: &[],
    };
    for (format, at, allowed) in [(Format::Bks, 28, 1 << 20), (Format::Uber, 28, 1 << 16)] {
        let seed = seeds(format).swap_remove(0);
        for value in [0, u32::MAX, 0x7fff_ffff, allowed + 1, allowed] {
            let mut bytes = seed.clone();
            put(&mut bytes, at, &value.to_be_bytes());
            let outcome = survive(&bytes, &passwords, "iterations");
            assert!(
                matches!(outcome, Err(Error::LimitExceeded { .. })),
                "{format}: {value:#x}: {outcome:?}"
            );
        }
    }
}

#[test]
fn as_many_entries_and_certificates_as_the_limit() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let header = b"\0\0\0\x02\0\0\0\x14aaaaaaaaaaaaaaaaaaaa\0\0\0\x01";
    let entry = [&[1][..], &[0; 14], b"\0\x05X.509\0\0\0\0"].concat();
    let many = |count| [header, &*entry.repeat(count), &[0; 21]].concat();
    let decoded = |bytes: &[u8]| decode(bytes, &Passwords::default(), &Limits::default());
    let store = decoded(&many(100_000)).unwrap();
    assert_eq!(store.entries.len(), 1);
    assert_eq!(
        store.oddities,
        ["100000 entries have the alias ``; the last one counts"]
    );
    let refused = decoded(&many(100_001));
    assert!(matches!(refused, Err(Error::LimitExceeded { .. })));

    let chain = |count: u32| {
        let certificates = b"\0\x05X.509\0\0\0\0".repeat(usize::try_from(count).unwrap());
        [&[4][..], &[0; 10], &count.to_be_bytes(), &certificates].concat()
    };
    let blob = b"\0\0\0\x0c\0\0\0\x01a\0\0\0\x01abc";
    let entry = |count| [chain(count), blob.to_vec()].concat();
    let store = decoded(&[header, &*entry(1_000), &[0; 21]].concat()).unwrap();
    assert_eq!(store.entries[0].content.certificates().len(), 1_000);
    let refused = decoded(&[header, &*entry(1_001), &[0; 21]].concat());
    assert!(matches!(refused, Err(Error::Malformed { .. })));
    let refused = decoded(&[header, &*entry(1_000).repeat(101), &[0; 21]].concat());
    assert!(matches!(refused, Err(Error::LimitExceeded { .. })));
}

#[test]
fn serialized_objects_cannot_grow() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let store = |object: &[u8]| {
        let entry = [&b"\0\0\0\x03"[..], &[0; 10], object].concat();
        [b"\xce\xce\xce\xce\0\0\0\x02\0\0\0\x01", &*entry, &[0; 20]].concat()
    };
    let class = |name: &str, fields: &[u8]| {
        let length = u16::try_from(name.len()).unwrap().to_be_bytes();
        [b"\x72", &length[..], name.as_bytes(), &[0; 8], fields].concat()
    };
    let start = b"\xac\xed\0\x05\x73";
    let long = "x".repeat(60_000);
    let hostile = [
        // a class above itself, without end
        [&start[..], &class("a", b"\x02\0\0\x78"), b"\x71\0\x7e\0\0"].concat(),
        // classes above classes
        [&start[..], &class("a", b"\x02\0\0\x78").repeat(500)].concat(),
        // objects inside objects
        [
            &start[..],
            &[
                class("a", b"\x02\0\x01L\0\x01f\x74\0\0\x78\x70"),
                vec![0x73],
            ]
            .concat()
            .repeat(500),
        ]
        .concat(),
        // a long text, referred to again and again
        [
            &start[..],
            &class(
                "a",
                &[&b"\x02\0\x40L\0\x01f\x74\xea\x60"[..], long.as_bytes()].concat(),
            ),
            &b"L\0\x01f\x71\0\x7e\0\x01".repeat(63),
            b"\x78\x70",
            &b"\x71\0\x7e\0\x01".repeat(64),
        ]
        .concat(),
        // a class of 65,535 fields
        [
            &start[..],
            &class("a", b"\x02\xff\xff"),
            &b"I\0\x01f".repeat(65_535),
        ]
        .concat(),
        // things that no key needs: block data, a proxy, an exception, a long string
        [&start[..], b"\x77\x01a"].concat(),
        [&start[..], b"\x7d\0\0\0\0"].concat(),
        [&start[..], b"\x7b"].concat(),
        [
            &start[..],
            &class("a", b"\x02\0\x01L\0\x01f\x7c\0\0\0\0\0\0\0\x01a"),
        ]
        .concat(),
        // an object that reads itself in a way of its own
        [&start[..], &class("a", b"\x04\0\0\x78\x70")].concat(),
        // no object at all
        b"\xac\xed\0\x05\x70".to_vec(),
    ];
    for (number, object) in hostile.iter().enumerate() {
        let what = format!("object {number}");
        let outcome = survive(&store(object), &Passwords::default(), &what);
        match outcome {
            Err(Error::Malformed { format, .. }) => assert_eq!(format, Format::Jceks),
            outcome => panic!("{what}: {outcome:?}"),
        }
    }
}
