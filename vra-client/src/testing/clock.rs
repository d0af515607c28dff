//! Times in the format of the server.

use std::time::SystemTime;

use jiff::Timestamp;

/// Returns a time in the format of releases 6.2 and 7.x: UTC, with milliseconds and `Z`.
pub(super) fn millis(time: SystemTime) -> String {
    // A clock before the year -9999 or after 9999 is a mistake of the test; the server has to send some time all the same.
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
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
    }
}
