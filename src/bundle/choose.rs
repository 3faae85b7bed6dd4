//! From what is wished to what is written: formats and profiles for the targets.

use super::{Error, Packaging, Target};
use crate::keystore::{Format, Profile};
use crate::x509::KeyKind;

/// One store to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The format.
    pub format: Format,
    /// The profile of a PKCS#12.
    pub profile: Profile,
    /// The version of a BKS.
    pub bks_version: u8,
    /// Iterations, instead of the format's default.
    pub iterations: Option<u32>,
    /// Whether keys in PEM are encrypted, where there is a password.
    pub encrypt_pem: bool,
}

impl Output {
    /// The defaults of a format.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            profile: Profile::default(),
            bks_version: 2,
            iterations: None,
            encrypt_pem: true,
        }
    }
}

/// What the user asked for.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Wish {
    /// Formats, where they were named.
    pub formats: Vec<Format>,
    /// Who it is for.
    pub targets: Vec<Target>,
    /// The profile of PKCS#12, where it was named.
    pub profile: Option<Profile>,
    /// The version of a BKS, where it was named.
    pub bks_version: Option<u8>,
    /// Iterations, where they were named.
    pub iterations: Option<u32>,
}

/// The stores to write: what was named, or what suits the targets, or PKCS#12 and BKS.
///
/// # Errors
///
/// [`Error::TargetRefuses`] where a target can read none of the formats, a format suits no target,
/// or a target refuses the profile.
pub fn choose(wish: &Wish) -> Result<Vec<Output>, Error> {
    let mut outputs: Vec<Output> = Vec::new();
    for format in formats(wish)? {
        if outputs.iter().any(|output| output.format == format) {
            continue;
        }
        let mut output = Output::new(format);
        output.iterations = wish.iterations;
        output.bks_version = wish.bks_version.unwrap_or(2);
        output.profile = profile(wish)?;
        let readers = wish.targets.iter().filter(|t| t.reads(format).is_ok());
        output.encrypt_pem = readers.clone().all(|target| target.asks_for_passwords());
        outputs.push(output);
    }
    Ok(outputs)
}

fn formats(wish: &Wish) -> Result<Vec<Format>, Error> {
    let packagings = wish.targets.iter().flat_map(|target| target.packaging());
    if wish.formats.is_empty() && wish.targets.is_empty() {
        return Ok(vec![Format::Pkcs12, Format::Bks]);
    }
    if wish.formats.is_empty() {
        return Ok(packagings.map(|packaging| packaging.format).collect());
    }
    for target in &wish.targets {
        some_is_read(*target, &wish.formats)?;
    }
    for format in &wish.formats {
        some_reads(&wish.targets, *format)?;
    }
    Ok(wish.formats.clone())
}

fn some_is_read(target: Target, formats: &[Format]) -> Result<(), Error> {
    let refusals: Vec<_> = formats
        .iter()
        .filter_map(|format| target.reads(*format).err().map(|why| (*format, why)))
        .collect();
    match refusals.first() {
        Some((format, why)) if refusals.len() == formats.len() => {
            Err(refuses(target, format.to_string(), why, LEAVE_FORMAT))
        }
        _ => Ok(()),
    }
}

fn some_reads(targets: &[Target], format: Format) -> Result<(), Error> {
    let refusals: Vec<_> = targets
        .iter()
        .filter_map(|target| target.reads(format).err().map(|why| (*target, why)))
        .collect();
    match refusals.first() {
        Some((target, why)) if refusals.len() == targets.len() => {
            Err(refuses(*target, format.to_string(), why, LEAVE_FORMAT))
        }
        _ => Ok(()),
    }
}

/// The profile that was named, or the one that every target reads.
fn profile(wish: &Wish) -> Result<Profile, Error> {
    let readers = || {
        wish.targets
            .iter()
            .filter(|t| t.reads(Format::Pkcs12).is_ok())
    };
    if let Some(profile) = wish.profile {
        for target in readers() {
            target.reads_profile(profile).map_err(|why| {
                let what = format!("the profile {profile}");
                refuses(
                    *target,
                    what,
                    why,
                    "leave out the profile: what suits is chosen",
                )
            })?;
        }
        return Ok(profile);
    }
    let is_compat = |packaging: &Packaging| packaging.profile == Profile::Compat;
    let compat = readers().any(|target| target.packaging().iter().any(is_compat));
    Ok(if compat {
        Profile::Compat
    } else {
        Profile::Modern
    })
}

/// Refuses a kind of key that one of the targets does not take.
///
/// # Errors
///
/// [`Error::TargetRefuses`].
pub(super) fn key_suits(targets: &[Target], kind: &KeyKind) -> Result<(), Error> {
    for target in targets {
        target.takes_key(kind).map_err(|why| {
            let what = format!("the client key ({kind})");
            refuses(*target, what, why, OTHER_KEY)
        })?;
    }
    Ok(())
}

const LEAVE_FORMAT: &str = "leave out the format: what suits is chosen";
const OTHER_KEY: &str =
    "issue the certificate again with a key of type p256, which everything takes";

fn refuses(target: Target, what: String, why: &'static str, instead: &'static str) -> Error {
    Error::TargetRefuses {
        target,
        what,
        why,
        instead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(formats: &[Format], targets: &[Target]) -> Wish {
        Wish {
            formats: formats.to_vec(),
            targets: targets.to_vec(),
            ..Wish::default()
        }
    }

    fn chosen(wish: &Wish) -> Vec<(Format, Profile)> {
        let outputs = choose(wish).unwrap();
        outputs.iter().map(|o| (o.format, o.profile)).collect()
    }

    #[test]
    fn targets_choose_formats_and_profiles() {
        let modern = (Format::Pkcs12, Profile::Modern);
        let bks = |profile| (Format::Bks, profile);
        assert_eq!(chosen(&wish(&[], &[])), [modern, bks(Profile::Modern)]);
        assert_eq!(
            chosen(&wish(&[], &[Target::Rhasspy])),
            [bks(Profile::Modern)]
        );
        assert_eq!(
            chosen(&wish(&[], &[Target::Java17, Target::AndroidOld])),
            [(Format::Pkcs12, Profile::Compat), bks(Profile::Compat)]
        );
        let pem = choose(&wish(&[], &[Target::Mosquitto])).unwrap();
        assert!(pem.iter().all(|output| !output.encrypt_pem));
    }

    #[test]
    fn what_a_target_cannot_read_is_refused() {
        let refused = |wish: &Wish| choose(wish).unwrap_err().to_string();
        let text = refused(&wish(&[Format::Pkcs12], &[Target::Rhasspy]));
        assert!(text.contains("Rhasspy Mobile cannot use PKCS#12"), "{text}");
        let mut old = wish(&[], &[Target::AndroidOld]);
        old.profile = Some(Profile::Modern);
        assert!(refused(&old).contains("the profile modern"));
        assert!(
            choose(&wish(
                &[Format::Bks, Format::Pkcs12],
                &[Target::Rhasspy, Target::Java17]
            ))
            .is_ok()
        );
    }
}
