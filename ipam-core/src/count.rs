//! Counts of addresses in text: one rule for all of them.
//!
//! JSON numbers are exact up to 2^53 − 1 in every reader (I-JSON, RFC 7493 §2.2), and a range of IPv6 has more
//! addresses. So a count up to that is a number, and one above it a string of decimal digits. Both are read, whatever
//! the size. Binary formats, which are not human-readable in serde's terms, hold the 128 bits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// Greatest integer that every reader of JSON keeps: many hold numbers as 64-bit floats.
const GREATEST_NUMBER: u64 = (1 << 53) - 1;

pub(crate) fn serialize<S: Serializer>(count: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    // Binary formats have integers of 128 bits, and their readers expect the type and no text.
    if !serializer.is_human_readable() {
        return serializer.serialize_u128(*count);
    }
    match u64::try_from(*count) {
        Ok(number) if number <= GREATEST_NUMBER => serializer.serialize_u64(number),
        _ => serializer.collect_str(count),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    // By a visitor and not by `untagged`, whose error would not say which forms are accepted.
    if deserializer.is_human_readable() { deserializer.deserialize_any(Count) } else { u128::deserialize(deserializer) }
}

struct Count;

impl Visitor<'_> for Count {
    type Value = u128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count: a whole number, or a string of decimal digits where it is above 2^53 - 1")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u128, E> {
        Ok(u128::from(number))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<u128, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u128, E> {
        u128::try_from(number).map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u128, E> {
        // `parse` would accept a sign.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = if digits { text.parse().ok() } else { None };
        count.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use crate::{Page, Usage};

    fn of(total: u128) -> Usage {
        Usage::new("lan", total, 3, 2, 1)
    }

    #[test]
    fn counts_are_numbers_up_to_2_to_the_53_and_strings_above() {
        let last = (1_u128 << 53) - 1;
        for (total, expected) in [
            (254, json!(254)),
            (last, json!(9_007_199_254_740_991_u64)),
            (last + 1, json!("9007199254740992")),
            (u128::from(u64::MAX), json!("18446744073709551615")),
            (1 << 64, json!("18446744073709551616")),
            (1 << 80, json!("1208925819614629174706176")),
            (u128::MAX, json!("340282366920938463463374607431768211455")),
        ] {
            let usage = of(total);
            // Through a value, which cannot hold 128 bits, as well as straight into text.
            let value = serde_json::to_value(&usage).unwrap();
            assert_eq!(value["total"], expected);
            assert_eq!(value["allocated"], json!(3));
            assert_eq!(serde_json::from_value::<Usage>(value.clone()).unwrap(), usage);
            let text = serde_json::to_string(&usage).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert_eq!(serde_json::from_str::<Usage>(&text).unwrap(), usage);
            let page = Page::new(vec![usage], None);
            assert_eq!(serde_json::from_value::<Page<Usage>>(serde_json::to_value(&page).unwrap()).unwrap(), page);
        }
    }

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let read = |total: Value| {
            let usage = json!({"range": "lan", "total": total, "allocated": "0", "reserved": 0, "quarantined": 0,
                "free": "00"});
            serde_json::from_value::<Usage>(usage).map(|usage| usage.total)
        };
        assert_eq!(read(json!(u64::MAX)).unwrap(), u128::from(u64::MAX));
        assert_eq!(read(json!("7")).unwrap(), 7);
        for wrong in [
            json!(-1),
            json!(1.5),
            json!(1e30),
            json!(""),
            json!("-1"),
            json!("+1"),
            json!(" 1"),
            json!("1e3"),
            json!("340282366920938463463374607431768211456"),
            Value::Null,
            json!([1]),
        ] {
            let error = read(wrong.clone()).unwrap_err().to_string();
            assert!(error.contains("decimal digits"), "{wrong}: {error}");
        }
    }
}
