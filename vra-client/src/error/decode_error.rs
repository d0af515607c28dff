//! Response that could not be read.

use std::fmt;

/// A success whose body is not what was expected.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecodeError {
    /// Method and path template.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The JSON path of the value that could not be read, such as `content[0].version`; `.` is the whole answer.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// The value, or the start of an answer that is no JSON. Cut, and without what looks like a secret.
    pub excerpt: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, status, path, message, excerpt } = self;
        write!(f, "{operation}: the answer (status {status}) cannot be read at {path}: {message}; found {excerpt}")
    }
}

impl std::error::Error for DecodeError {}
