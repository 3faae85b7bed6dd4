//! The verdict on a chain: webpki with the given anchors and time, and with the revocation list that
//! counts.

use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, TrustAnchor, UnixTime,
};
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};

use crate::pki::audit::{ListVerdict, Lists};
use crate::time::Timestamp;

/// What chains are judged by.
#[derive(Debug)]
pub(in crate::probe) struct Anchors {
    anchors: Vec<TrustAnchor<'static>>,
    /// The same certificates, where lists are to be held against them.
    issuers: Vec<Vec<u8>>,
    lists: Lists,
    /// The lists that webpki can read, by their DER.
    readable: Vec<(Vec<u8>, CertRevocationList<'static>)>,
    now: Timestamp,
}

impl Anchors {
    /// Certificates and lists that webpki cannot read are left out; the audit says why.
    pub(in crate::probe) fn new<'a>(
        certificates: impl Iterator<Item = &'a [u8]>,
        lists: impl Iterator<Item = &'a [u8]>,
        now: Timestamp,
    ) -> Self {
        let certificates: Vec<&[u8]> = certificates.collect();
        let ders: Vec<&[u8]> = lists.collect();
        let anchors = certificates.iter().filter_map(|der| {
            let certificate = CertificateDer::from(*der);
            Some(anchor_from_trusted_cert(&certificate).ok()?.to_owned())
        });
        let readable = ders.iter().filter_map(|der| {
            let list = CertificateRevocationListDer::from(*der);
            let list = OwnedCertRevocationList::from_der(list.as_ref()).ok()?;
            Some((der.to_vec(), CertRevocationList::Owned(list)))
        });
        let issuers = certificates.iter().filter(|_| !ders.is_empty());
        Self {
            anchors: anchors.collect(),
            issuers: issuers.map(|der| der.to_vec()).collect(),
            readable: readable.collect(),
            lists: Lists::new(ders.iter().copied()),
            now,
        }
    }

    /// Whether a chain leads from the certificate to an anchor, and no list of its CA revokes it.
    ///
    /// Of the lists of a CA webpki takes the first that it meets, be it out of date or of another
    /// key: it is given the one that counts. What it cannot read (version 1, no next date), and
    /// what it does not take into account (deltas, the date at which a list begins), is judged by
    /// [`Lists`].
    pub(super) fn judge_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        if self.lists.is_empty() {
            return self.verify(end_entity, intermediates, None);
        }
        let sent = intermediates.iter().map(AsRef::as_ref);
        let known = sent.chain(self.issuers.iter().map(Vec::as_slice));
        let (verdict, list) = self.lists.judge(end_entity, known, self.now);
        let list = list.and_then(|list| {
            let mut readable = self.readable.iter();
            readable.find(|(der, _)| der == list).map(|(_, read)| read)
        });
        match self.verify(end_entity, intermediates, list) {
            Err(error) if is_about_the_list(&error) => {
                self.verify(end_entity, intermediates, None)?;
            }
            other => other?,
        }
        match verdict {
            ListVerdict::NotRevoked => Ok(()),
            ListVerdict::Revoked => Err(Error::CertRevoked),
            ListVerdict::OutOfDate | ListVerdict::Unknown => Err(Error::UnknownRevocationStatus),
        }
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        list: Option<&CertRevocationList<'_>>,
    ) -> Result<(), Error> {
        let lists: Vec<&CertRevocationList<'_>> = list.into_iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::EndEntity)
                .with_status_policy(UnknownStatusPolicy::Deny)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        let seconds = u64::try_from(self.now.unix_timestamp()).unwrap_or(0);
        EndEntityCert::try_from(end_entity)?
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &self.anchors,
                intermediates,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
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

/// Whether webpki does not take the list, whatever the list says.
fn is_about_the_list(error: &Error) -> bool {
    matches!(
        error,
        Error::UnknownRevocationStatus
            | Error::InvalidCrlSignatureForPublicKey
            | Error::IssuerNotCrlSigner
            | Error::UnsupportedCrlSignatureAlgorithmContext(_)
            | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
    )
}
