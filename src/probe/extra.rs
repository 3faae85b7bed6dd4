//! Extra probes: short, harmless questions that tell the causes of a failure apart.

use core::net::SocketAddr;

use super::Prober;
use super::clock::Clock;
use crate::diagnose::transcript::Transcript;

/// Asks what the transcript leaves open.
pub(super) async fn probe(
    _prober: &Prober,
    _transcript: &mut Transcript,
    _peer: SocketAddr,
    _clock: Clock,
) {
}
