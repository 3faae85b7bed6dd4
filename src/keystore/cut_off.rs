//! DER files that were cut off: what their first bytes say they were.

use super::Format;

/// PBES2, with which the algorithm of an encrypted BCFKS begins.
const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";

/// The format of a store whose beginning is there and whose end is not.
pub(super) fn store(bytes: &[u8]) -> Option<Format> {
    let (length, inside) = sequence(bytes)?;
    if length.is_some_and(|length| length <= bytes.len()) {
        return None;
    }
    if inside.starts_with(&[2, 1, 3, 0x30]) {
        return Some(Format::Pkcs12);
    }
    let (_, data) = sequence(inside)?;
    let (_, algorithm) = sequence(data)?;
    algorithm.starts_with(PBES2).then_some(Format::Bcfks)
}

/// How long a structure says that it is, where less is there.
pub(super) fn announced(bytes: &[u8]) -> Option<usize> {
    let (length, inside) = sequence(bytes)?;
    let is_der = matches!(inside.first(), None | Some(2 | 0x30));
    length.filter(|length| is_der && *length > bytes.len())
}

/// The length of a whole SEQUENCE as its header announces it (none where it is indefinite), and
/// what follows the header.
fn sequence(bytes: &[u8]) -> Option<(Option<usize>, &[u8])> {
    match bytes {
        [0x30, 0x80, inside @ ..] => Some((None, inside)),
        [0x30, length @ ..0x80, inside @ ..] => Some((Some(2 + usize::from(*length)), inside)),
        [0x30, count @ 0x81..=0x84, rest @ ..] => {
            let (length, inside) = rest.split_at_checked(usize::from(count & 0x7f))?;
            let add = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add((*byte).into());
            let length = length.iter().try_fold(0, add)?;
            let header = bytes.len() - inside.len();
            Some((Some(header.checked_add(length)?), inside))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_told_apart() {
        let pfx = [0x30, 0x82, 1, 0, 2, 1, 3, 0x30, 0x81];
        assert_eq!(store(&pfx), Some(Format::Pkcs12));
        assert_eq!(announced(&pfx), Some(260));
        let indefinite = [0x30, 0x80, 2, 1, 3, 0x30, 0x80];
        assert_eq!(store(&indefinite), Some(Format::Pkcs12));
        let bcfks = [b"\x30\x82\x01\x00\x30\x81\xf0\x30\x59", PBES2].concat();
        assert_eq!(store(&bcfks), Some(Format::Bcfks));
        let certificate = b"\x30\x82\x01\x00\x30\x81\xf0\xa0\x03\x02\x01\x02";
        assert_eq!(store(certificate), None);
        assert_eq!(announced(certificate), Some(260));
        for other in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff",
            b"0123",
            b"\x30\x05\x02\x01\x03\x30\x00",
        ] {
            assert_eq!((store(other), announced(other)), (None, None));
        }
    }
}
