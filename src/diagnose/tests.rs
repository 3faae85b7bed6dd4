//! What follows from conversations that are written by hand.

use core::net::SocketAddr;
use std::time::Duration;

use ::time::macros::datetime;

use super::transcript::{
    AddressAttempt, Connack, Connected, Mqtt, MqttVersion, Reply, Request, Resolve, ResolveFailure,
    Silence, Step, Suback, Tcp, TcpFailure, TlsRequest, Transcript,
};
use super::*;
use crate::finding::Verdict;

mod default_certificate;
mod texts;

const NOW: Timestamp = datetime!(2026-06-01 12:00 UTC);
const MOMENT: Duration = Duration::from_millis(1);

fn asked(tls: bool) -> Transcript {
    let request = Request {
        typed_host: "broker.lan".into(),
        host: "broker.lan".into(),
        port: if tls { 8883 } else { 1883 },
        tls: tls.then(TlsRequest::default),
        stage_limit: Duration::from_secs(5),
        ..Request::default()
    };
    Transcript {
        request,
        ..Transcript::default()
    }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 1883))
}

fn attempt(last: u8, result: Result<Connected, TcpFailure>) -> AddressAttempt {
    AddressAttempt {
        address: address(last),
        result,
        duration: MOMENT,
    }
}

/// In the clear, connected, with this session.
fn session(mqtt: Mqtt) -> Transcript {
    let mut transcript = asked(false);
    transcript.resolve = Some(Resolve {
        addresses: vec![address(1).ip()],
        ..Resolve::default()
    });
    transcript.tcp = Some(Tcp {
        attempts: vec![attempt(1, Ok(Connected))],
        peer: Some(address(1)),
        local: None,
    });
    transcript.mqtt = Some(mqtt);
    transcript
}

fn connack(version: MqttVersion, code: u8) -> Transcript {
    let value = Connack {
        code,
        ..Connack::default()
    };
    let mut transcript = session(Mqtt {
        version,
        connack: Reply::Came {
            value,
            after: MOMENT,
        },
        ..Mqtt::default()
    });
    transcript.record(Step::failed(StepName::Mqtt, MOMENT, "refused"));
    transcript.request.mqtt.version = version;
    transcript
}

fn found(transcript: &Transcript) -> Vec<Finding> {
    diagnose(transcript, Criteria::at(NOW)).findings
}

fn only(transcript: &Transcript) -> Finding {
    let mut findings = found(transcript);
    findings.retain(|finding| finding.severity == Severity::Failure);
    assert_eq!(findings.len(), 1, "one cause: {:?}", codes(&findings));
    let finding = findings.remove(0);
    assert!(!finding.cause.is_empty());
    assert!(finding.remedy.is_some(), "{}", finding.code);
    finding
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn every_answer_of_the_resolver_has_its_code() {
    let cases = [
        (ResolveFailure::NotFound, Code::NameNotFound),
        (ResolveFailure::NoAddress, Code::NameWithoutAddress),
        (ResolveFailure::Temporary, Code::ResolverFailed),
        (
            ResolveFailure::Failed("EAI_FAIL".into()),
            Code::ResolverFailed,
        ),
        (ResolveFailure::TimedOut, Code::ResolverTimeout),
    ];
    for (failure, code) in cases {
        let mut transcript = asked(true);
        transcript.record(Step::failed(StepName::Resolve, MOMENT, "no address"));
        transcript.resolve = Some(Resolve {
            failure: Some(failure),
            ..Resolve::default()
        });
        let finding = only(&transcript);
        assert_eq!(finding.code, code);
        assert!(finding.cause.contains("broker.lan"), "{}", finding.cause);
    }
}

#[test]
fn every_failure_to_connect_has_its_code() {
    let cases = [
        (TcpFailure::Refused, Code::ConnectionRefused),
        (TcpFailure::TimedOut, Code::ConnectTimeout),
        (
            TcpFailure::Unreachable("no route to host".into()),
            Code::HostUnreachable,
        ),
    ];
    for (failure, code) in cases {
        let mut transcript = asked(true);
        transcript.record(Step::failed(StepName::Tcp, MOMENT, "no connection"));
        transcript.tcp = Some(Tcp {
            attempts: vec![attempt(1, Err(failure))],
            ..Tcp::default()
        });
        assert_eq!(only(&transcript).code, code);
    }
}

#[test]
fn a_dead_address_beside_a_good_one_is_no_failure() {
    let mut transcript = session(Mqtt::default());
    let attempts = vec![
        attempt(2, Err(TcpFailure::Refused)),
        attempt(1, Ok(Connected)),
    ];
    transcript.tcp.as_mut().unwrap().attempts = attempts;
    let findings = found(&transcript);
    assert_eq!(codes(&findings), [Code::AddressUnreachable]);
    assert_eq!(Verdict::of(&findings), Verdict::Warning);
    assert!(findings[0].cause.contains("192.0.2.2"));
}

#[test]
fn white_space_around_the_host_is_a_warning() {
    let mut transcript = session(Mqtt::default());
    transcript.request.typed_host = " broker.lan\n".into();
    assert_eq!(codes(&found(&transcript)), [Code::HostHasWhitespace]);
}

#[test]
fn every_refusal_of_connect_has_its_code() {
    let cases = [
        (MqttVersion::V311, 1, Code::ProtocolVersionRefused),
        (MqttVersion::V311, 2, Code::ClientIdRejected),
        (MqttVersion::V311, 3, Code::ServerUnavailable),
        (MqttVersion::V311, 4, Code::BadCredentials),
        (MqttVersion::V311, 5, Code::NotAuthorized),
        (MqttVersion::V311, 6, Code::ConnackInvalid),
        (MqttVersion::V311, 0x87, Code::ConnackInvalid),
        (MqttVersion::V5, 0x84, Code::ProtocolVersionRefused),
        (MqttVersion::V5, 0x85, Code::ClientIdRejected),
        (MqttVersion::V5, 0x86, Code::BadCredentials),
        (MqttVersion::V5, 0x87, Code::NotAuthorized),
        (MqttVersion::V5, 0x89, Code::ServerUnavailable),
        (MqttVersion::V5, 0x9c, Code::UseAnotherServer),
        (MqttVersion::V5, 0x9d, Code::UseAnotherServer),
        // The codes of 3.1.1 in a CONNACK of MQTT 5, as Moquette sends them.
        (MqttVersion::V5, 0x01, Code::ProtocolVersionRefused),
        (MqttVersion::V5, 0x05, Code::NotAuthorized),
        (MqttVersion::V5, 0x06, Code::ConnackInvalid),
    ];
    for (version, number, code) in cases {
        let finding = only(&connack(version, number));
        assert_eq!(finding.code, code, "MQTT {version}, code {number:#04x}");
    }
}

#[test]
fn no_code_of_connack_goes_without_a_cause_and_a_remedy() {
    for version in [MqttVersion::V31, MqttVersion::V311, MqttVersion::V5] {
        for code in 1..=u8::MAX {
            only(&connack(version, code));
        }
    }
}

#[test]
fn a_refused_subscription_is_not_followed_by_its_consequences() {
    let mut transcript = session(Mqtt {
        connack: Reply::Came {
            value: Connack::default(),
            after: MOMENT,
        },
        suback: Reply::Came {
            value: Suback {
                codes: vec![0x80],
                ..Suback::default()
            },
            after: MOMENT,
        },
        ..Mqtt::default()
    });
    transcript.request.mqtt.echo = true;
    transcript.record(Step::failed(StepName::Subscribe, MOMENT, "refused"));
    assert_eq!(only(&transcript).code, Code::SubscribeRefused);
}

#[test]
fn silence_after_connect_is_told_from_an_end() {
    let mut transcript = session(Mqtt {
        connack: Reply::Missing {
            instead: Silence::TimedOut,
            after: Duration::from_secs(5),
        },
        ..Mqtt::default()
    });
    transcript.record(Step::failed(StepName::Mqtt, MOMENT, "no CONNACK"));
    assert_eq!(only(&transcript).code, Code::NoConnack);
}

#[test]
fn a_failed_step_never_goes_unsaid() {
    for name in StepName::ALL {
        let mut transcript = asked(true);
        transcript.record(Step::failed(name, MOMENT, "the words of the step"));
        let findings = found(&transcript);
        assert_eq!(
            Verdict::of(&findings),
            Verdict::Failure,
            "{}",
            name.as_str()
        );
    }
}

#[test]
fn failures_come_before_warnings_and_nothing_twice() {
    let warning = Finding::warning(Code::ExpiresSoon, "soon");
    let failure = Finding::failure(Code::NameMismatch, "other names");
    let all = vec![
        warning.clone(),
        failure.clone(),
        warning.clone(),
        failure.clone(),
    ];
    assert_eq!(ordered(all), [failure, warning]);
}
