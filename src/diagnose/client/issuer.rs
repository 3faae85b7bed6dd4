//! Which CAs the broker takes client certificates of, and which one issued ours.

use super::Case;
use crate::diagnose::words::{failure, peer, warning};
use crate::finding::{Code, Finding, Stack};
use crate::pki::audit::certificate_name;
use crate::x509::{Certificate, Name};

impl Case<'_> {
    pub(super) fn regenerated(&self, own: &Certificate, said: &str) -> Finding {
        let cause = format!(
            "{} refuses the client certificate with {said}: it knows a CA with the name `{}`, whose key did not sign `{}`: the CA was made anew",
            peer(self.transcript),
            own.issuer,
            certificate_name(own)
        );
        Finding::failure(Code::ClientCertificateUntrusted, cause).with_remedy(
            self.reissue("issue the client's certificate again from the broker's present CA"),
        )
    }

    pub(super) fn untrusted(&self, said: &str, own: Option<&Certificate>) -> Finding {
        let what = own.map_or_else(
            || "the client certificate".to_owned(),
            |own| format!("`{}`, issued by `{}`", certificate_name(own), own.issuer),
        );
        let cause = format!(
            "{} refuses the client certificate with {said}: it does not trust {what}{}",
            peer(self.transcript),
            self.offered_text()
        );
        if let Some(own) = own.filter(|own| self.issuer_is_brokers(own)) {
            let cause = format!(
                "{cause}; yet `{}` issued the broker's own certificate too: the broker's `cafile` lacks it, or its `crlfile` has no list of this CA, and then it refuses every client",
                own.issuer
            );
            return failure(
                Code::ClientCertificateUntrusted,
                cause,
                "put that CA into the broker's `cafile`; where a `crlfile` is set, let it hold a current list of every CA, and reload the broker",
            );
        }
        Finding::failure(Code::ClientCertificateUntrusted, cause).with_remedy(self.reissue(
            "issue the client's certificate from the CA in the broker's `cafile`, or add its issuer to that file",
        ))
    }

    /// The client's certificate and the broker's come from one CA.
    fn issuer_is_brokers(&self, own: &Certificate) -> bool {
        let presented = self.tls.presented.as_ref();
        let leaf = presented.and_then(|presented| presented.chain.first());
        let leaf = leaf.and_then(|der| self.criteria.certificate(der));
        leaf.is_some_and(|leaf| leaf.issuer == own.issuer)
    }

    fn offered(&self) -> Vec<Name> {
        self.request()
            .iter()
            .flat_map(|request| &request.ca_names)
            .filter_map(|der| Name::from_der(der))
            .collect()
    }

    pub(super) fn offered_text(&self) -> String {
        let names: Vec<_> = self
            .offered()
            .iter()
            .take(6)
            .map(|name| format!("`{name}`"))
            .collect();
        if names.is_empty() {
            return String::new();
        }
        format!("; it names as CAs {}", names.join(", "))
    }

    /// The broker's list of CA names lacks every issuer of the client's chain.
    pub(super) fn not_offered(&self, is_refused: bool) -> Option<Finding> {
        let identity = self.transcript.material.identity.as_ref()?;
        let offered = self.offered();
        let own = self.own.as_ref()?;
        let chain = identity.chain.iter();
        let listed = chain
            .filter_map(|der| self.criteria.certificate(der))
            .any(|c| offered.iter().any(|name| name.der() == c.issuer.der()));
        if offered.is_empty() || listed {
            return None;
        }
        let cause = format!(
            "the broker asks for certificates of other CAs than `{}`, which issued `{}`{}: Java and Android send no certificate then",
            own.issuer,
            certificate_name(own),
            self.offered_text()
        );
        let remedy = "add the client's issuer to the broker's `cafile`, or issue the client's certificate from a CA that stands there";
        let finding = if is_refused {
            failure(Code::ClientIssuerNotOffered, cause, remedy)
        } else {
            warning(Code::ClientIssuerNotOffered, cause, remedy)
        };
        Some(finding.for_stacks(&[Stack::Java, Stack::Android]))
    }
}
