//! A broker that offers a lower quality of service than the one asked for.

use super::Case;
use crate::diagnose::words::{failure, warning};
use crate::finding::{Code, Finding};

impl Case<'_> {
    fn granted(&self) -> Option<u8> {
        let code = self.mqtt.suback.value()?.codes.first()?;
        (*code < 0x80).then_some(*code)
    }

    /// What the broker offers, where that is less than what was asked for.
    pub(super) fn lower(&self) -> Option<u8> {
        let offers = [self.granted(), self.connack.maximum_qos];
        let offered = offers.into_iter().flatten().min()?;
        (offered < self.transcript.request.mqtt.qos).then_some(offered)
    }

    /// What is to be done then.
    pub(super) fn lower_it(&self) -> String {
        let offered = self.lower().unwrap_or_default();
        format!("use a lower QoS (--qos {offered}), or raise max_qos (mosquitto) on the broker")
    }

    pub(super) fn quality_not_supported(&self, what: &str) -> Finding {
        let asked = self.transcript.request.mqtt.qos;
        let offered = self.lower().unwrap_or_default();
        failure(
            Code::QosNotSupported,
            format!(
                "the broker does not support QoS {asked}: it granted the subscription QoS {offered}, and {what}"
            ),
            self.lower_it(),
        )
    }

    pub(super) fn lower_quality(&self) -> Option<Finding> {
        let asked = self.transcript.request.mqtt.qos;
        let granted = self.granted().filter(|granted| *granted < asked)?;
        Some(warning(
            Code::QosNotSupported,
            format!("QoS {asked} was asked for, and the broker grants QoS {granted}"),
            self.lower_it(),
        ))
    }
}
