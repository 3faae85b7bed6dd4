//! Passwords of the stores: given once for all, or random for each client.

use certgen::random::{Random as _, SystemRandom};
use certgen::secret::Password;
use zeroize::Zeroizing;

use super::Arguments;
use crate::failure::Failure;
use crate::password::{self, Purpose};

/// 32 characters, so that each carries five bits; none is mistaken for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP: usize = 6;

/// Where the password of a client's stores comes from.
pub(super) enum StorePasswords {
    Given(Password),
    Generated,
}

impl StorePasswords {
    pub(super) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        if arguments.generate_password {
            return Ok(Self::Generated);
        }
        let purpose = Purpose {
            what: "the clients' stores",
            option: "--store-password",
        };
        let source = arguments.store_password.as_ref();
        let given = password::new(source, purpose).map_err(|mut failure| {
            if let (None, Some(remedy)) = (source, failure.remedy.as_mut()) {
                remedy
                    .text
                    .push_str(", or let `--generate-password` make one");
            }
            failure
        })?;
        Ok(Self::Given(given))
    }

    /// The password of one client's stores.
    pub(super) fn next(&self) -> Password {
        match self {
            Self::Given(password) => password.clone_secret(),
            Self::Generated => generate(),
        }
    }
}

/// 120 bits in four groups of six characters that a phone's keyboard gives without shifting.
fn generate() -> Password {
    let mut random = Zeroizing::new([0_u8; GROUPS * GROUP]);
    SystemRandom.fill(random.as_mut());
    let mut text = String::with_capacity(GROUPS * GROUP + GROUPS);
    for (index, byte) in random.iter().enumerate() {
        if index > 0 && index % GROUP == 0 {
            text.push('-');
        }
        let letter = ALPHABET.get(usize::from(byte % 32));
        text.push(letter.map_or('a', |letter| char::from(*letter)));
    }
    Password::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_differ_and_read_well() {
        let (one, two) = (generate(), generate());
        assert_ne!(one.secret_text(), two.secret_text());
        assert_eq!(one.secret_text().len(), 27);
        let plain = |c: char| ALPHABET.contains(&u8::try_from(c).unwrap());
        assert!(one.secret_text().split('-').all(|group| group.len() == 6));
        assert!(one.secret_text().chars().all(|c| c == '-' || plain(c)));
        for ambiguous in ['0', 'o', '1', 'l', 'I', 'O'] {
            assert!(!plain(ambiguous));
        }
    }
}
