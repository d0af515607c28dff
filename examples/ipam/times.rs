//! Points in time for people.

/// A point in time in UTC, to the second.
pub(crate) fn show_time(time: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .ok()
        .and_then(|stamp| stamp.round(jiff::Unit::Second).ok())
        .map_or_else(|| "?".to_owned(), |stamp| stamp.to_string())
}
