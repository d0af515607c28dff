//! Envelope `{code, success, message, id, data}` of each response: success, an empty list, or an error.
//!
//! `success` decides, then `code`, then the HTTP status (Q09, Q10). The kind of call tells what a failure means. The
//! message decides only what these leave open, because texts change between versions and are translated (Q49).

mod body;
mod classify;
mod failure;

use std::fmt;

use ipam_core::http::ListLimits;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{DecodeError, Error, Result, RowError};
use crate::request::ApiRequest;
use crate::wire::{Undecodable, Wire, from_json};

pub(crate) use classify::{Received, classify, is_success};

/// Reason of every error about a body that may hold a token.
const NOT_SENT: &str = "it is not what phpIPAM sends: no object with a token as text, or something around it";

/// Bytes of a body that an error keeps.
const EXCERPT: usize = 2048;

/// Response of a call that succeeded.
pub(crate) struct Success {
    pub(crate) call: String,
    pub(crate) status: u16,
    pub(crate) message: Option<String>,
    pub(crate) id: Option<u64>,
    pub(crate) subnet_id: Option<u64>,
    pub(crate) data: Option<Box<RawValue>>,
    pub(crate) warning: Option<String>,
    /// True if the body may hold a token, so that no error may repeat a part of it.
    pub(crate) secret: bool,
}

/// Response that is not a failure.
pub(crate) enum Reply {
    Success(Success),
    /// List without rows. `certain` is true if the server's words exclude that the parent is missing.
    Nothing {
        certain: bool,
    },
}

impl Reply {
    /// Returns the response of a call that does not list.
    pub(crate) fn into_success(self, request: &ApiRequest) -> Result<Success> {
        match self {
            Self::Success(success) => Ok(success),
            Self::Nothing { .. } => Ok(Success {
                call: request.name(),
                status: 200,
                message: None,
                id: None,
                subnet_id: None,
                data: None,
                warning: None,
                secret: request.is_secret(),
            }),
        }
    }
}

impl Success {
    /// Returns the content as `T`.
    pub(crate) fn decode<T: Wire>(&self) -> Result<T> {
        let Some(data) = &self.data else {
            return T::absent().ok_or_else(|| self.undecodable("data".to_owned(), "it is missing"));
        };
        from_json(|| serde_json::Deserializer::from_str(data.get()))
            .map_err(|error| self.undecodable(error.path_below("data"), error.reason))
    }

    /// Fails if the content is a list with more rows than the limit, without decoding them.
    pub(crate) fn check_rows(&self, limits: ListLimits) -> Result<()> {
        let text = self.data.as_ref().map_or("", |data| data.get());
        // The smallest row is `1,`: a text of less than twice the limit cannot exceed it, which spares nearly every
        // list the count.
        let possible = u64::try_from(text.len() / 2).unwrap_or(u64::MAX);
        if possible <= limits.rows() || !text.starts_with('[') {
            return Ok(());
        }
        let (mut depth, mut in_text, mut escaped, mut rows) = (0_u32, false, false, 1_usize);
        for byte in text.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                _ if in_text => {}
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 1 => rows += 1,
                _ => {}
            }
        }
        Ok(limits.meter().add_rows(rows)?)
    }

    /// Returns the content as plain JSON; `Null` if there is none.
    pub(crate) fn value(&self) -> Result<Value> {
        Ok(self.decode::<Option<Value>>()?.unwrap_or(Value::Null))
    }

    /// Returns the id of the created object.
    pub(crate) fn created(&self) -> Result<u64> {
        // Never searched for by address or name instead: the same one may exist in other subnets and sections (Q15,
        // Q70).
        self.id.ok_or_else(|| self.undecodable("id".to_owned(), "the server does not say what it created"))
    }

    /// Returns the error for a response, or a part of it, that cannot be decoded.
    pub(crate) fn undecodable(&self, path: String, reason: impl fmt::Display) -> Error {
        let data = self.data.as_ref().map_or("", |data| data.get());
        if self.secret {
            return withheld(&self.call, self.status);
        }
        undecodable(&self.call, self.status, path, reason, data.as_bytes())
    }
}

/// Returns the error for a response that may hold a token and cannot be decoded. It does not even name the place of the
/// fault, which may be a part of the body.
pub(crate) fn withheld(call: &str, status: u16) -> Error {
    Error::Decode(Box::new(DecodeError {
        call: call.to_owned(),
        status,
        path: "data".to_owned(),
        reason: NOT_SENT.to_owned(),
        excerpt: body::WITHHELD.to_owned(),
    }))
}

/// Returns the error for a response, or a part of it, that cannot be decoded.
pub(crate) fn undecodable(call: &str, status: u16, path: String, reason: impl fmt::Display, data: &[u8]) -> Error {
    let (reason, excerpt) = (reason_of(reason), body::excerpt(data, EXCERPT));
    Error::Decode(Box::new(DecodeError { call: call.to_owned(), status, path, reason, excerpt }))
}

/// Returns the error for a row of a list that cannot be decoded.
pub(crate) fn bad_row(call: &str, row: usize, error: Undecodable, data: &[u8]) -> Error {
    let (reason, excerpt) = (reason_of(&error.reason), body::excerpt(data, EXCERPT));
    Error::Row(Box::new(RowError { call: call.to_owned(), row, path: error.path, reason, excerpt }))
}

/// Returns the error for a row that may hold a token and cannot be decoded.
pub(crate) fn withheld_row(call: &str, row: usize) -> Error {
    let (path, excerpt) = (String::new(), body::WITHHELD.to_owned());
    Error::Row(Box::new(RowError { call: call.to_owned(), row, path, reason: NOT_SENT.to_owned(), excerpt }))
}

/// Returns the reason of a decoding error without secrets: it may repeat a value of the response.
fn reason_of(reason: impl fmt::Display) -> String {
    body::excerpt(reason.to_string().as_bytes(), 300)
}
