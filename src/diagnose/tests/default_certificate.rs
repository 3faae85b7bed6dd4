//! Certificates that proxies show where they have none for the name, and what other names get.

use rcgen::{CertificateParams, DnType, KeyPair};

use super::*;
use crate::diagnose::transcript::{Presented, Refusal, Tls, TlsFailure};
use crate::finding::Action;

/// A proxy that shows its default certificate, and was asked with this server name.
fn proxy(common_name: &str, server_name: Option<&str>) -> Transcript {
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(vec!["proxy.default".to_owned()]).unwrap();
    own.distinguished_name.push(DnType::CommonName, common_name);
    let own = own.self_signed(&key).unwrap().der().to_vec();
    let mut transcript = session(Mqtt::default());
    transcript.mqtt = None;
    transcript.request.tls = Some(TlsRequest::default());
    transcript.request.port = 8883;
    transcript.tls = Some(Tls {
        server_name_sent: server_name.map(str::to_owned),
        checked_name: server_name.unwrap_or("192.0.2.1").to_owned(),
        presented: Some(Presented {
            chain: vec![own],
            chain_verdict: Err(Refusal::UnknownIssuer),
            name_verdict: Err(Refusal::NotForName),
            ..Presented::default()
        }),
        failure: Some(TlsFailure::CertificateRefused),
        ..Tls::default()
    });
    transcript
}

#[test]
fn the_default_certificate_of_a_proxy_is_the_one_cause() {
    for (common_name, product) in [
        ("TRAEFIK DEFAULT CERT", "Traefik"),
        (
            "Kubernetes Ingress Controller Fake Certificate",
            "ingress-nginx",
        ),
    ] {
        let found = only(&proxy(common_name, Some("broker.lan")));
        assert_eq!(found.code, Code::SelfSignedCertificate);
        assert!(found.cause.contains(product) && found.cause.contains("the name `broker.lan`"));
        let remedy = found.remedy.unwrap();
        assert!(remedy.action.is_none() && remedy.text.contains(product));
    }
    let found = only(&proxy("TRAEFIK DEFAULT CERT", None));
    assert!(found.cause.contains("no server name (SNI) was sent"));
    let mut others = found_of_another();
    others.retain(|finding| finding.severity == Severity::Failure);
    assert!(others.len() > 1, "{:?}", codes(&others));
}

fn found_of_another() -> Vec<Finding> {
    found(&proxy("broker", Some("broker.lan")))
}

#[test]
fn another_server_name_is_tried_with_the_same_command() {
    let verified = Tls {
        presented: Some(Presented {
            chain: vec![vec![0x30, 0]],
            ..Presented::default()
        }),
        ..Tls::default()
    };
    for (sent, here) in [
        (None, "shows without a server name (SNI)"),
        (Some("broker.lan"), "shows for the name `broker.lan`"),
    ] {
        let mut transcript = proxy("proxy", sent);
        transcript.extra.server_names = vec![("mqtt.lan".to_owned(), verified.clone())];
        let first = found(&transcript).remove(0);
        assert!(first.cause.contains(here), "{}", first.cause);
        let extra = vec!["--servername".to_owned(), "mqtt.lan".to_owned()];
        assert_eq!(first.remedy.unwrap().action, Some(Action::Again { extra }));
    }
}
