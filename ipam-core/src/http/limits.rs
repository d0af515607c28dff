//! Limits of lists: rows, bytes and time.

use std::time::Duration;

use tokio::time::Instant;

use super::runtime;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Limits of one list or stream, over all its pages.
///
/// They stop a list without end, and a server that sends one byte a minute. The error names the limit and its setter. Only
/// the time spent waiting for the server counts, not the time that the caller takes between two rows.
///
/// | limit | default | setter |
/// | --- | --- | --- |
/// | number of rows | 1 000 000 | [`with_rows`](Self::with_rows) |
/// | size of a row | 16 MiB | [`with_row_bytes`](Self::with_row_bytes) |
/// | size of all rows | 4 GiB | [`with_bytes`](Self::with_bytes) |
/// | time spent waiting | 1 hour | [`with_time`](Self::with_time) |
///
/// ```
/// use ipam_core::http::{HttpOptions, ListLimits};
///
/// let options = HttpOptions::new().with_list_limits(ListLimits::new().with_rows(5_000_000));
/// assert_eq!(options.list_limits().rows(), 5_000_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct ListLimits {
    rows: u64,
    row_bytes: usize,
    bytes: u64,
    time: Duration,
}

impl ListLimits {
    /// Returns the limits of the table above.
    pub const fn new() -> Self {
        // Above what a real site has. A row is held in memory as a whole, so its limit bounds the memory of a stream; the
        // limit of all rows bounds the traffic.
        Self { rows: 1_000_000, row_bytes: 16 << 20, bytes: 4 << 30, time: Duration::from_secs(3600) }
    }

    /// Sets the largest number of rows.
    pub const fn with_rows(mut self, rows: u64) -> Self {
        self.rows = rows;
        self
    }

    /// Sets the largest size of one row, in bytes.
    pub const fn with_row_bytes(mut self, bytes: usize) -> Self {
        self.row_bytes = bytes;
        self
    }

    /// Sets the largest size of all rows together, in bytes.
    pub const fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the longest time spent waiting for the server.
    pub const fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Returns the largest number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the largest size of one row, in bytes.
    #[must_use]
    pub const fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// Returns the largest size of all rows together, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the longest time spent waiting for the server.
    #[must_use]
    pub const fn time(&self) -> Duration {
        self.time
    }

    /// Returns a meter for one list, with nothing used yet.
    pub fn meter(self) -> ListMeter {
        ListMeter { limits: self, rows: 0, bytes: 0, waited: Duration::ZERO }
    }
}

impl Default for ListLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// Meter of one list: the part of its [`ListLimits`] that is used.
///
/// A client of a server counts what it reads; the first call above a limit fails.
///
/// ```
/// use ipam_core::http::ListLimits;
///
/// let mut meter = ListLimits::new().with_rows(1000).meter();
/// meter.add_rows(900)?;
/// let error = meter.add_rows(900).unwrap_err();
/// assert!(error.to_string().contains("ListLimits::with_rows allows more"), "{error}");
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ListMeter {
    limits: ListLimits,
    rows: u64,
    bytes: u64,
    waited: Duration,
}

impl ListMeter {
    /// Counts received rows.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) if the list has more rows than the limit.
    pub fn add_rows(&mut self, rows: usize) -> Result<()> {
        // Saturating, so that a limit of `u64::MAX` means no limit and does not overflow.
        self.rows = self.rows.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        if self.rows <= self.limits.rows {
            return Ok(());
        }
        let message = format!("the list has more than {} rows; ListLimits::with_rows allows more", self.limits.rows);
        Err(Error::new(ErrorKind::Protocol, Operation::Send, message))
    }

    /// Counts received bytes.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) if the list has more bytes than the limit.
    pub fn add_bytes(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.bytes <= self.limits.bytes {
            return Ok(());
        }
        let message = format!("the list has more than {} bytes; ListLimits::with_bytes allows more", self.limits.bytes);
        Err(Error::new(ErrorKind::Protocol, Operation::Send, message))
    }

    /// Checks the size of one row, in bytes. It may be called with the part of a row that was received so far.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) if the row has more bytes than the limit.
    pub fn check_row(&self, bytes: usize) -> Result<()> {
        if bytes <= self.limits.row_bytes {
            return Ok(());
        }
        let message =
            format!("a row is longer than {} bytes; ListLimits::with_row_bytes allows more", self.limits.row_bytes);
        Err(Error::new(ErrorKind::Protocol, Operation::Send, message))
    }

    /// Awaits `work`, for at most the remaining time of the list.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) if the time of the list is used up; [`Config`](ErrorKind::Config) outside a tokio
    /// runtime.
    pub async fn wait<T: Send>(&mut self, work: impl Future<Output = T> + Send) -> Result<T> {
        runtime::present()?;
        let started = Instant::now();
        // Time is added up over the waits. A deadline would count the work of the caller between two rows as the time
        // of the server.
        let left = self.limits.time.saturating_sub(self.waited);
        let result = tokio::time::timeout(left, work).await;
        self.waited = self.waited.saturating_add(started.elapsed());
        result.map_err(|_| {
            let message =
                format!("the list took longer than {:?}; ListLimits::with_time allows more", self.limits.time);
            Error::new(ErrorKind::Timeout, Operation::Send, message).with_retry(Retry::IfIdempotent)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn each_limit_ends_the_list_and_names_its_option() {
        let limits = ListLimits::new().with_rows(2).with_row_bytes(10).with_bytes(15);
        let mut meter = limits.meter();
        meter.add_rows(2).unwrap();
        assert!(meter.add_rows(1).unwrap_err().to_string().contains("with_rows"));
        meter.add_bytes(15).unwrap();
        assert!(meter.add_bytes(1).unwrap_err().to_string().contains("with_bytes"));
        meter.check_row(10).unwrap();
        assert!(meter.check_row(11).unwrap_err().to_string().contains("with_row_bytes"));
    }

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts_as_time() {
        let mut meter = ListLimits::new().with_time(Duration::from_secs(10)).meter();
        for _ in 0..3 {
            meter.wait(tokio::time::sleep(Duration::from_secs(3))).await.unwrap();
            tokio::time::sleep(Duration::from_secs(100)).await;
        }
        let error = meter.wait(std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("with_time"), "{error}");
    }
}
