//! Whether the test message comes again after its echo: bridges and rules can send it in a circle.

use std::time::Duration;

use tokio::time::Instant;

use super::{MOST_PACKETS, Outcome, Session};
use crate::diagnose::transcript::{MOST_COPIES, Silence};

/// The shortest and the longest time that a second copy is waited for, where no answered pings gave
/// it time to come: twice as long as the first took.
const FIRST: (Duration, Duration) = (Duration::from_micros(200), Duration::from_millis(30));
/// How long copies are counted once there is a second one.
const MORE: Duration = Duration::from_millis(400);

impl Session<'_> {
    /// Counts the copies of the message that follow its echo, which came at `came`, and says so where
    /// there are many.
    pub(super) async fn watch_for_copies(&mut self, came: Instant) -> Option<Outcome> {
        self.mqtt.echo.value()?;
        // The end of the connection is for the steps that follow to say.
        let _ = self.count_copies(came).await;
        let copies = self.mqtt.copies;
        let span = came.elapsed().as_millis();
        (copies > MOST_COPIES).then(|| {
            Outcome::Failed(format!(
                "comes again and again: {copies} times in {span} ms"
            ))
        })
    }

    async fn count_copies(&mut self, came: Instant) -> Result<(), Silence> {
        let echo = self.mqtt.echo.after().unwrap_or_default();
        let first = came + (echo * 2).clamp(FIRST.0, FIRST.1);
        for _ in 0..MOST_PACKETS {
            let end = match self.mqtt.copies {
                0 => first,
                _ => came + MORE,
            };
            match self.next(end).await {
                Err(Silence::TimedOut) => return Ok(()),
                packet => self.other(packet?, end).await?,
            }
        }
        Ok(())
    }
}
