//! Servers of OpenSSL, Node.js and nginx that refuse the client or have nothing in common with it, and
//! what stands in front of servers and cuts off: the first finding is the cause.
#![expect(clippy::unwrap_used, reason = "tests")]

mod lab;
mod support;

#[path = "refusing_servers/relay.rs"]
mod relay;
#[path = "refusing_servers/server.rs"]
mod server;

use certgen::diagnose::transcript::{Identity, Material, Request};
use certgen::finding::{Code, Finding, Severity};
use certgen::pki::{
    self, Authority, AuthorityProfile, KeyType, Profile, Serial, Validity, generate, issue, root,
    subordinate,
};
use certgen::probe::{Prober, Secrets, runtime};
use certgen::random::SystemRandom;
use certgen::secret::PrivateKey;
use certgen::x509::GeneralName;
use certgen::x509::key::public_key;
use lab::{Pki, findings, request};
use relay::{Fault, relay};
use server::{Server, nginx, node, openssl};

/// A chain, and the key of its first certificate.
struct Owned {
    chain: Vec<Vec<u8>>,
    key: PrivateKey,
}

impl Owned {
    /// Followed by these certificates.
    fn with(mut self, more: &[&Ca]) -> Self {
        self.chain.extend(more.iter().map(|ca| ca.der()));
        self
    }
}

/// A CA below which another may stand.
struct Ca {
    key: PrivateKey,
    authority: Authority,
}

fn serial() -> Serial {
    Serial::draw(&mut SystemRandom)
}

/// From so many days from now to so many.
fn days(pki: &Pki, begin: i64, end: i64) -> Validity {
    Validity {
        begin: pki.now + time::Duration::days(begin),
        end: pki.now + time::Duration::days(end),
    }
}

impl Ca {
    fn root(name: &str, validity: Validity) -> Self {
        Self::root_with(name, validity, generate(KeyType::P256))
    }

    fn root_with(name: &str, validity: Validity, key: PrivateKey) -> Self {
        let profile = AuthorityProfile::new(name, validity).unwrap();
        let certificate = root(&profile.with_path_length(1), &key, &serial()).unwrap();
        Self::of(key, certificate)
    }

    fn below(&self, name: &str, validity: Validity, key: PrivateKey) -> Self {
        let profile = AuthorityProfile::new(name, validity).unwrap();
        let now = validity.begin;
        let certificate = subordinate(&self.authority, &profile, &key, &serial(), now).unwrap();
        Self::of(key, certificate)
    }

    fn of(key: PrivateKey, certificate: certgen::x509::Certificate) -> Self {
        let identity = pki::Identity::new(key.clone_secret(), vec![certificate]).unwrap();
        Self {
            key,
            authority: Authority::new(identity).unwrap(),
        }
    }

    fn der(&self) -> Vec<u8> {
        self.authority.certificate().der.clone()
    }

    fn issue(&self, profile: &Profile, key: PrivateKey, validity: Validity) -> Owned {
        let public = public_key(&key).unwrap();
        let made = issue(&self.authority, profile, &public, &serial(), validity.begin).unwrap();
        Owned {
            chain: vec![made.der],
            key,
        }
    }

    fn client(&self, validity: Validity) -> Owned {
        self.client_with(validity, generate(KeyType::P256))
    }

    fn client_with(&self, validity: Validity, key: PrivateKey) -> Owned {
        let profile = Profile::client("phone", Vec::new(), validity).unwrap();
        self.issue(&profile, key, validity)
    }

    fn broker(&self, validity: Validity, key: PrivateKey) -> Owned {
        let names = vec![GeneralName::Dns("localhost".into())];
        let profile = Profile::broker(names, validity).unwrap();
        self.issue(&profile, key, validity)
    }
}

/// What is found by a client that trusts the PKI's CA, or another one.
fn asked(pki: &Pki, trusted: Vec<u8>, owned: Option<&Owned>, request: &Request) -> Vec<Finding> {
    let identity = owned.map(|owned| Identity {
        chain: owned.chain.clone(),
        path: "phone.pem".into(),
        alias: None,
    });
    let mut material = Material {
        identity,
        ..pki.stranger()
    };
    material.trust.anchors = vec![trusted];
    let secrets = Secrets {
        key: owned.map(|owned| owned.key.clone_secret()),
        ..Secrets::default()
    };
    let prober = Prober::new(material, secrets).unwrap();
    let runtime = runtime(true).unwrap();
    let transcript = runtime.block_on(prober.converse(request));
    runtime.shutdown_background();
    findings(&transcript)
}

/// The first finding has this code and all of these words.
#[track_caller]
fn told(found: &[Finding], code: Code, words: &[&str]) {
    let first = found.first().unwrap();
    let remedy = first.remedy.as_ref().unwrap();
    let said = format!("{} | {}", first.cause, remedy.text);
    assert_eq!(first.code, code, "{found:#?}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

fn failures(found: &[Finding]) -> Vec<Code> {
    let failures = found.iter().filter(|f| f.severity == Severity::Failure);
    failures.map(|finding| finding.code).collect()
}

/// The broker's own certificate, as a server of other software shows it.
fn shown(pki: &Pki) -> Owned {
    Owned {
        chain: pki.broker.clone(),
        key: pki.broker_key.clone_secret(),
    }
}

const ENFORCED: [&str; 3] = ["-Verify", "3", "-verify_return_error"];

#[test]
fn a_client_certificate_that_was_given_is_not_called_missing() {
    let pki = Pki::new();
    let clients = Ca::root("Client CA", days(&pki, -9, 900));
    let own = clients.client(days(&pki, -1, 90));
    let other = Ca::root("Other", days(&pki, -9, 900));
    for version in ["-tls1_2", "-tls1_3"] {
        let options = [&ENFORCED[..], &[version]].concat();
        let server = openssl(&shown(&pki), Some(&[&clients]), &options);
        let found = asked(&pki, other.der(), Some(&own), &request(server.port));
        assert_eq!(failures(&found), [Code::UnknownIssuer], "{found:#?}");
    }
}

#[test]
fn what_is_wrong_with_the_clients_chain_is_told() {
    let pki = Pki::new();
    let clients = Ca::root("Company CA", days(&pki, -200, 900));
    let key = generate(KeyType::P256);
    let intermediate = clients.below("Issuing CA", days(&pki, -9, 800), key.clone_secret());
    let expired = clients.below("Issuing CA", days(&pki, -90, -3), key);
    let wrong = clients.below("Other CA", days(&pki, -9, 800), generate(KeyType::P256));
    let validity = days(&pki, -1, 90);
    let server = openssl(&shown(&pki), Some(&[&clients]), &ENFORCED);
    let found = |own: &Owned| asked(&pki, pki.anchor(), Some(own), &request(server.port));

    let alone = found(&intermediate.client(validity));
    let words = [
        "whose certificate the client does not send",
        "append the certificate",
    ];
    told(&alone, Code::ClientChainIncomplete, &words);
    assert_eq!(
        failures(&alone),
        [Code::ClientChainIncomplete],
        "{alone:#?}"
    );

    let beside = found(&intermediate.client(validity).with(&[&wrong]));
    let words = ["`Other CA` follows in its place, which did not issue it"];
    told(&beside, Code::ClientChainIncomplete, &words);

    let late = found(&intermediate.client(validity).with(&[&expired]));
    let words = [
        "intermediate CA `Issuing CA`",
        "into the client's certificate file",
    ];
    told(&late, Code::CertificateExpired, &words);
}

#[test]
fn a_broker_that_names_the_issuer_and_refuses_has_another_reason_than_trust() {
    let pki = Pki::new();
    let validity = days(&pki, -9, 900);
    let clients = Ca::root("Client CA", validity);
    let anew = Ca::root("Client CA", validity);
    let key = clients.key.clone_secret();
    let expired = Ca::root_with("Client CA", days(&pki, -100, -1), key);
    let rsa = generate(KeyType::Rsa2048);
    let own = clients.client(days(&pki, -1, 90));
    let weak = clients.client_with(days(&pki, -1, 90), rsa);
    let cases: [(&Ca, &[&str], &Owned, Code, &str); 4] = [
        (
            &anew,
            &[],
            &own,
            Code::ClientCertificateUntrusted,
            "one of the two was made anew",
        ),
        (
            &clients,
            &["-crl_check"],
            &own,
            Code::ClientCertificateUntrusted,
            "a `crlfile` without a list of that CA",
        ),
        (
            &clients,
            &["-cipher", "DEFAULT@SECLEVEL=3"],
            &weak,
            Code::ClientCertificateUntrusted,
            "likely the broker has a security level",
        ),
        (
            &expired,
            &[],
            &own,
            Code::BrokerCrlExpired,
            "a CA in its `cafile` has expired",
        ),
    ];
    for (trusted, options, own, code, words) in cases {
        let options = [&ENFORCED[..], options].concat();
        let server = openssl(&shown(&pki), Some(&[trusted]), &options);
        let found = asked(&pki, pki.anchor(), Some(own), &request(server.port));
        told(&found, code, &[words]);
        assert_eq!(failures(&found), [code], "{found:#?}");
    }
}

#[test]
fn what_is_not_in_common_is_named() {
    let pki = Pki::new();
    let validity = days(&pki, -9, 900);
    let ca = Ca::root("Root", validity);
    let rsa = ca.broker(days(&pki, -1, 90), generate(KeyType::Rsa2048));
    let p256 = ca.broker(days(&pki, -1, 90), generate(KeyType::P256));
    let cases: [(&Owned, &[&str], Code, &str); 6] = [
        (
            &rsa,
            &["-sigalgs", "RSA+SHA256"],
            Code::NoCommonSignature,
            "takes TLS 1.2, where it signs with rsa_pkcs1_sha256",
        ),
        (
            &rsa,
            &[
                "-tls1_2",
                "-sigalgs",
                "RSA+SHA1",
                "-cipher",
                "DEFAULT@SECLEVEL=0",
            ],
            Code::NoCommonSignature,
            "with rsa_pkcs1_sha1",
        ),
        (
            &p256,
            &["-groups", "X448"],
            Code::NoCommonGroup,
            "insists on X448",
        ),
        (
            &p256,
            &["-tls1_3", "-groups", "X448"],
            Code::NoCommonGroup,
            "insists on X448",
        ),
        (
            &p256,
            &["-groups", "ffdhe2048"],
            Code::NoCommonGroup,
            "finite-field",
        ),
        (
            &p256,
            &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"],
            Code::NoCommonCipher,
            "answers with TLS_AES_128_CCM_SHA256 (TLS 1.3)",
        ),
    ];
    for (shown, options, code, words) in cases {
        let server = openssl(shown, None, options);
        let found = asked(&pki, ca.der(), None, &request(server.port));
        told(&found, code, &[words]);
    }
}

#[test]
fn servers_that_close_without_an_alert_have_refused_the_client() {
    let pki = Pki::new();
    let clients = Ca::root("Client CA", days(&pki, -200, 900));
    let others = Ca::root("Other", days(&pki, -200, 900));
    let expired = clients.client(days(&pki, -100, -1));
    let of_a_server = clients.broker(days(&pki, -1, 90), generate(KeyType::P256));
    let foreign = others.client(days(&pki, -1, 90));
    let cases = [
        (&expired, Code::ClientCertificateExpired),
        (&of_a_server, Code::ClientUsageMissing),
        (&foreign, Code::ClientCertificateUntrusted),
    ];
    let shown = shown(&pki);
    let servers: [Server; 3] = [
        node(&shown, &clients, "TLSv1.2"),
        node(&shown, &clients, "TLSv1.3"),
        nginx(&shown, &clients),
    ];
    for server in &servers {
        for (own, code) in &cases {
            let found = asked(&pki, pki.anchor(), Some(own), &request(server.port));
            told(&found, *code, &["a closed connection, without an alert"]);
        }
    }
}

#[test]
fn what_stands_in_front_and_cuts_off_is_told_from_the_server() {
    let pki = Pki::new();
    let server = openssl(&shown(&pki), None, &[]);
    let old = openssl(&shown(&pki), None, &["-tls1_2"]);
    let cases = [
        (
            Fault::ResetsTls13,
            &server,
            Code::TlsVersionMismatch,
            "where a ClientHello offers TLS 1.3, and takes one that offers TLS 1.2 alone",
        ),
        (
            Fault::DropsTls13,
            &server,
            Code::TlsVersionMismatch,
            "does not answer within",
        ),
        (
            Fault::Cuts(50),
            &server,
            Code::TlsStalled,
            "sent 50 bytes of a handshake",
        ),
        (
            Fault::CloseNotify,
            &server,
            Code::HandshakeRefused,
            "close_notify (0) (it ends the connection in good order",
        ),
        (
            Fault::WrongLength,
            &old,
            Code::HandshakeRefused,
            "its length was changed on the way",
        ),
    ];
    for (fault, server, code, words) in cases {
        let mut request = request(relay(server.port, fault));
        request.stage_limit = std::time::Duration::from_secs(2);
        let found = asked(&pki, pki.anchor(), None, &request);
        told(&found, code, &[words]);
    }
}
