//! Packets to bytes.

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::{self, v4};
use rumqttc::v5::mqttbytes as v5bytes;
use rumqttc::v5::mqttbytes::v5;

use super::frame::write_header;
use super::{Ack, AckKind, Connack, Disconnect, Error, Kind, Packet, Publish, Suback, Version};

/// The bytes of a packet in a session of this version.
///
/// # Errors
///
/// When a field is longer than the standard allows.
pub fn encode(packet: &Packet, version: Version) -> Result<Vec<u8>, Error> {
    match packet {
        Packet::Connect(connect) => Ok(connect.encode()?.to_vec()),
        Packet::Connack(connack) => encode_connack(connack, version),
        Packet::Publish(publish) => encode_publish(publish, version),
        Packet::Ack(ack) => encode_ack(ack, version),
        Packet::Subscribe { id, filters } => encode_subscribe(*id, filters, version),
        Packet::Suback { id, suback } => encode_suback(*id, suback, version),
        Packet::Unsubscribe { id, filters } => encode_unsubscribe(*id, filters, version),
        Packet::Unsuback { id, codes } => encode_unsuback(*id, codes, version),
        Packet::Pingreq => Ok(vec![0xc0, 0]),
        Packet::Pingresp => Ok(vec![0xd0, 0]),
        Packet::Disconnect(disconnect) => encode_disconnect(disconnect, version),
        Packet::Auth => Ok(vec![0xf0, 0]),
    }
}

fn with_header(first: u8, body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(body.len() + 5);
    write_header(&mut out, first, body.len())?;
    out.extend_from_slice(body);
    Ok(out)
}

fn encode_connack(connack: &Connack, version: Version) -> Result<Vec<u8>, Error> {
    let mut body = vec![u8::from(connack.session_present), connack.code];
    if version == Version::V5 && !connack.without_properties {
        let properties = v5::ConnAckProperties {
            session_expiry_interval: None,
            receive_max: None,
            max_qos: connack.maximum_qos,
            retain_available: connack.retain_available.map(u8::from),
            max_packet_size: connack.maximum_packet_size,
            assigned_client_identifier: connack.assigned_client_id.clone(),
            topic_alias_max: None,
            reason_string: connack.reason.clone(),
            user_properties: connack.user_properties.clone(),
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: connack.server_keep_alive,
            response_information: None,
            server_reference: connack.server_reference.clone(),
            authentication_method: None,
            authentication_data: None,
        };
        let mut out = BytesMut::new();
        properties
            .write(&mut out)
            .map_err(|error| Error::malformed(Kind::Connack, error))?;
        body.extend_from_slice(&out);
    }
    with_header(0x20, &body)
}

fn encode_publish(publish: &Publish, version: Version) -> Result<Vec<u8>, Error> {
    let mut out = BytesMut::with_capacity(publish.payload.len() + publish.topic.len() + 16);
    let failed = |reason: &dyn std::fmt::Display| Error::malformed(Kind::Publish, reason);
    if version == Version::V5 {
        let packet = v5::Publish {
            dup: publish.dup,
            qos: v5_qos(publish.qos),
            retain: publish.retain,
            topic: Bytes::copy_from_slice(publish.topic.as_bytes()),
            pkid: publish.id,
            payload: publish.payload.clone(),
            properties: None,
        };
        packet.write(&mut out).map_err(|error| failed(&error))?;
    } else {
        let packet = v4::Publish {
            dup: publish.dup,
            qos: v4_qos(publish.qos),
            retain: publish.retain,
            topic: publish.topic.clone(),
            pkid: publish.id,
            payload: publish.payload.clone(),
        };
        packet.write(&mut out).map_err(|error| failed(&error))?;
    }
    Ok(out.to_vec())
}

fn encode_ack(ack: &Ack, version: Version) -> Result<Vec<u8>, Error> {
    let first = match ack.kind {
        AckKind::Puback => 0x40,
        AckKind::Pubrec => 0x50,
        AckKind::Pubrel => 0x62,
        AckKind::Pubcomp => 0x70,
    };
    let mut body = ack.id.to_be_bytes().to_vec();
    if version == Version::V5 && ack.code != 0 {
        body.push(ack.code);
        if let Some(reason) = &ack.reason {
            body.extend_from_slice(&reason_properties(reason)?);
        }
    }
    with_header(first, &body)
}

fn reason_properties(reason: &str) -> Result<BytesMut, Error> {
    let properties = v5::SubAckProperties {
        reason_string: Some(reason.to_owned()),
        user_properties: vec![],
    };
    let mut out = BytesMut::new();
    properties
        .write(&mut out)
        .map_err(|error| Error::malformed(Kind::Suback, error))?;
    Ok(out)
}

fn encode_subscribe(id: u16, filters: &[(String, u8)], version: Version) -> Result<Vec<u8>, Error> {
    let mut out = BytesMut::new();
    let failed = |reason: &dyn std::fmt::Display| Error::malformed(Kind::Subscribe, reason);
    if version == Version::V5 {
        let filters = filters
            .iter()
            .map(|(path, qos)| v5::Filter::new(path.clone(), v5_qos(*qos)));
        let mut packet = v5::Subscribe::new_many(filters, None);
        packet.pkid = id;
        packet.write(&mut out).map_err(|error| failed(&error))?;
    } else {
        let filters = filters
            .iter()
            .map(|(path, qos)| v4::SubscribeFilter::new(path.clone(), v4_qos(*qos)));
        let mut packet = v4::Subscribe::new_many(filters);
        packet.pkid = id;
        packet.write(&mut out).map_err(|error| failed(&error))?;
    }
    Ok(out.to_vec())
}

fn encode_suback(id: u16, suback: &Suback, version: Version) -> Result<Vec<u8>, Error> {
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 {
        match &suback.reason {
            Some(reason) => body.extend_from_slice(&reason_properties(reason)?),
            None => body.push(0),
        }
    }
    body.extend_from_slice(&suback.codes);
    with_header(0x90, &body)
}

fn encode_unsubscribe(id: u16, filters: &[String], version: Version) -> Result<Vec<u8>, Error> {
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    for filter in filters {
        let length = u16::try_from(filter.len())
            .map_err(|_| Error::malformed(Kind::Unsubscribe, "a filter is too long"))?;
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(filter.as_bytes());
    }
    with_header(0xa2, &body)
}

fn encode_unsuback(id: u16, codes: &[u8], version: Version) -> Result<Vec<u8>, Error> {
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
        body.extend_from_slice(codes);
    }
    with_header(0xb0, &body)
}

fn encode_disconnect(disconnect: &Disconnect, version: Version) -> Result<Vec<u8>, Error> {
    if version != Version::V5 || disconnect.code == 0 {
        return Ok(vec![0xe0, 0]);
    }
    let mut body = vec![disconnect.code];
    if let Some(reason) = &disconnect.reason {
        body.extend_from_slice(&reason_properties(reason)?);
    }
    with_header(0xe0, &body)
}

fn v4_qos(qos: u8) -> mqttbytes::QoS {
    match qos {
        0 => mqttbytes::QoS::AtMostOnce,
        1 => mqttbytes::QoS::AtLeastOnce,
        _ => mqttbytes::QoS::ExactlyOnce,
    }
}

fn v5_qos(qos: u8) -> v5bytes::QoS {
    match qos {
        0 => v5bytes::QoS::AtMostOnce,
        1 => v5bytes::QoS::AtLeastOnce,
        _ => v5bytes::QoS::ExactlyOnce,
    }
}
