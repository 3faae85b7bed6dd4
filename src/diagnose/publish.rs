//! The MQTT session after CONNACK: subscription, test message, and holding on.

mod held;
mod quality;
mod repeated;

use super::foreign::recognize;
use super::goodbye;
use super::session::{identity, reason_name};
use super::transcript::{Connack, Mqtt, MqttVersion, Silence, Transcript};
use super::words::{candidates, closing, failure, limit};
use crate::finding::{Action, Code, Finding, Remedy, Severity};

/// What happened to subscription, message and session.
pub(super) fn findings(transcript: &Transcript, mqtt: &Mqtt, connack: &Connack) -> Vec<Finding> {
    let case = Case {
        transcript,
        mqtt,
        connack,
    };
    if let Some(finding) = case.subscription() {
        return vec![finding];
    }
    let repeated = case.repeated();
    if let Some(circle) = repeated.clone().filter(|f| f.severity == Severity::Failure) {
        return vec![circle];
    }
    if let Some(finding) = case.announced().or_else(|| case.message()) {
        return vec![finding];
    }
    let mut findings: Vec<Finding> = case.held().into_iter().collect();
    findings.extend(repeated);
    findings.extend(case.lower_quality());
    findings
}

/// No broker refuses a message for so few bytes.
const SMALL: usize = 100;

struct Case<'a> {
    transcript: &'a Transcript,
    mqtt: &'a Mqtt,
    connack: &'a Connack,
}

impl Case<'_> {
    fn who(&self) -> String {
        if let Some(cn) = identity(self.transcript) {
            return match &self.transcript.request.mqtt.username {
                Some(name) => format!(
                    "the user `{name}` (certificate `{cn}`, which replaces the user name under use_identity_as_username)"
                ),
                None => format!(
                    "the certificate `{cn}` (its name is the user name under use_identity_as_username)"
                ),
            };
        }
        match &self.transcript.request.mqtt.username {
            Some(name) => format!("the user `{name}`"),
            None => "an anonymous client".to_owned(),
        }
    }

    fn subscription(&self) -> Option<Finding> {
        if let Some(instead) = self.mqtt.suback.missing() {
            return Some(match instead {
                Silence::TimedOut => failure(
                    Code::NoSuback,
                    format!(
                        "the broker took the connection, and did not answer the subscription to `{}` within {}",
                        self.mqtt.topic,
                        limit(self.transcript)
                    ),
                    "look at the broker's log and at its authorization plugin: it may wait for a backend",
                ),
                other => self.subscription_cut(other),
            });
        }
        let suback = self.mqtt.suback.value()?;
        let code = *suback.codes.first()?;
        if code < 3 {
            return None;
        }
        if code < 0x80 {
            return Some(self.suback_invalid(&format!(
                "with the code 0x{code:02x}, which MQTT does not have"
            )));
        }
        let name = if self.mqtt.version == MqttVersion::V5 && code != 0x80 {
            format!("0x{code:02x}, {}", reason_name(code))
        } else {
            format!("0x{code:02x}")
        };
        let reason = suback
            .reason
            .as_ref()
            .map_or_else(String::new, |r| format!(", `{r}`"));
        Some(failure(
            Code::SubscribeRefused,
            format!(
                "the broker refuses the subscription of {} to `{}` (SUBACK {name}{reason})",
                self.who(),
                self.mqtt.topic
            ),
            goodbye::lift(code),
        ))
    }

    fn suback_invalid(&self, how: &str) -> Finding {
        failure(
            Code::SubackInvalid,
            format!(
                "the broker answers the subscription to `{}` {how}",
                self.mqtt.topic
            ),
            "update the broker, or whatever proxy speaks MQTT in front of it",
        )
    }

    fn subscription_cut(&self, instead: &Silence) -> Finding {
        if let Silence::Malformed { .. } | Silence::Foreign(_) | Silence::TooMuch(_) = instead {
            return self.suback_invalid(&format!("with {}", silence(instead)));
        }
        let known = goodbye::explained(self.transcript, self.mqtt, instead, "on SUBSCRIBE")
            .or_else(|| goodbye::right_after_connect(self.transcript));
        if let Some(finding) = known {
            return finding;
        }
        let besides = match self.transcript.extra.after_connack {
            Some(Silence::TimedOut) => "; a session that asks for nothing stays open",
            _ if matches!(instead, Silence::Disconnect { .. }) => "",
            _ => "; or it ends every session right after CONNACK",
        };
        failure(
            Code::SubscribeRefused,
            format!(
                "the broker answers the subscription of {} to `{}` by ending the connection ({}){besides}",
                self.who(),
                self.mqtt.topic,
                silence(instead)
            ),
            match instead {
                Silence::Disconnect { code, .. } => goodbye::lift(*code),
                _ => goodbye::lift(0x87),
            },
        )
    }

    /// What MQTT 5's CONNACK rules out is not even sent.
    fn announced(&self) -> Option<Finding> {
        let (asked, bytes) = (self.transcript.request.mqtt.qos, self.mqtt.publish_bytes);
        if let Some(most) = self.connack.maximum_qos.filter(|most| *most < asked) {
            return Some(failure(
                Code::QosNotSupported,
                format!(
                    "the broker announces QoS {most} as its highest, and the test asked for QoS {asked}: the message was not sent"
                ),
                self.lower_it(),
            ));
        }
        let most = usize::try_from(self.connack.maximum_packet_size?).ok()?;
        (most < bytes).then(|| {
            failure(
                Code::MessageTooLarge,
                format!("the broker announces that it takes packets of at most {most} bytes, and the test message has {bytes}: it was not sent"),
                "send smaller messages, or raise max_packet_size (mosquitto) on the broker",
            )
        })
    }

    fn message(&self) -> Option<Finding> {
        if let Some(instead) = self.mqtt.puback.missing() {
            return Some(match instead {
                Silence::TimedOut if self.lower().is_some() => {
                    self.quality_not_supported(&format!(
                        "did not acknowledge the message within {}",
                        limit(self.transcript)
                    ))
                }
                Silence::TimedOut => failure(
                    Code::NoPuback,
                    format!(
                        "the broker did not acknowledge the test message (QoS {}) within {}",
                        self.transcript.request.mqtt.qos,
                        limit(self.transcript)
                    ),
                    "look at the broker's log: it may be overloaded, or wait for an authorization backend",
                ),
                other => self.cut(other),
            });
        }
        if let Some(puback) = self.mqtt.puback.value()
            && puback.code >= 0x80
        {
            let reason = puback
                .reason
                .as_ref()
                .map_or_else(String::new, |r| format!(", `{r}`"));
            let code = match puback.code {
                0x95 => Code::MessageTooLarge,
                0x9b => Code::QosNotSupported,
                _ => Code::MessageNotDelivered,
            };
            return Some(failure(
                code,
                format!(
                    "the broker refuses the test message of {} to `{}` (0x{:02x}, {}{reason})",
                    self.who(),
                    self.mqtt.topic,
                    puback.code,
                    reason_name(puback.code)
                ),
                goodbye::lift(puback.code),
            ));
        }
        match self.mqtt.echo.missing()? {
            Silence::TimedOut => Some(
                self.nobody_reads()
                    .or_else(|| self.altered())
                    .unwrap_or_else(|| self.not_delivered()),
            ),
            other => Some(self.cut(other)),
        }
    }

    /// A message came on the topic, and it is not the one that was sent.
    fn altered(&self) -> Option<Finding> {
        let (came, sent) = (
            self.mqtt.altered?,
            self.transcript.request.mqtt.payload_size,
        );
        Some(failure(
            Code::MessageNotDelivered,
            format!(
                "the test message to `{}` never came back within {}; another message of {came} bytes came on the topic instead of the one of {sent} bytes: something changes messages, or others use the topic",
                self.mqtt.topic,
                limit(self.transcript)
            ),
            "look for a plugin, bridge or proxy that rewrites messages, or check with a topic that nobody else uses",
        ))
    }

    /// MQTT 5 says so where nobody reads the topic.
    fn nobody_reads(&self) -> Option<Finding> {
        self.mqtt
            .puback
            .value()
            .filter(|puback| puback.code == 0x10)?;
        Some(failure(
            Code::MessageNotDelivered,
            format!(
                "the broker took the subscription to `{}`, and then says of the message to it that nobody subscribes (0x10, no matching subscribers): {} may not read the topic, or the broker forgets subscriptions",
                self.mqtt.topic,
                self.who()
            ),
            "allow reading the topic in the broker's access list (mosquitto: acl_file, `topic read …`), and look at the broker's log",
        ))
    }

    fn not_delivered(&self) -> Finding {
        let tells = self.mqtt.version == MqttVersion::V5 && self.mqtt.puback.value().is_some();
        let size = self.transcript.request.mqtt.payload_size;
        let why = if size > SMALL && !tells {
            format!(
                "the broker drops messages as large as this one ({size} bytes; mosquitto: message_size_limit), or {} may not publish there, or may not read it (MQTT {} does not say so)",
                self.who(),
                self.mqtt.version
            )
        } else if tells {
            format!(
                "{} may publish there (the acknowledgement says so), and may not read it",
                self.who()
            )
        } else {
            format!(
                "{} may not publish there, or may not read it (MQTT {} does not say so)",
                self.who(),
                self.mqtt.version
            )
        };
        let cause = format!(
            "the broker took subscription and message, and the test message to `{}` never came back within {}: {why}",
            self.mqtt.topic,
            limit(self.transcript),
        );
        let text = if size > SMALL {
            "check with a small message (without --payload-size): where that comes back, send smaller messages or raise the broker's limit, else allow the topic for this user (mosquitto: acl_file, `topic readwrite …`)"
        } else {
            "allow the topic for this user in the broker's access list (mosquitto: acl_file, `topic readwrite …`), or check with a topic that is allowed (--topic)"
        };
        let asks_more = !tells && self.transcript.request.emulate.is_none();
        let remedy = if asks_more && self.mqtt.version != MqttVersion::V5 {
            let extra = vec!["--mqtt".to_owned(), "5".to_owned()];
            Remedy::run(
                format!("{text}; MQTT 5 says whether the broker refuses it"),
                Action::Again { extra },
            )
        } else {
            Remedy::text(text)
        };
        Finding::failure(Code::MessageNotDelivered, cause).with_remedy(remedy)
    }

    /// The connection ended on the test message.
    fn cut(&self, instead: &Silence) -> Finding {
        let bytes = self.mqtt.publish_bytes;
        let qos = self.transcript.request.mqtt.qos;
        let how = silence(instead);
        if let Silence::Malformed { .. } | Silence::Foreign(_) | Silence::TooMuch(_) = instead {
            return failure(
                Code::NoPuback,
                format!("the broker answers the test message with {how}"),
                "update the broker, or whatever proxy speaks MQTT in front of it",
            );
        }
        let ended = goodbye::explained(self.transcript, self.mqtt, instead, "on the test message");
        if let Some(finding) = ended.or_else(|| goodbye::right_after_connect(self.transcript)) {
            return finding;
        }
        if let Silence::Disconnect { code, .. } = instead {
            let known = match code {
                0x95 => Some(Code::MessageTooLarge),
                0x9b => Some(Code::QosNotSupported),
                _ => None,
            };
            if let Some(known) = known {
                return failure(
                    known,
                    format!(
                        "the broker ends the session on the test message of {bytes} bytes with QoS {qos} ({how})"
                    ),
                    if *code == 0x9b {
                        self.lower_it()
                    } else {
                        goodbye::lift(*code).to_owned()
                    },
                );
            }
        }
        if let Some(limit) = self.connack.maximum_packet_size
            && usize::try_from(limit).is_ok_and(|limit| bytes > limit)
        {
            return failure(
                Code::MessageTooLarge,
                format!(
                    "the broker takes packets of at most {limit} bytes, and the test message has {bytes} ({how})"
                ),
                "send smaller messages, or raise max_packet_size (mosquitto) on the broker",
            );
        }
        if self.lower().is_some() {
            return self
                .quality_not_supported(&format!("ended the connection on the message ({how})"));
        }
        if let Silence::Disconnect {
            code: code @ 0x82..,
            ..
        } = instead
        {
            return failure(
                Code::ClosedOnPublish,
                format!(
                    "the broker ends the session on the test message of {bytes} bytes with QoS {qos}, and says why: {how}"
                ),
                goodbye::lift(*code),
            );
        }
        let large = "a limit on the packet size (mosquitto: max_packet_size)";
        let quality = "a limit on the QoS (mosquitto: max_qos)";
        let rights =
            "the topic is not allowed for this user (brokers of MQTT 3.1.1 may close on that)";
        let is_large = self.transcript.request.mqtt.payload_size > SMALL;
        let reasons: Vec<&str> = if is_large && qos == 0 {
            vec![large, rights]
        } else if is_large {
            vec![large, rights, quality]
        } else if qos > 0 {
            vec![rights, quality, large]
        } else {
            vec![rights, large]
        };
        failure(
            Code::ClosedOnPublish,
            format!(
                "the connection ended on the test message of {bytes} bytes with QoS {qos} ({how}); likely: {}",
                candidates(&reasons)
            ),
            "look at the broker's log for this client; try a smaller message, QoS 0, or another topic",
        )
    }
}

/// What came instead of an answer, for sentences.
fn silence(instead: &Silence) -> String {
    match instead {
        Silence::TimedOut => "nothing came".to_owned(),
        Silence::Closed(end) => format!("the peer {}", closing(*end)),
        Silence::Alert(alert) => format!("TLS alert {alert}"),
        Silence::Disconnect { code, reason, .. } => goodbye::said(*code, reason.as_deref()),
        Silence::Auth => "AUTH, which nobody asked for".to_owned(),
        Silence::Foreign(bytes) => match recognize(bytes) {
            Some(super::foreign::Protocol::Http(line)) => format!("HTTP: `{line}`"),
            _ => "bytes that are not MQTT".to_owned(),
        },
        Silence::Malformed { reason, .. } => format!("a packet that breaks the standard: {reason}"),
        Silence::TooMuch(what) => format!("more than is read: {what}"),
    }
}
