//! Which CAs the broker takes client certificates of, and which one issued ours.

use super::Case;
use crate::diagnose::words::{candidates, failure, peer, warning};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::pki::audit::{self, certificate_name};
use crate::x509::{Certificate, KeyKind, Name};

const UNKNOWN_CA: u8 = 48;

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

    /// Refused, and nothing that is known here says why: what the broker says about its CAs does.
    pub(super) fn untrusted(&self, alert: u8, said: &str, own: Option<&Certificate>) -> Finding {
        let Some(own) = own else {
            return self.not_trusted(alert, said, "the client certificate");
        };
        if let Some(finding) = self.incomplete(said, own) {
            return finding;
        }
        if self.is_named() {
            return self.named(alert, said, own);
        }
        let what = format!("`{}`, issued by `{}`", certificate_name(own), own.issuer);
        let mut finding = self.not_trusted(alert, said, &what);
        if self.issuer_is_brokers(own) {
            let lacks = if self.offered().is_empty() {
                "the broker's `cafile` lacks it, or its `crlfile` has no list of this CA, and then it refuses every client"
            } else {
                "the broker's `cafile` lacks it"
            };
            finding.cause.push_str(&format!(
                "; yet `{}` issued the broker's own certificate too: {lacks}",
                own.issuer
            ));
            finding.remedy = Some(Remedy::text(
                "put that CA into the broker's `cafile`; where a `crlfile` is set, let it hold a current list of every CA, and reload the broker",
            ));
        }
        finding
    }

    fn not_trusted(&self, alert: u8, said: &str, what: &str) -> Finding {
        let likely = if alert == UNKNOWN_CA || self.is_foreign() {
            ""
        } else {
            "likely "
        };
        let cause = format!(
            "{} refuses the client certificate with {said}: {likely}it does not trust {what}{}",
            peer(self.transcript),
            self.offered_text()
        );
        Finding::failure(Code::ClientCertificateUntrusted, cause).with_remedy(self.reissue(
            "issue the client's certificate from the CA in the broker's `cafile`, or add its issuer to that file",
        ))
    }

    /// The broker names the issuer as one that it takes, and refuses the certificate all the same.
    fn named(&self, alert: u8, said: &str, own: &Certificate) -> Finding {
        let weak = match own.public_key.kind() {
            key @ KeyKind::Rsa(0..3_072) => format!(
                "a security level that the key of `{}` does not reach (it is {key}; OpenSSL's level 3 wants 3072 bits)",
                certificate_name(own)
            ),
            _ => "a security level that a key or signature of the chain does not reach".to_owned(),
        };
        let renewed = "a CA of that name with another key than the one that signed here: one of the two was made anew";
        let unlisted =
            "a `crlfile` without a list of that CA: the broker then refuses all its certificates";
        let pinned = "a list of the certificates or names that it takes one by one";
        let compare = "compare the CA in the broker's `cafile` with the one that issued the client's certificate (certgen inspect shows their fingerprints), and issue the certificate again from the broker's; where a `crlfile` is set, let it hold a current list of every CA, and reload the broker";
        let (reasons, remedy) = match alert {
            // Where the broker's own certificate is of that CA, it is the present one.
            UNKNOWN_CA if self.issuer_is_brokers(own) => (vec![unlisted, renewed], compare),
            UNKNOWN_CA => (vec![renewed, unlisted], compare),
            42 => (
                vec![weak.as_str(), pinned, "a clock that is behind"],
                "look at the broker's log: it names the reason; issue the client's certificate with a P-256 key, or add it to the list of those that the broker takes",
            ),
            _ => (
                vec![renewed, unlisted, pinned, weak.as_str()],
                "look at the broker's log for the time of this check: it names the reason",
            ),
        };
        let cause = format!(
            "{} refuses the client certificate `{}` with {said}, although it names the issuer `{}` among its CAs; likely the broker has {}",
            peer(self.transcript),
            certificate_name(own),
            own.issuer,
            candidates(&reasons)
        );
        failure(Code::ClientCertificateUntrusted, cause, remedy)
    }

    /// The issuer is an intermediate CA, as far as can be seen, and its certificate was not sent.
    fn incomplete(&self, said: &str, own: &Certificate) -> Option<Finding> {
        let identity = self.transcript.material.identity.as_ref()?;
        let offered = self.offered();
        let is_named = offered.iter().any(|name| name.der() == own.issuer.der());
        let sent: Vec<_> = identity
            .chain
            .iter()
            .skip(1)
            .filter_map(|der| self.criteria.certificate(der))
            .collect();
        let is_sent = sent.iter().any(|c| c.subject.der() == own.issuer.der());
        if is_named || is_sent || own.is_self_issued() {
            return None;
        }
        let why = if let Some(other) = sent.iter().find(|c| !c.is_self_issued()) {
            format!(
                "`{}` follows in its place, which did not issue it",
                certificate_name(other)
            )
        } else if let Some(root) = offered
            .iter()
            .find(|name| audit::kindred(name, &own.issuer))
        {
            format!("it belongs with `{root}`, which the broker names")
        } else if calls_itself_intermediate(&own.issuer) {
            "its name says that it stands below another CA".to_owned()
        } else {
            return None;
        };
        let cause = format!(
            "{} refuses the client certificate with {said}: `{}` was issued by `{}`, whose certificate the client does not send ({why}){}",
            peer(self.transcript),
            certificate_name(own),
            own.issuer,
            self.offered_text()
        );
        let remedy = format!(
            "append the certificate of `{}` to the client's certificate file or store, after its own, in place of others that did not issue it",
            own.issuer
        );
        Some(failure(Code::ClientChainIncomplete, cause, remedy))
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

    /// The broker names an issuer of the client's chain among its CAs.
    fn is_named(&self) -> bool {
        let offered = self.offered();
        let identity = self.transcript.material.identity.as_ref();
        let chain = identity.iter().flat_map(|identity| &identity.chain);
        chain
            .filter_map(|der| self.criteria.certificate(der))
            .any(|c| offered.iter().any(|name| name.der() == c.issuer.der()))
    }

    /// The broker names the CAs that it takes, and none of them issued the client's chain.
    pub(super) fn is_foreign(&self) -> bool {
        self.own.is_some() && !self.offered().is_empty() && !self.is_named()
    }

    /// The broker's list of CA names lacks every issuer of the client's chain.
    pub(super) fn not_offered(&self, is_refused: bool) -> Option<Finding> {
        let own = self.own.as_ref().filter(|_| self.is_foreign())?;
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

/// Words by which intermediate CAs are called.
fn calls_itself_intermediate(name: &Name) -> bool {
    let text = name.common_name().unwrap_or_default().to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| {
        matches!(
            word,
            "intermediate" | "inter" | "issuing" | "sub" | "subordinate" | "subca"
        )
    })
}
