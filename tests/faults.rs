//! Every fault that the embedded broker can commit is told by its name, and so are the faults of
//! what the client brings along. No root, no other program.
#![expect(clippy::unwrap_used, reason = "tests")]

mod lab;

use std::time::Duration;

use certgen::broker::Fault;
use certgen::diagnose::transcript::{
    MqttVersion, Reply, Request, StepName, TlsVersion, Transcript,
};
use certgen::finding::Code;
use certgen::pki::{
    Authority, AuthorityProfile, KeyType, Profile, Serial, Validity, generate, root,
};
use certgen::probe::{Prober, Secrets};
use certgen::random::SystemRandom;
use certgen::time::Timestamp;
use certgen::x509::GeneralName;
use lab::{Pki, findings, first, issued, request, with_broker};

/// How long a server is waited for that never answers; the others get as long as they need.
const SILENCE: Duration = Duration::from_secs(2);

/// The conversation that shows the fault: some need a version, a ping, or the lack of a certificate.
fn asked(fault: Fault, port: u16) -> Request {
    let mut request = request(port);
    match fault {
        Fault::ReasonString | Fault::AnotherServer | Fault::OnlyOldMqtt | Fault::OnlyQos0 => {
            request.mqtt.version = MqttVersion::V5;
        }
        Fault::OnlyTls13 => {
            request.tls.as_mut().unwrap().maximum = Some(TlsVersion::Tls12);
        }
        Fault::NoPingresp => {
            request.mqtt.hold = Some(Duration::from_millis(300));
            request.stage_limit = SILENCE;
        }
        Fault::Silent
        | Fault::Stalling
        | Fault::Dripping
        | Fault::NoConnack
        | Fault::MessagesDropped
        | Fault::NoSuback
        | Fault::NoPuback => request.stage_limit = SILENCE,
        Fault::SmallPackets => request.mqtt.payload_size = 400,
        Fault::ResetOnLargeHello => request.stage_limit = Duration::from_secs(3),
        _ => {}
    }
    request
}

fn conversation(pki: &Pki, fault: Fault) -> Transcript {
    let needs_none = matches!(
        fault,
        Fault::CertificateRequired | Fault::CertificateRequired12
    );
    let prober = if needs_none {
        Prober::new(pki.stranger(), Secrets::default()).unwrap()
    } else {
        pki.prober()
    };
    with_broker(&pki.options(Some(fault)), async |port| {
        prober.converse(&asked(fault, port)).await
    })
}

#[test]
fn every_fault_of_the_broker_is_told_by_name() {
    let pki = Pki::new();
    let mut wrong = Vec::new();
    for fault in Fault::ALL {
        let transcript = conversation(&pki, *fault);
        let found = findings(&transcript);
        let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
        let told = found
            .iter()
            .all(|finding| !finding.cause.is_empty() && finding.remedy.is_some());
        if first(&found) != Some(fault.code()) || !told {
            wrong.push(format!(
                "{fault}: expected {}, found {codes:?}",
                fault.code()
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_good_broker_is_good_in_every_version() {
    let pki = Pki::new();
    let prober = pki.prober();
    let mut options = pki.options(None);
    options.require_client_certificate = true;
    with_broker(&options, async |port| {
        for version in [MqttVersion::V31, MqttVersion::V311, MqttVersion::V5] {
            for qos in 0..=2 {
                for maximum in [TlsVersion::Tls12, TlsVersion::Tls13] {
                    let mut request = request(port);
                    request.mqtt.version = version;
                    request.mqtt.qos = qos;
                    request.tls.as_mut().unwrap().maximum = Some(maximum);
                    let transcript = prober.converse(&request).await;
                    let found = findings(&transcript);
                    assert_eq!(
                        first(&found),
                        None,
                        "MQTT {version}, QoS {qos}, {maximum}: {found:?}"
                    );
                    assert!(transcript.is_good(StepName::Publish));
                    let tls = transcript.tls.unwrap();
                    assert_eq!(tls.negotiated.version, Some(maximum));
                    assert_eq!(tls.tickets > 0, maximum == TlsVersion::Tls13);
                }
            }
        }
    });
}

#[test]
fn the_dates_of_the_chain_are_judged_at_the_given_time() {
    let pki = Pki::new();
    for (days, expected) in [
        (100, Code::CertificateExpired),
        // Nothing of the chain is valid yet: rather the clock than all of it.
        (-10, Code::ClockWrong),
    ] {
        let mut material = pki.stranger();
        material.now = Some(pki.now + time::Duration::days(days));
        material.now_is_clock = false;
        let prober = Prober::new(material, Secrets::default()).unwrap();
        let transcript = with_broker(&pki.options(None), async |port| {
            prober.converse(&request(port)).await
        });
        assert_eq!(first(&findings(&transcript)), Some(expected), "{days} days");
        assert!(
            transcript.lenient.is_some(),
            "a second handshake learns what the peer wants"
        );
    }
}

fn broker_of(pki: &Pki, names: Vec<GeneralName>) -> certgen::broker::Options {
    let profile = Profile::broker(names, Validity::days(pki.now, 90)).unwrap();
    let (chain, key) = issued(&pki.authority, &profile, pki.now);
    certgen::broker::Options {
        chain,
        key,
        ..pki.options(None)
    }
}

fn told(pki: &Pki, options: &certgen::broker::Options) -> Vec<certgen::finding::Finding> {
    let prober = pki.prober();
    let transcript = with_broker(options, async |port| prober.converse(&request(port)).await);
    findings(&transcript)
}

#[test]
fn a_certificate_for_another_name_is_told_with_both_names() {
    let pki = Pki::new();
    let found = told(
        &pki,
        &broker_of(&pki, vec![GeneralName::Dns("broker.example".into())]),
    );
    assert_eq!(first(&found), Some(Code::NameMismatch));
    let cause = &found.first().unwrap().cause;
    assert!(
        cause.contains("broker.example") && cause.contains("localhost"),
        "{cause}"
    );
}

/// A CA of another name.
fn elsewhere(pki: &Pki) -> Authority {
    let profile = AuthorityProfile::new("Elsewhere", Validity::days(pki.now, 90)).unwrap();
    let key = generate(KeyType::P256);
    let certificate = root(&profile, &key, &Serial::draw(&mut SystemRandom)).unwrap();
    let identity = certgen::pki::Identity::new(key, vec![certificate]).unwrap();
    Authority::new(identity).unwrap()
}

#[test]
fn the_broker_of_another_ca_is_not_trusted() {
    let (pki, other) = (Pki::new(), Pki::new());
    let mut options = other.options(None);
    // Of the same name, but another key: as after `certgen ca` was run a second time.
    assert_eq!(first(&told(&pki, &options)), Some(Code::CaRegenerated));
    let elsewhere = elsewhere(&pki);
    let names = vec![GeneralName::Dns("localhost".into())];
    let profile = Profile::broker(names, Validity::days(pki.now, 30)).unwrap();
    (options.chain, options.key) = issued(&elsewhere, &profile, pki.now);
    let found = told(&pki, &options);
    assert_eq!(first(&found), Some(Code::UnknownIssuer));
    assert!(found.first().unwrap().cause.contains("Elsewhere"));
}

#[test]
fn of_several_keys_the_one_that_the_broker_asks_for_is_sent() {
    let pki = Pki::new();
    let mut options = pki.options(None);
    options.require_client_certificate = true;
    let elsewhere = elsewhere(&pki);
    let profile = Profile::client("laptop", Vec::new(), Validity::days(pki.now, 30)).unwrap();
    let (laptop, laptop_key) = issued(&elsewhere, &profile, pki.now);
    let mut material = pki.material();
    let phone = material.identity.clone().unwrap();
    material.identity.as_mut().unwrap().chain = laptop;
    let secrets = Secrets {
        key: Some(laptop_key),
        others: vec![(phone.clone(), pki.client_key.clone_secret())],
        ..Secrets::default()
    };
    let prober = Prober::new(material, secrets).unwrap();
    for maximum in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let transcript = with_broker(&options, async |port| {
            let mut request = request(port);
            request.tls.as_mut().unwrap().maximum = Some(maximum);
            prober.converse(&request).await
        });
        assert_eq!(first(&findings(&transcript)), None);
        let sent = transcript.material.identity.as_ref().unwrap();
        assert_eq!(sent.chain, phone.chain);
    }
}

#[test]
fn the_client_of_another_ca_is_refused_by_name() {
    let (pki, other) = (Pki::new(), Pki::new());
    let mut options = pki.options(None);
    options.require_client_certificate = true;
    let mut material = pki.material();
    material.identity.as_mut().unwrap().chain = other.client.clone();
    let key = Some(other.client_key.clone_secret());
    let prober = Prober::new(
        material,
        Secrets {
            key,
            ..Secrets::default()
        },
    )
    .unwrap();
    for maximum in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let transcript = with_broker(&options, async |port| {
            let mut request = request(port);
            request.tls.as_mut().unwrap().maximum = Some(maximum);
            prober.converse(&request).await
        });
        let found = findings(&transcript);
        assert_eq!(
            first(&found),
            Some(Code::ClientCertificateUntrusted),
            "{maximum}: {found:?}"
        );
        assert!(transcript.tls.unwrap().alert().is_some());
    }
}

#[test]
fn nothing_listens_is_refused() {
    let pki = Pki::new();
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let runtime = certgen::probe::runtime(false).unwrap();
    let transcript = runtime.block_on(pki.prober().converse(&request(port)));
    assert_eq!(first(&findings(&transcript)), Some(Code::ConnectionRefused));
}

#[test]
fn insecure_goes_on_and_reports_all_the_same() {
    let (pki, other) = (Pki::new(), Pki::new());
    let mut material = pki.stranger();
    material.now = Some(Timestamp::now_utc());
    let prober = Prober::new(material, Secrets::default()).unwrap();
    let transcript = with_broker(&other.options(None), async |port| {
        let mut request = request(port);
        request.tls.as_mut().unwrap().insecure = true;
        prober.converse(&request).await
    });
    assert!(
        transcript.is_good(StepName::Publish),
        "{:?}",
        transcript.steps
    );
    assert_eq!(first(&findings(&transcript)), Some(Code::CaRegenerated));
}

#[test]
fn a_client_that_falls_back_is_followed() {
    let pki = Pki::new();
    let prober = pki.prober();
    let transcript = with_broker(&pki.options(Some(Fault::VersionRefused)), async |port| {
        let mut request = request(port);
        request.mqtt.fallback = Some(MqttVersion::V31);
        prober.converse(&request).await
    });
    let mqtt = transcript.mqtt.unwrap();
    assert_eq!(mqtt.version, MqttVersion::V31);
    assert!(matches!(
        mqtt.earlier,
        Some((MqttVersion::V311, Reply::Came { .. }))
    ));
}
