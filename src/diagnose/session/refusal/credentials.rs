//! Refusals that are about who the client is: user name, password, certificate, client id.

use crate::diagnose::transcript::Transcript;
use crate::diagnose::words::failure;
use crate::finding::{Action, Code, Finding, Remedy};
use crate::pki::audit::certificate_name;
use crate::x509::Certificate;

/// The client certificate that was sent.
fn own(transcript: &Transcript) -> Option<Certificate> {
    transcript.tls.as_ref()?.certificate_request.as_ref()?;
    let chain = &transcript.material.identity.as_ref()?.chain;
    Certificate::from_der(chain.first()?).ok()
}

/// The common name of the client certificate that was sent, which brokers can take as user name.
pub(in crate::diagnose) fn identity(transcript: &Transcript) -> Option<String> {
    own(transcript).map(|own| certificate_name(&own))
}

pub(in crate::diagnose::session) fn bad_credentials(
    transcript: &Transcript,
    said: &str,
) -> Finding {
    let Some(name) = &transcript.request.mqtt.username else {
        return own(transcript).map_or_else(
            || nameless(transcript, said),
            |own| certificate_alone(&own, said),
        );
    };
    let (cause, text) = if transcript.request.mqtt.has_password {
        (
            format!(
                "the broker does not accept the user `{name}` with the password given ({said})"
            ),
            "check user name and password; with mosquitto set the password again: `mosquitto_passwd FILE USER`, and reload the broker",
        )
    } else {
        (
            format!(
                "the broker does not accept the user `{name}` ({said}), and no password was sent with the name"
            ),
            "give the password (--password SRC)",
        )
    };
    failure(Code::BadCredentials, cause, text)
}

/// CONNACK 4 without a user name: mosquitto says so where the certificate was to give it.
fn nameless(transcript: &Transcript, said: &str) -> Finding {
    if transcript.request.tls.is_none() {
        return failure(
            Code::BadCredentials,
            format!("the broker does not accept a client without user name ({said})"),
            "give user name and password (--username, --password)",
        );
    }
    let tls = transcript.tls.as_ref();
    let is_asked = tls.is_some_and(|tls| tls.certificate_request.is_some());
    let asked = match &transcript.material.identity {
        _ if is_asked => "no client certificate was given",
        Some(_) => "the client certificate that was given was never asked for",
        None => "no client certificate was asked for",
    };
    let cause = format!(
        "the broker does not accept a client without user name ({said}), and {asked}: so answers mosquitto where `use_identity_as_username true` stands without `require_certificate true`, and RabbitMQ to anonymous clients"
    );
    let remedy = Remedy::run(
        "give user name and password (--username, --password), or let the broker ask for client certificates (mosquitto: `require_certificate true` and `cafile` for this listener)",
        Action::ConfigMosquitto,
    );
    Finding::failure(Code::BadCredentials, cause).with_remedy(remedy)
}

/// CONNACK 4 to a client that has a certificate and no user name.
fn certificate_alone(own: &Certificate, said: &str) -> Finding {
    let certificate = certificate_name(own);
    let (why, text) = match own.subject.common_name() {
        None => (
            format!("the client certificate `{certificate}` has no common name, which brokers take as user name"),
            "issue the client's certificate again with a common name, or give user name and password (--username, --password); mosquitto takes the whole subject with `use_subject_as_username true`".to_owned(),
        ),
        Some(name) => (
            format!("the broker takes none from the client certificate, or knows no user `{name}`"),
            format!(
                "give user name and password (--username, --password); or let the broker take the name of the certificate (mosquitto: `use_identity_as_username true`, RabbitMQ: `mqtt.ssl_cert_login = true`), and know a user `{name}`"
            ),
        ),
    };
    failure(
        Code::BadCredentials,
        format!(
            "the broker does not accept the client ({said}): no user name was given, and {why}"
        ),
        text,
    )
}

pub(in crate::diagnose::session) fn not_authorized(transcript: &Transcript, said: &str) -> Finding {
    let (cause, text) = match (&transcript.request.mqtt.username, identity(transcript)) {
        (Some(name), _) if !transcript.request.mqtt.has_password => (
            format!("the broker does not authorize the user `{name}` ({said}), and no password was sent with the name"),
            "give the password (--password SRC), or check what the user may do without one".to_owned(),
        ),
        (Some(name), _) => (
            format!("the broker does not authorize the user `{name}` ({said}); mosquitto says the same for a wrong password"),
            "check user name and password (mosquitto: password_file, set with `mosquitto_passwd`), and what the user may do (acl_file)".to_owned(),
        ),
        (None, Some(cn)) => (
            format!("TLS and the client certificate `{cn}` are fine; the broker does not authorize a client without user name ({said}): mosquitto refuses anonymous clients unless it is told to take the certificate's name as user name, and others take it and know no user `{cn}`, or one without rights"),
            format!("set `use_identity_as_username true` for this listener (or `allow_anonymous true`), and restart the broker; where the name is taken already, let the broker know a user `{cn}` (RabbitMQ: with permissions for the virtual host); or give user name and password, where it has a password file"),
        ),
        (None, None) => (
            format!("the broker does not authorize a client without user name ({said}): mosquitto 2 refuses anonymous clients by default"),
            "give user name and password (--username, --password), use a client certificate with `require_certificate true` and `use_identity_as_username true`, or set `allow_anonymous true` (below this `listener`, where `per_listener_settings true` is set)".to_owned(),
        ),
    };
    let (doubt, besides) = client_id(transcript);
    let (cause, text) = (format!("{cause}{doubt}"), format!("{text}{besides}"));
    let remedy = match &transcript.request.mqtt.username {
        Some(_) => Remedy::text(text),
        None => Remedy::run(text, Action::ConfigMosquitto),
    };
    Finding::failure(Code::NotAuthorized, cause).with_remedy(remedy)
}

/// A refusal can be about the client id, which mosquitto does not say.
fn client_id(transcript: &Transcript) -> (String, &'static str) {
    let id = transcript.mqtt.as_ref().map(|mqtt| mqtt.client_id.as_str());
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return (String::new(), "");
    };
    match transcript.request.mqtt.client_id {
        Some(_) => (
            format!("; or it does not allow the client id `{id}`"),
            "; see that the broker allows this client id (mosquitto: clientid_prefixes)",
        ),
        None => (
            format!("; or it does not allow the client id `{id}`, which certgen made up"),
            "; where the broker allows certain client ids alone (mosquitto: clientid_prefixes), check with the app's own (--client-id)",
        ),
    }
}
