//! One path under judgement: every check, once for every certificate that it concerns.

use super::path::Path;
use super::{
    Case, constraints, dates, encoding, issuers, keys, names, order, revocation, strictness, trust,
    usage,
};
use crate::finding::{Code, Finding, Remedy};

/// Everything that is to be said about `path`.
pub(super) fn judge<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let mut findings = order::findings(case, path);
    if findings
        .iter()
        .any(|f| f.code == Code::ChainOutOfOrder && f.severity == crate::finding::Severity::Failure)
    {
        return findings;
    }
    findings.extend(trust::findings(case, path));
    findings.extend(encoding::findings(case, path));
    findings.extend(issuers::findings(case, path));
    findings.extend(constraints::findings(case, path));
    findings.extend(dates::findings(case, path));
    findings.extend(revocation::findings(case, path));
    findings.extend(usage::findings(case, path));
    findings.extend(keys::findings(case, path));
    findings.extend(names::findings(case));
    findings.extend(strictness::findings(case, path));
    findings.extend(fixture(case));
    findings
}

fn fixture(case: &Case<'_>) -> Option<Finding> {
    let fixture = case.presented.iter().find(|c| super::is_fixture(c))?;
    let cause = format!(
        "`{}` is a test fixture of certgen: its private key is public",
        super::certificate_name(fixture)
    );
    let remedy =
        Remedy::text("use fixtures for tests alone, and issue a certificate of your own here");
    Some(Finding::warning(Code::FixtureCertificate, cause).with_remedy(remedy))
}
