//! Whether the test message comes again after its echo: bridges and rules can send it in a circle.

use std::time::Duration;

use tokio::time::Instant;

use super::{MOST_PACKETS, Outcome, Session};
use crate::diagnose::transcript::{MOST_COPIES, Silence};
use crate::mqtt::Packet;

/// The shortest and the longest time that a second copy is waited for: three times as long as the
/// first took, since nearly every check waits in vain.
const FIRST: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(30));
/// How long copies are counted once there is a second one.
const MORE: Duration = Duration::from_millis(400);

impl Session<'_> {
    /// Counts the copies of the message that follow its echo, and says so where there are many.
    pub(super) async fn watch_for_copies(&mut self) -> Option<Outcome> {
        self.mqtt.echo.value()?;
        let started = Instant::now();
        // The end of the connection is for the steps that follow to say.
        let _ = self.count_copies().await;
        let copies = self.mqtt.copies;
        let span = started.elapsed().as_millis();
        (copies > MOST_COPIES).then(|| {
            Outcome::Failed(format!(
                "comes again and again: {copies} times in {span} ms"
            ))
        })
    }

    async fn count_copies(&mut self) -> Result<(), Silence> {
        let echo = self.mqtt.echo.after().unwrap_or_default();
        let mut end = self.clock.within((echo * 3).clamp(FIRST.0, FIRST.1));
        for _ in 0..MOST_PACKETS {
            let packet = match self.next(end).await {
                Err(Silence::TimedOut) => return Ok(()),
                packet => packet?,
            };
            match packet {
                Packet::Publish(publish) if self.is_ours(&publish) => {
                    if self.mqtt.copies == 0 {
                        end = self.clock.within(MORE);
                    }
                    self.mqtt.copies += 1;
                    self.acknowledge(&publish, end).await?;
                }
                other => self.other(other, end).await?,
            }
        }
        Ok(())
    }
}
