//! The list of many brokers: one a line, with comments, as editors and shells write it.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use certgen::diagnose::transcript::Request;
use certgen::finding::{Code, Remedy};
use certgen::render::address;

use super::arguments::Arguments;
use super::request::request;
use super::target::Target;
use crate::failure::Failure;

/// A list longer than this is no list of brokers.
const LONGEST: u64 = 16 * 1_024 * 1_024;

/// What is to be asked of each broker of the list.
pub(super) fn requests(list: &Path, arguments: &Arguments) -> Result<Vec<Request>, Failure> {
    let bytes = bytes(list)?;
    let text = decoded(&bytes).ok_or_else(|| {
        let cause = format!("`{}` is not text in UTF-8", list.display());
        Failure::new(Code::CannotRead, cause).with_remedy(Remedy::text(
            "save the list as UTF-8 text, one broker a line",
        ))
    })?;
    let lines = text.lines().enumerate();
    let lines = lines.filter_map(|(index, line)| {
        let host = line.split('#').next().unwrap_or_default().trim();
        (!host.is_empty()).then_some((index + 1, host))
    });
    let requests: Result<Vec<Request>, Failure> = lines
        .map(|(number, host)| {
            let target = Target::parse(host);
            target
                .and_then(|target| request(arguments, &target))
                .map_err(|failure| {
                    failure.while_doing(format!("line {number} of `{}` is wrong", list.display()))
                })
        })
        .collect();
    let mut requests = requests?;
    if requests.is_empty() {
        let cause = format!("`{}` names no broker", list.display());
        return Err(Failure::new(Code::Usage, cause)
            .with_remedy(Remedy::text("write one host or host:port a line")));
    }
    if arguments.output.prometheus {
        // Two samples with the same labels make the whole file invalid.
        let mut seen = HashSet::new();
        requests.retain(|request| seen.insert(address(request)));
    }
    Ok(requests)
}

fn bytes(list: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| Failure::cannot_read(list, &error);
    let mut source: Box<dyn Read> = if list == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(list).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    source
        .by_ref()
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        let cause = format!(
            "`{}` is longer than 16 MiB: that is no list of brokers",
            list.display()
        );
        return Err(Failure::new(Code::LimitExceeded, cause)
            .with_remedy(Remedy::text("check the path, or split the list")));
    }
    Ok(bytes)
}

/// UTF-8 with or without a byte-order mark, and UTF-16 as PowerShell's `>` writes it.
fn decoded(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_other_systems_are_read() {
        assert_eq!(decoded(b"a:1\r\n").unwrap(), "a:1\r\n");
        assert_eq!(decoded(b"\xef\xbb\xbfa").unwrap(), "a");
        assert_eq!(decoded(b"\xff\xfea\0b\0").unwrap(), "ab");
        assert_eq!(decoded(b"\xfe\xff\0a").unwrap(), "a");
        assert_eq!(decoded(b"\xff\xfea"), None);
        assert_eq!(decoded(b"\x80"), None);
    }
}
