//! An answer that is read as it comes: rows, or something else that is judged.

mod split;

use std::fmt;

use http::StatusCode;
use ipam_core::http::HttpBody;

use crate::envelope::{Outcome, Received, is_success, judge, undecodable, withheld};
use crate::error::{Error, Result};
use crate::lenient::Wire;
use crate::request::Request;

use split::{Head, Next, Splitter};

/// What a request for a list comes to.
pub(crate) enum Opened {
    /// Rows are on their way.
    Rows(Box<Rows>),
    /// Everything else, judged.
    Outcome(Outcome),
}

/// The rows of an answer that is still being received.
pub(crate) struct Rows {
    call: String,
    body: HttpBody,
    splitter: Splitter,
    limit: usize,
    index: usize,
    secret: bool,
}

/// Starts to read an answer; what turns out not to be a list of rows is read whole and judged.
pub(crate) async fn open(request: &Request, mut body: HttpBody, limit: usize, lenient: bool) -> Result<Opened> {
    let mut splitter = Splitter::new();
    while body.status() == StatusCode::OK {
        match splitter.head() {
            Head::More => match body.chunk().await? {
                Some(chunk) => splitter.push(&chunk),
                None => break,
            },
            Head::List if is_success(&splitter.envelope_so_far()) => {
                let call = request.name();
                return Ok(Opened::Rows(Box::new(Rows {
                    call,
                    body,
                    splitter,
                    limit,
                    index: 0,
                    secret: request.is_secret(),
                })));
            }
            Head::List | Head::Other => break,
        }
    }
    let (status, headers) = (body.status(), body.headers().clone());
    let mut whole = splitter.into_bytes();
    whole.extend(body.read(limit.saturating_sub(whole.len())).await?);
    let received = Received { status, headers: &headers, body: &whole };
    judge(request, &received, lenient).map(Opened::Outcome)
}

impl Rows {
    /// The next row, `None` at the end of the list.
    pub(crate) async fn next<T: Wire>(&mut self) -> Option<Result<T>> {
        loop {
            match self.splitter.next_row() {
                Next::Row(row) => {
                    let index = self.index;
                    self.index += 1;
                    return Some(decode(&self.call, index, row, self.secret));
                }
                Next::End => return None,
                Next::Broken => return Some(Err(self.broken("this is no JSON"))),
                Next::More => {}
            }
            if self.splitter.waiting() > self.limit {
                return Some(Err(self.broken(format_args!("a row is longer than {} bytes", self.limit))));
            }
            match self.body.chunk().await {
                Ok(Some(chunk)) => self.splitter.push(&chunk),
                // PHP ran out of memory or time after it had begun to answer.
                Ok(None) => return Some(Err(self.broken("the answer ends in the middle of the list"))),
                Err(error) => return Some(Err(error.into())),
            }
        }
    }

    fn broken(&self, reason: impl fmt::Display) -> Error {
        undecodable(&self.call, 200, format!("data[{}]", self.index), reason, b"")
    }
}

fn decode<T: Wire>(call: &str, index: usize, row: &[u8], secret: bool) -> Result<T> {
    if let Ok(value) = T::decode(&mut serde_json::Deserializer::from_slice(row)) {
        return Ok(value);
    }
    if secret {
        return Err(withheld(call, 200));
    }
    let mut track = serde_path_to_error::Track::new();
    let mut inner = serde_json::Deserializer::from_slice(row);
    T::decode(serde_path_to_error::Deserializer::new(&mut inner, &mut track)).map_err(|error| {
        let path = track.path().to_string();
        let separator = if path.starts_with('[') { "" } else { "." };
        undecodable(call, 200, format!("data[{index}]{separator}{path}"), error, row)
    })
}
