//! The client's certificate: whether it was asked for, sent, and accepted; and if not, why.

mod issuer;
mod local;

use std::sync::Arc;

use self::local::{LOCAL_ALL, LOCAL_DATES, LOCAL_TRUST};

use super::Criteria;
use super::handshake::{is_about_client, is_after_verify};
use super::schemes::{acceptable_keys, scheme_name};
use super::session::certificate_refused;
use super::transcript::{
    Alert, CertificateRequest, ClientCertificate, Silence, Tls, TlsFailure, TlsVersion, Transcript,
};
use super::words::{candidates, failure, peer};
use crate::finding::{Action, Code, Finding, Remedy, Severity};
use crate::pki::audit::certificate_name;
use crate::time;
use crate::x509::Certificate;

/// What is to be said about the client's certificate.
pub(super) fn findings(
    transcript: &Transcript,
    criteria: Criteria<'_>,
    server_refused: bool,
) -> Vec<Finding> {
    let Some(tls) = observed(transcript, server_refused) else {
        return Vec::new();
    };
    let case = Case {
        transcript,
        tls,
        criteria,
        own: own(transcript, criteria),
    };
    let mut findings = Vec::new();
    let refusal = case.refusal();
    match &refusal {
        Some(refusal) => findings.push(case.refused(refusal)),
        None => findings.extend(case.not_requested(server_refused)),
    }
    let incomplete = |finding: &Finding| finding.code == Code::ClientChainIncomplete;
    if !findings.iter().any(incomplete) {
        findings.extend(case.not_offered(refusal.is_some()));
    }
    findings.extend(case.oddities(&findings));
    findings
}

/// The handshake that shows most about client certificates.
fn observed(transcript: &Transcript, server_refused: bool) -> Option<&Tls> {
    if server_refused {
        return transcript.lenient.as_ref().or(transcript.tls.as_ref());
    }
    transcript.tls.as_ref()
}

fn own(transcript: &Transcript, criteria: Criteria<'_>) -> Option<Arc<Certificate>> {
    let leaf = transcript.material.identity.as_ref()?.chain.first()?;
    criteria.certificate(leaf)
}

struct Case<'a> {
    transcript: &'a Transcript,
    tls: &'a Tls,
    criteria: Criteria<'a>,
    own: Option<Arc<Certificate>>,
}

/// How the broker turned the client away.
enum Refusal {
    /// With an alert.
    Alert(Alert),
    /// By closing right after the handshake, without a ticket that would show acceptance.
    Closed,
    /// With an answer of HTTP that names the certificate.
    Http(String),
}

impl Case<'_> {
    fn request(&self) -> Option<&CertificateRequest> {
        self.tls.certificate_request.as_ref()
    }

    fn refusal(&self) -> Option<Refusal> {
        let connack = self.transcript.mqtt.as_ref().map(|mqtt| &mqtt.connack);
        let late = connack.and_then(|reply| match reply.missing() {
            Some(Silence::Alert(alert)) => Some(*alert),
            _ => None,
        });
        let answer = self.request().map(|request| request.answer);
        if answer == Some(ClientCertificate::Withheld) {
            // How the broker takes ours is not known: it was not shown to a server that is refused.
            return None;
        }
        let alert = self.tls.alert().or(late);
        if let Some(alert) = alert.filter(|alert| is_about_client(self.tls, *alert)) {
            return Some(Refusal::Alert(alert));
        }
        if let (Some(_), Some(said)) = (self.request(), certificate_refused(self.transcript)) {
            return Some(Refusal::Http(said));
        }
        let closed = connack
            .and_then(|reply| reply.missing())
            .is_some_and(|instead| matches!(instead, Silence::Closed(_)))
            || self.tls.failure == Some(TlsFailure::Closed);
        let unproven = self.tls.tickets == 0 && self.tls.presented.is_some();
        (closed && unproven && self.explains_close()).then_some(Refusal::Closed)
    }

    /// What was answered to the request for a certificate is reason enough to close without a word,
    /// as servers do that look at it only after the handshake (Node.js, nginx); and a write error
    /// can swallow the alert.
    fn explains_close(&self) -> bool {
        let Some(request) = self.request() else {
            return false;
        };
        match request.answer {
            ClientCertificate::NoIdentity | ClientCertificate::NoCommonScheme => {
                self.tls.is_complete() || is_last_word(self.tls)
            }
            ClientCertificate::Withheld => false,
            ClientCertificate::Sent => {
                is_last_word(self.tls)
                    || (self.tls.is_complete() && (self.is_unfit() || self.is_foreign()))
            }
        }
    }

    fn refused(&self, refusal: &Refusal) -> Finding {
        let said = match refusal {
            Refusal::Alert(alert) => format!("the alert {alert}"),
            Refusal::Closed => "a closed connection, without an alert".to_owned(),
            Refusal::Http(said) => said.clone(),
        };
        let answer = self
            .request()
            .map_or(ClientCertificate::NoIdentity, |r| r.answer);
        match answer {
            ClientCertificate::NoIdentity | ClientCertificate::Withheld => self.missing(&said),
            ClientCertificate::NoCommonScheme => self.no_scheme(&said),
            ClientCertificate::Sent => self.sent(refusal, &said),
        }
    }

    fn missing(&self, said: &str) -> Finding {
        let peer = peer(self.transcript);
        let issue = "issue a client certificate, and give it to the client with its key";
        if let Some(why) = &self.transcript.material.without_identity {
            let cause =
                format!("{peer} requires a client certificate, and none was sent: {why} ({said})");
            let text = "give a store that holds the client's key and certificate, not only the CA";
            let action = Action::Bundle {
                name: "client".to_owned(),
                formats: vec!["bks".to_owned(), "p12".to_owned()],
                replace: true,
            };
            return Finding::failure(Code::StoreWithoutKey, cause)
                .with_remedy(Remedy::run(text, action));
        }
        let cause = format!(
            "{peer} requires a client certificate, and none was sent: no certificate and key were given ({said})"
        );
        let action = Action::IssueClient {
            name: "client".to_owned(),
            replace: false,
        };
        Finding::failure(Code::ClientCertificateMissing, cause)
            .with_remedy(Remedy::run(issue, action))
    }

    fn no_scheme(&self, said: &str) -> Finding {
        let kind = self.own.as_ref().map_or_else(
            || "key".to_owned(),
            |own| format!("{} key", own.public_key.kind()),
        );
        let cause = format!(
            "{} accepts no signature scheme of the client's {kind}, so that an empty certificate was sent, and refused with {said}; it accepts {}",
            peer(self.transcript),
            self.schemes()
        );
        failure(
            Code::ClientSignatureUnsupported,
            cause,
            format!(
                "issue the client's certificate with a key that the broker accepts{}, or widen the broker's list of signature algorithms",
                acceptable_keys(self.request().map_or(&[], |request| &request.schemes))
            ),
        )
    }

    fn schemes(&self) -> String {
        let schemes: Vec<_> = self
            .request()
            .iter()
            .flat_map(|request| &request.schemes)
            .take(12)
            .map(|scheme| scheme_name(*scheme))
            .collect();
        if schemes.is_empty() {
            return "none".to_owned();
        }
        schemes.join(", ")
    }

    /// It was sent, and refused: the alert and the certificate together say why.
    fn sent(&self, refusal: &Refusal, said: &str) -> Finding {
        let alert = match refusal {
            Refusal::Alert(alert) => alert.0,
            Refusal::Closed | Refusal::Http(_) => 0,
        };
        let Some(own) = &self.own else {
            return self.untrusted(alert, said, None);
        };
        let local = self.local(own);
        let has = |code| local.iter().find(|finding| finding.code == code);
        let found = match alert {
            45 => LOCAL_DATES.iter().find_map(|code| has(*code)),
            43 => has(Code::ClientUsageMissing),
            48 | 51 => LOCAL_TRUST.iter().find_map(|code| has(*code)),
            _ => LOCAL_ALL.iter().find_map(|code| has(*code)),
        };
        if let Some(found) = found {
            return self.with_evidence(found, said);
        }
        match alert {
            45 => self.broker_crl(own, said),
            44 => self.revoked(own, said),
            43 => self.unsupported(own, said),
            51 => self.regenerated(own, said),
            _ => self.untrusted(alert, said, Some(own)),
        }
    }

    fn with_evidence(&self, found: &Finding, said: &str) -> Finding {
        let mut finding = found.clone();
        finding.severity = Severity::Failure;
        finding.cause = format!(
            "{} refuses the client certificate with {said}: {}",
            peer(self.transcript),
            found.cause
        );
        finding.subject = self.subject();
        if finding.code == Code::CaRegenerated {
            finding.code = Code::ClientCertificateUntrusted;
        }
        finding
    }

    fn broker_crl(&self, own: &Certificate, said: &str) -> Finding {
        let list = candidates(&[
            "its revocation list is out of date, so that it refuses everyone",
            "a CA in its `cafile` has expired",
            "its clock is wrong",
        ]);
        let cause = format!(
            "{} refuses the client certificate with {said}, although `{}` is valid until {}: something of the broker's own is out of date; likely: {list}",
            peer(self.transcript),
            certificate_name(own),
            time::end_for_people(self.criteria.now, own.not_after)
        );
        failure(
            Code::BrokerCrlExpired,
            cause,
            format!(
                "look at the dates of the broker's crlfile and of `{}` in its cafile (certgen inspect); make a current revocation list with the CA, or put the renewed CA certificate there, and reload the broker; check its clock",
                own.issuer
            ),
        )
    }

    fn revoked(&self, own: &Certificate, said: &str) -> Finding {
        let cause = format!(
            "{} refuses the client certificate with {said}: `{}` (serial {}) is on its revocation list",
            peer(self.transcript),
            certificate_name(own),
            own.serial_hex()
        );
        Finding::failure(Code::ClientCertificateRevoked, cause)
            .with_remedy(self.reissue("issue a new certificate for this client"))
    }

    fn unsupported(&self, own: &Certificate, said: &str) -> Finding {
        let cause = format!(
            "{} refuses the kind of the client certificate with {said}: `{}` has a {} key, X.509 v{}",
            peer(self.transcript),
            certificate_name(own),
            own.public_key.kind(),
            own.version
        );
        Finding::failure(Code::ClientUsageMissing, cause).with_remedy(self.reissue(
            "issue the client's certificate again with certgen: X.509 v3, clientAuth, P-256",
        ))
    }

    fn not_requested(&self, server_refused: bool) -> Option<Finding> {
        let identity = self.transcript.material.identity.as_ref()?;
        let seen =
            self.tls.is_complete() || (server_refused && self.tls.negotiated.version.is_some());
        if self.request().is_some() || !seen || !self.tls.is_complete() {
            return None;
        }
        let cause = format!(
            "{} never asked for the client certificate (`{}`): mutual TLS is not enforced, and everybody who trusts the CA can connect",
            peer(self.transcript),
            identity.path
        );
        let remedy = Remedy::run(
            "set `require_certificate true` and `cafile` for this listener; where a proxy ends TLS, check client certificates there, or pass TLS through",
            Action::ConfigMosquitto,
        );
        Some(Finding::warning(Code::ClientCertificateNotRequested, cause).with_remedy(remedy))
    }

    fn subject(&self) -> Option<String> {
        let identity = self.transcript.material.identity.as_ref()?;
        Some(match &identity.alias {
            Some(alias) => format!("{} ({alias})", identity.path),
            None => identity.path.clone(),
        })
    }

    fn reissue(&self, text: &str) -> Remedy {
        let own = self.own.as_ref();
        let name = own.and_then(|own| own.subject.common_name());
        let is_plain = |name: &&str| {
            !name.starts_with('-')
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let name = name.filter(is_plain).unwrap_or("client").to_owned();
        Remedy::run(
            text,
            Action::IssueClient {
                name,
                replace: true,
            },
        )
    }
}

/// Up to TLS 1.2 the client's certificate goes out together with all the rest of its handshake, once
/// the server's part has been checked; a server that then closes had nothing else to dislike.
pub(super) fn is_last_word(tls: &Tls) -> bool {
    let request = tls.certificate_request.as_ref();
    tls.failure == Some(TlsFailure::Closed)
        && tls.negotiated.version == Some(TlsVersion::Tls12)
        && is_after_verify(tls)
        && request.is_some_and(|request| request.answer != ClientCertificate::Withheld)
}

/// Whether the refusal of a client certificate (or its absence) explains that the peer closed.
pub(super) fn explains_close(transcript: &Transcript) -> bool {
    let Some(tls) = &transcript.tls else {
        return false;
    };
    let now = transcript.material.now;
    let criteria = Criteria::at(now.unwrap_or(time::Timestamp::UNIX_EPOCH));
    let case = Case {
        transcript,
        tls,
        criteria,
        own: own(transcript, criteria),
    };
    case.refusal().is_some()
}
