//! Times in the format of the server.

use std::time::SystemTime;

use jiff::Timestamp;

/// Returns a time in the format of releases 6.2 and 7.x: UTC, with milliseconds and `Z`.
pub(super) fn millis(time: SystemTime) -> String {
    // A clock before the year -9999 or after 9999 is a mistake of the test; the server has to send some time all the same.
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Returns a time in the format of the IaaS service of version 8: the day only, in UTC.
pub(super) fn day(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%d").to_string()
}

/// Returns a time in the format of the other services of version 8: UTC, with microseconds and `Z`.
pub(super) fn micros(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Returns a time in the format of the header `Date`.
pub(super) fn http_date(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipam_core::testing::Clock;

    use super::*;

    #[test]
    fn times_have_milliseconds_and_advance() {
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH);
        clock.advance(Duration::from_millis(86_400_005));
        assert_eq!(millis(clock.now()), "1970-01-02T00:00:00.005Z");
        assert_eq!(day(clock.now()), "1970-01-02");
        assert_eq!(micros(clock.now()), "1970-01-02T00:00:00.005000Z");
        assert_eq!(http_date(clock.now()), "Fri, 02 Jan 1970 00:00:00 GMT");
    }
}
