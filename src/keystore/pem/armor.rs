//! PEM text and its blocks: boundaries, headers and base64 (RFC 7468, RFC 1421).

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::finding::{Code, Finding, Remedy};
use crate::keystore::{Error, Format, Limits};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const MAX_LABEL: usize = 64;

/// One block.
pub(super) struct Block {
    pub(super) label: String,
    /// `Proc-Type` and the like.
    pub(super) headers: Vec<(String, String)>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Where the block begins in the text.
    pub(super) offset: usize,
}

impl Block {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The blocks of a text, and what is odd about it.
pub(super) struct Armored {
    pub(super) blocks: Vec<Block>,
    pub(super) findings: Vec<Finding>,
}

/// Whether there is a block in the bytes, be they UTF-8 or UTF-16.
pub(in crate::keystore) fn looks_like_pem(bytes: &[u8]) -> bool {
    match utf16(bytes) {
        Some(text) => find(text.as_bytes(), BEGIN).is_some(),
        // Binary stores may carry PEM somewhere inside; text has no NUL.
        None => find(bytes, BEGIN)
            .is_some_and(|at| bytes.get(..at).is_some_and(|before| !before.contains(&0))),
    }
}

/// Reads all blocks.
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Armored, Error> {
    let mut findings: Vec<Finding> = Vec::new();
    let decoded = utf16(bytes);
    let text = match &decoded {
        Some(text) => {
            findings.push(byte_order_mark("the text is UTF-16"));
            text.as_bytes()
        }
        None => bytes,
    };
    if text.starts_with(b"\xef\xbb\xbf") {
        findings.push(byte_order_mark("the text begins with a byte order mark"));
    }
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(begin) = find_from(text, at, BEGIN) {
        if blocks.len() >= limits.entries {
            return Err(damaged(
                begin,
                format!("more than {} blocks", limits.entries),
            ));
        }
        let raw = RawBlock::read(text, begin)?;
        at = raw.end;
        if raw.is_one_line() && !findings.iter().any(|f| f.code == Code::UnusualEncoding) {
            findings.push(one_line(&raw.label));
        }
        blocks.push(raw.decode()?);
    }
    Ok(Armored { blocks, findings })
}

struct RawBlock<'a> {
    label: String,
    body: &'a [u8],
    offset: usize,
    end: usize,
}

impl<'a> RawBlock<'a> {
    fn read(text: &'a [u8], begin: usize) -> Result<Self, Error> {
        let label_start = begin + BEGIN.len();
        let (label, body_start) = label(text, label_start)
            .ok_or_else(|| damaged(begin, "`-----BEGIN` is not followed by a label and dashes"))?;
        let unfinished = || damaged(begin, format!("the block `{label}` has no END"));
        let end = find_from(text, body_start, END).ok_or_else(unfinished)?;
        let body = text.get(body_start..end).unwrap_or_default();
        if find(body, BEGIN).is_some() {
            return Err(unfinished());
        }
        let (end_label, after) = self::label(text, end + END.len()).ok_or_else(unfinished)?;
        if end_label != label {
            let reason = format!("the block `{label}` ends as `{end_label}`");
            return Err(damaged(end, reason));
        }
        Ok(Self {
            label,
            body,
            offset: begin,
            end: after,
        })
    }

    fn is_one_line(&self) -> bool {
        !self.body.contains(&b'\n') && !self.body.contains(&b'\r')
    }

    fn decode(self) -> Result<Block, Error> {
        let escaped = find(self.body, b"\\n").map(|_| unescape(self.body));
        let body = escaped.as_ref().map_or(self.body, |body| body.as_slice());
        let (headers, encoded) = headers(body);
        let mut base64 = Zeroizing::new(Vec::with_capacity(encoded.len()));
        base64.extend(encoded.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let bytes = std::str::from_utf8(&base64)
            .ok()
            .and_then(|text| Base64::decode_vec(text).ok())
            .map(Zeroizing::new)
            .filter(|bytes| !bytes.is_empty());
        let Some(bytes) = bytes else {
            let label = self.label;
            let reason = format!("the base64 text of the block `{label}` is cut off or changed");
            return Err(damaged(self.offset, reason));
        };
        Ok(Block {
            label: self.label,
            headers,
            bytes,
            offset: self.offset,
        })
    }
}

/// The label that starts here, and where the text goes on behind its dashes.
fn label(text: &[u8], start: usize) -> Option<(String, usize)> {
    let end = find_from(text, start, DASHES)?;
    let label = text.get(start..end)?;
    let plain = label.len() <= MAX_LABEL && label.iter().all(|byte| (0x20..0x7f).contains(byte));
    let label = std::str::from_utf8(label).ok().filter(|_| plain)?;
    Some((label.to_owned(), end + DASHES.len()))
}

/// Splits off the headers of RFC 1421, which end with an empty line.
fn headers(body: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers = Vec::new();
    let mut rest = body.trim_ascii_start();
    loop {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        let Some((name, value)) = header(line) else {
            return (headers, rest);
        };
        headers.push((name, value));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

fn header(line: &[u8]) -> Option<(String, String)> {
    let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

/// Text that went through a shell variable or a JSON string: `\n` where lines end.
fn unescape(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(b'n')) => {
                bytes.next();
                out.push(b'\n');
            }
            (b'\\', Some(b'r')) => {
                bytes.next();
            }
            _ => out.push(byte),
        }
    }
    out
}

/// What PowerShell and old editors write: UTF-16 with its mark.
fn utf16(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let units: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = bytes.get(2..)?.as_chunks::<2>();
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for c in char::decode_utf16(pairs.iter().copied().map(units)) {
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Some(text)
}

fn byte_order_mark(what: &str) -> Finding {
    let cause = format!("{what}; some programs refuse such a file");
    Finding::warning(Code::ByteOrderMark, cause)
        .with_remedy(Remedy::text("save the file as plain UTF-8 without a mark"))
}

fn one_line(label: &str) -> Finding {
    let cause = format!("the block `{label}` stands on one line; OpenSSL refuses such a file");
    Finding::note(Code::UnusualEncoding, cause).with_remedy(Remedy::text(
        "write the BEGIN and END lines on lines of their own, and at most 64 characters a line",
    ))
}

pub(super) fn damaged(offset: usize, reason: impl Into<String>) -> Error {
    Error::Malformed {
        format: Format::Pem,
        offset,
        reason: reason.into(),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn find_from(haystack: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    find(haystack.get(from..)?, needle).map(|at| at + from)
}
