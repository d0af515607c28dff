//! Times as the server writes them.

use std::time::SystemTime;

use jiff::Timestamp;

/// A time in the form of generation 7: UTC, with milliseconds and `Z`.
pub(super) fn millis(time: SystemTime) -> String {
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipam_core::testing::Clock;

    use super::*;

    #[test]
    fn times_have_milliseconds_and_turn() {
        let clock = Clock::fixed(SystemTime::UNIX_EPOCH);
        clock.advance(Duration::from_millis(86_400_005));
        assert_eq!(millis(clock.now()), "1970-01-02T00:00:00.005Z");
    }
}
