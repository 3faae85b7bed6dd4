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

/// What works here and breaks in the stack of `client` becomes a failure; the rest stays as it is.
#[must_use]
pub fn as_client(mut findings: Vec<Finding>, client: Client) -> Vec<Finding> {
    let stack = client.stack();
    for finding in &mut findings {
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
}
