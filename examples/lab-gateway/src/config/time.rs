//! Spans of time in settings.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Span of time, written as `30s`, `5m` or `1h 30m`.
///
/// ```
/// use std::time::Duration;
///
/// use lab_gateway::config::TimeSpan;
///
/// let span: TimeSpan = "1m 30s".parse()?;
/// assert_eq!(Duration::from(span), Duration::from_secs(90));
/// assert!("-5s".parse::<TimeSpan>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(Duration);

impl TimeSpan {
    /// Makes a span of seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl From<TimeSpan> for Duration {
    fn from(span: TimeSpan) -> Self {
        span.0
    }
}

impl std::str::FromStr for TimeSpan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: Option<jiff::SignedDuration> = text.parse().ok();
        let span = span.and_then(|span| Duration::try_from(span).ok());
        span.map(Self)
            .ok_or_else(|| format!("{text:?} is no span of time; write one such as \"30s\", \"5m\" or \"1h\""))
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl std::fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} s", self.0.as_secs_f64())
    }
}
