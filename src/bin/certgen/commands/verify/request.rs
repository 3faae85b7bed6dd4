//! From the options to what is asked of the broker.

use std::time::Duration;

use certgen::diagnose::transcript::{
    Client, MqttRequest, MqttVersion, Request, TlsRequest, TlsVersion,
};
use certgen::finding::{Code, Remedy};

use super::arguments::Arguments;
use super::limits;
use super::target::{Target, ascii};
use crate::failure::Failure;

/// No stage is longer than the whole.
const LONGEST_STAGE: Duration = Duration::from_secs(20);

/// The request for one target.
pub(super) fn request(arguments: &Arguments, target: &Target) -> Result<Request, Failure> {
    let network = &arguments.network;
    limits::check(arguments)?;
    let is_tls = !network.no_tls && target.scheme.is_none_or(|scheme| scheme.tls);
    let websocket = websocket(arguments, target);
    if let Some(path) = &websocket {
        limits::path(path)?;
    }
    let default_port = target
        .scheme
        .map_or(if is_tls { 8883 } else { 1883 }, |scheme| {
            scheme.default_port
        });
    let mut request = Request {
        typed_host: target.typed.clone(),
        host: target.host.clone(),
        port: arguments.port.or(target.port).unwrap_or(default_port),
        tls: is_tls.then(|| tls(arguments)),
        websocket,
        mqtt: mqtt(arguments)?,
        only_handshake: false,
        all_addresses: network.all_addresses,
        stage_limit: network.connection_timeout.min(LONGEST_STAGE),
        probes: !network.no_probes,
        emulate: network.emulate,
    };
    if !is_tls && !network.insecure && request.mqtt.username.is_some() {
        let cause = "without TLS the user name and the password would go to a peer that nobody has verified";
        return Err(Failure::usage(cause).with_remedy(Remedy::text(
            "check over TLS (`mqtts://`, without --no-tls), or add --insecure if that is what you want to try",
        )));
    }
    if let Some(client) = network.emulate {
        emulate(&mut request, client);
    }
    Ok(request)
}

fn websocket(arguments: &Arguments, target: &Target) -> Option<String> {
    let path = arguments
        .session
        .websocket
        .clone()
        .or_else(|| target.path.clone());
    let path = match path {
        Some(path) if path.starts_with('/') => path,
        Some(path) => format!("/{path}"),
        None if target.scheme.is_some_and(|scheme| scheme.websocket) => "/mqtt".to_owned(),
        None => return None,
    };
    Some(path)
}

fn tls(arguments: &Arguments) -> TlsRequest {
    let network = &arguments.network;
    TlsRequest {
        server_name: network.servername.as_deref().map(ascii),
        no_sni: false,
        try_server_names: network
            .try_servername
            .iter()
            .map(|name| ascii(name))
            .collect(),
        alpn: network.alpn.clone(),
        minimum: network.tls_min,
        maximum: network.tls_max,
        insecure: network.insecure,
        small_hello: false,
    }
}

/// A number of 16 bits (MQTT 3.1.1 section 3.1.2.10).
const LONGEST_KEEP_ALIVE: Duration = Duration::from_secs(65_535);

fn mqtt(arguments: &Arguments) -> Result<MqttRequest, Failure> {
    let session = &arguments.session;
    if let Some(topic) = &session.topic
        && !certgen::mqtt::is_topic(topic)
    {
        let cause = format!("`{topic}` is no topic to publish to");
        let mut failure = Failure::new(Code::Usage, cause);
        failure
            .because
            .push("a topic has at least one character, and neither `+` nor `#`".to_owned());
        return Err(failure.with_remedy(Remedy::text("give a topic without wildcards")));
    }
    if session.keep_alive > LONGEST_KEEP_ALIVE {
        let cause = "--keep-alive is longer than MQTT can say: 65535 seconds, about 18 hours";
        return Err(Failure::new(Code::Usage, cause)
            .with_remedy(Remedy::text("give a shorter one, or 0s for none")));
    }
    Ok(MqttRequest {
        version: session.mqtt,
        fallback: None,
        client_id: session.client_id.clone(),
        username: session.username.clone(),
        has_password: session.password.is_some(),
        topic: session.topic.clone(),
        payload_size: usize::try_from(session.payload_size).unwrap_or(16),
        qos: session.qos,
        echo: !session.no_echo,
        keep_alive: session.keep_alive,
        hold: session.hold,
    })
}

/// The rules of another client, as far as they do not disturb its sessions.
fn emulate(request: &mut Request, client: Client) {
    let sends_name = client.sends_server_name(&request.host);
    if let Some(tls) = &mut request.tls {
        tls.no_sni |= !sends_name && tls.server_name.is_none();
        tls.small_hello = true;
        if client == Client::Esp32 {
            tls.maximum = tls.maximum.or(Some(TlsVersion::Tls12));
        }
    }
    if client == Client::Rhasspy {
        // Paho tries 3.1 once more when 3.1.1 fails.
        request.mqtt.version = MqttVersion::V311;
        request.mqtt.fallback = Some(MqttVersion::V31);
        request.mqtt.qos = 0;
    }
}
