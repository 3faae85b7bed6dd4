//! A store encoded, decoded again and compared, with what is to be said about it.

use super::adapt::adapt;
use super::choose::{choose, key_suits};
use super::compare::difference;
use super::{Error, Output, Target, Wish, audience};
use crate::finding::{Code, Finding, Remedy, Severity};
use crate::keystore::{
    Content, EncodeOptions, Format, KeyState, Keystore, Limits, Passwords, Profile, decode, encode,
};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};
use crate::x509::{KeyKind, key::public_key};

/// Passwords shorter than this are guessed in a day where the format derives keys weakly.
const SHORT: usize = 10;

/// The passwords of a store that is made.
#[derive(Debug, Clone, Copy)]
pub struct Secrets<'a> {
    /// The store's.
    pub store: &'a Password,
    /// That of its keys, where it is to differ.
    pub keys: Option<&'a Password>,
    /// Whether keys may keep other passwords than the store's.
    pub allow_mixed: bool,
}

/// A store that is ready to be written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Encoded {
    /// What it was made for.
    pub output: Output,
    /// The file.
    pub bytes: SecretBytes,
    /// The store as it reads back.
    pub store: Keystore,
    /// What was lost, and what its readers may stumble over.
    pub findings: Vec<Finding>,
}

/// Encodes `store` for `output`, decodes the result and compares.
///
/// # Errors
///
/// See [`Error`]: what a target refuses, what the format cannot hold, and a codec that does not
/// give back what it was given.
pub fn plan(
    store: &Keystore,
    output: Output,
    secrets: Secrets<'_>,
    targets: &[Target],
    random: &mut dyn Random,
) -> Result<Encoded, Error> {
    let adapted = adapt(store, &output, secrets.allow_mixed)?;
    let kinds = key_kinds(&adapted.store);
    for kind in &kinds {
        key_suits(targets, kind)?;
    }
    let empty = Password::new(String::new());
    let secrets = match output {
        Output {
            format: Format::Pem,
            encrypt_pem: false,
            ..
        } => Secrets {
            store: &empty,
            keys: None,
            ..secrets
        },
        _ => secrets,
    };
    let bytes = encode(&adapted.store, &options(&output, secrets), random)?;
    let found = read_back(&bytes, secrets)?;
    if let Some(difference) = difference(&adapted.store, &found, output.format) {
        return Err(Error::RoundTrip {
            format: output.format,
            difference,
        });
    }
    let mut findings = adapted.losses;
    findings.extend(said_of_passwords(&output, secrets));
    findings.extend(said_of_clear_keys(&output, secrets, &kinds));
    findings.extend(said_of_format(&output, &kinds, targets));
    for target in targets.iter().filter(|t| t.reads(output.format).is_ok()) {
        for finding in audience::refusals(&found, *target) {
            if finding.severity == Severity::Failure {
                let finding = Box::new(finding);
                return Err(Error::Unsuitable { finding });
            }
            findings.push(finding);
        }
    }
    Ok(Encoded {
        output,
        bytes,
        store: found,
        findings,
    })
}

/// Every store that is wished for: [`choose`], then [`plan`] for each.
///
/// # Errors
///
/// Those of [`choose`] and [`plan`].
pub fn plan_all(
    store: &Keystore,
    wish: &Wish,
    secrets: Secrets<'_>,
    random: &mut dyn Random,
) -> Result<Vec<Encoded>, Error> {
    let outputs = choose(wish)?;
    outputs
        .into_iter()
        .map(|output| plan(store, output, secrets, &wish.targets, random))
        .collect()
}

fn options<'a>(output: &Output, secrets: Secrets<'a>) -> EncodeOptions<'a> {
    let mut options = EncodeOptions::new(output.format, secrets.store);
    options.key_password = secrets.keys;
    options.profile = output.profile;
    options.bks_version = output.bks_version;
    options.iterations = output.iterations;
    options
}

fn read_back(bytes: &SecretBytes, secrets: Secrets<'_>) -> Result<Keystore, Error> {
    let keys: Vec<Password> = secrets
        .keys
        .iter()
        .map(|keys| keys.clone_secret())
        .collect();
    let passwords = Passwords {
        store: Some(secrets.store),
        keys: &keys,
    };
    // The work is our own: whoever asked for many iterations gets them.
    let limits = Limits {
        kdf_work: u64::MAX,
        file_size: usize::MAX,
        ..Limits::default()
    };
    Ok(decode(bytes.secret_bytes(), &passwords, &limits)?)
}

fn key_kinds(store: &Keystore) -> Vec<KeyKind> {
    let keys = store
        .entries
        .iter()
        .filter_map(|entry| match &entry.content {
            Content::PrivateKey {
                key: KeyState::Open { value, .. },
                ..
            } => public_key(value).ok().map(|key| key.kind().clone()),
            _ => None,
        });
    keys.collect()
}

fn said_of_passwords(output: &Output, secrets: Secrets<'_>) -> Vec<Finding> {
    let text = secrets.store.secret_text();
    let format = output.format;
    let mut out = Vec::new();
    let mut warn = |cause: String, remedy: &str| {
        let finding = Finding::warning(Code::PasswordWeak, cause);
        out.push(finding.with_remedy(Remedy::text(remedy)));
    };
    if format == Format::Pem {
        return out;
    }
    if text.is_empty() {
        warn(
            format!(
                "the password of the {format} store is empty: it protects nothing, and some programs refuse it"
            ),
            "choose a password",
        );
    } else if format == Format::Pkcs12 && !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        warn(
            "the password has characters outside of ASCII, which Java refuses in PKCS#12 and other programs encode in different ways".into(),
            "choose a password of ASCII letters, digits and signs",
        );
    } else if matches!(format, Format::Jks | Format::Jceks) && text.chars().count() < 6 {
        warn(
            "the password has fewer than 6 characters, which keytool refuses".into(),
            "choose a longer password",
        );
    }
    if let Some(why) = weakness(format) {
        let cause = format!("{format} protects its contents weakly: {why}");
        let remedy = "choose a long random password, and keep the file to yourself";
        let short = !text.is_empty() && text.chars().count() < SHORT;
        let finding = match short {
            true => Finding::warning(
                Code::PasswordWeak,
                format!("{cause}, and a password of fewer than {SHORT} characters is soon guessed"),
            ),
            false => Finding::note(Code::PasswordWeak, cause),
        };
        out.push(finding.with_remedy(Remedy::text(remedy)));
    }
    if secrets.keys.is_some() {
        let cause = format!("the keys in the {format} store have another password than the store");
        let remedy = "use one password: phones, OpenSSL and most programs know only one";
        let finding = Finding::warning(Code::KeyPasswordDiffers, cause);
        out.push(finding.with_remedy(Remedy::text(remedy)));
    }
    out
}

/// Keys in PEM are clear where no password was given, or nobody could type it.
fn said_of_clear_keys(output: &Output, secrets: Secrets<'_>, kinds: &[KeyKind]) -> Option<Finding> {
    let password = secrets.keys.unwrap_or(secrets.store);
    let clear = output.format == Format::Pem && password.is_empty() && !kinds.is_empty();
    clear.then(|| {
        let cause =
            "the private key in the PEM file is not encrypted: whoever can read the file has it";
        let remedy = "keep the file where only the program that needs it can read it";
        Finding::note(Code::PasswordWeak, cause).with_remedy(Remedy::text(remedy))
    })
}

/// Why whoever has the file can guess fast.
fn weakness(format: Format) -> Option<&'static str> {
    match format {
        Format::Bks | Format::Uber => {
            Some("one to two thousand rounds of SHA-1 stand before a guess")
        }
        Format::Jks => Some("a single round of SHA-1 stands before a guess"),
        Format::Jceks => Some("a single round of SHA-1 proves a guess of the store's password"),
        _ => None,
    }
}

fn said_of_format(output: &Output, kinds: &[KeyKind], targets: &[Target]) -> Vec<Finding> {
    let mut out = Vec::new();
    if output.format == Format::Bks && output.bks_version == 1 {
        let cause = "version 1 of BKS has an integrity check of 16 bits, which proves nothing (CVE-2018-5382), and BouncyCastle 1.85 refuses it";
        let remedy = "use version 2, which everything since Android 4.2 reads";
        let finding = Finding::warning(Code::StoreWithoutIntegrity, cause);
        out.push(finding.with_remedy(Remedy::text(remedy)));
    }
    if output.format == Format::Pkcs12 && output.profile == Profile::Legacy {
        let cause = "the certificates are encrypted with RC2 of 40 bits, which OpenSSL 3 reads with its legacy provider alone";
        out.push(
            Finding::warning(Code::TargetRefuses, cause).with_remedy(Remedy::text(
                "use the profile compat, which opens as widely",
            )),
        );
    }
    if targets.is_empty() && matches!(output.format, Format::Bks | Format::Pkcs12) {
        for kind in kinds {
            if let Err(why) = Target::Android.takes_key(kind) {
                let cause = format!("phones cannot use the client key ({kind}); of Android: {why}");
                let finding = Finding::warning(Code::UnsupportedKey, cause);
                out.push(finding.with_remedy(Remedy::text(
                    "issue the certificate again with a key of type p256 where a phone is to use it",
                )));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;
    use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair};

    use super::*;
    use crate::bundle::Material;
    use crate::keystore::Entry;
    use crate::random::SystemRandom;
    use crate::secret::PrivateKey;

    struct Parts {
        key: Vec<u8>,
        leaf: Vec<u8>,
        authority: Vec<u8>,
    }

    fn parts() -> Parts {
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let authority_key = KeyPair::generate().unwrap();
        let authority = named("ca").self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(named("ca"), &authority_key);
        let leaf = named("phone").signed_by(&key, &issuer).unwrap();
        Parts {
            key: key.serialize_der(),
            leaf: leaf.der().to_vec(),
            authority: authority.der().to_vec(),
        }
    }

    fn store(parts: &Parts, alias: &str) -> Keystore {
        let key = PrivateKey::from_pkcs8_der(parts.key.clone());
        let authority = [parts.authority.clone()];
        let material =
            Material::identity(key, std::slice::from_ref(&parts.leaf), &authority).unwrap();
        material.into_store(alias, datetime!(2026-01-02 3:04:05 UTC))
    }

    fn planned(store: &Keystore, output: Output, targets: &[Target]) -> Result<Encoded, Error> {
        // JCEKS takes ASCII alone.
        let password = Password::new(match output.format {
            Format::Jceks => "pass key".into(),
            _ => "päss 🔑".into(),
        });
        let secrets = Secrets {
            store: &password,
            keys: None,
            allow_mixed: false,
        };
        plan(store, output, secrets, targets, &mut SystemRandom)
    }

    #[test]
    fn every_format_and_profile_reads_back() {
        let store = store(&parts(), "Phone");
        for output in Format::ALL.map(Output::new) {
            let encoded = planned(&store, output, &[]).unwrap();
            assert_eq!(
                encoded.store.entries.len(),
                if output.format == Format::Pem { 1 } else { 2 }
            );
        }
        for profile in Profile::ALL {
            let mut output = Output::new(Format::Pkcs12);
            output.profile = profile;
            planned(&store, output, &[]).unwrap();
        }
    }

    #[test]
    fn a_chain_that_leaves_out_a_trusted_ca_becomes_every_store() {
        let parts = parts();
        let mut store = store(&parts, "phone");
        let Content::PrivateKey { chain, .. } = &mut store.entries[0].content else {
            panic!("a private key")
        };
        chain.truncate(1);
        for output in Format::ALL.map(Output::new) {
            let made = planned(&store, output, &[]);
            let made = made.unwrap_or_else(|error| panic!("{}: {error}", output.format));
            let kept = made.store.entries.iter();
            let kept: Vec<_> = kept.flat_map(|e| e.content.certificates()).collect();
            assert!(kept.contains(&&parts.leaf), "{}", output.format);
        }
    }

    #[test]
    fn bytes_of_applications_go_where_they_can_be_held() {
        let parts = parts();
        let sealed_key = vec![0x30, 7, 0x30, 2, 6, 0, 4, 1, 9];
        let chain = vec![parts.leaf.clone()];
        for (bytes, chain, in_bcfks) in [
            (b"any".to_vec(), Vec::new(), true),
            (b"any".to_vec(), chain.clone(), false),
            (sealed_key, chain, true),
        ] {
            for (format, held) in [(Format::Bks, true), (Format::Bcfks, in_bcfks)] {
                let mut store = store(&parts, "phone");
                let content = Content::Opaque {
                    kind: "theirs".to_owned(),
                    bytes: SecretBytes::new(bytes.clone()),
                    chain: chain.clone(),
                };
                store.entries.push(Entry::new("app", None, content));
                let made = planned(&store, Output::new(format), &[]).unwrap();
                assert_eq!(made.store.entries.len() == 3, held, "{format}");
            }
        }
    }

    #[test]
    fn losses_are_named_and_collisions_refused() {
        let parts = parts();
        let jks = Output::new(Format::Jks);
        let encoded = planned(&store(&parts, "Phone"), jks, &[]).unwrap();
        let lowered = encoded
            .findings
            .iter()
            .any(|f| f.cause.contains("becomes `phone`"));
        assert!(lowered, "{:?}", encoded.findings);
        let aliases: Vec<_> = encoded
            .store
            .entries
            .iter()
            .map(|e| e.alias.to_string())
            .collect();
        assert_eq!(aliases, ["phone", "ca"]);

        let mut both = store(&parts, "A");
        both.entries.extend(store(&parts, "a").entries);
        let error = planned(&both, jks, &[]).unwrap_err();
        assert!(matches!(error, Error::AliasesCollide { .. }), "{error}");
    }

    #[test]
    fn aliases_that_a_format_cannot_hold_change_with_a_word() {
        use crate::keystore::Alias;
        for (format, alias, kept) in [
            (Format::Pkcs12, vec![0x78, 0], vec![0x78]),
            (Format::Pkcs12, vec![0], vec![]),
            (Format::Bcfks, vec![0x78, 0xd83d], vec![0x78, 0xfffd]),
            (Format::Bks, vec![0x78, 0xd83d, 0], vec![0x78, 0xd83d, 0]),
        ] {
            let mut store = store(&parts(), "phone");
            let changes = alias != kept;
            store.entries[0].alias = Alias::from_units(alias);
            let made = planned(&store, Output::new(format), &[]).unwrap();
            assert_eq!(made.store.entries[0].alias.units(), kept, "{format}");
            let said = made.findings.iter().any(|f| f.cause.contains("becomes"));
            assert_eq!(said, changes, "{format}");
        }
    }

    #[test]
    fn an_empty_store_becomes_every_store_but_pem() {
        for format in Format::ALL {
            let empty = Keystore::new(Format::Bks, Vec::new());
            let planned = planned(&empty, Output::new(format), &[]);
            let refused = matches!(planned, Err(Error::NothingLeft { .. }));
            assert_eq!(refused, format == Format::Pem, "{format}");
        }
    }

    #[test]
    fn what_java_takes_for_one_and_what_is_clear_is_said() {
        let parts = parts();
        let mut both = store(&parts, "A");
        both.entries.extend(store(&parts, "a").entries);
        let causes = |output, password: &str| {
            let password = Password::new(password.to_owned());
            let secrets = Secrets {
                store: &password,
                keys: None,
                allow_mixed: false,
            };
            let made = plan(&both, output, secrets, &[], &mut SystemRandom).unwrap();
            let causes = made.findings.iter().map(|finding| finding.cause.clone());
            causes.collect::<Vec<_>>().join("; ")
        };
        let p12 = causes(Output::new(Format::Pkcs12), "long enough");
        assert!(p12.contains("`A` and `a` are the same to Java"), "{p12}");
        let pem = Output::new(Format::Pem);
        assert!(causes(pem, "").contains("not encrypted"));
        assert!(!causes(pem, "long enough").contains("not encrypted"));
    }

    #[test]
    fn a_key_of_another_certificate_and_a_ca_made_again_are_refused() {
        let (one, two) = (parts(), parts());
        let key = || PrivateKey::from_pkcs8_der(one.key.clone());
        let authority = [two.authority.clone()];
        let error =
            Material::identity(key(), std::slice::from_ref(&two.leaf), &authority).unwrap_err();
        assert!(matches!(error, Error::KeyMismatch { .. }));
        let error =
            Material::identity(key(), std::slice::from_ref(&one.leaf), &authority).unwrap_err();
        assert!(matches!(error, Error::OtherAuthority { .. }));
    }

    #[test]
    fn the_ca_keeps_clear_of_a_client_called_ca() {
        let store = store(&parts(), "CA");
        let aliases: Vec<_> = store.entries.iter().map(|e| e.alias.to_string()).collect();
        assert_eq!(aliases, ["CA", "ca-2"]);
    }

    #[test]
    fn a_store_without_trust_is_refused_for_a_phone() {
        let mut store = store(&parts(), "phone");
        store.entries.truncate(1);
        let bks = Output::new(Format::Bks);
        let error = planned(&store, bks, &[Target::Rhasspy]).unwrap_err();
        assert!(matches!(error, Error::Unsuitable { .. }), "{error}");
    }
}
