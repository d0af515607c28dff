//! End of a run: closes the provider after success, failure and signals.

use std::future::Future;
use std::io;

use ipam_core::IpamProvider;

use crate::exit::{Failure, Signal};

/// Result of the work, and the error of closing the provider afterwards, if any.
#[derive(Debug)]
pub(crate) struct Ended<T> {
    pub(crate) value: T,
    pub(crate) closing: Option<Failure>,
}

impl<T> Ended<T> {
    /// Changes the value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Ended<U> {
        Ended { value: change(self.value), closing: self.closing }
    }
}

/// Runs the work and closes the provider after it: when it is done, when it fails, and when the program is told to stop
/// (SIGINT, which ctrl-C sends, or SIGTERM). A second signal ends the program without waiting for the close. A signal that
/// comes when the work is done changes nothing: the result is known, and is written whole.
///
/// The failure of the work is returned even where closing fails as well; its text then says both.
pub(crate) async fn closing<P, T>(
    provider: P,
    work: impl AsyncFnOnce(&P) -> Result<T, Failure>,
) -> Result<Ended<T>, Failure>
where
    P: IpamProvider,
{
    let mut signals = Signals::new()?;
    let done = signals.or_stopped(work(&provider)).await;
    let close = async { provider.close().await.map_err(Failure::from) };
    // Once there is a result, the first signal does not take it away; the second one does.
    let ignored = u32::from(done.is_ok());
    let closed = signals.or_stopped_after(ignored, close).await;
    signals.end_at_the_second();
    match (done, closed) {
        (Ok(value), closed) => Ok(Ended { value, closing: closed.err() }),
        (Err(first), Ok(())) => Err(first),
        (Err(first), Err(second)) => Err(Failure::Both(Box::new(first), Box::new(second))),
    }
}

/// Runs work that must not be left half-way and holds no provider: the first signal is ignored, a second one ends it.
pub(crate) async fn whole<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut signals = Signals::new()?;
    let result = signals.or_stopped_after(1, work).await;
    signals.end_at_the_second();
    result
}

/// Runs work that leaves nothing behind when it is dropped: the first signal ends it.
pub(crate) async fn stoppable<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut signals = Signals::new()?;
    tokio::select! {
        biased;
        // Looked at first: ctrl-C reaches the processes that the work started as well, whose end looks like a failure.
        signal = signals.next() => Err(Failure::Cancelled(signal)),
        result = work => result,
    }
}

/// The signals that ask a program to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Receives the signals from now on.
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::receive().map_err(|error| Failure::Failed(format!("signals cannot be received: {error}")))
    }

    #[cfg(unix)]
    fn receive() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn receive() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }

    /// Waits for the next signal.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Signal {
        // Where ctrl-C cannot be received, it ends the program by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }

    /// Runs `work`, or drops it when a signal comes first.
    async fn or_stopped<T>(&mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.or_stopped_after(0, work).await
    }

    /// Runs `work`, or drops it when one signal more than `ignored` come first.
    async fn or_stopped_after<T>(
        &mut self,
        ignored: u32,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut work = std::pin::pin!(work);
        for _ in 0..ignored {
            tokio::select! {
                biased;
                result = &mut work => return result,
                _ = self.next() => {}
            }
        }
        tokio::select! {
            biased;
            result = &mut work => result,
            signal = self.next() => Err(Failure::Stopped(signal)),
        }
    }

    /// What is left is to write the result or the error, whole. Where no process reads it, a second signal ends the program.
    fn end_at_the_second(mut self) {
        tokio::spawn(async move {
            let _first = self.next().await;
            let signal = self.next().await;
            #[expect(
                clippy::disallowed_methods,
                reason = "the provider is closed; nothing is left that a destructor would do"
            )]
            std::process::exit(i32::from(signal.code()));
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use ipam_core::{
        Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, Error, ErrorKind, Find, Health,
        ListRanges, Operation, Page, Range,
    };

    use super::*;

    /// A provider that counts how often it is closed, and cannot do anything else.
    #[derive(Debug)]
    struct Door {
        closed: Arc<AtomicUsize>,
        jams: bool,
    }

    fn no<T>() -> ipam_core::Result<T> {
        Err(Error::new(ErrorKind::NotFound, Operation::Check, "this is a door"))
    }

    #[async_trait]
    impl IpamProvider for Door {
        fn capabilities(&self) -> Capabilities {
            Capabilities::minimal("door")
        }
        async fn check(&self) -> ipam_core::Result<Health> {
            no()
        }
        async fn list_ranges(&self, _: &ListRanges) -> ipam_core::Result<Page<Range>> {
            no()
        }
        async fn allocate(&self, _: &Allocate) -> ipam_core::Result<Allocated> {
            no()
        }
        async fn deallocate(&self, _: &Deallocate) -> ipam_core::Result<Deallocated> {
            no()
        }
        async fn find(&self, _: &Find) -> ipam_core::Result<Page<Allocation>> {
            no()
        }
        async fn close(&self) -> ipam_core::Result<()> {
            self.closed.fetch_add(1, Ordering::SeqCst);
            if self.jams { Err(Error::new(ErrorKind::Unavailable, Operation::Close, "the door jams")) } else { Ok(()) }
        }
    }

    #[tokio::test]
    async fn a_provider_is_closed_and_no_failure_is_lost() {
        let closed = Arc::new(AtomicUsize::new(0));
        let door = |jams| Door { closed: Arc::clone(&closed), jams };
        let ended = closing(door(false), async |_| Ok(7)).await.unwrap();
        assert_eq!((ended.value, ended.closing.is_none(), closed.load(Ordering::SeqCst)), (7, true, 1));

        let failure = closing(door(false), async |door| Ok(door.check().await?)).await.unwrap_err();
        assert_eq!((failure.code(), closed.load(Ordering::SeqCst)), (crate::exit::NOT_FOUND, 2));

        let ended = closing(door(true), async |_| Ok(7)).await.unwrap();
        assert_eq!((ended.value, ended.closing.unwrap().code()), (7, crate::exit::FAILED));

        let failure = closing(door(true), async |door| Ok(door.check().await?)).await.unwrap_err();
        assert_eq!((failure.code(), closed.load(Ordering::SeqCst)), (crate::exit::NOT_FOUND, 4));
        let text = failure.text();
        assert!(text.contains("this is a door") && text.contains("the door jams"), "{text}");
    }
}
