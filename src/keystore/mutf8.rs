//! Java's modified UTF-8 (`DataInput.readUTF`): UTF-16 code units one by one, NUL as `C0 80`.

/// Decodes; `None` for lead bytes that Java refuses and for texts that are cut off.
///
/// A raw NUL, overlong forms and lone surrogates are taken, as Java does.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(first) = rest.next() {
        let unit = match first {
            0x00..=0x7f => u16::from(first),
            0xc0..=0xdf => (u16::from(first & 0x1f) << 6) | continuation(rest.next()?)?,
            0xe0..=0xef => {
                let second = continuation(rest.next()?)?;
                let third = continuation(rest.next()?)?;
                (u16::from(first & 0x0f) << 12) | (second << 6) | third
            }
            _ => return None,
        };
        units.push(unit);
    }
    Some(units)
}

fn continuation(byte: u8) -> Option<u16> {
    (byte & 0xc0 == 0x80).then_some(u16::from(byte & 0x3f))
}

/// Encodes; `None` where the text takes more than the 65,535 bytes that its length field allows.
pub(super) fn encode(units: &[u16]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(units.len());
    for &unit in units {
        let low = |shift: u32| (unit >> shift) & 0x3f;
        let byte = |value: u16| u8::try_from(value).unwrap_or(u8::MAX);
        match unit {
            0x01..=0x7f => bytes.push(byte(unit)),
            0x00 | 0x80..=0x7ff => bytes.extend([byte(0xc0 | (unit >> 6)), byte(0x80 | low(0))]),
            _ => bytes.extend([
                byte(0xe0 | (unit >> 12)),
                byte(0x80 | low(6)),
                byte(0x80 | low(0)),
            ]),
        }
    }
    (bytes.len() <= usize::from(u16::MAX)).then_some(bytes)
}

/// Encodes a Rust text; see [`encode`].
pub(super) fn encode_text(text: &str) -> Option<Vec<u8>> {
    encode(&text.encode_utf16().collect::<Vec<u16>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_emoji_and_lone_surrogates() {
        assert_eq!(encode(&[0x61, 0]), Some(vec![0x61, 0xc0, 0x80]));
        let key: Vec<u16> = "🔑".encode_utf16().collect();
        assert_eq!(encode(&key), Some(vec![0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x91]));
        for units in [
            vec![0xd800_u16],
            vec![0, 1, 0x7f, 0x80, 0x7ff, 0x800, 0xffff],
            key,
        ] {
            assert_eq!(decode(&encode(&units).unwrap()), Some(units));
        }
    }

    #[test]
    fn what_java_takes_and_refuses() {
        assert_eq!(decode(b"a\0b"), Some(vec![0x61, 0, 0x62]));
        assert_eq!(decode(&[0xc1, 0x81]), Some(vec![0x41]));
        for bad in [
            &[0x80][..],
            &[0xf0, 0x9f, 0x94, 0x91],
            &[0xc3],
            &[0xe2, 0x82],
        ] {
            assert_eq!(decode(bad), None);
        }
        assert_eq!(encode(&vec![0x800; 21_845]).map(|b| b.len()), Some(65_535));
        assert_eq!(encode(&vec![0x800; 21_846]), None);
    }
}
