//! PKCS#12 in both directions: what we write is read by OpenSSL, Java, BouncyCastle, GnuTLS, NSS,
//! Python's cryptography and the `p12` crate, and what they write is read here, with the same key
//! and certificates.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod support;

use std::path::Path;

#[path = "store_peers/lines.rs"]
#[expect(dead_code, reason = "shared with the peers of other stores")]
mod lines;
#[path = "pkcs12_peers/material.rs"]
mod material;
#[path = "pkcs12_peers/peers.rs"]
mod peers;

use certgen::keystore::{
    EncodeOptions, Format, Integrity, Keystore, Limits, Passwords, Profile, decode, encode,
};
use certgen::random::SystemRandom;
use certgen::secret::Password;
use material::{Contents, Material};
use peers::Peer;
use support::Folder;

/// Who cannot read what by design: a peer, a part of the sample's name, and why.
const CANNOT: &[(&str, &str, &str)] = &[
    (
        "openssl",
        "pbmac1",
        "OpenSSL knows PBMAC1 since 3.4, and Debian 12 has 3.0",
    ),
    (
        "openssl",
        "legacy",
        "RC2-40 is in OpenSSL's legacy provider",
    ),
    ("openssl-legacy", "pbmac1", "OpenSSL knows PBMAC1 since 3.4"),
    ("sun", "pbmac1", "Java knows PBMAC1 since 26"),
    (
        "bouncycastle",
        "pbmac1",
        "its type PKCS12 knows the MAC of PKCS#12 alone",
    ),
    ("gnutls", "pbmac1", "GnuTLS knows PBMAC1 since 3.8.5"),
    ("nss", "pbmac1", "NSS knows PBMAC1 since 3.103"),
    ("nss", "ed25519", "NSS 3.87 knows no Ed25519 keys"),
    ("p12", "modern", "the p12 crate knows PBES1 alone"),
    ("p12", "pbmac1", "the p12 crate knows PBES1 alone"),
];

/// Judges every sample by every peer, and the list of exceptions by both.
#[test]
fn ours_is_read_by_every_peer() {
    let folder = Folder::new();
    let samples = samples();
    let files: Vec<_> = samples
        .iter()
        .map(|sample| folder.write(&format!("{}.p12", sample.name), &sample.bytes))
        .collect();
    let mut wrong = Vec::new();
    for peer in Peer::every() {
        let right = peer.read_all(&folder, &files, PASSWORD);
        let refused = peer.read_all(&folder, &files, "another password");
        for (sample, (right, refused)) in samples.iter().zip(right.into_iter().zip(refused)) {
            let name = format!("{} {}", peer.name(), sample.name);
            wrong.extend(complaint(peer, sample, right).map(|why| format!("{name} {why}")));
            if refused.is_some() {
                wrong.push(format!("{name} opens with a wrong password"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with what a peer read, or with the exception that it has.
fn complaint(peer: Peer, sample: &Sample, found: Option<Contents>) -> Option<String> {
    let exception = exception(peer, &sample.name);
    match (found, exception) {
        (Some(found), None) if found == sample.expected => None,
        (Some(found), None) => Some(format!("is {found:?} instead of {:?}", sample.expected)),
        (None, None) => Some("is refused".to_owned()),
        (Some(found), Some(reason)) if found == sample.expected => {
            Some(format!("is read, so this is no longer so: {reason}"))
        }
        (_, Some(_)) => None,
    }
}

fn exception(peer: Peer, sample: &str) -> Option<&'static str> {
    let mut all = CANNOT.iter();
    all.find(|(who, part, _)| *who == peer.name() && sample.contains(part))
        .map(|(_, _, reason)| *reason)
}

const PASSWORD: &str = "store pass 1";

struct Sample {
    name: String,
    bytes: Vec<u8>,
    expected: Contents,
}

fn samples() -> Vec<Sample> {
    let mut out = Vec::new();
    let password = Password::new(PASSWORD.into());
    for material in Material::every() {
        for profile in Profile::ALL {
            let mut options = EncodeOptions::new(Format::Pkcs12, &password);
            options.profile = profile;
            let store = Keystore::new(Format::Pkcs12, material.entries());
            let bytes = encode(&store, &options, &mut SystemRandom).unwrap();
            out.push(Sample {
                name: format!("{profile}-{}", material.name),
                bytes: bytes.secret_bytes().to_vec(),
                expected: material.contents(),
            });
        }
    }
    out
}

#[test]
fn theirs_is_read_here() {
    let folder = Folder::new();
    let mut count = 0;
    let materials = Material::every();
    let files: Vec<_> = materials.iter().map(|one| one.write(&folder)).collect();
    for peer in Peer::every() {
        let written = peer.write_all(&folder, &files, PASSWORD);
        for (material, stores) in materials.iter().zip(written) {
            for (variant, file) in stores {
                count += 1;
                let name = format!("{} {variant} {}", peer.name(), material.name);
                is_read(&file, &name, material);
            }
        }
    }
    assert!(count >= 30, "{count} stores were written");
}

fn is_read(file: &Path, name: &str, material: &Material) {
    let bytes = std::fs::read(file).unwrap();
    let open = |password: &str| {
        let password = Password::new(password.into());
        let passwords = Passwords {
            store: Some(&password),
            keys: &[],
        };
        decode(&bytes, &passwords, &Limits::default())
    };
    let store = open(PASSWORD).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(store.integrity, Integrity::Verified, "{name}");
    assert_eq!(Contents::of(&store), material.contents(), "{name}");
    assert!(open("another password").is_err(), "{name}");
}
