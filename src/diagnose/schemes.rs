//! Signature schemes by their numbers (RFC 8446 section 4.2.3): their names, and the keys that sign
//! with them.

/// The options that make keys for these schemes, in brackets; empty where there are none.
pub(super) fn acceptable_keys(offered: &[u16]) -> String {
    let keys: Vec<&str> = KEYS
        .iter()
        .filter(|(schemes, _)| offered.iter().any(|scheme| schemes.contains(scheme)))
        .map(|(_, option)| *option)
        .collect();
    if keys.is_empty() {
        return String::new();
    }
    format!(" ({})", keys.join(", "))
}

/// Whether rustls, and with it every current client, takes signatures of this scheme.
pub(super) fn is_common(scheme: u16) -> bool {
    KEYS.iter().any(|(schemes, _)| schemes.contains(&scheme))
}

const KEYS: &[(&[u16], &str)] = &[
    (
        &[0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806],
        "`--key rsa2048`",
    ),
    (&[0x0403], "`--key p256`"),
    (&[0x0503], "`--key p384`"),
    (&[0x0603], "`--key p521`"),
    (&[0x0807], "`--key ed25519`"),
];

/// The standard's name.
pub(super) fn scheme_name(scheme: u16) -> String {
    let name = match scheme {
        0x0201 => "rsa_pkcs1_sha1",
        0x0202 => "dsa_sha1",
        0x0203 => "ecdsa_sha1",
        0x0401 => "rsa_pkcs1_sha256",
        0x0501 => "rsa_pkcs1_sha384",
        0x0601 => "rsa_pkcs1_sha512",
        0x0403 => "ecdsa_secp256r1_sha256",
        0x0503 => "ecdsa_secp384r1_sha384",
        0x0603 => "ecdsa_secp521r1_sha512",
        0x0804 => "rsa_pss_rsae_sha256",
        0x0805 => "rsa_pss_rsae_sha384",
        0x0806 => "rsa_pss_rsae_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809 => "rsa_pss_pss_sha256",
        0x080a => "rsa_pss_pss_sha384",
        0x080b => "rsa_pss_pss_sha512",
        other => return format!("0x{other:04x}"),
    };
    name.to_owned()
}
