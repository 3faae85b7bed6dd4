//! CONNECT (MQTT 3.1 section 3.1, MQTT 3.1.1 section 3.1, MQTT 5 section 3.1).
//!
//! Done here because rumqttc's codec knows no MQTT 3.1, and keeps passwords in plain strings.

use zeroize::Zeroizing;

use super::decode::Reader;
use super::frame::write_header;
use super::{Error, Kind, Version};
use crate::secret::SecretBytes;

/// CONNECT.
#[derive(Debug, Default)]
pub struct Connect {
    /// The version.
    pub version: Version,
    /// The client id.
    pub client_id: String,
    /// Forget the session of before, and this one afterwards.
    pub clean_session: bool,
    /// The longest silence, in seconds; 0 for none.
    pub keep_alive: u16,
    /// The message that the broker sends when the connection breaks; certgen never sets one.
    pub will: Option<Will>,
    /// The user name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretBytes>,
}

/// The message that the broker sends when the connection breaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Will {
    /// The topic.
    pub topic: String,
    /// The message.
    pub payload: Vec<u8>,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// To be kept.
    pub retain: bool,
}

const CLEAN_SESSION: u8 = 1 << 1;
const WILL: u8 = 1 << 2;
const WILL_RETAIN: u8 = 1 << 5;
const PASSWORD: u8 = 1 << 6;
const USERNAME: u8 = 1 << 7;

impl Connect {
    /// The packet's bytes, wiped when dropped. A will is not written.
    ///
    /// # Errors
    ///
    /// When a field is longer than 65,535 bytes.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut body = Zeroizing::new(Vec::with_capacity(128));
        let (name, level) = match self.version {
            Version::V31 => ("MQIsdp", 3),
            Version::V311 => ("MQTT", 4),
            Version::V5 => ("MQTT", 5),
        };
        field(&mut body, name.as_bytes())?;
        body.extend_from_slice(&[level, self.flags()]);
        body.extend_from_slice(&self.keep_alive.to_be_bytes());
        if self.version == Version::V5 {
            body.push(0);
        }
        field(&mut body, self.client_id.as_bytes())?;
        if let Some(username) = &self.username {
            field(&mut body, username.as_bytes())?;
        }
        if let Some(password) = &self.password {
            field(&mut body, password.secret_bytes())?;
        }
        let mut out = Zeroizing::new(Vec::with_capacity(body.len() + 5));
        write_header(&mut out, 0x10, body.len())?;
        out.extend_from_slice(&body);
        Ok(out)
    }

    fn flags(&self) -> u8 {
        let set = |flag: u8, is_set: bool| if is_set { flag } else { 0 };
        set(CLEAN_SESSION, self.clean_session)
            | set(USERNAME, self.username.is_some())
            | set(PASSWORD, self.password.is_some())
    }

    /// Reads the body of a CONNECT.
    pub(super) fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(Kind::Connect, body);
        let name = reader.text()?;
        let level = reader.byte()?;
        let version = match (name.as_str(), level) {
            ("MQIsdp", 3) => Version::V31,
            ("MQTT", 4) => Version::V311,
            ("MQTT", 5) => Version::V5,
            _ => return Err(Error::UnknownProtocol { name, level }),
        };
        let flags = reader.byte()?;
        if flags & 1 != 0 {
            return Err(Error::malformed(Kind::Connect, "the reserved flag is set"));
        }
        let keep_alive = reader.number()?;
        reader.skip_properties(version)?;
        let client_id = reader.text()?;
        let will = if flags & WILL == 0 {
            None
        } else {
            reader.skip_properties(version)?;
            Some(Will {
                topic: reader.text()?,
                payload: reader.field()?.to_vec(),
                qos: ((flags >> 3) & 3).min(2),
                retain: flags & WILL_RETAIN != 0,
            })
        };
        let username = if flags & USERNAME == 0 {
            None
        } else {
            Some(reader.text()?)
        };
        let password = if flags & PASSWORD == 0 {
            None
        } else {
            Some(SecretBytes::new(reader.field()?.to_vec()))
        };
        reader.end()?;
        let clean_session = flags & CLEAN_SESSION != 0;
        Ok(Self {
            version,
            client_id,
            clean_session,
            keep_alive,
            will,
            username,
            password,
        })
    }
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let length = u16::try_from(bytes.len())
        .map_err(|_| Error::malformed(Kind::Connect, "a field is longer than 65,535 bytes"))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}
