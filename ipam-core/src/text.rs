//! Times and durations of the feature `serde`: RFC 3339 in UTC, and seconds.

use std::time::{Duration, SystemTime};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// Time as text, such as `2026-01-31T12:00:00.5Z`.
pub(crate) mod time {
    use serde::de::Error as _;
    use serde::ser::Error as _;

    use super::{Deserialize, Deserializer, Serializer, SystemTime};

    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        let stamp = jiff::Timestamp::try_from(*time).map_err(S::Error::custom)?;
        serializer.collect_str(&stamp)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>().map(SystemTime::from).map_err(D::Error::custom)
    }
}

/// Time as text, or null.
pub(crate) mod option_time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, SystemTime, time};

    struct Wrap(SystemTime);

    impl Serialize for Wrap {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            time::serialize(&self.0, serializer)
        }
    }

    impl<'de> Deserialize<'de> for Wrap {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            time::deserialize(deserializer).map(Self)
        }
    }

    pub(crate) fn serialize<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(Wrap).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Wrap>::deserialize(deserializer)?.map(|wrap| wrap.0))
    }
}

/// Duration as a number of seconds.
// A whole number where the duration is one, because some readers of JSON refuse `60.0` for an integer.
pub(crate) mod seconds {
    use serde::de::Error as _;

    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        if duration.subsec_nanos() == 0 {
            serializer.serialize_u64(duration.as_secs())
        } else {
            serializer.serialize_f64(duration.as_secs_f64())
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        // Integers are accepted too: serde turns them into floats.
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
    }
}

// A type, because serde's `with` applies to the whole field and not to the value inside an `Option` or `Patch`.
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        seconds::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        seconds::deserialize(deserializer).map(Self)
    }
}

/// Duration as a number of seconds, or null.
pub(crate) mod option_seconds {
    use super::{Deserialize, Deserializer, Duration, Seconds, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(Seconds).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Seconds>::deserialize(deserializer)?.map(|wrap| wrap.0))
    }
}

/// Patch of a duration as a number of seconds.
pub(crate) mod patch_seconds {
    use super::{Deserialize, Deserializer, Duration, Seconds, Serialize, Serializer};
    use crate::Patch;

    pub(crate) fn serialize<S: Serializer>(patch: &Patch<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        patch.map(Seconds).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Duration>, D::Error> {
        Ok(Patch::<Seconds>::deserialize(deserializer)?.map(|wrap| wrap.0))
    }
}
