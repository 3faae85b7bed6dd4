//! Who gets which message: subscriptions, and messages that are retained.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::mqtt::{Publish, matches};

/// Messages that wait for one client; a client that falls further behind is disconnected.
const QUEUE: usize = 256;
/// Filters of one client.
const MOST_FILTERS: usize = 256;
/// Retained messages, and the bytes of all of them.
const MOST_RETAINED: (usize, usize) = (1_000, 1_024 * 1_024);

/// What a session is told.
#[derive(Debug)]
pub(super) enum Delivery {
    /// Send this message.
    Message(Publish),
    /// Leave: another client came with the same client id.
    TakenOver,
}

/// The deliveries of one session.
pub(super) type Mailbox = mpsc::Receiver<Delivery>;

/// All sessions, and what is retained.
#[derive(Debug, Default)]
pub(super) struct Router(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sessions: BTreeMap<String, Session>,
    retained: BTreeMap<String, Publish>,
    retained_bytes: usize,
    next_number: u64,
}

#[derive(Debug)]
struct Session {
    number: u64,
    filters: BTreeMap<String, u8>,
    sender: mpsc::Sender<Delivery>,
}

/// A place in the router.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    client_id: String,
    number: u64,
}

impl Router {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a client in; another one with the same client id has to go.
    pub(super) fn enter(&self, client_id: &str) -> (Ticket, Mailbox) {
        let (sender, mailbox) = mpsc::channel(QUEUE);
        let mut state = self.state();
        state.next_number += 1;
        let number = state.next_number;
        let session = Session {
            number,
            filters: BTreeMap::new(),
            sender,
        };
        if let Some(old) = state.sessions.insert(client_id.to_owned(), session) {
            let _ = old.sender.try_send(Delivery::TakenOver);
        }
        (
            Ticket {
                client_id: client_id.to_owned(),
                number,
            },
            mailbox,
        )
    }

    /// The client has gone.
    pub(super) fn leave(&self, ticket: &Ticket) {
        let mut state = self.state();
        if state
            .sessions
            .get(&ticket.client_id)
            .is_some_and(|old| old.number == ticket.number)
        {
            state.sessions.remove(&ticket.client_id);
        }
    }

    /// Adds a filter; gives the retained messages for it, or `None` where there is no room.
    pub(super) fn subscribe(&self, ticket: &Ticket, filter: &str, qos: u8) -> Option<Vec<Publish>> {
        let mut state = self.state();
        let session = state.session(ticket)?;
        if session.filters.len() >= MOST_FILTERS && !session.filters.contains_key(filter) {
            return None;
        }
        session.filters.insert(filter.to_owned(), qos);
        let retained = state
            .retained
            .values()
            .filter(|publish| matches(&publish.topic, filter));
        Some(
            retained
                .map(|publish| Publish {
                    qos: publish.qos.min(qos),
                    ..publish.clone()
                })
                .collect(),
        )
    }

    /// Removes a filter; says whether it was there.
    pub(super) fn unsubscribe(&self, ticket: &Ticket, filter: &str) -> bool {
        let mut state = self.state();
        state
            .session(ticket)
            .is_some_and(|session| session.filters.remove(filter).is_some())
    }

    /// Sends a message to all who want it.
    pub(super) fn route(&self, publish: &Publish) {
        let mut state = self.state();
        if publish.retain {
            state.retain(publish);
        }
        state.sessions.retain(|_, session| session.deliver(publish));
    }
}

impl State {
    fn session(&mut self, ticket: &Ticket) -> Option<&mut Session> {
        self.sessions
            .get_mut(&ticket.client_id)
            .filter(|session| session.number == ticket.number)
    }

    /// An empty message removes the one that is kept (MQTT 3.1.1 section 3.3.1.3).
    fn retain(&mut self, publish: &Publish) {
        let size = |publish: &Publish| publish.topic.len() + publish.payload.len();
        if let Some(old) = self.retained.remove(&publish.topic) {
            self.retained_bytes -= size(&old);
        }
        let fits = self.retained.len() < MOST_RETAINED.0
            && self.retained_bytes + size(publish) <= MOST_RETAINED.1;
        if !publish.payload.is_empty() && fits {
            self.retained_bytes += size(publish);
            self.retained.insert(publish.topic.clone(), publish.clone());
        }
    }
}

impl Session {
    /// Delivers once, with the highest quality of service of the filters that match; `false`
    /// where the client does not keep up and is given up.
    fn deliver(&self, publish: &Publish) -> bool {
        let matching = self
            .filters
            .iter()
            .filter(|(filter, _)| matches(&publish.topic, filter));
        let Some(qos) = matching.map(|(_, qos)| *qos).max() else {
            return true;
        };
        let copy = Publish {
            qos: publish.qos.min(qos),
            retain: false,
            dup: false,
            ..publish.clone()
        };
        self.sender.try_send(Delivery::Message(copy)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, retain: bool) -> Publish {
        Publish {
            topic: topic.into(),
            retain,
            payload: "x".into(),
            qos: 1,
            ..Publish::default()
        }
    }

    #[test]
    fn a_message_goes_once_to_each_who_wants_it() {
        let router = Router::default();
        let (one, mut mailbox) = router.enter("one");
        router.subscribe(&one, "a/+", 0).unwrap();
        router.subscribe(&one, "a/#", 1).unwrap();
        let (_two, mut other) = router.enter("two");
        router.route(&message("a/b", false));
        let Ok(Delivery::Message(publish)) = mailbox.try_recv() else {
            panic!()
        };
        assert_eq!(publish.qos, 1);
        assert!(mailbox.try_recv().is_err() && other.try_recv().is_err());
    }

    #[test]
    fn retained_messages_wait_for_subscribers() {
        let router = Router::default();
        router.route(&message("a", true));
        let (ticket, _mailbox) = router.enter("one");
        assert_eq!(router.subscribe(&ticket, "#", 0).unwrap().len(), 1);
        router.route(&Publish {
            payload: "".into(),
            ..message("a", true)
        });
        assert!(router.subscribe(&ticket, "#", 0).unwrap().is_empty());
    }

    #[test]
    fn the_second_client_of_an_id_takes_over() {
        let router = Router::default();
        let (first, mut mailbox) = router.enter("same");
        let (_second, _other) = router.enter("same");
        assert!(matches!(mailbox.try_recv(), Ok(Delivery::TakenOver)));
        router.leave(&first);
        assert!(router.state().sessions.contains_key("same"));
    }

    #[test]
    fn filters_and_queues_have_bounds() {
        let router = Router::default();
        let (ticket, mailbox) = router.enter("one");
        for number in 0..MOST_FILTERS {
            assert!(
                router
                    .subscribe(&ticket, &format!("f{number}"), 0)
                    .is_some()
            );
        }
        assert!(router.subscribe(&ticket, "one-more", 0).is_none());
        for _ in 0..QUEUE + 2 {
            router.route(&message("f0", false));
        }
        assert!(
            router.state().sessions.is_empty(),
            "the client that does not read is given up"
        );
        drop(mailbox);
    }
}
