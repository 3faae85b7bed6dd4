//! The hashes that stores use, chosen by object identifier at run time.

use hmac::{Hmac, KeyInit as _, Mac as _, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::Sha3_512;
use zeroize::Zeroizing;

use super::pkcs12_kdf::{self, Purpose};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keystore) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512Of224,
    Sha512Of256,
    Sha3Of512,
}

/// Runs `$body` with `$H` bound to the hash type of `$hash`, and `$M` to its HMAC.
macro_rules! with_hash {
    ($hash:expr, $H:ident, $M:ident => $body:expr) => {
        match $hash {
            Hash::Md5 => {
                type $H = Md5;
                type $M = Hmac<Md5>;
                $body
            }
            Hash::Sha1 => {
                type $H = Sha1;
                type $M = Hmac<Sha1>;
                $body
            }
            Hash::Sha224 => {
                type $H = Sha224;
                type $M = Hmac<Sha224>;
                $body
            }
            Hash::Sha256 => {
                type $H = Sha256;
                type $M = Hmac<Sha256>;
                $body
            }
            Hash::Sha384 => {
                type $H = Sha384;
                type $M = Hmac<Sha384>;
                $body
            }
            Hash::Sha512 => {
                type $H = Sha512;
                type $M = Hmac<Sha512>;
                $body
            }
            Hash::Sha512Of224 => {
                type $H = Sha512_224;
                type $M = Hmac<Sha512_224>;
                $body
            }
            Hash::Sha512Of256 => {
                type $H = Sha512_256;
                type $M = Hmac<Sha512_256>;
                $body
            }
            Hash::Sha3Of512 => {
                type $H = Sha3_512;
                type $M = SimpleHmac<Sha3_512>;
                $body
            }
        }
    };
}

impl Hash {
    /// By the object identifier of the digest (PKCS#12 MacData).
    pub(in crate::keystore) fn from_digest_oid(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.2.840.113549.2.5" => Self::Md5,
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.4" => Self::Sha224,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            "2.16.840.1.101.3.4.2.5" => Self::Sha512Of224,
            "2.16.840.1.101.3.4.2.6" => Self::Sha512Of256,
            _ => return None,
        })
    }

    /// By the object identifier of the HMAC (PBKDF2's PRF, PBMAC1, BCFKS).
    pub(in crate::keystore) fn from_hmac_oid(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.2.840.113549.2.7" => Self::Sha1,
            "1.2.840.113549.2.8" => Self::Sha224,
            "1.2.840.113549.2.9" => Self::Sha256,
            "1.2.840.113549.2.10" => Self::Sha384,
            "1.2.840.113549.2.11" => Self::Sha512,
            "1.2.840.113549.2.12" => Self::Sha512Of224,
            "1.2.840.113549.2.13" => Self::Sha512Of256,
            "2.16.840.1.101.3.4.2.16" => Self::Sha3Of512,
            _ => return None,
        })
    }

    /// The name as users know it.
    pub(in crate::keystore) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha224 => "SHA224",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
            Self::Sha512Of224 => "SHA512/224",
            Self::Sha512Of256 => "SHA512/256",
            Self::Sha3Of512 => "SHA3-512",
        }
    }

    /// Bytes of output.
    pub(in crate::keystore) fn output_length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512Of224 => 28,
            Self::Sha256 | Self::Sha512Of256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 | Self::Sha3Of512 => 64,
        }
    }

    /// HMAC (RFC 2104).
    pub(in crate::keystore) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        with_hash!(self, _H, M => {
            #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
            let mac = M::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.chain_update(data).finalize().into_bytes().to_vec()
        })
    }

    /// PBKDF2 (RFC 8018 section 5.2).
    pub(in crate::keystore) fn pbkdf2(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        length: usize,
    ) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0; length]);
        with_hash!(self, _H, M => {
            // Fails for key lengths that the PRF refuses, and HMAC refuses none.
            let _ = pbkdf2::pbkdf2::<M>(password, salt, iterations, &mut out);
        });
        out
    }

    /// The key derivation of PKCS#12 (RFC 7292 appendix B).
    pub(in crate::keystore) fn pkcs12_kdf(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        purpose: Purpose,
        length: usize,
    ) -> Zeroizing<Vec<u8>> {
        with_hash!(self, H, _M => pkcs12_kdf::derive::<H>(password, salt, iterations, purpose, length))
    }

    /// The hash outputs that `length` bytes take, for the work budget.
    pub(in crate::keystore) fn blocks(self, length: usize) -> u64 {
        u64::try_from(length.div_ceil(self.output_length())).unwrap_or(u64::MAX)
    }
}
