//! Holding a session: silence up to the keep-alive, and pings.

use std::time::Duration;

use tokio::time::Instant;

use super::packets::{reply, too_many};
use super::{MOST_PACKETS, Outcome, Session};
use crate::diagnose::transcript::Silence;
use crate::mqtt::Packet;
use crate::probe::narrate::silence;

impl Session<'_> {
    pub(super) async fn hold(&mut self) -> Option<Outcome> {
        let hold = self.plan.request.hold?;
        self.clock = self.clock.extended(hold);
        let keep_alive = self.keep_alive();
        let started = Instant::now();
        let end = started + hold;
        let result = self.hold_until(end, keep_alive).await;
        Some(match result {
            Ok(()) => {
                let pings = self.mqtt.pings.len();
                let word = if pings == 1 { "ping" } else { "pings" };
                let seconds = hold.as_secs();
                Outcome::Good(format!("held for {seconds} s, {pings} {word} answered"))
            }
            // What is read has a limit, and says nothing about the session.
            Err(Silence::TooMuch(_)) => {
                let held = started.elapsed().as_secs();
                Outcome::Good(format!(
                    "held for {held} s, until more messages of others had come than are read"
                ))
            }
            Err(instead) => {
                let text = silence(&instead);
                self.mqtt.held = Some(instead);
                Outcome::Failed(text)
            }
        })
    }

    fn keep_alive(&self) -> Duration {
        let demanded = self
            .mqtt
            .connack
            .value()
            .and_then(|connack| connack.server_keep_alive);
        let demanded = demanded.map(|seconds| Duration::from_secs(seconds.into()));
        demanded.unwrap_or(self.plan.request.keep_alive)
    }

    async fn hold_until(&mut self, end: Instant, keep_alive: Duration) -> Result<(), Silence> {
        loop {
            let now = Instant::now();
            let next = if keep_alive.is_zero() {
                end
            } else {
                (now + keep_alive).min(end)
            };
            self.idle(next).await?;
            self.ping().await?;
            if next >= end {
                return Ok(());
            }
        }
    }

    /// Silent until `until`, as a client is that has nothing to say.
    async fn idle(&mut self, until: Instant) -> Result<(), Silence> {
        while Instant::now() < until {
            match self.next(until).await {
                Err(Silence::TimedOut) => break,
                Err(other) => return Err(other),
                Ok(packet) => self.other(packet, self.clock.stage()).await?,
            }
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Silence> {
        let asked = Instant::now();
        let deadline = self.clock.stage();
        let answer = match self.send(&Packet::Pingreq, deadline).await {
            Ok(()) => self.await_pong(deadline).await,
            Err(silence) => Err(silence),
        };
        self.mqtt.pings.push(reply(answer.clone(), asked));
        answer
    }

    async fn await_pong(&mut self, deadline: Instant) -> Result<(), Silence> {
        for _ in 0..MOST_PACKETS {
            match self.next(deadline).await? {
                Packet::Pingresp => return Ok(()),
                other => self.other(other, deadline).await?,
            }
        }
        Err(too_many())
    }
}
