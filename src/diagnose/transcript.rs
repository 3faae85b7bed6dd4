//! What happened between certgen and one target, as plain data: the steps, and the evidence of each.
//!
//! `probe` fills it in, `diagnose` reads it; tests build it by hand. Nothing in it is a judgement:
//! texts of the peer are raw bytes or raw text, certificates are DER.

mod extra;
mod mqtt;
mod network;
mod request;
mod tls;

use std::sync::Arc;
use std::time::Duration;

pub use crate::mqtt::{Connack, Suback, Version as MqttVersion};
pub use extra::{Answer, Extra, LegacyAnswer, LegacyServerHello, TlsAttempt};
pub use mqtt::{MOST_COPIES, Mqtt, Puback, Reply, Silence, Upgrade};
pub use network::{
    AddressAttempt, Closing, Connected, HowClosed, Resolve, ResolveFailure, Tcp, TcpFailure,
    Traffic,
};
pub use request::{
    Client, Identity, Material, MqttRequest, Request, TlsRequest, TlsVersion, Trust, TrustSource,
};
pub use tls::{
    Alert, CertificateRequest, ClientCertificate, Incompatible, Negotiated, Presented, Refusal,
    Tls, TlsFailure,
};

/// The protocol of one conversation, as far as it came.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    /// What was asked for.
    pub request: Request,
    /// What certgen had in hand: trust anchors, identity, revocation lists.
    pub material: Arc<Material>,
    /// The steps, in order, each once.
    pub steps: Vec<Step>,
    /// The addresses of the name.
    pub resolve: Option<Resolve>,
    /// The connection attempts.
    pub tcp: Option<Tcp>,
    /// The TLS handshake, and what followed it until CONNECT.
    pub tls: Option<Tls>,
    /// A second handshake that goes on after the certificate was refused, only to learn more: what
    /// the peer wants of clients. Never more than a handshake.
    pub lenient: Option<Tls>,
    /// The HTTP upgrade, for MQTT over WebSocket.
    pub upgrade: Option<Upgrade>,
    /// The MQTT session.
    pub mqtt: Option<Mqtt>,
    /// What the extra probes saw.
    pub extra: Extra,
    /// From the first lookup to the last byte.
    pub duration: Duration,
}

impl Transcript {
    /// Adds a step; after a failed one it becomes [`Outcome::NotReached`].
    pub fn record(&mut self, step: Step) {
        let step = if self.failed().is_some() {
            Step::not_reached(step.name)
        } else {
            step
        };
        self.steps.push(step);
    }

    /// Adds every step of `names` that has not been recorded yet as not reached.
    pub fn close(&mut self, names: &[StepName]) {
        for name in names {
            if self.step(*name).is_none() {
                self.steps.push(Step::not_reached(*name));
            }
        }
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, name: StepName) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The step that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&Step> {
        self.steps
            .iter()
            .find(|step| step.outcome == Outcome::Failed)
    }

    /// Whether the step was taken and is good.
    #[must_use]
    pub fn is_good(&self, name: StepName) -> bool {
        self.step(name)
            .is_some_and(|step| step.outcome == Outcome::Good)
    }
}

/// A stage of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StepName {
    /// Name to addresses.
    Resolve,
    /// A connection to one of them.
    Tcp,
    /// The TLS handshake, with the verdict on the certificate.
    Tls,
    /// CONNECT and CONNACK (and the WebSocket upgrade before it).
    Mqtt,
    /// SUBSCRIBE and SUBACK.
    Subscribe,
    /// PUBLISH, its acknowledgement and its echo.
    Publish,
    /// Keeping the session alive for a while.
    Hold,
}

impl StepName {
    /// Every step, in order.
    pub const ALL: [Self; 7] = [
        Self::Resolve,
        Self::Tcp,
        Self::Tls,
        Self::Mqtt,
        Self::Subscribe,
        Self::Publish,
        Self::Hold,
    ];

    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Mqtt => "mqtt",
            Self::Subscribe => "subscribe",
            Self::Publish => "publish",
            Self::Hold => "hold",
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// As it should.
    Good,
    /// Not as it should.
    Failed,
    /// An earlier step failed.
    NotReached,
    /// Left out on request.
    Skipped,
}

impl Outcome {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
            Self::Skipped => "skipped",
        }
    }
}

/// One step: its outcome, how long it took, and what is worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub name: StepName,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took; `None` where it was not taken.
    pub duration: Option<Duration>,
    /// What is worth a line, such as `TLS 1.3, X25519MLKEM768`; raw text.
    pub detail: String,
}

impl Step {
    /// A step that went well.
    #[must_use]
    pub fn good(name: StepName, duration: Duration, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Good,
            duration: Some(duration),
            detail: detail.into(),
        }
    }

    /// A step that did not.
    #[must_use]
    pub fn failed(name: StepName, duration: Duration, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Failed,
            duration: Some(duration),
            detail: detail.into(),
        }
    }

    /// A step that an earlier failure made impossible.
    #[must_use]
    pub fn not_reached(name: StepName) -> Self {
        Self {
            name,
            outcome: Outcome::NotReached,
            duration: None,
            detail: String::new(),
        }
    }

    /// A step that was left out, and why.
    #[must_use]
    pub fn skipped(name: StepName, detail: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Skipped,
            duration: None,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_reached_after_a_failure() {
        let mut transcript = Transcript::default();
        transcript.record(Step::good(StepName::Resolve, Duration::ZERO, ""));
        transcript.record(Step::failed(StepName::Tcp, Duration::ZERO, "refused"));
        transcript.record(Step::good(StepName::Tls, Duration::ZERO, ""));
        transcript.close(&StepName::ALL);
        let outcomes: Vec<_> = transcript.steps.iter().map(|step| step.outcome).collect();
        assert_eq!(
            outcomes[..3],
            [Outcome::Good, Outcome::Failed, Outcome::NotReached]
        );
        assert_eq!(outcomes.len(), StepName::ALL.len());
        assert!(!transcript.is_good(StepName::Tls));
    }
}
