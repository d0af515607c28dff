//! Times and tags in text.

use std::time::Duration;

use ipam_core::Tag;

/// Reads `90s`, `10m`, `1h 30m`, `7d`; the error is the remedy.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let remedy = || "write a time such as 90s, 10m, 1h30m or 7d".to_owned();
    let text = text.trim();
    // jiff leaves days out of a plain duration, since they can be shorter; here a day is 24 hours.
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) {
        return days.checked_mul(86_400).map(Duration::from_secs).ok_or_else(remedy);
    }
    let signed: jiff::SignedDuration = text.parse().map_err(|_| remedy())?;
    Duration::try_from(signed).map_err(|_| remedy())
}

/// A time that [`duration`] reads.
pub(crate) fn show_duration(duration: Duration) -> String {
    jiff::SignedDuration::try_from(duration).map_or_else(|_| format!("{}s", duration.as_secs()), |d| format!("{d:#}"))
}

/// A point in time in UTC, to the second.
pub(crate) fn show_time(time: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .ok()
        .and_then(|stamp| stamp.round(jiff::Unit::Second).ok())
        .map_or_else(|| "?".to_owned(), |stamp| stamp.to_string())
}

/// `KEY=VALUE`, or `KEY` alone.
pub(crate) fn tag(text: &str) -> Tag {
    text.split_once('=').map_or_else(|| Tag::new(text, ""), |(key, value)| Tag::new(key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h 30m", 5400), ("7d", 604_800)] {
            let read = duration(text);
            assert_eq!(read, Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(duration(&show_duration(Duration::from_secs(seconds))), read, "{text}");
        }
        for text in ["", "5", "x", "-5s", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
