//! Display of times.

/// Returns a time in UTC, rounded to seconds.
pub(crate) fn show_time(time: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .ok()
        .and_then(|stamp| stamp.round(jiff::Unit::Second).ok())
        .map_or_else(|| "?".to_owned(), |stamp| stamp.to_string())
}
