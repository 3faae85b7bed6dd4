//! A small PKI made through the library, an embedded broker, and conversations with it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test uses its own part"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use certgen::broker::{Broker, Fault, Options};
use certgen::diagnose::transcript::{
    Identity, Material, MqttRequest, Request, TlsRequest, Transcript, Trust, TrustSource,
};
use certgen::diagnose::{Criteria, diagnose};
use certgen::finding::{Code, Finding, Severity};
use certgen::pki::{
    Authority, AuthorityProfile, KeyType, Profile, Serial, Validity, generate, issue, root,
};
use certgen::probe::{Prober, Secrets, runtime};
use certgen::random::SystemRandom;
use certgen::secret::PrivateKey;
use certgen::time::Timestamp;
use certgen::x509::{GeneralName, key::public_key};

/// A CA, a broker for `localhost`, and a client.
pub struct Pki {
    pub authority: Authority,
    pub broker: Vec<Vec<u8>>,
    pub broker_key: PrivateKey,
    pub client: Vec<Vec<u8>>,
    pub client_key: PrivateKey,
    pub now: Timestamp,
}

impl Pki {
    pub fn new() -> Self {
        let now = Timestamp::now_utc();
        let profile = AuthorityProfile::new("Lab CA", Validity::days(now, 365)).unwrap();
        let key = generate(KeyType::P256);
        let certificate = root(&profile, &key, &Serial::draw(&mut SystemRandom)).unwrap();
        let identity = certgen::pki::Identity::new(key, vec![certificate]).unwrap();
        let authority = Authority::new(identity).unwrap();
        let validity = Validity::days(now, 90);
        let names = vec![
            GeneralName::Dns("localhost".into()),
            GeneralName::Ip(Ipv4Addr::LOCALHOST.into()),
        ];
        let (broker, broker_key) =
            issued(&authority, &Profile::broker(names, validity).unwrap(), now);
        let profile = Profile::client("phone", Vec::new(), validity).unwrap();
        let (client, client_key) = issued(&authority, &profile, now);
        Self {
            authority,
            broker,
            broker_key,
            client,
            client_key,
            now,
        }
    }

    pub fn anchor(&self) -> Vec<u8> {
        self.authority.certificate().der.clone()
    }

    /// Trust in the CA, and the client's identity.
    pub fn material(&self) -> Material {
        let identity = Identity {
            chain: self.client.clone(),
            path: "phone".into(),
            alias: None,
        };
        Material {
            identity: Some(identity),
            ..self.stranger()
        }
    }

    /// Trust in the CA alone.
    pub fn stranger(&self) -> Material {
        Material {
            now: Some(self.now),
            now_is_clock: true,
            trust: Trust {
                anchors: vec![self.anchor()],
                source: TrustSource::File,
                path: Some("ca.crt".into()),
            },
            ..Material::default()
        }
    }

    pub fn prober(&self) -> Prober {
        let key = Some(self.client_key.clone_secret());
        Prober::new(
            self.material(),
            Secrets {
                key,
                ..Secrets::default()
            },
        )
        .unwrap()
    }

    pub fn options(&self, fault: Option<Fault>) -> Options {
        Options {
            chain: self.broker.clone(),
            key: self.broker_key.clone_secret(),
            ocsp: None,
            client_authorities: vec![self.anchor()],
            require_client_certificate: false,
            fault,
            now: self.now,
        }
    }
}

pub fn issued(
    authority: &Authority,
    profile: &Profile,
    now: Timestamp,
) -> (Vec<Vec<u8>>, PrivateKey) {
    let key = generate(KeyType::P256);
    let public = public_key(&key).unwrap();
    let serial = Serial::draw(&mut SystemRandom);
    let certificate = issue(authority, profile, &public, &serial, now).unwrap();
    (vec![certificate.der], key)
}

/// A whole conversation over TLS with `localhost`, with limits that a busy machine keeps.
pub fn request(port: u16) -> Request {
    Request {
        typed_host: "localhost".into(),
        host: "localhost".into(),
        port,
        tls: Some(TlsRequest::default()),
        mqtt: MqttRequest {
            payload_size: 16,
            qos: 1,
            echo: true,
            keep_alive: Duration::from_secs(30),
            ..MqttRequest::default()
        },
        stage_limit: Duration::from_secs(10),
        probes: true,
        ..Request::default()
    }
}

/// Runs something against a broker of these options.
pub fn with_broker<T>(options: &Options, run: impl AsyncFnOnce(u16) -> T) -> T {
    let runtime = runtime(true).unwrap();
    let outcome = runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let broker = Broker::listen(address, options, Arc::new(|_| {})).unwrap();
        let port = broker.address().unwrap().port();
        let serving = tokio::spawn(broker.serve());
        let outcome = run(port).await;
        serving.abort();
        outcome
    });
    runtime.shutdown_background();
    outcome
}

/// What follows from a conversation.
pub fn findings(transcript: &Transcript) -> Vec<Finding> {
    diagnose(transcript, Criteria::at(transcript.material.now.unwrap())).findings
}

/// The first finding that is worse than a note.
pub fn first(findings: &[Finding]) -> Option<Code> {
    findings
        .iter()
        .find(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.code)
}
