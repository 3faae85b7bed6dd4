//! Whether the broker waits for an acknowledgement between two packets (Nagle's algorithm).

use std::time::Duration;

use tokio::time::Instant;

use super::Session;
use crate::diagnose::transcript::{Mqtt, Silence};
use crate::mqtt::Packet;
use crate::probe::clock::before;

/// The kernel's delay of an acknowledgement, with some room on both sides.
const DELAY: core::ops::RangeInclusive<u128> = 36..=70;
/// A path on which such a delay stands out.
const FAST: Duration = Duration::from_millis(20);
/// How long two answers are waited for.
const LIMIT: Duration = Duration::from_millis(200);
const TRIES: usize = 3;
const ENOUGH: usize = 2;

impl Session<'_> {
    /// Asks two things at once, where some answer was fast: with Nagle's algorithm on, the broker's
    /// second answer waits for the acknowledgement of its first. Answers that were slow before count
    /// only where this one is: the first ones of a broker can be so for other reasons.
    pub(super) async fn pace(&mut self) {
        if !is_fast(self.mqtt) {
            return;
        }
        let mut answered = 0;
        for _ in 0..TRIES {
            let Some(Ok(took)) = before(self.clock.within(LIMIT), self.twin_pings()).await else {
                break;
            };
            // What took longer than the delay was slow for another reason, and leaves the question
            // open; a second answer gives copies of the message time to come.
            let shortest = self.mqtt.twin_pings.map_or(took, |so_far| so_far.min(took));
            self.mqtt.twin_pings = Some(shortest);
            answered += usize::from(took.as_millis() <= *DELAY.end());
            if answered == ENOUGH || DELAY.contains(&took.as_millis()) {
                break;
            }
        }
        if self.mqtt.copies > 0 {
            // The answers came between them.
            self.mqtt.twin_pings = None;
        }
    }

    async fn twin_pings(&mut self) -> Result<Duration, Silence> {
        let deadline = self.clock.within(LIMIT);
        let asked = Instant::now();
        // One write, so that the broker finds both at once.
        self.link.send(&[0xc0, 0, 0xc0, 0], deadline).await?;
        let mut answers = 0;
        while answers < 2 {
            match self.next(deadline).await? {
                Packet::Pingresp => answers += 1,
                other => self.other(other, deadline).await?,
            }
        }
        Ok(asked.elapsed())
    }
}

/// Some answer came quickly.
fn is_fast(mqtt: &Mqtt) -> bool {
    let answers = [
        mqtt.connack.after(),
        mqtt.suback.after(),
        mqtt.puback.after(),
        mqtt.echo.after(),
    ];
    answers.into_iter().flatten().any(|after| after < FAST)
}
