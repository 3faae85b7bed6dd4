//! The session while it is held: pings, and its end.

use std::time::Duration;

use super::{Case, silence};
use crate::diagnose::goodbye;
use crate::diagnose::transcript::{Closing, Reply, Silence, TcpFailure};
use crate::diagnose::words::{closing, failure, limit, peer, span};
use crate::finding::{Code, Finding};

/// No answer to a ping takes so long where it still comes.
const UNANSWERED: Duration = Duration::from_millis(500);

impl Case<'_> {
    pub(super) fn held(&self) -> Option<Finding> {
        let unanswered = self.mqtt.pings.iter().find_map(|ping| ping.missing());
        if let Some(Silence::TimedOut) = unanswered {
            return Some(failure(
                Code::NoPingresp,
                format!(
                    "the broker did not answer PINGREQ within {}: the connection is half open, or the broker does not keep the session alive",
                    limit(self.transcript)
                ),
                "look at the broker's log, and for a proxy or NAT on the way that forgets connections",
            ));
        }
        let instead = self.mqtt.held.as_ref().or(unanswered)?;
        let when = "while it was held";
        if let Some(finding) = goodbye::explained(self.transcript, self.mqtt, instead, when) {
            return Some(finding);
        }
        Some(match instead {
            Silence::Closed(end) => self
                .gone(*end)
                .or_else(|| self.unanswered(*end))
                .unwrap_or_else(|| self.idle(*end)),
            Silence::TimedOut => failure(
                Code::NoPingresp,
                "the broker did not answer PINGREQ while the session was held",
                "look at the broker's log, and for a proxy or NAT on the way that forgets connections",
            ),
            other => failure(
                Code::IdleTimeoutTooShort,
                format!("the session ended while it was held ({})", silence(other)),
                "look at the broker's log for the time of this check",
            ),
        })
    }

    /// A ping waited for its answer in a connection that was still open, and that ended only then:
    /// one that was cut before ends at once.
    fn unanswered(&self, end: Closing) -> Option<Finding> {
        let Reply::Missing { after, .. } = self.mqtt.pings.last()? else {
            return None;
        };
        (*after >= UNANSWERED).then(|| {
            failure(
                Code::NoPingresp,
                format!(
                    "the broker did not answer PINGREQ for {}, and then {}: it does not keep the session alive, or the connection is half open",
                    span(*after),
                    closing(end)
                ),
                "look at the broker's log, and for a proxy or NAT on the way that forgets connections",
            )
        })
    }

    /// Nothing listens any more: it was not an idle limit.
    fn gone(&self, end: Closing) -> Option<Finding> {
        let reconnected = self.transcript.extra.reconnected.as_ref()?;
        (*reconnected == Err(TcpFailure::Refused)).then(|| {
            failure(
                Code::BrokerStopped,
                format!(
                    "the session was cut {} after the connection was made, and nothing listens on {} any more: the broker was stopped, has crashed, or is starting again",
                    span(end.after),
                    peer(self.transcript)
                ),
                "start the broker, and look at its log and the system's for why it ended (`journalctl -u mosquitto`)",
            )
        })
    }

    fn idle(&self, end: Closing) -> Finding {
        let keep_alive = self.transcript.request.mqtt.keep_alive;
        let besides = match self.transcript.extra.reconnected {
            Some(Ok(_)) => {
                "; the port takes connections, so that the broker was at most started again"
            }
            _ => "",
        };
        let id = self.transcript.request.mqtt.client_id.as_deref();
        let (who, rest) = match id.filter(|id| !id.is_empty()) {
            None => (
                "something on the path (proxy, NAT, load balancer) has a shorter idle limit"
                    .to_owned(),
                "",
            ),
            Some(id) => (
                format!(
                    "likely: another client with the id `{id}` connected, and the broker ended this session for it; or something on the path (proxy, NAT, load balancer) has a shorter idle limit"
                ),
                "give every client an id of its own (leave --client-id out to see); ",
            ),
        };
        let limits = match self.transcript.request.websocket {
            Some(_) => "nginx: proxy_read_timeout, HAProxy: timeout tunnel",
            None => "HAProxy: timeout client and timeout server, nginx: proxy_timeout",
        };
        failure(
            Code::IdleTimeoutTooShort,
            format!(
                "the session was cut {} after the connection was made, although the keep-alive is {}: {who}{besides}",
                span(end.after),
                span(keep_alive)
            ),
            format!(
                "{rest}raise the idle time-out of the proxy above 1.5 keep-alives ({limits}), or lower the keep-alive of the clients"
            ),
        )
    }
}
