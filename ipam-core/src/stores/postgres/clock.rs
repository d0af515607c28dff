//! Clock of the server, which decides on expiry and quarantine.

use std::time::SystemTime;

use super::config::PostgresConfig;
use crate::stores::columns;
use crate::{Error, ErrorKind, Operation, Result};

/// Returns the time of the server, cut to the microseconds that are stored.
pub(super) fn server_time(operation: Operation, micros: i64, config: &PostgresConfig) -> Result<SystemTime> {
    let time = columns::from_micros(micros).and_then(|time| time.checked_add((config.clock_offset)()));
    time.map(columns::cut).ok_or_else(|| {
        let message = format!(
            "the clock of the server is at {micros} microseconds after 1970, which is out of range with the clock \
             offset; set it right"
        );
        Error::new(ErrorKind::Config, operation, message)
    })
}
