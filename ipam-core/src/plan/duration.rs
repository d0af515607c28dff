//! Durations in text, such as `90s` or `1h30m`.

use std::time::Duration;

/// Reads a duration such as `250ms`, `90s`, `10m`, `1h30m`, `1h 30m` or `7d`. A day has 24 hours.
///
/// Units are `h`, `m`, `s`, `ms`, `us` and `ns`, the larger first; or `d` alone. Zero is valid, negative ones are
/// not. Options of provider URLs (feature `registry`) take a single unit only.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::plan::parse_duration;
///
/// assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_secs(5_400)));
/// assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
/// assert_eq!(parse_duration("2us 500ns"), Ok(Duration::from_nanos(2_500)));
/// assert_eq!(parse_duration("soon"), Err("write a time such as 90s, 10m, 1h30m or 7d".to_owned()));
/// ```
///
/// # Errors
/// The remedy as text, for a [`Problem`](super::Problem), if the text is not a duration, is negative, or is too long
/// for a [`Duration`].
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let remedy = || "write a time such as 90s, 10m, 1h30m or 7d".to_owned();
    let text = text.trim();
    // jiff leaves days out of a plain duration, because a day of a time zone may have 23 hours. A lease has no time
    // zone.
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) {
        return days.checked_mul(86_400).map(Duration::from_secs).ok_or_else(remedy);
    }
    let signed: jiff::SignedDuration = text.parse().map_err(|_| remedy())?;
    Duration::try_from(signed).map_err(|_| remedy())
}

/// Writes a duration in a form that [`parse_duration`] reads.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(ipam_core::plan::format_duration(Duration::from_secs(5_400)), "1h 30m");
/// ```
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    jiff::SignedDuration::try_from(duration).map_or_else(|_| format!("{}s", duration.as_secs()), |d| format!("{d:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h 30m", 5400), ("7d", 604_800)] {
            let read = parse_duration(text);
            assert_eq!(read, Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(parse_duration(&format_duration(Duration::from_secs(seconds))), read, "{text}");
        }
        for text in ["", "5", "x", "-5s", "99999999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
