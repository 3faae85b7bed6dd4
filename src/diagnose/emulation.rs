//! The same findings, as the client sees them whose rules are followed.

use super::transcript::Client;
use crate::finding::{Finding, Severity, Stack};

impl Client {
    /// The family of TLS stacks that it belongs to.
    #[must_use]
    pub fn stack(self) -> Stack {
        match self {
            Self::Rhasspy | Self::Android => Stack::Android,
            Self::Java => Stack::Java,
            Self::Python => Stack::Python313,
            Self::Esp32 => Stack::MbedTls,
        }
    }
}

/// What works here and breaks in the stack of `client` becomes a failure; what Java lets pass becomes
/// a warning for Java, where the check could go on; the rest stays as it is.
#[must_use]
pub fn as_client(mut findings: Vec<Finding>, client: Client) -> Vec<Finding> {
    let stack = client.stack();
    for finding in &mut findings {
        if client == Client::Java && is_of_others(finding, stack) {
            relieve(finding);
            continue;
        }
        if finding.severity == Severity::Warning && finding.stacks.contains(&stack) {
            finding.severity = Severity::Failure;
            finding.cause = format!(
                "{}; {} is one of those that refuse it",
                finding.cause,
                client.as_str()
            );
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// A failure in stacks that are named, and not in this one.
fn is_of_others(finding: &Finding, stack: Stack) -> bool {
    finding.severity == Severity::Failure
        && !finding.stacks.is_empty()
        && !finding.stacks.contains(&stack)
}

/// Where rustls refuses, certgen's own handshake ends, and nothing behind it is known.
fn relieve(finding: &mut Finding) {
    if finding.stacks.contains(&Stack::RustlsGo) {
        finding.cause.push_str(
            "; Java takes it, but certgen's own TLS (rustls) does not, so that nothing behind the certificate was checked",
        );
    } else {
        finding.severity = Severity::Warning;
        finding.cause.push_str("; Java takes it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Code;

    #[test]
    fn a_warning_for_ones_own_stack_is_a_failure() {
        let ed25519 = Finding::warning(Code::UncommonKey, "Ed25519").for_stacks(&[Stack::Android]);
        let soon = Finding::warning(Code::ExpiresSoon, "soon");
        let as_phone = as_client(vec![soon.clone(), ed25519.clone()], Client::Rhasspy);
        assert_eq!(as_phone[0].code, Code::UncommonKey);
        assert_eq!(as_phone[0].severity, Severity::Failure);
        assert_eq!(as_phone[1], soon);
        assert_eq!(as_client(vec![ed25519.clone()], Client::Java), [ed25519]);
    }

    #[test]
    fn what_java_lets_pass_is_no_failure_of_javas() {
        let ended =
            Finding::failure(Code::TrustAnchorExpired, "ended").for_stacks(&[Stack::OpenSsl]);
        let found = as_client(vec![ended.clone()], Client::Java);
        assert_eq!(found[0].severity, Severity::Warning);
        assert_eq!(as_client(vec![ended.clone()], Client::Esp32), [ended]);
        // Nothing behind rustls' refusal was seen.
        let stacks = [Stack::RustlsGo, Stack::Android];
        let common_name = Finding::failure(Code::NoSubjectAltName, "CN").for_stacks(&stacks);
        let found = as_client(vec![common_name], Client::Java);
        assert_eq!(found[0].severity, Severity::Failure);
        assert!(found[0].cause.contains("Java takes it, but"));
        let everybody = Finding::failure(Code::NameMismatch, "name");
        assert_eq!(
            as_client(vec![everybody.clone()], Client::Java),
            [everybody]
        );
    }
}
