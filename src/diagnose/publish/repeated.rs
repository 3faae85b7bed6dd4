//! A message that comes back more than once.

use super::Case;
use crate::diagnose::transcript::MOST_COPIES;
use crate::diagnose::words::{failure, warning};
use crate::finding::{Code, Finding};

impl Case<'_> {
    /// Once more is a second way to this client; again and again is a circle.
    pub(super) fn repeated(&self) -> Option<Finding> {
        let (topic, copies) = (&self.mqtt.topic, self.mqtt.copies);
        if copies == 0 {
            return None;
        }
        if copies <= MOST_COPIES {
            let times = copies + 1;
            return Some(warning(
                Code::MessageRepeated,
                format!(
                    "the test message to `{topic}` came back {times} times: a bridge or a rule sends messages back to this broker"
                ),
                "let every bridge pass a topic in one direction only (mosquitto: `topic PATTERN out` or `in`, not `both`), and look for rules that publish what they read",
            ));
        }
        Some(failure(
            Code::MessageRepeated,
            format!(
                "the test message to `{topic}` comes back again and again ({copies} more times within half a second): a bridge or a rule sends messages in a circle"
            ),
            "let every bridge pass a topic in one direction only (mosquitto: `topic PATTERN out` or `in`, not `topic # both` on both sides), bridge no broker to itself, and restart the broker then: what circles does so until it ends, the test message too",
        ))
    }
}
