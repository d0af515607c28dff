//! Lines that the kernel writes into a log file. No I/O.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::record::Event;

/// Form of the lines of a log file.
///
/// ```
/// use lab_gateway::log::LineFormat;
///
/// let format = LineFormat::new("lab-gateway forward: ").with_time_zone("Europe/Berlin")?;
/// # let _ = format;
/// assert!(LineFormat::new("x").with_time_zone("Nowhere/Town").is_err());
/// # Ok::<(), lab_gateway::log::LogError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LineFormat {
    prefix: String,
    zone: TimeZone,
}

/// Meaning of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is not about a forwarded connection.
    Other,
    Connection(Event),
    /// It is, and cannot be understood.
    Unreadable,
}

impl LineFormat {
    /// Takes lines with this prefix, which is the one of the log rule. Times without a zone are in the zone of the system.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), zone: TimeZone::system() }
    }

    /// Sets the zone of times that do not say theirs, such as `UTC` or `Europe/Berlin`.
    ///
    /// # Errors
    /// [`Config`](super::LogError::Config) if the system does not know the zone.
    pub fn with_time_zone(mut self, zone: &str) -> Result<Self, super::LogError> {
        self.zone = TimeZone::get(zone).map_err(|error| super::LogError::Config {
            field: "time zone",
            value: zone.to_owned(),
            reason: format!("is not known ({error}); use a name such as UTC or Europe/Berlin, and install tzdata"),
        })?;
        Ok(self)
    }

    /// Reads a line. `now` gives the year, which the traditional form leaves out.
    pub(super) fn read(&self, line: &str, now: Timestamp) -> Meaning {
        let Some((before, after)) = line.split_once(self.prefix.as_str()) else { return Meaning::Other };
        // The first of each; an ICMP error quotes the packet that it is about, with further ones.
        let field = |name: &str| after.split_whitespace().find_map(|word| word.strip_prefix(name));
        let address = |name: &str| field(name).and_then(|text| text.parse::<IpAddr>().ok());
        match (self.time(before, now), address("SRC="), address("DST=")) {
            (Some(time), Some(source), Some(target)) => Meaning::Connection(Event::Connection { time, source, target }),
            _ => Meaning::Unreadable,
        }
    }

    /// Time at the start of a line, in seconds since 1970.
    fn time(&self, text: &str, now: Timestamp) -> Option<u64> {
        let first = text.split_whitespace().next()?;
        let time = if first.starts_with(|c: char| c.is_ascii_digit()) {
            match first.parse::<Timestamp>() {
                Ok(time) => time,
                Err(_) => self.zone.to_timestamp(first.parse::<DateTime>().ok()?).ok()?,
            }
        } else {
            self.traditional(text, now)?
        };
        u64::try_from(time.as_second()).ok()
    }

    /// Time such as `Nov  9 00:20:08`: of the year in which it is nearest to now.
    fn traditional(&self, text: &str, now: Timestamp) -> Option<Timestamp> {
        let mut words = text.split_whitespace();
        let (month, day, clock) = (words.next()?, words.next()?, words.next()?);
        let month = MONTHS.iter().position(|name| *name == month)? + 1;
        let day: u8 = day.parse().ok()?;
        let year = i32::from(self.zone.to_datetime(now).year());
        let times = (year - 1..=year + 1).filter_map(|year| {
            // 29 February is not in every year.
            let civil: DateTime = format!("{year:04}-{month:02}-{day:02}T{clock}").parse().ok()?;
            self.zone.to_timestamp(civil).ok()
        });
        times.min_by_key(|time| time.as_second().abs_diff(now.as_second()))
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    const PREFIX: &str = "lab-gateway forward: ";
    const REST: &str =
        "IN=eth1 OUT=eth0 MAC=02:00:00:00:00:01 SRC=10.0.0.5 DST=192.0.2.9 LEN=60 TOS=0x00 PROTO=TCP SPT=1 DPT=2";

    fn read(zone: &str, time: &str, now: &str) -> Option<u64> {
        let format = LineFormat::new(PREFIX).with_time_zone(zone).unwrap();
        let line = format!("{time} gw kernel: [  12.345678] {PREFIX}{REST}");
        match format.read(&line, now.parse().unwrap()) {
            Meaning::Connection(Event::Connection { time, source, target }) => {
                assert_eq!((source.to_string().as_str(), target.to_string().as_str()), ("10.0.0.5", "192.0.2.9"));
                Some(time)
            }
            _ => None,
        }
    }

    fn epoch(text: &str) -> Option<u64> {
        Some(u64::try_from(text.parse::<Timestamp>().unwrap().as_second()).unwrap())
    }

    #[test]
    fn times_are_utc_whatever_the_zone_of_the_host_is() {
        let now = "2026-11-29T12:00:00Z";
        for (zone, time, expected) in [
            ("UTC", "Nov 29 11:20:08", "2026-11-29T11:20:08Z"),
            ("Europe/Berlin", "Nov 29 12:20:08", "2026-11-29T11:20:08Z"),
            ("America/New_York", "Nov  9 06:20:08", "2026-11-09T11:20:08Z"),
            // Summer time is that of the day, not of today.
            ("Europe/Berlin", "Aug  1 13:20:08", "2026-08-01T11:20:08Z"),
            ("Asia/Tokyo", "2026-11-29T11:20:08.123456+00:00", "2026-11-29T11:20:08Z"),
            ("UTC", "2026-11-29T12:20:08+01:00", "2026-11-29T11:20:08Z"),
            ("Europe/Berlin", "2026-11-29T12:20:08", "2026-11-29T11:20:08Z"),
        ] {
            assert_eq!(read(zone, time, now), epoch(expected), "{zone} {time}");
        }
        // Around the end of the year, and with a leap day.
        assert_eq!(read("UTC", "Dec 31 23:59:59", "2027-01-01T00:00:05Z"), epoch("2026-12-31T23:59:59Z"));
        assert_eq!(read("UTC", "Jan  1 00:00:01", "2026-12-31T23:59:59Z"), epoch("2027-01-01T00:00:01Z"));
        assert_eq!(read("UTC", "Feb 29 10:00:00", "2028-03-01T00:00:00Z"), epoch("2028-02-29T10:00:00Z"));
        for wrong in ["Feb 30 10:00:00", "Foo 12 10:00:00", "Nov 29", "", "1999-13-01T00:00:00Z", "Nov 29 25:00:00"] {
            assert_eq!(read("UTC", wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn other_lines_are_left_out_and_broken_ones_are_counted() {
        let format = LineFormat::new(PREFIX).with_time_zone("UTC").unwrap();
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        assert_eq!(format.read("Nov 29 11:20:08 gw kernel: usb 1-1: new device SRC=1.1.1.1", now), Meaning::Other);
        for rest in ["", "SRC=10.0.0.5", "SRC=10.1 DST=10.0.0.6", "SRC=10.0.0.5 DST="] {
            let line = format!("Nov 29 11:20:08 gw kernel: {PREFIX}{rest}");
            assert_eq!(format.read(&line, now), Meaning::Unreadable, "{rest}");
        }
        let quoting = format!(
            "Nov 29 11:20:08 gw kernel: {PREFIX}SRC=10.0.0.5 DST=10.0.0.6 PROTO=ICMP [SRC=1.1.1.1 DST=2.2.2.2 ]"
        );
        assert!(matches!(format.read(&quoting, now), Meaning::Connection(Event::Connection { target, .. })
            if target.to_string() == "10.0.0.6"));
    }

    proptest! {
        #[test]
        fn any_line_has_a_meaning(text in "\\PC{0,120}", prefixed in any::<bool>()) {
            let format = LineFormat::new(PREFIX).with_time_zone("UTC").unwrap();
            let line = if prefixed { format!("{text}{PREFIX}{text}") } else { text };
            let _ = format.read(&line, Timestamp::UNIX_EPOCH);
        }

        #[test]
        fn every_time_of_the_last_months_is_read_back(seconds in 1_700_000_000i64..1_800_000_000, age in 0i64..15_000_000) {
            let time = Timestamp::from_second(seconds).unwrap();
            let now = Timestamp::from_second(seconds + age).unwrap();
            let civil = TimeZone::UTC.to_datetime(time);
            let text = format!("{} {:2} {:02}:{:02}:{:02}", MONTHS[usize::try_from(civil.month()).unwrap() - 1], civil.day(),
                civil.hour(), civil.minute(), civil.second());
            prop_assert_eq!(read("UTC", &text, &now.to_string()), u64::try_from(seconds).ok());
        }
    }
}
