//! From an identity and its authorities to the bytes of a store.

use super::compare::{Difference, compare};
use crate::finding::{Code, Diagnostic, Remedy};
use crate::keystore::{
    self, Alias, Content, EncodeOptions, Entry, Format, KeyState, Keystore, Limits, Opened,
    Passwords,
};
use crate::random::Random;
use crate::secret::{Password, PrivateKey, SecretBytes};
use crate::time::Timestamp;

/// Why a store was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The format cannot hold it, or refuses it.
    #[error("cannot write the {format} store")]
    Encode {
        /// The format.
        format: Format,
        /// Why.
        #[source]
        source: keystore::Error,
    },
    /// What was written does not read back: a defect here, found before anything was kept.
    #[error("the {format} store was made, and does not read back as it should")]
    DoesNotReadBack {
        /// The format.
        format: Format,
        /// What reading it says.
        #[source]
        source: keystore::Error,
    },
    /// What was written reads back as something else: a defect here, found before it was kept.
    #[error("the {format} store was made, and reads back with a difference: {difference}")]
    Differs {
        /// The format.
        format: Format,
        /// The first difference.
        difference: Difference,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::Encode { source, .. } => source.code(),
            _ => Code::Internal,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Encode { source, .. } => source.remedy(),
            _ => Some(Remedy::text("please report this; nothing was written")),
        }
    }
}

/// A private key and the certificates that vouch for it.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The name of the entry.
    pub alias: &'a str,
    /// The key.
    pub key: &'a PrivateKey,
    /// The chain, leaf first, root last.
    pub chain: &'a [Vec<u8>],
}

/// A store with an identity, and each authority as a trusted entry of its own.
///
/// Trusted entries are called `ca`, `ca2` and so on.
#[must_use]
pub fn identity_store(
    format: Format,
    identity: &Identity<'_>,
    authorities: &[Vec<u8>],
    created: Timestamp,
) -> Keystore {
    let value = identity.key.clone_secret();
    let key = KeyState::Open {
        value,
        opened: Opened::StorePassword,
    };
    let content = Content::PrivateKey {
        key,
        chain: identity.chain.to_vec(),
    };
    let mut entries = vec![Entry::new(identity.alias, Some(created), content)];
    entries.extend(trusted_entries(authorities, Some(identity.alias), created));
    Keystore::new(format, entries)
}

/// A store with trusted certificates alone.
#[must_use]
pub fn trust_store(format: Format, authorities: &[Vec<u8>], created: Timestamp) -> Keystore {
    Keystore::new(
        format,
        trusted_entries(authorities, None, created).collect(),
    )
}

fn trusted_entries<'a>(
    authorities: &'a [Vec<u8>],
    taken: Option<&'a str>,
    created: Timestamp,
) -> impl Iterator<Item = Entry> + 'a {
    let names = (1_u32..).map(|number| match number {
        1 => "ca".to_owned(),
        number => format!("ca{number}"),
    });
    // JKS knows no case, so names must differ by more than that.
    let free =
        names.filter(move |name| !taken.is_some_and(|taken| taken.eq_ignore_ascii_case(name)));
    authorities.iter().zip(free).map(move |(der, name)| {
        let content = Content::TrustedCertificate {
            certificate: der.clone(),
        };
        Entry::new(Alias::from(name.as_str()), Some(created), content)
    })
}

/// Encodes `store`, decodes the result, and compares: a codec's mistake becomes an error before
/// anything is written.
///
/// # Errors
///
/// Where the format cannot hold the store, or the result does not read back as the same.
pub fn encode_checked(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let format = options.format;
    let bytes = keystore::encode(store, options, random)
        .map_err(|source| Error::Encode { format, source })?;
    let keys: Vec<Password> = options
        .key_password
        .map(Password::clone_secret)
        .into_iter()
        .collect();
    let passwords = Passwords {
        store: Some(options.store_password),
        keys: &keys,
    };
    let limits = Limits {
        kdf_work: u64::MAX,
        ..Limits::default()
    };
    let read = keystore::decode(bytes.secret_bytes(), &passwords, &limits)
        .map_err(|source| Error::DoesNotReadBack { format, source })?;
    match compare(store, &read) {
        Some(difference) => Err(Error::Differs { format, difference }),
        None => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;
    use rcgen::{CertificateParams, Issuer, KeyPair};

    use super::*;
    use crate::keystore::Profile;
    use crate::random::SystemRandom;

    /// A key with a chain of two, made on the spot.
    fn store(format: Format) -> Keystore {
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, name);
            params
        };
        let ca_key = KeyPair::generate().unwrap();
        let ca = named("ca").self_signed(&ca_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = named("phone")
            .signed_by(&key, &Issuer::new(named("ca"), &ca_key))
            .unwrap();
        let key = PrivateKey::from_pkcs8_der(key.serialize_der());
        let chain = [leaf.der().to_vec(), ca.der().to_vec()];
        let identity = Identity {
            alias: "phone",
            key: &key,
            chain: &chain,
        };
        identity_store(
            format,
            &identity,
            &chain[1..],
            datetime!(2026-01-02 3:04:05 UTC),
        )
    }

    #[test]
    fn bks_and_every_profile_of_pkcs12_read_back() {
        let password = Password::new("päss 🔑".into());
        let options = EncodeOptions::new(Format::Bks, &password);
        encode_checked(&store(Format::Bks), &options, &mut SystemRandom).unwrap();
        for profile in [
            Profile::Modern,
            Profile::Compat,
            Profile::Legacy,
            Profile::Pbmac1,
        ] {
            let mut options = EncodeOptions::new(Format::Pkcs12, &password);
            options.profile = profile;
            encode_checked(&store(Format::Pkcs12), &options, &mut SystemRandom).unwrap();
        }
    }

    #[test]
    fn trusted_names_keep_clear_of_the_key() {
        let ders = [vec![1], vec![2]];
        let names: Vec<String> = trusted_entries(&ders, Some("CA"), datetime!(2026-01-02 0:00 UTC))
            .map(|entry| entry.alias.to_string())
            .collect();
        assert_eq!(names, ["ca2", "ca3"]);
    }
}
