//! The envelope `{code, success, message, id, data}`: a response, nothing, or an error.
//!
//! `success` decides, then `code`, then the HTTP status; the call that was made tells what a failure means, and the
//! message only what these leave open.

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

/// The reason of every error about a body that may hold a token.
const NOT_SENT: &str = "it is not what phpIPAM sends: no object with a token as text, or something around it";

/// How much of a body an error keeps.
const EXCERPT: usize = 2048;

/// A call that succeeded.
pub(crate) struct Success {
    pub(crate) call: String,
    pub(crate) status: u16,
    pub(crate) message: Option<String>,
    pub(crate) id: Option<u64>,
    pub(crate) subnet_id: Option<u64>,
    pub(crate) data: Option<Box<RawValue>>,
    pub(crate) warning: Option<String>,
    /// Whether the body may hold a token, so that no error may repeat a part of it.
    pub(crate) secret: bool,
}

/// Result of a call that did not fail.
pub(crate) enum Reply {
    Success(Success),
    /// A list without rows; `certain` when that is known, and not that the parent is missing.
    Nothing {
        certain: bool,
    },
}

impl Reply {
    /// The response of a call that is no list.
    pub(crate) fn success(self, request: &ApiRequest) -> Result<Success> {
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
    /// The data as `T`.
    pub(crate) fn decode<T: Wire>(&self) -> Result<T> {
        let Some(data) = &self.data else {
            return T::absent().ok_or_else(|| self.undecodable("data".to_owned(), "it is missing"));
        };
        from_json(|| serde_json::Deserializer::from_str(data.get()))
            .map_err(|error| self.undecodable(error.path_below("data"), error.reason))
    }

    /// Fails when the data is a list with more rows than the limit, without reading them.
    pub(crate) fn check_rows(&self, limits: ListLimits) -> Result<()> {
        let text = self.data.as_ref().map_or("", |data| data.get());
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

    /// The data as plain JSON; `Null` when there is none.
    pub(crate) fn value(&self) -> Result<Value> {
        Ok(self.decode::<Option<Value>>()?.unwrap_or(Value::Null))
    }

    /// The id of what was created.
    pub(crate) fn created(&self) -> Result<u64> {
        self.id.ok_or_else(|| self.undecodable("id".to_owned(), "the server does not say what it created"))
    }

    pub(crate) fn undecodable(&self, path: String, reason: impl fmt::Display) -> Error {
        let data = self.data.as_ref().map_or("", |data| data.get());
        if self.secret {
            return withheld(&self.call, self.status);
        }
        undecodable(&self.call, self.status, path, reason, data.as_bytes())
    }
}

/// A response that may hold a token and cannot be understood: not even the place of the fault is named, which may be a
/// part of the body.
pub(crate) fn withheld(call: &str, status: u16) -> Error {
    Error::Decode(Box::new(DecodeError {
        call: call.to_owned(),
        status,
        path: "data".to_owned(),
        reason: NOT_SENT.to_owned(),
        excerpt: body::WITHHELD.to_owned(),
    }))
}

/// A response, or a part of it, that cannot be understood.
pub(crate) fn undecodable(call: &str, status: u16, path: String, reason: impl fmt::Display, data: &[u8]) -> Error {
    let (reason, excerpt) = (reason_of(reason), body::excerpt(data, EXCERPT));
    Error::Decode(Box::new(DecodeError { call: call.to_owned(), status, path, reason, excerpt }))
}

/// A row of a list that cannot be understood.
pub(crate) fn bad_row(call: &str, row: usize, error: Undecodable, data: &[u8]) -> Error {
    let (reason, excerpt) = (reason_of(&error.reason), body::excerpt(data, EXCERPT));
    Error::Row(Box::new(RowError { call: call.to_owned(), row, path: error.path, reason, excerpt }))
}

/// A row that may hold a token and cannot be understood.
pub(crate) fn withheld_row(call: &str, row: usize) -> Error {
    let (path, excerpt) = (String::new(), body::WITHHELD.to_owned());
    Error::Row(Box::new(RowError { call: call.to_owned(), row, path, reason: NOT_SENT.to_owned(), excerpt }))
}

/// The reason may repeat a value of the response.
fn reason_of(reason: impl fmt::Display) -> String {
    body::excerpt(reason.to_string().as_bytes(), 300)
}
