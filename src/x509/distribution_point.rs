//! Distribution points: which of a CA's certificates a revocation list covers, and where a
//! certificate says that its list is (RFC 5280 sections 4.2.1.13 and 5.2.5).

use x509_parser::asn1_rs::FromDer as _;
use x509_parser::extensions::{
    CRLDistributionPoints, DistributionPointName, IssuingDistributionPoint,
};

use super::{Certificate, GeneralName};

/// `cRLDistributionPoints`.
const DISTRIBUTION_POINTS: &str = "2.5.29.31";

/// What part of a CA's certificates a revocation list covers (`issuingDistributionPoint`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListScope {
    /// Only certificates that name this distribution point; `None` where it does not matter.
    pub point: Option<Vec<GeneralName>>,
    /// Only certificates that are no CA's.
    pub only_end_entities: bool,
    /// Only certificates of CAs.
    pub only_authorities: bool,
    /// Only attribute certificates.
    pub only_attributes: bool,
    /// Only revocations for some of the reasons.
    pub only_some_reasons: bool,
    /// Also certificates of other CAs.
    pub indirect: bool,
}

impl ListScope {
    /// The scope that the list's extension states.
    pub(super) fn from_parsed(parsed: &IssuingDistributionPoint<'_>) -> Self {
        Self {
            point: parsed.distribution_point.as_ref().map(names),
            only_end_entities: parsed.only_contains_user_certs,
            only_authorities: parsed.only_contains_ca_certs,
            only_attributes: parsed.only_contains_attribute_certs,
            only_some_reasons: parsed.only_some_reasons.is_some(),
            indirect: parsed.indirect_crl,
        }
    }
}

/// Where a certificate says that a revocation list is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DistributionPoint {
    /// Its names; `None` where there are none.
    pub names: Option<Vec<GeneralName>>,
    /// Another CA signs the list.
    pub is_of_another: bool,
}

impl Certificate {
    /// Where its revocation lists are.
    #[must_use]
    pub fn distribution_points(&self) -> Vec<DistributionPoint> {
        let Some(extension) = self.extension(DISTRIBUTION_POINTS) else {
            return Vec::new();
        };
        let Ok((_, points)) = CRLDistributionPoints::from_der(&extension.value) else {
            return Vec::new();
        };
        let points = points.points.iter().map(|point| DistributionPoint {
            names: point.distribution_point.as_ref().map(names),
            is_of_another: point.crl_issuer.is_some(),
        });
        points.collect()
    }
}

/// A name below the issuer's own is kept by its form: such names are not compared.
fn names(point: &DistributionPointName<'_>) -> Vec<GeneralName> {
    match point {
        DistributionPointName::FullName(names) => {
            names.iter().map(GeneralName::from_parsed).collect()
        }
        DistributionPointName::NameRelativeToCRLIssuer(_) => Vec::new(),
    }
}
