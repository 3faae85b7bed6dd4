//! Certificates, made: exactly what the profile says, and nothing that was not decided here.
//!
//! The bytes are put together here rather than by a certificate library, so that the issuer's
//! name is that of the CA byte for byte, also for a CA that other software made: names with
//! repeated attributes or old string types would not survive being read and written again.

use super::extension::{
    CLIENT_AUTH, CRL_SIGN, DIGITAL_SIGNATURE, KEY_CERT_SIGN, KEY_ENCIPHERMENT, SERVER_AUTH,
    authority_key_id, basic_constraints, extended_key_usage, key_id, key_usage, name_constraints,
    subject_alt_names, subject_key_id,
};
use super::profile::{AuthorityProfile, Profile, Role, Validity};
use super::sign::Signer;
use super::{Authority, Error};
use crate::der;
use crate::random::{Random, array};
use crate::secret::PrivateKey;
use crate::time::Timestamp;
use crate::x509::key::public_key;
use crate::x509::{Certificate, KeyKind, PublicKey, hex};

const UTF8_STRING: u8 = 0x0c;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// A serial number: 159 random bits, so that it is positive in 20 octets, and never zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial([u8; 20]);

impl Serial {
    /// Draws a serial number.
    pub fn draw(random: &mut dyn Random) -> Self {
        let mut bytes = array::<20>(random);
        let [first, ..] = &mut bytes;
        *first &= 0x7f;
        if bytes == [0; 20] {
            return Self([1; 20]);
        }
        Self(bytes)
    }

    /// Lower-case hexadecimal of the encoded octets, as [`Certificate::serial_hex`] gives it.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let encoded = der::unsigned(&self.0);
        hex(encoded.get(2..).unwrap_or_default())
    }
}

/// Issues the certificate of a broker or client.
///
/// It neither begins before its CA nor ends after it.
///
/// # Errors
///
/// [`Error::SameSubject`], [`Error::AuthorityExpired`].
pub fn issue(
    authority: &Authority,
    profile: &Profile,
    key: &PublicKey,
    serial: &Serial,
    now: Timestamp,
) -> Result<Certificate, Error> {
    let issuer = authority.certificate();
    let subject = subject(&profile.common_name);
    refuse_same_subject(authority, &profile.common_name, &subject)?;
    let usage = match key.kind() {
        KeyKind::Rsa(_) => DIGITAL_SIGNATURE | KEY_ENCIPHERMENT,
        _ => DIGITAL_SIGNATURE,
    };
    let purpose = match profile.role {
        Role::Broker => SERVER_AUTH,
        Role::Client => CLIENT_AUTH,
    };
    let mut extensions = vec![
        basic_constraints(false, None),
        key_usage(usage),
        extended_key_usage(purpose),
        subject_key_id(&key_id(key)),
        authority_key_id(&key_id_of(issuer)),
    ];
    if !profile.names.is_empty() {
        extensions.push(subject_alt_names(&profile.names));
    }
    let draft = Draft {
        serial,
        issuer: issuer.subject.der(),
        validity: below(authority, profile.validity, now)?,
        subject: &subject,
        key,
        extensions,
    };
    draft.sign(authority.signer())
}

/// Makes the certificate of a root CA, signed with its own key.
///
/// # Errors
///
/// What is wrong with the key.
pub fn root(
    profile: &AuthorityProfile,
    key: &PrivateKey,
    serial: &Serial,
) -> Result<Certificate, Error> {
    let signer = Signer::new(key)?;
    let subject = subject(&profile.common_name);
    let draft = Draft {
        serial,
        issuer: &subject,
        validity: profile.validity,
        subject: &subject,
        key: signer.public(),
        extensions: authority_extensions(profile, signer.public(), None),
    };
    draft.sign(&signer)
}

/// Makes the certificate of a CA below `authority`.
///
/// # Errors
///
/// [`Error::NoRoomBelow`] where no CA may stand below it, and as [`issue`].
pub fn subordinate(
    authority: &Authority,
    profile: &AuthorityProfile,
    key: &PrivateKey,
    serial: &Serial,
    now: Timestamp,
) -> Result<Certificate, Error> {
    let issuer = authority.certificate();
    let room = issuer.basic_constraints.and_then(|basic| basic.path_length);
    if room.is_some_and(|room| room <= u32::from(profile.path_length)) {
        let subject = issuer.subject.to_string();
        return Err(Error::NoRoomBelow { subject });
    }
    let subject = subject(&profile.common_name);
    refuse_same_subject(authority, &profile.common_name, &subject)?;
    let public = public_key(key)?;
    let draft = Draft {
        serial,
        issuer: issuer.subject.der(),
        validity: below(authority, profile.validity, now)?,
        subject: &subject,
        key: &public,
        extensions: authority_extensions(profile, &public, Some(&key_id_of(issuer))),
    };
    draft.sign(authority.signer())
}

fn authority_extensions(
    profile: &AuthorityProfile,
    key: &PublicKey,
    issuer: Option<&[u8]>,
) -> Vec<Vec<u8>> {
    let mut extensions = vec![
        basic_constraints(true, Some(profile.path_length)),
        key_usage(KEY_CERT_SIGN | CRL_SIGN),
        subject_key_id(&key_id(key)),
    ];
    extensions.extend(issuer.map(authority_key_id));
    if !profile.permitted.is_empty() {
        extensions.push(name_constraints(&profile.permitted));
    }
    extensions
}

/// The part of `validity` that the CA covers.
fn below(authority: &Authority, validity: Validity, now: Timestamp) -> Result<Validity, Error> {
    let end = authority.certificate().not_after;
    if end < now {
        return Err(Error::AuthorityExpired { now, end });
    }
    let chain = authority.chain().iter();
    let covered = chain.fold(validity, |covered, one| {
        covered.within(Validity {
            begin: one.not_before,
            end: one.not_after,
        })
    });
    covered.check()
}

/// Names are equal for clients also where case and runs of spaces differ (RFC 5280 section 7.1).
fn refuse_same_subject(authority: &Authority, name: &str, subject: &[u8]) -> Result<(), Error> {
    let fold = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        words.join(" ")
    };
    let same = authority.chain().iter().find(|one| {
        let alone = one.subject.to_string()
            == format!("CN={}", one.subject.common_name().unwrap_or_default());
        one.subject.der() == subject
            || (alone
                && one
                    .subject
                    .common_name()
                    .is_some_and(|other| fold(other) == fold(name)))
    });
    match same {
        Some(one) => Err(Error::SameSubject {
            subject: one.subject.to_string(),
        }),
        None => Ok(()),
    }
}

/// The CA's key identifier as its own certificate has it; computed for those that have none.
fn key_id_of(certificate: &Certificate) -> Vec<u8> {
    certificate
        .subject_key_id
        .clone()
        .unwrap_or_else(|| key_id(&certificate.public_key))
}

/// A `Name` of one common name.
fn subject(common_name: &str) -> Vec<u8> {
    let value = der::tlv(UTF8_STRING, common_name.as_bytes());
    let attribute = der::sequence(&[&der::oid("2.5.4.3"), &value]);
    der::sequence(&[&der::tlv(SET, &attribute)])
}

/// The parts of a `TBSCertificate` that vary.
struct Draft<'a> {
    serial: &'a Serial,
    issuer: &'a [u8],
    validity: Validity,
    subject: &'a [u8],
    key: &'a PublicKey,
    extensions: Vec<Vec<u8>>,
}

impl Draft<'_> {
    fn sign(&self, signer: &Signer) -> Result<Certificate, Error> {
        let Validity { begin, end } = self.validity;
        let extensions = der::sequence(&[&self.extensions.concat()]);
        let message = der::sequence(&[
            &der::explicit(0, &der::integer(2)),
            &der::unsigned(&self.serial.0),
            &signer.algorithm(),
            self.issuer,
            &der::sequence(&[&time(begin), &time(end)]),
            self.subject,
            self.key.spki_der(),
            &der::explicit(3, &extensions),
        ]);
        let der = signer.signed(&message)?;
        Certificate::from_der(&der).map_err(|_| Error::CannotSign(self.key.kind().clone()))
    }
}

/// UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
fn time(time: Timestamp) -> Vec<u8> {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let month = u8::from(month);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if (1950..2050).contains(&year) {
        return der::tlv(UTC_TIME, format!("{:02}{rest}", year % 100).as_bytes());
    }
    der::tlv(GENERALIZED_TIME, format!("{year:04}{rest}").as_bytes())
}

#[cfg(test)]
mod tests;
