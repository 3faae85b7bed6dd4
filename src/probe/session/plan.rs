//! What a session sends: nothing that could disturb the sessions of others, or stay behind.

use bytes::Bytes;

use super::PUBLISH_ID;
use crate::diagnose::transcript::MqttRequest;
use crate::mqtt::{Connect, Publish, Version};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

/// What is sent.
#[derive(Debug)]
pub(in crate::probe) struct Plan<'a> {
    pub(in crate::probe) request: &'a MqttRequest,
    pub(in crate::probe) version: Version,
    pub(in crate::probe) client_id: String,
    pub(in crate::probe) topic: String,
    pub(in crate::probe) payload: Bytes,
    /// Whether a silent peer is given time to close the connection.
    pub(in crate::probe) lingers: bool,
    /// Only for a peer that was verified, or where the user said that it need not be.
    pub(in crate::probe) password: Option<&'a Password>,
}

impl<'a> Plan<'a> {
    /// A plan with a client id and a topic of its own, and a message that cannot be anybody else's.
    pub(in crate::probe) fn new(
        request: &'a MqttRequest,
        password: Option<&'a Password>,
        random: &mut dyn Random,
    ) -> Self {
        let client_id = request
            .client_id
            .clone()
            .unwrap_or_else(|| format!("certgen{}", word(random, 14)));
        let topic = request.topic.clone();
        let topic = topic.unwrap_or_else(|| format!("certgen/{}", word(random, 16)));
        let mut payload = word(random, 16).into_bytes();
        payload.resize(request.payload_size.max(payload.len()), b'.');
        let payload = Bytes::from(payload);
        Self {
            request,
            version: request.version,
            client_id,
            topic,
            payload,
            lingers: false,
            password,
        }
    }

    pub(super) fn connect(&self) -> Connect {
        let seconds = self.request.keep_alive.as_secs();
        Connect {
            version: self.version,
            client_id: self.client_id.clone(),
            clean_session: true,
            keep_alive: u16::try_from(seconds).unwrap_or(u16::MAX),
            will: None,
            username: self.request.username.clone(),
            password: self
                .password
                .map(|password| SecretBytes::new(password.secret_text().as_bytes().to_vec())),
        }
    }

    pub(super) fn publish(&self) -> Publish {
        let qos = self.request.qos;
        Publish {
            dup: false,
            qos,
            retain: false,
            topic: self.topic.clone(),
            id: if qos == 0 { 0 } else { PUBLISH_ID },
            payload: self.payload.clone(),
        }
    }
}

/// `length` random letters and digits: about six bits each.
fn word(random: &mut dyn Random, length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}
