//! Names of algorithms that are not read, so that users need not look up object identifiers.

/// `Camellia-256-CBC (1.2.392.200011.61.1.1.1.4)`, or the identifier alone where it is unknown.
pub(in crate::keystore) fn named(oid: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| oid.to_owned(), |(_, name)| format!("{name} ({oid})"))
}

/// What OpenSSL, GnuTLS, NSS and BouncyCastle write when they are asked to.
const NAMES: &[(&str, &str)] = &[
    // Ciphers of PBES2.
    ("1.2.392.200011.61.1.1.1.2", "Camellia-128-CBC"),
    ("1.2.392.200011.61.1.1.1.3", "Camellia-192-CBC"),
    ("1.2.392.200011.61.1.1.1.4", "Camellia-256-CBC"),
    ("1.2.410.200046.1.1.2", "ARIA-128-CBC"),
    ("1.2.410.200046.1.1.7", "ARIA-192-CBC"),
    ("1.2.410.200046.1.1.12", "ARIA-256-CBC"),
    ("1.2.410.200004.1.4", "SEED-CBC"),
    ("1.2.156.10197.1.104.2", "SM4-CBC"),
    ("1.2.643.2.2.21", "GOST 28147-89"),
    ("1.2.643.7.1.1.5.1.1", "Magma-CTR-ACPKM"),
    ("1.2.643.7.1.1.5.2.1", "Kuznyechik-CTR-ACPKM"),
    ("1.2.840.113549.3.2", "RC2-CBC"),
    ("1.2.840.113549.3.9", "RC5-CBC"),
    ("1.3.14.3.2.7", "DES-CBC"),
    ("1.2.840.113533.7.66.10", "CAST5-CBC"),
    ("1.3.6.1.4.1.188.7.1.1.2", "IDEA-CBC"),
    ("1.3.6.1.4.1.3029.1.2", "Blowfish-CBC"),
    ("2.16.840.1.101.3.4.1.1", "AES-128-ECB"),
    ("2.16.840.1.101.3.4.1.3", "AES-128-OFB"),
    ("2.16.840.1.101.3.4.1.4", "AES-128-CFB"),
    ("2.16.840.1.101.3.4.1.21", "AES-192-ECB"),
    ("2.16.840.1.101.3.4.1.23", "AES-192-OFB"),
    ("2.16.840.1.101.3.4.1.24", "AES-192-CFB"),
    ("2.16.840.1.101.3.4.1.41", "AES-256-ECB"),
    ("2.16.840.1.101.3.4.1.43", "AES-256-OFB"),
    ("2.16.840.1.101.3.4.1.44", "AES-256-CFB"),
    ("2.16.840.1.101.3.4.1.7", "AES-128-CCM"),
    ("2.16.840.1.101.3.4.1.27", "AES-192-CCM"),
    ("2.16.840.1.101.3.4.1.47", "AES-256-CCM"),
    // Schemes of PBES1.
    ("1.2.840.113549.1.5.1", "PBES1 DES, MD2"),
    ("1.2.840.113549.1.5.4", "PBES1 RC2, MD2"),
    ("1.2.840.113549.1.5.6", "PBES1 RC2, MD5"),
    ("1.2.840.113549.1.5.11", "PBES1 RC2, SHA-1"),
    ("1.3.6.1.4.1.22554.1.1.2.1.2", "PBES1 AES-128, SHA-1"),
    ("1.3.6.1.4.1.22554.1.1.2.1.22", "PBES1 AES-192, SHA-1"),
    ("1.3.6.1.4.1.22554.1.1.2.1.42", "PBES1 AES-256, SHA-1"),
    ("1.3.6.1.4.1.22554.1.2.1.2.1.2", "PBES1 AES-128, SHA-256"),
    ("1.3.6.1.4.1.22554.1.2.1.2.1.22", "PBES1 AES-192, SHA-256"),
    ("1.3.6.1.4.1.22554.1.2.1.2.1.42", "PBES1 AES-256, SHA-256"),
    // Digests.
    ("1.2.840.113549.2.2", "MD2"),
    ("1.2.840.113549.2.4", "MD4"),
    ("1.3.36.3.2.1", "RIPEMD-160"),
    ("1.0.10118.3.0.55", "Whirlpool"),
    ("1.3.6.1.4.1.1722.12.2.1.16", "BLAKE2b-512"),
    ("1.3.6.1.4.1.1722.12.2.2.8", "BLAKE2s-256"),
    ("2.16.840.1.101.3.4.2.7", "SHA3-224"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
    ("2.16.840.1.101.3.4.2.9", "SHA3-384"),
    ("2.16.840.1.101.3.4.2.10", "SHA3-512"),
    ("1.2.643.2.2.9", "GOST R 34.11-94"),
    ("1.2.643.7.1.1.2.2", "Streebog-256"),
    ("1.2.643.7.1.1.2.3", "Streebog-512"),
    ("1.2.156.10197.1.401", "SM3"),
    // PRFs and MACs.
    ("1.2.840.113549.2.6", "HMAC-MD5"),
    ("2.16.840.1.101.3.4.2.13", "HMAC-SHA3-224"),
    ("2.16.840.1.101.3.4.2.14", "HMAC-SHA3-256"),
    ("2.16.840.1.101.3.4.2.15", "HMAC-SHA3-384"),
    ("1.2.643.2.2.10", "HMAC-GOST R 34.11-94"),
    ("1.2.643.7.1.1.4.1", "HMAC-Streebog-256"),
    ("1.2.643.7.1.1.4.2", "HMAC-Streebog-512"),
    ("1.2.156.10197.1.401.3.1", "HMAC-SM3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_before_identifiers() {
        let camellia = "1.2.392.200011.61.1.1.1.4";
        assert_eq!(named(camellia), format!("Camellia-256-CBC ({camellia})"));
        assert_eq!(named("1.2.3"), "1.2.3");
    }

    #[test]
    fn no_identifier_has_two_names() {
        let mut all: Vec<_> = NAMES.iter().map(|(oid, _)| oid).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), NAMES.len());
    }
}
