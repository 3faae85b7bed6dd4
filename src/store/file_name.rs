//! File names for names that people and certificates choose.

use sha2::Digest as _;

use super::Error;
use crate::x509::hex;

/// The longest file name before an extension, apart from the hash that shortening adds.
const MAX_LENGTH: usize = 100;

/// Device names that Windows keeps for itself.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The file name that stands for `name`: itself where it is plain, otherwise percent-encoded, and
/// shortened with a hash where it is long. It never leaves its folder and never is hidden.
///
/// # Errors
///
/// [`Error::BadName`] for the empty name, `.` and `..`.
pub fn file_name(name: &str) -> Result<String, Error> {
    let bad = |reason| Error::BadName {
        name: name.to_owned(),
        reason,
    };
    match name {
        "" => return Err(bad("it is empty")),
        "." | ".." => return Err(bad("it means a folder")),
        _ => {}
    }
    let encoded = encode(name);
    if encoded.len() <= MAX_LENGTH {
        return Ok(encoded);
    }
    let digest = hex(&sha2::Sha256::digest(name.as_bytes()));
    let short = cut(&encoded);
    Ok(format!("{short}-{}", digest.get(..12).unwrap_or_default()))
}

fn encode(name: &str) -> String {
    let last = name.len() - 1;
    let reserved = is_reserved(name);
    let mut out = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let plain = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => !(reserved && index == 0),
            b'-' => index != 0,
            b'.' => index != 0 && index != last,
            _ => false,
        };
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let numbered = |prefix: &str| {
        let number = stem.strip_prefix(prefix);
        number.is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    RESERVED.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// The first characters, without half an escape at the end.
fn cut(encoded: &str) -> &str {
    let head = encoded.get(..MAX_LENGTH).unwrap_or(encoded);
    match head.rfind('%') {
        Some(at) if at + 3 > head.len() => head.get(..at).unwrap_or(head),
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay() {
        for name in ["phone", "broker.lan", "a-b_c.1", "192.168.1.10"] {
            assert_eq!(file_name(name).unwrap(), name);
        }
    }

    #[test]
    fn hostile_names_stay_in_their_folder() {
        let cases = [
            ("../x", "%2E.%2Fx"),
            ("/etc/passwd", "%2Fetc%2Fpasswd"),
            (".hidden", "%2Ehidden"),
            ("-rf", "%2Drf"),
            ("a b", "a%20b"),
            ("50%", "50%25"),
            ("con", "%63on"),
            ("COM1.x", "%43OM1.x"),
            ("end.", "end%2E"),
            ("a\0\n", "a%00%0A"),
            ("*.lan", "%2A.lan"),
            ("fe80::1", "fe80%3A%3A1"),
        ];
        for (name, file) in cases {
            assert_eq!(file_name(name).unwrap(), file);
        }
        for name in ["", ".", ".."] {
            assert!(file_name(name).is_err());
        }
    }

    #[test]
    fn long_names_differ_by_their_hash() {
        let one = file_name(&"ü".repeat(300)).unwrap();
        let two = file_name(&"ü".repeat(301)).unwrap();
        assert_ne!(one, two);
        assert!(one.len() <= MAX_LENGTH + 13, "{one}");
        assert!(one.starts_with("%C3%BC"));
    }

    proptest! {
        #[test]
        fn any_name_gives_a_plain_file_name(name in ".{1,200}") {
            if let Ok(file) = file_name(&name) {
                prop_assert!(file.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-%".contains(&b)));
                prop_assert!(!file.starts_with('.') && !file.starts_with('-') && file.len() <= 113);
            }
        }

        #[test]
        fn different_names_give_different_files(one in "[a-c./% ü]{1,60}", two in "[a-c./% ü]{1,60}") {
            if let (Ok(a), Ok(b)) = (file_name(&one), file_name(&two)) {
                prop_assert_eq!(one == two, a == b);
            }
        }
    }
}
