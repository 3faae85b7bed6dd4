//! Stores to start from.

use std::io::Write as _;
use std::path::Path;
use std::sync::Once;

use certgen::keystore::{
    Content, EncodeOptions, Entry, Format, KeyState, Keystore, Opened, Profile, encode,
};
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey, SecretBytes};

/// Stores to start from: our own, small; and those of others, where they are there.
pub fn seeds(format: Format) -> Vec<Vec<u8>> {
    let password = password();
    let mut options = EncodeOptions::new(format, &password);
    options.iterations = Some(match format {
        Format::Pkcs12 | Format::Bcfks => 1_024,
        _ => 2,
    });
    let store = Keystore::new(format, entries(format));
    let mut seeds = vec![encoded(&store, &options)];
    if format == Format::Bks {
        options.bks_version = 1;
        seeds.push(encoded(&store, &options));
    }
    if format == Format::Pkcs12 {
        for profile in [Profile::Compat, Profile::Legacy, Profile::Pbmac1] {
            options.profile = profile;
            seeds.push(encoded(&store, &options));
        }
    }
    seeds.extend(vectors(format));
    seeds
}

fn encoded(store: &Keystore, options: &EncodeOptions<'_>) -> Vec<u8> {
    let bytes = encode(store, options, &mut SystemRandom).unwrap();
    bytes.secret_bytes().to_vec()
}

fn entries(format: Format) -> Vec<Entry> {
    let der = |byte: u8, length: u8| [vec![0x30, length], vec![byte; length.into()]].concat();
    let opened = Opened::StorePassword;
    let key = KeyState::Open {
        value: PrivateKey::from_pkcs8_der(der(1, 40)),
        opened,
    };
    let chain = vec![der(2, 60), der(3, 50)];
    let mut entries = vec![
        Entry::new("key", None, Content::PrivateKey { key, chain }),
        Entry::new(
            "ca",
            None,
            Content::TrustedCertificate {
                certificate: der(3, 50),
            },
        ),
    ];
    if format != Format::Jks {
        let key = KeyState::Open {
            value: SecretBytes::new(vec![7; 16]),
            opened,
        };
        let content = Content::SecretKey {
            algorithm: "AES".into(),
            key,
            chain: Vec::new(),
        };
        entries.push(Entry::new("secret", None, content));
    }
    entries
}

/// Written past the capture of output, where `scripts/test` counts it.
static SAID: Once = Once::new();

fn vectors(format: Format) -> Vec<Vec<u8>> {
    let shared = std::env::var_os("CERTGEN_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        Into::into,
    );
    let folder = shared.join("formats/vectors");
    let Ok(manifest) = std::fs::read(folder.join("manifest.json")) else {
        SAID.call_once(|| {
            let what = "the keystore vectors as seeds, because ../shared is not there";
            let _ = writeln!(std::io::stderr(), "skipped: {what}");
        });
        return Vec::new();
    };
    let manifest: Vec<serde_json::Value> = serde_json::from_slice(&manifest).unwrap();
    let name = format.as_str().replace('#', "");
    manifest
        .iter()
        .filter(|vector| vector["format"] == name.as_str())
        .map(|vector| std::fs::read(folder.join(vector["file"].as_str().unwrap())).unwrap())
        .filter(|bytes| bytes.len() < 20_000)
        .collect()
}

/// That of every store of [`seeds`] that is our own.
pub fn password() -> Password {
    Password::new("password".to_owned())
}
