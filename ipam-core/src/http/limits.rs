//! How long a list may be: rows, bytes and time.

use std::time::Duration;

use tokio::time::Instant;

use super::runtime;
use crate::{Error, ErrorKind, Operation, Result, Retry};

/// Limits of one list or stream, over all its pages.
///
/// A server that sends rows without end, or one byte a minute, ends as an error that names the limit. Only the time that
/// is spent waiting for the server counts, not what the caller does between two rows.
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
    /// 1 000 000 rows, 16 MiB for a row, 4 GiB in all, 1 hour of waiting for the server: above what a real site has.
    pub const fn new() -> Self {
        Self { rows: 1_000_000, row_bytes: 16 << 20, bytes: 4 << 30, time: Duration::from_secs(3600) }
    }

    /// Limits the number of rows.
    pub const fn with_rows(mut self, rows: u64) -> Self {
        self.rows = rows;
        self
    }

    /// Limits the bytes of one row.
    pub const fn with_row_bytes(mut self, bytes: usize) -> Self {
        self.row_bytes = bytes;
        self
    }

    /// Limits the bytes of all rows together.
    pub const fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// Limits the time spent waiting for the server.
    pub const fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// The number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The bytes of one row.
    #[must_use]
    pub const fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// The bytes of all rows together.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The time spent waiting for the server.
    #[must_use]
    pub const fn time(&self) -> Duration {
        self.time
    }

    /// Starts to measure a list.
    pub fn meter(self) -> ListMeter {
        ListMeter { limits: self, rows: 0, bytes: 0, waited: Duration::ZERO }
    }
}

impl Default for ListLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// What a list has used of its [`ListLimits`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ListMeter {
    limits: ListLimits,
    rows: u64,
    bytes: u64,
    waited: Duration,
}

impl ListMeter {
    /// Counts rows that came.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) when there are more than the limit.
    pub fn add_rows(&mut self, rows: usize) -> Result<()> {
        self.rows = self.rows.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        if self.rows <= self.limits.rows {
            return Ok(());
        }
        let message = format!("the list has more than {} rows; ListLimits::with_rows allows more", self.limits.rows);
        Err(Error::new(ErrorKind::Protocol, Operation::Send, message))
    }

    /// Counts bytes that came.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) when there are more than the limit.
    pub fn add_bytes(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.bytes <= self.limits.bytes {
            return Ok(());
        }
        let message = format!("the list has more than {} bytes; ListLimits::with_bytes allows more", self.limits.bytes);
        Err(Error::new(ErrorKind::Protocol, Operation::Send, message))
    }

    /// Checks the bytes of a row, whole or not yet.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol) when there are more than the limit.
    pub fn check_row(&self, bytes: usize) -> Result<()> {
        if bytes <= self.limits.row_bytes {
            return Ok(());
        }
        let message =
            format!("a row is longer than {} bytes; ListLimits::with_row_bytes allows more", self.limits.row_bytes);
        Err(Error::new(ErrorKind::Protocol, Operation::Send, message))
    }

    /// Waits for the server in `work`, for no longer than is left of the time.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) when the time is over.
    pub async fn wait<T: Send>(&mut self, work: impl Future<Output = T> + Send) -> Result<T> {
        runtime::present()?;
        let started = Instant::now();
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
