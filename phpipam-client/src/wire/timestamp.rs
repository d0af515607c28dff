//! Local times of the server, without an offset.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

const EXPECTED: &str = "a time like \"2026-11-22 09:04:21\"";
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// Local time of the server, whose time zone it does not send.
///
/// Do not compare it with the clock of this host. Two of them can be compared with each other, except for the hour of a
/// change to or from daylight saving time. `Display` gives a text for a date library, such as to get a difference.
///
/// ```
/// let seen: phpipam_client::models::ServerTime = "2026-11-22 09:04:21".parse()?;
/// assert!(seen < "2026-11-22 09:05:00".parse()?);
/// assert_eq!(seen.to_string(), "2026-11-22 09:04:21");
/// # Ok::<(), phpipam_client::models::ParseTimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerTime(DateTime);

#[cfg(any(feature = "doctor", feature = "scan-agent"))]
impl ServerTime {
    /// Returns this local time, in whole seconds, as the server's columns hold it.
    #[cfg(feature = "scan-agent")]
    pub(crate) fn from_civil(time: DateTime) -> Self {
        Self(time.with().subsec_nanosecond(0).build().unwrap_or(time))
    }

    pub(crate) const fn civil(self) -> DateTime {
        self.0
    }
}

/// Error for a text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time; give it like \"2026-11-22 09:04:21\", on the server's clock")]
pub struct ParseTimeError(String);

impl FromStr for ServerTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        DateTime::strptime(FORMAT, text).map(Self).map_err(|_| ParseTimeError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime(FORMAT).fmt(f)
    }
}

/// Values for "never": zero dates, and the default of `lastSeen` since 1.5 (Q07).
const NEVER: [&str; 3] = ["0000-00-00 00:00:00", "0000-00-00", "1970-01-01 00:00:01"];

impl Wire for Option<ServerTime> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        if value.is_nothing() {
            return Ok(None);
        }
        match &value {
            Scalar::Text(text) if NEVER.contains(&text.as_ref()) => Ok(None),
            Scalar::Text(text) => text.parse().map(Some).map_err(|_| value.refuse(EXPECTED)),
            _ => Err(value.refuse(EXPECTED)),
        }
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(time) => serializer.collect_str(time),
            None => serializer.serialize_none(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_blank(&self) -> bool {
        self.is_none()
    }
}
