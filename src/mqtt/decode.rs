//! Bytes to packets.

use bytes::Bytes;
use rumqttc::mqttbytes::{self, v4};
use rumqttc::v5::mqttbytes::v5;

use super::connect::Connect;
use super::{
    Ack, AckKind, Connack, Disconnect, Error, Frame, Kind, Packet, Publish, Suback, Version,
};

/// Reads one packet of a session of this version.
///
/// # Errors
///
/// When the contents do not have the packet's form. Codes outside the standard are none.
pub fn decode(frame: Frame, version: Version) -> Result<Packet, Error> {
    Ok(match frame.kind {
        Kind::Connect => Packet::Connect(Connect::decode(&frame.body)?),
        Kind::Connack => Packet::Connack(connack(&frame, version)?),
        Kind::Publish => Packet::Publish(publish(frame, version)?),
        Kind::Puback => Packet::Ack(ack(AckKind::Puback, &frame)?),
        Kind::Pubrec => Packet::Ack(ack(AckKind::Pubrec, &frame)?),
        Kind::Pubrel => Packet::Ack(ack(AckKind::Pubrel, &frame)?),
        Kind::Pubcomp => Packet::Ack(ack(AckKind::Pubcomp, &frame)?),
        Kind::Subscribe => subscribe(frame, version)?,
        Kind::Suback => suback(&frame, version)?,
        Kind::Unsubscribe => unsubscribe(frame, version)?,
        Kind::Unsuback => unsuback(&frame, version)?,
        Kind::Pingreq => empty(&frame, Packet::Pingreq)?,
        Kind::Pingresp => empty(&frame, Packet::Pingresp)?,
        Kind::Disconnect => Packet::Disconnect(disconnect(&frame, version)?),
        Kind::Auth => Packet::Auth,
    })
}

fn connack(frame: &Frame, version: Version) -> Result<Connack, Error> {
    let mut reader = Reader::new(frame.kind, &frame.body);
    let flags = reader.byte()?;
    let code = reader.byte()?;
    let mut connack = Connack {
        code,
        session_present: flags & 1 != 0,
        ..Connack::default()
    };
    if version != Version::V5 {
        reader.end()?;
        return Ok(connack);
    }
    if reader.rest().is_empty() {
        connack.without_properties = true;
        return Ok(connack);
    }
    let mut rest = Bytes::copy_from_slice(reader.rest());
    let properties = v5::ConnAckProperties::read(&mut rest)
        .map_err(|error| Error::malformed(frame.kind, error))?;
    if let Some(properties) = properties {
        connack.reason = properties.reason_string;
        connack.server_reference = properties.server_reference;
        connack.assigned_client_id = properties.assigned_client_identifier;
        connack.server_keep_alive = properties.server_keep_alive;
        connack.maximum_packet_size = properties.max_packet_size;
        connack.maximum_qos = properties.max_qos;
        connack.retain_available = properties.retain_available.map(|flag| flag != 0);
        connack.user_properties = properties.user_properties;
    }
    Ok(connack)
}

fn publish(frame: Frame, version: Version) -> Result<Publish, Error> {
    let malformed = |reason: &dyn std::fmt::Display| Error::malformed(Kind::Publish, reason);
    if version == Version::V5 {
        let header = v5_header(&frame);
        let publish = v5::Publish::read(header, frame.whole).map_err(|error| malformed(&error))?;
        let topic = String::from_utf8(publish.topic.to_vec())
            .map_err(|_| malformed(&"the topic is not UTF-8"))?;
        let qos = (frame.first >> 1) & 3;
        let (dup, retain, id, payload) =
            (publish.dup, publish.retain, publish.pkid, publish.payload);
        return Ok(Publish {
            dup,
            qos,
            retain,
            topic,
            id,
            payload,
        });
    }
    let header = v4_header(&frame);
    let publish = v4::Publish::read(header, frame.whole).map_err(|error| malformed(&error))?;
    Ok(Publish {
        dup: publish.dup,
        qos: (frame.first >> 1) & 3,
        retain: publish.retain,
        topic: publish.topic,
        id: publish.pkid,
        payload: publish.payload,
    })
}

/// Read here: the codec refuses reason codes that it does not know.
fn ack(kind: AckKind, frame: &Frame) -> Result<Ack, Error> {
    let mut reader = Reader::new(frame.kind, &frame.body);
    let id = reader.number()?;
    let code = if reader.rest().is_empty() {
        0
    } else {
        reader.byte()?
    };
    let reason = reason_of(frame.kind, reader.rest())?.0;
    Ok(Ack {
        kind,
        id,
        code,
        reason,
    })
}

/// Read here: the codec refuses reason codes that it does not know.
fn suback(frame: &Frame, version: Version) -> Result<Packet, Error> {
    let mut reader = Reader::new(frame.kind, &frame.body);
    let id = reader.number()?;
    let (reason, codes) = if version == Version::V5 {
        reason_of(frame.kind, reader.rest())?
    } else {
        (None, reader.rest().to_vec())
    };
    if codes.is_empty() {
        return Err(Error::malformed(frame.kind, "it holds no code"));
    }
    Ok(Packet::Suback {
        id,
        suback: Suback { codes, reason },
    })
}

fn unsuback(frame: &Frame, version: Version) -> Result<Packet, Error> {
    let mut reader = Reader::new(frame.kind, &frame.body);
    let id = reader.number()?;
    let codes = if version == Version::V5 {
        reason_of(frame.kind, reader.rest())?.1
    } else {
        Vec::new()
    };
    Ok(Packet::Unsuback { id, codes })
}

/// The reason string of an acknowledgement's properties, and what follows them.
fn reason_of(kind: Kind, bytes: &[u8]) -> Result<(Option<String>, Vec<u8>), Error> {
    if bytes.is_empty() {
        return Ok((None, Vec::new()));
    }
    let mut rest = Bytes::copy_from_slice(bytes);
    let properties =
        v5::SubAckProperties::read(&mut rest).map_err(|error| Error::malformed(kind, error))?;
    Ok((
        properties.and_then(|properties| properties.reason_string),
        rest.to_vec(),
    ))
}

fn subscribe(frame: Frame, version: Version) -> Result<Packet, Error> {
    if version == Version::V5 {
        let header = v5_header(&frame);
        let packet = v5::Subscribe::read(header, frame.whole)
            .map_err(|error| Error::malformed(Kind::Subscribe, error))?;
        let filters = packet.filters.into_iter();
        let filters = filters
            .map(|filter| (filter.path, v5_qos(filter.qos)))
            .collect();
        return Ok(Packet::Subscribe {
            id: packet.pkid,
            filters,
        });
    }
    let header = v4_header(&frame);
    let packet = v4::Subscribe::read(header, frame.whole)
        .map_err(|error| Error::malformed(Kind::Subscribe, error))?;
    let filters = packet.filters.into_iter();
    let filters = filters
        .map(|filter| (filter.path, v4_qos(filter.qos)))
        .collect();
    Ok(Packet::Subscribe {
        id: packet.pkid,
        filters,
    })
}

fn unsubscribe(frame: Frame, version: Version) -> Result<Packet, Error> {
    let malformed = |reason: &dyn std::fmt::Display| Error::malformed(Kind::Unsubscribe, reason);
    if version == Version::V5 {
        let header = v5_header(&frame);
        let packet =
            v5::Unsubscribe::read(header, frame.whole).map_err(|error| malformed(&error))?;
        return Ok(Packet::Unsubscribe {
            id: packet.pkid,
            filters: packet.filters,
        });
    }
    let header = v4_header(&frame);
    let packet = v4::Unsubscribe::read(header, frame.whole).map_err(|error| malformed(&error))?;
    Ok(Packet::Unsubscribe {
        id: packet.pkid,
        filters: packet.topics,
    })
}

/// Read here: the codec refuses an empty DISCONNECT of MQTT 5, and codes that it does not know.
fn disconnect(frame: &Frame, version: Version) -> Result<Disconnect, Error> {
    let mut reader = Reader::new(frame.kind, &frame.body);
    if version != Version::V5 || reader.rest().is_empty() {
        reader.end()?;
        return Ok(Disconnect::default());
    }
    let code = reader.byte()?;
    if reader.rest().is_empty() {
        return Ok(Disconnect {
            code,
            ..Disconnect::default()
        });
    }
    let mut rest = Bytes::copy_from_slice(reader.rest());
    let properties = v5::DisconnectProperties::extract(&mut rest)
        .map_err(|error| Error::malformed(frame.kind, error))?;
    let (reason, server_reference) = properties.map_or((None, None), |properties| {
        (properties.reason_string, properties.server_reference)
    });
    Ok(Disconnect {
        code,
        reason,
        server_reference,
    })
}

fn empty(frame: &Frame, packet: Packet) -> Result<Packet, Error> {
    Reader::new(frame.kind, &frame.body).end()?;
    Ok(packet)
}

fn v4_header(frame: &Frame) -> mqttbytes::FixedHeader {
    let length = frame.body.len();
    mqttbytes::FixedHeader::new(frame.first, frame.whole.len() - length - 1, length)
}

fn v5_header(frame: &Frame) -> v5::FixedHeader {
    let length = frame.body.len();
    v5::FixedHeader::new(frame.first, frame.whole.len() - length - 1, length)
}

fn v4_qos(qos: mqttbytes::QoS) -> u8 {
    match qos {
        mqttbytes::QoS::AtMostOnce => 0,
        mqttbytes::QoS::AtLeastOnce => 1,
        mqttbytes::QoS::ExactlyOnce => 2,
    }
}

fn v5_qos(qos: rumqttc::v5::mqttbytes::QoS) -> u8 {
    match qos {
        rumqttc::v5::mqttbytes::QoS::AtMostOnce => 0,
        rumqttc::v5::mqttbytes::QoS::AtLeastOnce => 1,
        rumqttc::v5::mqttbytes::QoS::ExactlyOnce => 2,
    }
}

/// Reads the fields of a body, front to back.
pub(super) struct Reader<'a> {
    kind: Kind,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(kind: Kind, rest: &'a [u8]) -> Self {
        Self { kind, rest }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| {
            let missing = length - self.rest.len();
            Error::malformed(self.kind, format_args!("it ends {missing} bytes too early"))
        })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    pub(super) fn number(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    pub(super) fn field(&mut self) -> Result<&'a [u8], Error> {
        let length = self.number()?;
        self.take(usize::from(length))
    }

    pub(super) fn text(&mut self) -> Result<String, Error> {
        let bytes = self.field()?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Error::malformed(self.kind, "a text is not UTF-8"))?;
        Ok(text.to_owned())
    }

    /// Skips MQTT 5's properties.
    pub(super) fn skip_properties(&mut self, version: Version) -> Result<(), Error> {
        if version != Version::V5 {
            return Ok(());
        }
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            length |= usize::from(byte & 127) << shift;
            if byte < 128 {
                return self.take(length).map(drop);
            }
        }
        Err(Error::malformed(
            self.kind,
            "the length of the properties takes more than 4 bytes",
        ))
    }

    pub(super) fn end(&self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(Error::malformed(
                self.kind,
                format_args!("{more} bytes follow its end"),
            )),
        }
    }
}
