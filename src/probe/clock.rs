//! Deadlines: each stage has a limit, and the whole conversation another.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Everything but holding the session and retries ends within this time.
const WHOLE: Duration = Duration::from_secs(20);

/// The time that is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    stage: Duration,
}

impl Clock {
    /// Starts now; each stage may take `stage`.
    pub(super) fn start(stage: Duration) -> Self {
        Self {
            started: Instant::now(),
            stage,
        }
    }

    /// Since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// When a stage that begins now must end.
    pub(super) fn stage(&self) -> Instant {
        self.within(self.stage)
    }

    /// When something that may take `limit` must end.
    pub(super) fn within(&self, limit: Duration) -> Instant {
        (Instant::now() + limit).min(self.started + WHOLE)
    }

    /// Whether there is time for something that takes about `needed`.
    pub(super) fn has(&self, needed: Duration) -> bool {
        self.elapsed() + needed < WHOLE
    }

    /// The clock of a stage that is not counted, such as holding the session: moved on by `extra`.
    pub(super) fn extended(self, extra: Duration) -> Self {
        Self {
            started: self.started + extra,
            ..self
        }
    }
}

/// The future's value, or `None` once the deadline has passed.
pub(super) async fn before<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    tokio::time::timeout_at(deadline, future).await.ok()
}
