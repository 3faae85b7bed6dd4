//! What is written reads back, whatever its aliases, dates, passwords and contents.

use certgen::keystore::{
    Alias, Content, Entry, Format, KeyState, Limits, Opened, Passwords, decode, detect,
};
use certgen::secret::{PrivateKey, SecretBytes};
use proptest::prelude::*;

use super::making::{date, der, facts, password, unhex, with_passwords};

/// Anything that Java can call an entry, unless it may not depend on case.
fn alias(caseless: bool) -> BoxedStrategy<Vec<u16>> {
    let unit = prop_oneof![
        4 => 0x61..=0x7a_u16,
        1 => Just(0),
        1 => 0xd800..=0xdfff_u16,
        1 => 0x4e00..=0x4fff_u16,
    ];
    let emoji = Just("🔑".encode_utf16().collect());
    if caseless {
        prop_oneof![3 => prop::collection::vec(unit, 0..12), 1 => emoji].boxed()
    } else {
        let any = prop::collection::vec(any::<u16>(), 0..12);
        prop_oneof![1 => any, 1 => prop::collection::vec(unit, 0..12), 1 => emoji].boxed()
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..60)
}

/// The contents that a format can hold, made anew each time, since secrets are not cloned.
#[derive(Debug, Clone)]
enum Made {
    Trusted(Vec<u8>),
    Private(Vec<u8>, Vec<Vec<u8>>),
    Secret(String, Vec<u8>),
    Public(String, Vec<u8>, Vec<Vec<u8>>),
    Opaque(Vec<u8>, Vec<Vec<u8>>),
}

impl Made {
    fn content(&self) -> Content {
        let opened = Opened::StorePassword;
        match self.clone() {
            Self::Trusted(certificate) => Content::TrustedCertificate { certificate },
            Self::Private(key, chain) => {
                let value = PrivateKey::from_pkcs8_der(der(&key));
                let key = KeyState::Open { value, opened };
                Content::PrivateKey { key, chain }
            }
            Self::Secret(algorithm, key) => {
                let value = SecretBytes::new(key);
                Content::SecretKey {
                    algorithm,
                    key: KeyState::Open { value, opened },
                    chain: Vec::new(),
                }
            }
            Self::Public(algorithm, value, chain) => Content::PublicKey {
                algorithm,
                key: KeyState::Open { value, opened },
                chain,
            },
            Self::Opaque(bytes, chain) => Content::Opaque {
                kind: String::new(),
                bytes: SecretBytes::new(bytes),
                chain,
            },
        }
    }
}

fn made(format: Format) -> BoxedStrategy<Made> {
    let chain = || prop::collection::vec(bytes(), 0..3);
    let trusted = bytes().prop_map(Made::Trusted);
    let private = (bytes(), chain()).prop_map(|(key, chain)| Made::Private(key, chain));
    let secret = (".{1,8}", bytes()).prop_map(|(name, key)| Made::Secret(name, key));
    let public =
        (".{0,8}", bytes(), chain()).prop_map(|(name, key, chain)| Made::Public(name, key, chain));
    let opaque = (bytes(), chain()).prop_map(|(bytes, chain)| Made::Opaque(bytes, chain));
    match format {
        Format::Jks => prop_oneof![trusted, private].boxed(),
        Format::Jceks => prop_oneof![trusted, private, secret].boxed(),
        _ => prop_oneof![trusted, private, secret, public, opaque].boxed(),
    }
}

/// Aliases, dates in milliseconds (years 0 to 9999, mostly), contents.
fn entries(format: Format) -> impl Strategy<Value = Vec<(Vec<u16>, i64, Made)>> {
    let caseless = matches!(format, Format::Jks | Format::Jceks);
    let dates = prop_oneof![-62_135_596_800_000..=253_402_300_799_999_i64, -3..=3_i64];
    prop::collection::btree_map(alias(caseless), (dates, made(format)), 0..5).prop_map(|entries| {
        let entry = |(alias, (date, made))| (alias, date, made);
        entries.into_iter().map(entry).collect()
    })
}

fn round_trip(
    format: Format,
    made: &[(Vec<u16>, i64, Made)],
    store_password: &str,
    key_password: &str,
) {
    let entry = |(alias, date_of, made): &(Vec<u16>, i64, Made)| {
        let alias = Alias::from_units(alias.clone());
        Entry::new(alias, Some(date(*date_of)), made.content())
    };
    let entries = || made.iter().map(entry).collect::<Vec<Entry>>();
    let bytes = with_passwords(format, entries(), store_password, key_password);
    assert_eq!(detect(&bytes), Some(format));
    let (store_password, keys) = (password(store_password), [password(key_password)]);
    let passwords = Passwords {
        store: Some(&store_password),
        keys: &keys,
    };
    let read = decode(&bytes, &passwords, &Limits::default()).unwrap();
    assert_eq!(facts(&read.entries), facts(&entries()));
    assert_eq!(read.oddities, Vec::<String>::new());
}

const ASCII: &str = "[ -~]{0,12}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bks_reads_back(entries in entries(Format::Bks), store: String, key: String) {
        round_trip(Format::Bks, &entries, &store, &key);
    }

    #[test]
    fn uber_reads_back(entries in entries(Format::Uber), store: String, key: String) {
        round_trip(Format::Uber, &entries, &store, &key);
    }

    #[test]
    fn jks_reads_back(entries in entries(Format::Jks), store: String, key: String) {
        round_trip(Format::Jks, &entries, &store, &key);
    }

    #[test]
    fn jceks_reads_back(entries in entries(Format::Jceks), store: String, key in ASCII) {
        round_trip(Format::Jceks, &entries, &store, &key);
    }

    #[test]
    fn any_bytes_are_survived(
        start in prop::sample::select(vec![
            "", "00000000", "00000001", "00000002", "0000000100000014", "feedfeed00000001",
            "feedfeed0000000200000001", "cececece0000000200000001", "cececece000000020000000100000003",
            "cececece00000002000000010000000300000000000000000000aced000573",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
        with_password: bool,
    ) {
        let bytes = [unhex(start), rest].concat();
        let store = password("password");
        let passwords = Passwords { store: with_password.then_some(&store), keys: &[] };
        let mut limits = Limits::default();
        limits.kdf_work = 10_000;
        let _ = decode(&bytes, &passwords, &limits);
    }
}
