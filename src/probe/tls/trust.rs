//! The verdict on a chain: webpki with the given anchors, revocation lists and time.

use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, TrustAnchor, UnixTime,
};
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};

use crate::time::Timestamp;

/// What chains are judged by.
#[derive(Debug)]
pub(in crate::probe) struct Anchors {
    anchors: Vec<TrustAnchor<'static>>,
    lists: Vec<CertRevocationList<'static>>,
    now: UnixTime,
}

impl Anchors {
    /// Certificates and lists that webpki cannot read are left out; the audit says why.
    pub(in crate::probe) fn new<'a>(
        certificates: impl Iterator<Item = &'a [u8]>,
        lists: impl Iterator<Item = &'a [u8]>,
        now: Timestamp,
    ) -> Self {
        let anchors = certificates.filter_map(|der| {
            let certificate = CertificateDer::from(der);
            Some(anchor_from_trusted_cert(&certificate).ok()?.to_owned())
        });
        let lists = lists.filter_map(|der| {
            let list =
                OwnedCertRevocationList::from_der(CertificateRevocationListDer::from(der).as_ref());
            Some(CertRevocationList::Owned(list.ok()?))
        });
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        Self {
            anchors: anchors.collect(),
            lists: lists.collect(),
            now,
        }
    }

    /// Whether a chain leads from the certificate to an anchor.
    pub(super) fn judge_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        let certificate = EndEntityCert::try_from(end_entity)?;
        let lists: Vec<&CertRevocationList<'_>> = self.lists.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::EndEntity)
                .with_status_policy(UnknownStatusPolicy::Deny)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        certificate
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &self.anchors,
                intermediates,
                self.now,
                KeyUsage::server_auth(),
                revocation,
                None,
            )
            .map(drop)
    }

    /// Whether the certificate is for this name.
    pub(super) fn judge_name(
        &self,
        end_entity: &CertificateDer<'_>,
        name: &ServerName<'_>,
    ) -> Result<(), Error> {
        EndEntityCert::try_from(end_entity)?.verify_is_valid_for_subject_name(name)
    }
}
