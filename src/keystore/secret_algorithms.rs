//! What Java calls the algorithms of secret keys, and their object identifiers.

/// Object identifier and name; the first of several identifiers is the one to write.
const KNOWN: [(&str, &str); 15] = [
    ("2.16.840.1.101.3.4.1", "AES"),
    ("2.16.840.1.101.3.4.1.2", "AES"),
    ("2.16.840.1.101.3.4.1.22", "AES"),
    ("2.16.840.1.101.3.4.1.42", "AES"),
    ("1.2.840.113549.3.7", "DESede"),
    ("1.3.14.3.2.17", "DESede"),
    ("1.3.14.3.2.7", "DES"),
    ("1.2.840.113549.2.7", "HmacSHA1"),
    ("1.2.840.113549.2.8", "HmacSHA224"),
    ("1.2.840.113549.2.9", "HmacSHA256"),
    ("1.2.840.113549.2.10", "HmacSHA384"),
    ("1.2.840.113549.2.11", "HmacSHA512"),
    ("1.2.840.113549.3.4", "RC4"),
    ("1.2.410.200004.1.4", "SEED"),
    // What `keytool -importpass` makes of a password.
    ("1.2.840.113549.1.5.3", "PBEWithMD5AndDES"),
];

/// Java's name; the identifier itself where Java has none.
pub(super) fn java_name(oid: &str) -> String {
    let known = KNOWN.iter().find(|(known, _)| *known == oid);
    known.map_or(oid, |(_, name)| name).to_owned()
}

/// The object identifier of a name, or of an algorithm that has none.
pub(crate) fn identifier(name: &str) -> Option<String> {
    let known = KNOWN
        .iter()
        .find(|(_, known)| known.eq_ignore_ascii_case(name));
    if let Some((oid, _)) = known {
        return Some((*oid).to_owned());
    }
    let arcs = name.split('.').count() > 2;
    let numbers = name
        .split('.')
        .all(|arc| !arc.is_empty() && arc.len() < 19 && arc.bytes().all(|b| b.is_ascii_digit()));
    (arcs && numbers).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers() {
        assert_eq!(identifier("aes").unwrap(), "2.16.840.1.101.3.4.1");
        assert_eq!(java_name("2.16.840.1.101.3.4.1.42"), "AES");
        assert_eq!(identifier("1.2.3").unwrap(), "1.2.3");
        assert_eq!(identifier("ChaCha20"), None);
    }
}
