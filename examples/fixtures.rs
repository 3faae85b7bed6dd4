//! Fixtures in a Rust test, in memory: `mqtt-certgen` as a dev-dependency, no file and no clock.
//!
//! The client under test is rustls; its verifier is asked about a good and an expired server.

use std::sync::Arc;

use certgen::fixtures::{Clock, Fixture, Request};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fixtures = Request::default();
    let good = fixtures.fixture("good/depth2")?;
    let expired = fixtures.fixture("time/expired")?;
    for fixture in [&good, &expired] {
        let verdict = verify(fixture)?;
        #[expect(clippy::print_stdout, reason = "an example")]
        {
            println!("{}: {verdict}", fixture.id());
        }
        assert_eq!(verdict, fixture.scenario().expected.as_str());
    }
    Ok(())
}

fn verify(fixture: &Fixture) -> Result<&'static str, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    for root in fixture.roots() {
        roots.add(CertificateDer::from(root.as_slice()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    let chain: Vec<CertificateDer<'_>> = fixture
        .chain()
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let (leaf, intermediates) = chain.split_first().ok_or("an empty chain")?;
    let host = ServerName::try_from(*fixture.hosts().first().ok_or("no host")?)?;
    // The set's own clock: the outcome does not depend on the day.
    let seconds = u64::try_from(Clock::DEFAULT.unix_timestamp())?;
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    match verifier.verify_server_cert(leaf, intermediates, &host, &[], now) {
        Ok(_) => Ok("accept"),
        Err(_) => Ok("reject"),
    }
}
