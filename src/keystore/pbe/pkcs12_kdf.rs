//! The key derivation of PKCS#12 (RFC 7292 appendix B.2), also that of BKS and UBER.
//!
//! Weak by today's standards; it is here because the formats demand it.

use sha2::Digest;
use sha2::digest::common::BlockSizeUser;
use zeroize::Zeroizing;

/// What the derived bytes are for: the diversifier `ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keystore) enum Purpose {
    /// 1: the key of a cipher.
    Key,
    /// 2: an initialisation vector.
    Iv,
    /// 3: the key of a MAC.
    Mac,
}

impl Purpose {
    fn id(self) -> u8 {
        match self {
            Self::Key => 1,
            Self::Iv => 2,
            Self::Mac => 3,
        }
    }
}

/// Derives `length` bytes with hash `D` from an encoded password (see
/// [`password_bytes`](super::password_bytes)), a salt and an iteration count of at least 1.
pub(in crate::keystore) fn derive<D: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    purpose: Purpose,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = D::block_size();
    let diversifier = vec![purpose.id(); block];
    let salt_part = padded_length(salt.len(), block);
    let mut input = Zeroizing::new(Vec::with_capacity(
        salt_part + padded_length(password.len(), block),
    ));
    input.extend(salt.iter().cycle().take(salt_part));
    input.extend(
        password
            .iter()
            .cycle()
            .take(padded_length(password.len(), block)),
    );

    let mut out = Zeroizing::new(Vec::with_capacity(length + <D as Digest>::output_size()));
    while out.len() < length {
        let mut hash = D::new()
            .chain_update(&diversifier)
            .chain_update(&*input)
            .finalize();
        for _ in 1..iterations {
            hash = D::digest(&hash);
        }
        out.extend_from_slice(&hash);
        let repeated: Zeroizing<Vec<u8>> =
            Zeroizing::new(hash.iter().copied().cycle().take(block).collect());
        for chunk in input.chunks_exact_mut(block) {
            add_one_more(chunk, &repeated);
        }
    }
    out.truncate(length);
    out
}

fn padded_length(length: usize, block: usize) -> usize {
    length.div_ceil(block) * block
}

/// `chunk = (chunk + addend + 1) mod 2^(8v)`, big endian: step 6C.
fn add_one_more(chunk: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (byte, add) in chunk.iter_mut().zip(addend).rev() {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

#[cfg(test)]
mod tests {
    use sha1::Sha1;

    use super::*;
    use crate::keystore::pbe::password_bytes::pkcs12;
    use crate::secret::Password;

    // BouncyCastle's PKCS12ParametersGenerator, password "password", salt 01..14h.
    #[test]
    fn agrees_with_bouncycastle() {
        let password = pkcs12(&Password::new("password".into()));
        let salt: Vec<u8> = (1..=20).collect();
        let hex = |bytes: &[u8]| crate::x509::hex(bytes);
        let derive = |id, n| hex(&derive::<Sha1>(&password, &salt, 1025, id, n));
        assert_eq!(
            derive(Purpose::Mac, 20),
            "3fd7ac475c062de0277dbfa06db3d6c50673f78b"
        );
        assert_eq!(derive(Purpose::Mac, 2), "3fd7");
        assert_eq!(
            derive(Purpose::Key, 32),
            "8ba3e478fa8d61f6bf10f7757eff17c33176963e19b67f9b26026fe372f871ab"
        );
        assert_eq!(derive(Purpose::Iv, 16), "ebb253ff44dcbfdf154e9345b6ebc2bd");
    }

    // Every derivation of kat.json, which lies beside the project, not in it.
    #[test]
    fn agrees_with_every_known_answer() {
        use sha2::{Sha256, Sha512};
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../shared/formats/vectors/kat.json"
        );
        let Ok(text) = std::fs::read(file) else {
            #[expect(clippy::print_stderr, reason = "says what is left out")]
            {
                eprintln!(
                    "skipped: the known answers of key derivation, because ../shared is not there"
                );
            }
            return;
        };
        let answers: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&text).unwrap();
        let mut count = 0;
        for (question, answer) in &answers {
            let words: Vec<&str> = question.split('|').collect();
            let ["p12kdf", hash, password, salt, iterations, id, length] = words[..] else {
                continue;
            };
            let password = pkcs12(&Password::new(password.into()));
            let salt: Vec<u8> = (0..salt.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&salt[at..at + 2], 16).unwrap())
                .collect();
            let purpose =
                [Purpose::Key, Purpose::Iv, Purpose::Mac][id.parse::<usize>().unwrap() - 1];
            let (iterations, length) = (iterations.parse().unwrap(), length.parse().unwrap());
            let found = match hash {
                "sha1" => derive::<Sha1>(&password, &salt, iterations, purpose, length),
                "sha256" => derive::<Sha256>(&password, &salt, iterations, purpose, length),
                _ => derive::<Sha512>(&password, &salt, iterations, purpose, length),
            };
            assert_eq!(
                crate::x509::hex(&found),
                answer.as_str().unwrap(),
                "{question}"
            );
            count += 1;
        }
        assert!(count >= 36, "{count}");
    }
}
