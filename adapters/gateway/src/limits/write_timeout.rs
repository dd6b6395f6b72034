//! A write timeout: a connection whose peer does not read its answers fails, instead of holding its buffers for ever.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// While the send buffer is full, the peer has to take so many bytes in each window.
const WINDOW: Duration = Duration::from_secs(20);
const MIN_BYTES: u64 = 16 << 10;

/// A stream whose writes fail with `TimedOut` once its peer takes too little.
#[derive(Debug)]
pub(crate) struct WriteTimeout<S> {
    inner: S,
    window: Duration,
    /// Bytes that the peer has taken.
    taken: u64,
    is_full: bool,
    /// End of the window since the buffer was full, and what had been taken at its beginning.
    watch: Option<(Pin<Box<Sleep>>, u64)>,
}

impl<S> WriteTimeout<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, window: WINDOW, taken: 0, is_full: false, watch: None }
    }

    /// Passes the outcome of a write on, unless the peer has taken too little for too long.
    fn check<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<Result<T>>,
        bytes: impl Fn(&T) -> usize,
    ) -> Poll<Result<T>> {
        if let Poll::Ready(done) = outcome {
            self.is_full = false;
            self.taken += done.as_ref().map_or(0, |done| bytes(done) as u64);
            return Poll::Ready(done);
        }
        let was_full = std::mem::replace(&mut self.is_full, true);
        let is_over = self.watch.as_ref().is_none_or(|(until, _)| until.deadline() <= Instant::now());
        if is_over {
            // Where the buffer was not full all the time, there may have been nothing to take.
            let too_little = self.watch.as_ref().is_some_and(|(_, before)| self.taken - before < MIN_BYTES);
            if was_full && too_little {
                return Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the other side does not read")));
            }
            self.watch = Some((Box::pin(sleep(self.window)), self.taken));
        }
        if let Some((until, _)) = &mut self.watch
            && until.as_mut().poll(cx).is_ready()
        {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.check(cx, outcome, |taken| *taken)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, all: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, all);
        self.check(cx, outcome, |taken| *taken)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_or_reads_a_byte_at_a_time_is_cut_and_who_reads_is_not() {
        for trickles in [false, true] {
            let (ours, mut theirs) = duplex(1024);
            let mut ours = WriteTimeout::new(ours);
            tokio::spawn(async move {
                loop {
                    sleep(Duration::from_secs(1)).await;
                    if trickles && theirs.read_u8().await.is_err() {
                        break;
                    }
                }
            });
            let begun = Instant::now();
            let error = ours.write_all(&[0; 1 << 20]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert!(begun.elapsed() < WINDOW * 3, "{:?}", begun.elapsed());
        }
        let (ours, mut theirs) = duplex(1024);
        let mut ours = WriteTimeout::new(ours);
        tokio::spawn(async move {
            let mut buffer = [0; 1024];
            loop {
                sleep(Duration::from_millis(500)).await;
                theirs.read_exact(&mut buffer).await.unwrap();
            }
        });
        ours.write_all(&[0; 1 << 17]).await.unwrap();
        // A pause of the writer is not counted against the reader.
        sleep(WINDOW * 5).await;
        ours.write_all(&[0; 1 << 17]).await.unwrap();
    }
}
