//! Stores of Java in both directions: what we write is read by Java's own providers, BouncyCastle in
//! three versions, keytool and pyjks, and what they write is read here, with the same hashes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod support;

#[path = "store_peers/lines.rs"]
mod lines;
#[path = "store_peers/samples.rs"]
mod samples;

use certgen::keystore::{Format, Limits, Passwords, decode};
use certgen::secret::Password;
use lines::{Line, hex, lines_of_store, plan_line};
use samples::{KeyFiles, Sample, samples};
use std::collections::BTreeMap;
use std::path::Path;
use support::{Folder, Java, python, run};

/// A reader, part of the names of the stores that it cannot read by design, and why.
const CANNOT: &[(&str, &str, &str)] = &[
    (
        "bcprov-jdk18on-1.87.jar",
        "bks1",
        "BouncyCastle reads versions 0 and 1 since 1.85 only where a property allows it (CVE-2026-59651)",
    ),
    ("pyjks", "bcfks", "pyjks knows no BCFKS"),
];

/// Java writes names as modified UTF-8; pyjks takes it for UTF-8, which is the same for these.
const ALIAS: &str = "phone ü日";
/// With a character outside the first plane and a NUL, which are not.
const HARD_ALIAS: &str = "phone ü日🔑\0x";

#[test]
fn ours_is_read_by_bouncycastle_sun_and_sunjce() {
    let folder = Folder::new();
    let samples = samples(&folder, HARD_ALIAS);
    for java in Java::every() {
        let name = java.bouncy_castle.file_name().unwrap().to_string_lossy();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java/Stores.java");
        judge(&name, &folder, &samples, |plan| {
            run(java.source(&program).arg(plan)).ok().stdout
        });
    }
}

#[test]
fn ours_is_read_by_pyjks() {
    let folder = Folder::new();
    let samples = samples(&folder, ALIAS);
    judge("pyjks", &folder, &samples, pyjks);
}

fn pyjks(plan: &Path) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/stores.py");
    run(python().arg(program).arg(plan)).ok().stdout
}

/// Lets a reader read every sample with the right and with wrong passwords.
fn judge(reader: &str, folder: &Folder, samples: &[Sample], read: impl Fn(&Path) -> String) {
    let mut plan = String::new();
    for sample in samples {
        for (file, store, key) in [
            (sample.file.as_path(), &*sample.store, &*sample.key),
            (&sample.for_wrong_store, "wrong", &sample.key),
            (&sample.for_wrong_key, &sample.store, "wrong"),
        ] {
            plan.push_str(&plan_line("read", sample.format, file, store, key, &[]));
        }
    }
    let output = read(&folder.write("plan", plan));
    let found = by_file(&output);
    let mut wrong = Vec::new();
    for sample in samples {
        let verdict = sample.judge(&found);
        let by_design = CANNOT
            .iter()
            .find(|(who, part, _)| *who == reader && sample.name.contains(part));
        match (verdict, by_design) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Err(why), None) => wrong.push(format!("{}: {why}", sample.name)),
            (Ok(()), Some((_, _, reason))) => wrong.push(format!(
                "{} is read, so this is no longer so: {reason}",
                sample.name
            )),
        }
    }
    assert!(wrong.is_empty(), "{reader}:\n{}", wrong.join("\n"));
}

fn by_file(output: &str) -> BTreeMap<String, Vec<Line>> {
    let mut found: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in output.lines() {
        let (file, line) = line.split_once('\t').unwrap();
        found
            .entry(file.to_owned())
            .or_default()
            .push(line.to_owned());
    }
    for lines in found.values_mut() {
        lines.sort();
    }
    found
}

#[test]
fn what_bouncycastle_sun_and_sunjce_write_is_read_here() {
    for java in Java::every() {
        let name = java.bouncy_castle.file_name().unwrap().to_string_lossy();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java/Stores.java");
        let formats = [
            Format::Bks,
            Format::Uber,
            Format::Jks,
            Format::Jceks,
            Format::Bcfks,
        ];
        theirs(&name, &formats, |plan| {
            run(java.source(&program).arg(plan)).ok().stdout
        });
    }
}

#[test]
fn what_pyjks_writes_is_read_here() {
    // It writes no other format.
    theirs("pyjks", &[Format::Jks], pyjks);
}

/// Lets a writer write stores of these formats, read them again itself, and compares that with
/// what is read here.
fn theirs(writer: &str, formats: &[Format], write: impl Fn(&Path) -> String) {
    let folder = Folder::new();
    let passwords = [
        ("storepw1", "keypw1"),
        ("storepw1", "storepw1"),
        ("pässwörd 🔑", "keypw1"),
    ];
    let mut plan = String::new();
    let mut expected = Vec::new();
    for keys in KeyFiles::every(&folder) {
        for (number, (store, key)) in passwords.iter().enumerate() {
            for format in formats {
                let name = format!("{}-{number}.{}", keys.name, format.extension());
                let file = folder.join(name);
                let more = [
                    hex(ALIAS),
                    keys.key.clone(),
                    keys.leaf.clone(),
                    keys.ca.clone(),
                ];
                plan.push_str(&plan_line("write", *format, &file, store, key, &more));
                expected.push((*format, file, *store, *key));
            }
        }
    }
    let output = write(&folder.write("plan", plan));
    let found = by_file(&output);
    for (format, file, store, key) in expected {
        let theirs = &found[file.to_str().unwrap()];
        let bytes = std::fs::read(&file).unwrap();
        let open = |store: &str, key: &str| {
            let (store, keys) = (Password::new(store.into()), [Password::new(key.into())]);
            let passwords = Passwords {
                store: Some(&store),
                keys: &keys,
            };
            decode(&bytes, &passwords, &Limits::default())
        };
        let read = open(store, key).unwrap();
        assert_eq!(read.format, format);
        assert_eq!(
            &lines_of_store(&read),
            theirs,
            "{writer} {}",
            file.display()
        );
        assert!(theirs.len() >= 2, "{theirs:?}");
        assert!(open("wrong", key).is_err(), "{writer} {}", file.display());
    }
}

#[test]
fn keytool_lists_and_converts_ours() {
    let folder = Folder::new();
    let java = Java::debian();
    for sample in samples(&folder, HARD_ALIAS) {
        if !sample.name.starts_with("same-") || !sample.name.contains("p256") {
            continue;
        }
        let file = sample.file.to_str().unwrap();
        let kind = sample.format.as_str();
        let listed = run(java.keytool("-list").args([
            "-keystore",
            file,
            "-storetype",
            kind,
            "-storepass",
            &sample.store,
        ]));
        let listed = listed.ok().stdout;
        let count = sample.entries.len();
        assert!(
            listed.contains(&format!("contains {count} entries")),
            "{listed}"
        );
        assert!(listed.contains("PrivateKeyEntry"), "{listed}");
        assert!(listed.contains("trustedCertEntry"), "{listed}");

        let converted = folder.join(format!("converted-{}", sample.name));
        run(java.keytool("-importkeystore").args([
            "-noprompt",
            "-srckeystore",
            file,
            "-srcstoretype",
            kind,
            "-srcstorepass",
            &sample.store,
            "-destkeystore",
            converted.to_str().unwrap(),
            "-deststoretype",
            kind,
            "-deststorepass",
            "elsewhere",
        ]))
        .ok();
        let store = Password::new("elsewhere".into());
        // Keys keep the password that they had.
        let keys = [Password::new(sample.store.clone())];
        let passwords = Passwords {
            store: Some(&store),
            keys: &keys,
        };
        let bytes = std::fs::read(&converted).unwrap();
        let read = decode(&bytes, &passwords, &Limits::default()).unwrap();
        // keytool dates keys anew.
        let undated = |line: &Line| {
            let mut words: Vec<&str> = line.split('\t').collect();
            words.remove(2);
            words.join("\t")
        };
        let found: Vec<String> = lines_of_store(&read).iter().map(undated).collect();
        let expected: Vec<String> = sample.entries.iter().map(undated).collect();
        assert_eq!(found, expected, "{}", sample.name);
    }
}
