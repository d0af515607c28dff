//! Response that could not be read.

use std::fmt;

/// Response of a successful call that could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecodeError {
    /// Method and path template of the call.
    pub operation: String,
    /// HTTP status.
    pub status: u16,
    /// JSON path of the value that could not be read, such as `content[0].version`; `.` is the whole response.
    pub path: String,
    /// Description of the mismatch.
    pub message: String,
    /// The value, or the begin of a response that is not JSON; at most 200 characters, without what looks like a
    /// secret.
    pub excerpt: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, status, path, message, excerpt } = self;
        write!(f, "{operation}: the response (status {status}) cannot be read at {path}: {message}; found {excerpt}")
    }
}

impl std::error::Error for DecodeError {}
