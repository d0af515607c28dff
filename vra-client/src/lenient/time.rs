//! Times as the server writes them.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::wire::{Decoded, IntoJson, Wire};

/// Time as the server wrote it, such as `2019-02-27T00:59:23.520Z`.
///
/// The text is kept, so that one odd date does not make a list unreadable and is sent back unchanged.
/// [`time`](Self::time) parses it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use vra_client::lenient::Timestamp;
///
/// let time = Timestamp::new("2019-02-27T00:59:23.520+0000").time()?;
/// assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_millis(1_551_229_163_520));
/// assert_eq!(Timestamp::from(time).as_str(), "2019-02-27T00:59:23.520Z");
/// assert!(Timestamp::new("tomorrow").time().is_err());
/// # Ok::<(), vra_client::lenient::InvalidTime>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Makes a time from a text. The text is not checked; servers expect RFC 3339 in UTC with milliseconds.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses the text as RFC 3339, with up to nine digits of a second's fraction. An offset without a colon (`+0000`), as
    /// Java writes it, is accepted too. A date without a time, as the IaaS service of version 8 writes it, is its
    /// beginning in UTC; [`is_date`](Self::is_date) tells it apart.
    ///
    /// # Errors
    /// [`InvalidTime`] if the text is neither a time with an offset nor a date.
    pub fn time(&self) -> Result<SystemTime, InvalidTime> {
        self.0
            .parse::<jiff::Timestamp>()
            // Java's pattern letter `Z` writes `+0000`, which RFC 3339 does not allow.
            .or_else(|_| jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &self.0))
            .or_else(|error| {
                if !self.is_date() {
                    return Err(error);
                }
                let date: jiff::civil::Date = self.0.parse()?;
                Ok(date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp())
            })
            .map(SystemTime::from)
            .map_err(|_| InvalidTime { text: self.0.clone() })
    }

    /// Returns true if the text has the form of a date without a time, such as `2022-05-05`.
    ///
    /// ```
    /// use vra_client::lenient::Timestamp;
    ///
    /// let day = Timestamp::new("2022-05-05");
    /// assert!(day.is_date());
    /// assert_eq!(day.time()?, Timestamp::new("2022-05-05T00:00:00.000000Z").time()?);
    /// # Ok::<(), vra_client::lenient::InvalidTime>(())
    /// ```
    #[must_use]
    pub fn is_date(&self) -> bool {
        // The length too: the parser of dates would drop a time without an offset, which is not a date.
        let digits = |c: u8| c.is_ascii_digit();
        matches!(self.0.as_bytes(), [a, b, c, d, b'-', e, f, b'-', g, h]
            if [a, b, c, d, e, f, g, h].into_iter().all(|c| digits(*c)))
    }
}

/// Text that is neither a time with an offset nor a date.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTime {
    /// The text.
    pub text: String,
}

impl InvalidTime {
    /// Description of an accepted time.
    pub(crate) const EXPECTED: &'static str = "a time such as 2019-02-27T00:59:23.520Z";
}

impl fmt::Display for InvalidTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.text.chars().take(80).collect();
        write!(f, "{start:?} is not a time, expected {}", Self::EXPECTED)
    }
}

impl std::error::Error for InvalidTime {}

impl From<SystemTime> for Timestamp {
    /// Formats a time in UTC with milliseconds, as the server does. Times beyond the year 9999 become its end.
    fn from(time: SystemTime) -> Self {
        // A time that cannot be written must not make a request fail, and a lease beyond 9999 has no end in practice.
        let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX);
        Self(time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wire for Timestamp {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        Decoded::or_null(Option::deserialize(deserializer)?)
    }

    fn to_json(&self) -> Value {
        Value::from(self.0.as_str())
    }
}

impl IntoJson for Timestamp {
    fn into_json(self) -> Value {
        self.to_json()
    }
}
