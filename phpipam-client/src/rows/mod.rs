//! Streamed list: rows as they arrive, or another response that is classified.

mod split;

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use ipam_core::http::{HttpBody, HttpOptions, ListMeter};
use ipam_core::{ErrorKind, Operation, Retry};
use tokio::time::Instant;

use crate::envelope::{Received, Reply, bad_row, classify, is_success, undecodable, withheld_row};
use crate::error::{Error, Result};
use crate::request::ApiRequest;
use crate::wire::{Wire, from_json};

use split::{Head, Next, Splitter};

/// Result of a request for a streamed list.
pub(crate) enum Opened {
    /// Rows are arriving.
    Rows(Box<Rows>),
    /// Any other response, classified.
    Reply(Reply),
}

/// Rows of a response that is still being received.
pub(crate) struct Rows {
    call: String,
    body: HttpBody,
    splitter: Splitter,
    meter: ListMeter,
    /// Time limit for one row.
    row_time: Duration,
    index: usize,
    secret: bool,
}

/// Starts to read a response. A response that is not a list of rows is read as a whole and classified.
pub(crate) async fn open(
    request: &ApiRequest,
    mut body: HttpBody,
    options: &HttpOptions,
    lenient: bool,
) -> Result<Opened> {
    let mut splitter = Splitter::new();
    let mut meter = options.list_limits().meter();
    // Only a 200 holds rows. Up to 1.4 an empty list is 200 too, but without `data` (Q11), which the head shows.
    while body.status() == StatusCode::OK {
        match splitter.head() {
            Head::More => match body.chunk().await? {
                Some(chunk) => {
                    meter.add_bytes(chunk.len())?;
                    splitter.push(&chunk);
                    meter.check_row(splitter.waiting())?;
                }
                None => break,
            },
            // Only a success has rows. A failure with a list in `data` is read whole, so that its message is not lost.
            Head::List if is_success(&splitter.envelope_so_far()) => {
                let call = request.name();
                return Ok(Opened::Rows(Box::new(Rows {
                    call,
                    body,
                    splitter,
                    meter,
                    row_time: options.attempt_timeout(),
                    index: 0,
                    secret: request.is_secret(),
                })));
            }
            Head::List | Head::Other => break,
        }
    }
    let (status, headers) = (body.status(), body.headers().clone());
    let mut whole = splitter.into_bytes();
    whole.extend(body.read(options.max_body().saturating_sub(whole.len())).await?);
    let received = Received { status, headers: &headers, body: &whole };
    classify(request, &received, lenient).map(Opened::Reply)
}

impl Rows {
    /// Returns the next row; `None` at the end of the list.
    pub(crate) async fn next<T: Wire>(&mut self) -> Option<Result<T>> {
        let mut waited = Duration::ZERO;
        loop {
            match self.splitter.next_row() {
                Next::Row(row) => {
                    if let Err(error) = self.meter.add_rows(1).and_then(|()| self.meter.check_row(row.len())) {
                        return Some(Err(error.into()));
                    }
                    let index = self.index;
                    self.index += 1;
                    return Some(decode(&self.call, index, row, self.secret));
                }
                Next::End => return None,
                Next::Broken => return Some(Err(self.broken("this is no JSON"))),
                Next::More => {}
            }
            if let Err(error) = self.meter.check_row(self.splitter.waiting()) {
                return Some(Err(error.into()));
            }
            match self.chunk(&mut waited).await {
                Ok(Some(chunk)) => self.splitter.push(&chunk),
                // PHP ran out of memory or time after it had started to respond (Q19, Q76). The rows so far are not
                // the list.
                Ok(None) => return Some(Err(self.broken("the response ends in the middle of the list"))),
                Err(error) => return Some(Err(error.into())),
            }
        }
    }

    /// Returns the next piece of the body, within the time that is left for the row.
    async fn chunk(&mut self, waited: &mut Duration) -> ipam_core::Result<Option<Vec<u8>>> {
        // The limit counts per row, not per piece: a server that sends one byte now and then would never reach a
        // limit per piece.
        let started = Instant::now();
        let left = self.row_time.saturating_sub(*waited);
        let piece = tokio::time::timeout(left, self.body.chunk());
        let chunk = self.meter.wait(piece).await?.unwrap_or_else(|_| {
            let message =
                format!("a row took longer than {:?}; HttpOptions::with_attempt_timeout allows more", self.row_time);
            Err(ipam_core::Error::new(ErrorKind::Timeout, Operation::Send, message).with_retry(Retry::IfIdempotent))
        })?;
        *waited = waited.saturating_add(started.elapsed());
        self.meter.add_bytes(chunk.as_ref().map_or(0, Vec::len))?;
        Ok(chunk)
    }

    fn broken(&self, reason: impl fmt::Display) -> Error {
        undecodable(&self.call, 200, format!("data[{}]", self.index), reason, b"")
    }
}

fn decode<T: Wire>(call: &str, index: usize, row: &[u8], secret: bool) -> Result<T> {
    from_json(|| serde_json::Deserializer::from_slice(row))
        .map_err(|error| if secret { withheld_row(call, index) } else { bad_row(call, index, error, row) })
}
