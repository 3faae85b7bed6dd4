//! What rustls hides, written down during the handshake: certificate, client authentication, tickets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, NamedGroup, SignatureScheme};
use tokio::sync::Notify;

use super::refusal::{certificate_error, refusal, signature_refusal};
use super::trust::Anchors;
use super::{Hello, Identities};
use crate::diagnose::transcript::{CertificateRequest, ClientCertificate, Presented};

/// What was written down.
#[derive(Debug, Default)]
pub(in crate::probe) struct Record {
    pub(in crate::probe) presented: Option<Presented>,
    pub(in crate::probe) signature_scheme: Option<SignatureScheme>,
    pub(in crate::probe) request: Option<CertificateRequest>,
    pub(in crate::probe) tickets: usize,
    /// Which of the identities was chosen.
    pub(in crate::probe) identity: usize,
}

/// The recorder of one handshake; it is the verifier, the certificate resolver and the session
/// store at once.
#[derive(Debug)]
pub(in crate::probe) struct Recorder {
    anchors: Arc<Anchors>,
    algorithms: WebPkiSupportedAlgorithms,
    identities: Arc<Identities>,
    /// The identity is not for this server.
    withholds: bool,
    lenient: bool,
    record: Mutex<Record>,
    ticket: Notify,
}

impl Recorder {
    pub(super) fn new(
        anchors: Arc<Anchors>,
        algorithms: WebPkiSupportedAlgorithms,
        identities: Arc<Identities>,
        hello: &Hello,
    ) -> Self {
        let (record, ticket) = (Mutex::default(), Notify::new());
        Self {
            anchors,
            algorithms,
            identities,
            withholds: !hello.with_identity,
            lenient: hello.lenient,
            record,
            ticket,
        }
    }

    pub(in crate::probe) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next session ticket.
    pub(in crate::probe) async fn ticket(&self) {
        self.ticket.notified().await;
    }

    fn note_signature(
        &self,
        scheme: SignatureScheme,
        verdict: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let mut record = self.record();
        record.signature_scheme = Some(scheme);
        if let Some(presented) = &mut record.presented {
            let verdict = verdict.as_ref().map(|_| ()).map_err(signature_refusal);
            presented.signature_verdict = Some(verdict);
        }
        if self.lenient {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            verdict
        }
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = self.anchors.judge_chain(end_entity, intermediates);
        let name = self.anchors.judge_name(end_entity, server_name);
        let certificates = std::iter::once(end_entity).chain(intermediates);
        self.record().presented = Some(Presented {
            chain: certificates
                .map(|certificate| certificate.to_vec())
                .collect(),
            ocsp: (!ocsp_response.is_empty()).then(|| ocsp_response.to_vec()),
            chain_verdict: chain.as_ref().copied().map_err(refusal),
            name_verdict: name.as_ref().copied().map_err(refusal),
            signature_verdict: None,
        });
        match chain.and(name) {
            Err(error) if !self.lenient => Err(Error::InvalidCertificate(certificate_error(error))),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verdict = verify_tls12_signature(message, certificate, signed, &self.algorithms);
        self.note_signature(signed.scheme, verdict)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verdict = verify_tls13_signature(message, certificate, signed, &self.algorithms);
        self.note_signature(signed.scheme, verdict)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let chosen = self.identities.choose(root_hint_subjects, schemes);
        let identity = chosen.and_then(|index| self.identities.get(index));
        let answer = match identity {
            None => ClientCertificate::NoIdentity,
            Some(_) if self.withholds => ClientCertificate::Withheld,
            Some(identity) if identity.key.choose_scheme(schemes).is_none() => {
                ClientCertificate::NoCommonScheme
            }
            Some(_) => ClientCertificate::Sent,
        };
        let mut record = self.record();
        record.identity = chosen.unwrap_or_default();
        record.request = Some(CertificateRequest {
            ca_names: root_hint_subjects
                .iter()
                .map(|name| name.to_vec())
                .collect(),
            schemes: schemes.iter().map(|scheme| u16::from(*scheme)).collect(),
            answer,
        });
        identity
            .cloned()
            .filter(|_| answer == ClientCertificate::Sent)
    }

    /// Always: only so does rustls ask [`Self::resolve`], which tells what the server wants.
    fn has_certs(&self) -> bool {
        true
    }
}

/// Keeps no session: each handshake is to be a whole one. Tickets are counted.
impl ClientSessionStore for Recorder {
    fn set_kx_hint(&self, _server_name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _server_name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        let mut record = self.record();
        record.tickets = record.tickets.saturating_add(1);
        drop(record);
        self.ticket.notify_one();
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
