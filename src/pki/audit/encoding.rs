//! Certificates whose meaning is clear and whose bytes break DER or RFC 5280: some stacks refuse to read
//! them.

use super::Case;
use super::path::Path;
use super::words::certificate_name;
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, EncodingFlaw};

/// One finding for each certificate of the path with such bytes.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    let certificates = path.certificates(case).into_iter().chain(anchor);
    certificates
        .filter_map(|certificate| finding(case, certificate))
        .collect()
}

fn finding(case: &Case<'_>, certificate: &Certificate) -> Option<Finding> {
    let (cause, stacks) = judge(certificate)?;
    let remedy = if certificate.der == case.leaf.der {
        case.reissue(ADVICE)
    } else {
        Remedy::text(ADVICE)
    };
    let finding = Finding::failure(Code::EncodingInvalid, cause).with_remedy(remedy);
    Some(finding.for_stacks(&stacks))
}

/// The same of a certificate that nobody has refused yet.
pub(super) fn lone(certificate: &Certificate) -> Option<Finding> {
    let (cause, stacks) = judge(certificate)?;
    let finding = Finding::warning(Code::EncodingInvalid, cause);
    let finding = finding.with_remedy(Remedy::text(ADVICE));
    Some(finding.for_stacks(&stacks))
}

const ADVICE: &str = "issue it again with software that writes DER, such as certgen";

/// What is wrong, and who refuses it: nobody by name where everybody does.
fn judge(certificate: &Certificate) -> Option<(String, Vec<Stack>)> {
    let flaws = certificate.encoding_flaws();
    let texts: Vec<&str> = flaws.iter().map(|flaw| text(*flaw)).collect();
    if texts.is_empty() {
        return None;
    }
    let cause = format!(
        "the bytes of `{}` are not as RFC 5280 wants them, and there are clients that refuse to read them: it {}",
        certificate_name(certificate),
        texts.join("; it ")
    );
    let everywhere = flaws.iter().any(|flaw| refusing(*flaw).is_empty());
    let refuse = |stack: &Stack| flaws.iter().any(|flaw| refusing(*flaw).contains(stack));
    let stacks = ALL
        .into_iter()
        .filter(|stack| !everywhere && refuse(stack))
        .collect();
    Some((cause, stacks))
}

const ALL: [Stack; 3] = [Stack::OpenSsl, Stack::RustlsGo, Stack::Python313];

fn text(flaw: EncodingFlaw) -> &'static str {
    match flaw {
        EncodingFlaw::TrailingData => "is followed by bytes that belong to nothing",
        EncodingFlaw::AlgorithmMismatch => {
            "names one signature algorithm in its signed part and another one outside"
        }
        EncodingFlaw::LongLength => "writes a length with more octets than it needs (BER)",
        EncodingFlaw::PaddedSerial => "has a serial number with a needless octet in front",
        EncodingFlaw::DateForm => "has a date without seconds, or with a time zone other than Z",
        EncodingFlaw::StringType => {
            "has a name in a kind of string that names may not be written in"
        }
    }
}

/// Who was seen to refuse it (the fixtures hold the verdicts); nobody by name means everybody.
fn refusing(flaw: EncodingFlaw) -> &'static [Stack] {
    match flaw {
        EncodingFlaw::TrailingData | EncodingFlaw::AlgorithmMismatch => &[],
        EncodingFlaw::LongLength => &[Stack::RustlsGo],
        EncodingFlaw::PaddedSerial | EncodingFlaw::DateForm | EncodingFlaw::StringType => {
            &[Stack::OpenSsl, Stack::RustlsGo, Stack::Python313]
        }
    }
}
