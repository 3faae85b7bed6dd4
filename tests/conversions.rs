//! `certgen bundle --in`: every store into every other, with its passwords changed on the way, and
//! each loss named before it happens.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod support;

#[path = "store_peers/lines.rs"]
#[expect(dead_code, reason = "shared with the peers of other stores")]
mod lines;

use std::collections::BTreeMap;
use std::path::Path;

use certgen::keystore::{
    Content, Integrity, KeyState, Keystore, Limits, Opened, Passwords, decode,
};
use certgen::secret::Password;
use lines::hash;
use support::{Folder, Java, Output, certgen, run};

const OLD: &str = "pass of the old one";
const NEW: &str = "pass of the new one";
const STORES: [&str; 6] = ["p12", "bks", "jks", "jceks", "uber", "bcfks"];

/// Alias, kind, what is inside, and the date in milliseconds.
type Found = BTreeMap<String, (&'static str, String, Option<i128>)>;

#[test]
fn every_store_becomes_every_other() {
    let folder = Folder::new();
    let sources = sources(&folder);
    for from in STORES {
        let before = found(&opened(&folder, from, OLD));
        for to in STORES {
            let name = format!("{from}-to.{to}");
            let planned = convert(&folder, &sources[from], &name, "OLD", &["--dry-run"]).ok();
            assert!(!folder.join(&name).exists(), "{name}: --dry-run writes it");

            let made = convert(&folder, &sources[from], &name, "OLD", &[]).ok();
            let after = found(&opened(&folder, &name, NEW));
            let lost = expected_losses(&before, to);
            let kept = without(&before, &lost);
            compare(&kept, &after, dates_stay(from, to), &name);
            for output in [&planned, &made] {
                assert_eq!(losses(output), lost, "{name}: {}", output.stdout);
            }
        }
    }
}

/// A wrong password, a file that exists: exit 2, and nothing is touched.
#[test]
fn refusals_leave_what_is_there() {
    let folder = Folder::new();
    let sources = sources(&folder);
    for from in STORES {
        let wrong = convert(&folder, &sources[from], "out.p12", "NEW", &[]);
        assert_eq!(wrong.status, Some(2), "{from}");
        assert!(wrong.stderr.contains("wrong password"), "{}", wrong.stderr);
        assert!(!folder.join("out.p12").exists(), "{from}");
    }
    for to in STORES {
        let name = format!("there.{to}");
        folder.write(&name, "already there");
        let output = convert(&folder, &sources["bks"], &name, "OLD", &[]);
        assert_eq!(output.status, Some(2), "{name}");
        assert!(output.stderr.contains("--force"), "{}", output.stderr);
        assert_eq!(folder.read(&name), b"already there", "{name}");
        convert(&folder, &sources["bks"], &name, "OLD", &["--force"]).ok();
        assert!(!opened(&folder, &name, NEW).entries.is_empty(), "{name}");
    }
}

/// A store of Java's with a key, a trusted certificate and secret keys, and its twins of ours.
fn sources(folder: &Folder) -> BTreeMap<&'static str, String> {
    let java = folder.join("java.p12");
    let java = java.to_str().unwrap();
    let keytool = |words: &[&str]| {
        let mut command = Java::debian().keytool(words[0]);
        command.args(["-keystore", java, "-storetype", "PKCS12", "-storepass", OLD]);
        run(command.args(&words[1..])).ok();
    };
    let name = ["-alias", "phone", "-keyalg", "EC", "-dname", "CN=phone"];
    keytool(&[&["-genkeypair"], &name[..]].concat());
    keytool(&[
        "-genseckey",
        "-alias",
        "aes",
        "-keyalg",
        "AES",
        "-keysize",
        "256",
    ]);
    keytool(&["-genseckey", "-alias", "3des", "-keyalg", "DESede"]);
    let certificate = folder.join("phone.crt");
    let certificate = certificate.to_str().unwrap();
    keytool(&["-exportcert", "-alias", "phone", "-file", certificate]);
    keytool(&[
        "-importcert",
        "-noprompt",
        "-alias",
        "ca",
        "-file",
        certificate,
    ]);
    let mut out = BTreeMap::new();
    for format in STORES {
        // Named without its format: content alone tells what it is.
        let file = folder.join(format);
        let file = file.to_str().unwrap();
        let mut command = certgen();
        command.args(["bundle", "--in", java, "--in-password", "env:OLD"]);
        command.args(["--out", file, "--format", format]);
        run(command.env("OLD", OLD)).ok();
        out.insert(format, file.to_owned());
    }
    out
}

fn convert(folder: &Folder, from: &str, to: &str, password: &str, more: &[&str]) -> Output {
    let to = folder.join(to);
    let mut command = certgen();
    command.args(["bundle", "--in", from, "--in-password"]);
    command.arg(format!("env:{password}"));
    command.args(["--store-password", "env:NEW", "--out"]);
    run(command.arg(to).args(more).env("OLD", OLD).env("NEW", NEW))
}

fn opened(folder: &Folder, name: &str, password: &str) -> Keystore {
    let bytes = std::fs::read(folder.join(Path::new(name))).unwrap();
    let password = Password::new(password.into());
    let passwords = Passwords {
        store: Some(&password),
        keys: &[],
    };
    let store = decode(&bytes, &passwords, &Limits::default()).unwrap();
    assert_eq!(store.integrity, Integrity::Verified, "{name}");
    store
}

fn found(store: &Keystore) -> Found {
    let mut out = Found::new();
    for entry in &store.entries {
        let (kind, inside, open) = match &entry.content {
            Content::TrustedCertificate { certificate } => ("certificate", hash(certificate), None),
            Content::PrivateKey { key, chain } => {
                let der = key.open().unwrap().secret_pkcs8_der();
                let chain: String = chain.iter().map(|der| hash(der)).collect();
                ("key", hash(der) + &chain, how(key))
            }
            Content::SecretKey { algorithm, key, .. } => {
                let bytes = key.open().unwrap().secret_bytes();
                let inside = format!("{algorithm} {}", hash(bytes));
                ("secret", inside, how(key))
            }
            other => panic!("{other:?}"),
        };
        assert!(
            open.is_none_or(|how| how == Opened::StorePassword),
            "{}",
            entry.alias
        );
        let created = entry
            .created
            .map(|time| time.unix_timestamp_nanos() / 1_000_000);
        out.insert(entry.alias.to_string(), (kind, inside, created));
    }
    out
}

fn how<T>(key: &KeyState<T>) -> Option<Opened> {
    match key {
        KeyState::Open { opened, .. } => Some(*opened),
        _ => None,
    }
}

/// JKS holds no secret keys; everything else holds all of it.
fn expected_losses(before: &Found, to: &str) -> Vec<String> {
    let secrets = before
        .iter()
        .filter(|(_, (kind, ..))| to == "jks" && *kind == "secret");
    secrets.map(|(alias, _)| alias.clone()).collect()
}

fn without(all: &Found, lost: &[String]) -> Found {
    let mut out = all.clone();
    out.retain(|alias, _| !lost.contains(alias));
    out
}

/// The aliases that the output says are left out.
fn losses(output: &Output) -> Vec<String> {
    let causes = output
        .stdout
        .lines()
        .filter(|line| line.contains("is left out"));
    let mut out: Vec<String> = causes
        .map(|line| line.split('`').nth(1).unwrap().to_owned())
        .collect();
    out.sort();
    out
}

/// PKCS#12 keeps dates of keys alone.
fn dates_stay(from: &str, to: &str) -> bool {
    from != "p12" && to != "p12"
}

fn compare(kept: &Found, after: &Found, dates: bool, name: &str) {
    let aliases = |found: &Found| found.keys().cloned().collect::<Vec<_>>();
    assert_eq!(aliases(kept), aliases(after), "{name}");
    for (alias, (kind, inside, date)) in kept {
        let (new_kind, new_inside, new_date) = &after[alias];
        assert_eq!((kind, inside), (new_kind, new_inside), "{name} {alias}");
        if dates {
            // BCFKS counts seconds.
            let seconds = |date: &Option<i128>| date.map(|millis| millis / 1000);
            assert_eq!(seconds(date), seconds(new_date), "{name} {alias}");
        }
    }
}
