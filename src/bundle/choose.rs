//! From what is wished to what is written: formats and profiles for the targets.

use super::{Error, Packaging, Target};
use crate::finding::{Action, Remedy};
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
        some_is_read(*target, wish)?;
    }
    for format in &wish.formats {
        some_reads(*format, wish)?;
    }
    Ok(wish.formats.clone())
}

fn some_is_read(target: Target, wish: &Wish) -> Result<(), Error> {
    let refused = |format: &Format| Some((*format, target.reads(*format).err()?));
    let refusals: Vec<_> = wish.formats.iter().filter_map(refused).collect();
    match refusals.first() {
        Some((format, why)) if refusals.len() == wish.formats.len() => Err(refuses(
            target,
            format.to_string(),
            why,
            other_formats(wish),
        )),
        _ => Ok(()),
    }
}

fn some_reads(format: Format, wish: &Wish) -> Result<(), Error> {
    let refused = |target: &Target| Some((*target, target.reads(format).err()?));
    let refusals: Vec<_> = wish.targets.iter().filter_map(refused).collect();
    match refusals.first() {
        Some((target, why)) if refusals.len() == wish.targets.len() => Err(refuses(
            *target,
            format.to_string(),
            why,
            other_formats(wish),
        )),
        _ => Ok(()),
    }
}

/// The same command with what is read of the formats, and one for each target that reads none.
fn other_formats(wish: &Wish) -> Remedy {
    let read = |format: &Format| {
        wish.targets
            .iter()
            .any(|target| target.reads(*format).is_ok())
    };
    let mut formats: Vec<Format> = wish.formats.iter().copied().filter(read).collect();
    for target in &wish.targets {
        let none = !formats.iter().any(|format| target.reads(*format).is_ok());
        let suits = target.packaging().iter().map(|packaging| packaging.format);
        formats.extend(suits.filter(|_| none).take(1));
    }
    let names: Vec<_> = formats.iter().map(|format| format.extension()).collect();
    again("write what is read there", "--format", &names.join(","))
}

fn again(text: &str, option: &str, value: &str) -> Remedy {
    let extra = vec![option.to_owned(), value.to_owned()];
    Remedy::run(text, Action::Again { extra })
}

/// The profile that was named, or the one that every target reads.
fn profile(wish: &Wish) -> Result<Profile, Error> {
    let readers = || {
        wish.targets
            .iter()
            .filter(|t| t.reads(Format::Pkcs12).is_ok())
    };
    let is_compat = |packaging: &Packaging| packaging.profile == Profile::Compat;
    let compat = readers().any(|target| target.packaging().iter().any(is_compat));
    let suits = if compat {
        Profile::Compat
    } else {
        Profile::Modern
    };
    let Some(profile) = wish.profile else {
        return Ok(suits);
    };
    for target in readers() {
        target.reads_profile(profile).map_err(|why| {
            let what = format!("the profile {profile}");
            let remedy = again(
                "use the profile that suits",
                "--p12-profile",
                suits.as_str(),
            );
            refuses(*target, what, why, remedy)
        })?;
    }
    Ok(profile)
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
            refuses(*target, what, why, Remedy::text(OTHER_KEY))
        })?;
    }
    Ok(())
}

const OTHER_KEY: &str =
    "issue the certificate again with a key of type p256, which everything takes";

fn refuses(target: Target, what: String, why: &'static str, remedy: Remedy) -> Error {
    Error::TargetRefuses {
        target,
        what,
        why,
        remedy: Box::new(remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Diagnostic as _;

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
    fn a_refusal_gives_the_command_that_works() {
        let extra = |wish: &Wish| match choose(wish).unwrap_err().remedy().unwrap().action {
            Some(Action::Again { extra }) => extra.join(" "),
            other => format!("{other:?}"),
        };
        use Format::{Bks, Jks, Pkcs12};
        let one = wish(&[Pkcs12], &[Target::Rhasspy]);
        assert_eq!(extra(&one), "--format bks");
        let two = wish(&[Pkcs12], &[Target::Rhasspy, Target::Java17]);
        assert_eq!(extra(&two), "--format p12,bks");
        let surplus = wish(&[Bks, Jks], &[Target::Android]);
        assert_eq!(extra(&surplus), "--format bks");
        let mut profile = wish(&[], &[Target::Android, Target::AndroidOld]);
        profile.profile = Some(Profile::Modern);
        assert_eq!(extra(&profile), "--p12-profile compat");
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
