//! A TCP connection that notes what goes over it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::diagnose::transcript::{Closing, HowClosed, Traffic};

/// How many of the first bytes are kept.
pub(super) const KEPT: usize = 512;

/// A connection, and the notes on it.
#[derive(Debug)]
pub(super) struct Tap {
    inner: TcpStream,
    notes: Notes,
    /// How the kernel was told to acknowledge, unless it may have forgotten it.
    told: Option<bool>,
}

/// The notes on one connection; shared, so that they outlive it.
#[derive(Debug, Clone)]
pub(super) struct Notes {
    traffic: Arc<Mutex<Traffic>>,
    since: Instant,
    patient: Arc<AtomicBool>,
}

impl Notes {
    fn new() -> Self {
        Self {
            traffic: Arc::default(),
            since: Instant::now(),
            patient: Arc::default(),
        }
    }

    /// Leaves acknowledgements to the kernel from now on, as other clients do: a peer that waits
    /// for them (Nagle's algorithm) shows itself by a delay of about 40 ms.
    pub(super) fn acknowledge_late(&self) {
        self.patient.store(true, Ordering::Relaxed);
    }

    /// What was noted so far.
    pub(super) fn traffic(&self) -> Traffic {
        self.traffic
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes that TLS's own close_notify came.
    pub(super) fn close_notify(&self) {
        self.with(|traffic, after| {
            let after = traffic.closed.map_or(after, |closing| closing.after);
            traffic.closed = Some(Closing {
                how: HowClosed::CloseNotify,
                after,
            });
        });
    }

    fn with(&self, change: impl FnOnce(&mut Traffic, std::time::Duration)) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut traffic, self.since.elapsed());
    }

    fn received(&self, bytes: &[u8]) {
        self.with(|traffic, after| {
            if traffic.received == 0 {
                traffic.first_after = Some(after);
                traffic.peer_spoke_first = traffic.sent == 0;
            }
            traffic.received += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            traffic.last_after = Some(after);
            let room = KEPT.saturating_sub(traffic.first.len()).min(bytes.len());
            traffic
                .first
                .extend_from_slice(bytes.get(..room).unwrap_or_default());
        });
    }

    fn closed(&self, how: HowClosed) {
        self.with(|traffic, after| {
            if traffic.closed.is_none() {
                traffic.closed = Some(Closing { how, after });
            }
        });
    }

    fn failed(&self, error: &io::Error) {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        if matches!(
            error.kind(),
            BrokenPipe | ConnectionAborted | ConnectionReset
        ) {
            self.closed(HowClosed::Reset);
        }
    }
}

impl Tap {
    /// Notes what goes over `inner` from now on.
    pub(super) fn new(inner: TcpStream) -> Self {
        let _ = inner.set_nodelay(true);
        Self {
            inner,
            notes: Notes::new(),
            told: None,
        }
    }

    /// The notes.
    pub(super) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// Acknowledges at once what comes next (unless it is to be late), so that a peer with Nagle's algorithm on does not
    /// wait for a delayed acknowledgement; the kernel forgets it with what comes and goes.
    fn acknowledge_at_once(&mut self) {
        #[cfg(target_os = "linux")]
        {
            let at_once = !self.notes.patient.load(Ordering::Relaxed);
            if self.told != Some(at_once) {
                let _ = rustix::net::sockopt::set_tcp_quickack(&self.inner, at_once);
                self.told = Some(at_once);
            }
        }
    }

    fn wrote(&mut self, written: usize) {
        self.told = None;
        let written = u64::try_from(written).unwrap_or(u64::MAX);
        self.notes.with(|traffic, _| {
            traffic.sent += written;
            if traffic.received == 0 {
                traffic.first_flight += written;
            }
        });
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.acknowledge_at_once();
        let before = buffer.filled().len();
        let room = buffer.remaining();
        let result = ready!(Pin::new(&mut self.inner).poll_read(context, buffer));
        self.told = None;
        match &result {
            Ok(()) => match buffer.filled().get(before..).unwrap_or_default() {
                [] if room > 0 => self.notes.closed(HowClosed::EndOfStream),
                bytes => self.notes.received(bytes),
            },
            Err(error) => self.notes.failed(error),
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(context, bytes));
        // After a failure, what the peer sent before it closed is still to be read: the alert, mostly.
        if let Ok(written) = &result {
            self.wrote(*written);
        }
        Poll::Ready(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write_vectored(context, slices));
        if let Ok(written) = &result {
            self.wrote(*written);
        }
        Poll::Ready(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
