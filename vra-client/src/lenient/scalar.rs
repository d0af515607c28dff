//! Strings, numbers and flags in all the forms that servers write them in.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::{Number, Value};

use super::wire::{Decoded, Wire};

impl Wire for String {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Decoded<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or an identifier as a number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Decoded::usual(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Decoded::usual(text))
            }

            // Ids of key pairs are numbers, and some lists write other ids as numbers too.
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Decoded::unusual(Some(number.to_string()), number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Decoded::unusual(Some(number.to_string()), number))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Decoded::or_null(None)
            }
        }

        deserializer.deserialize_any(Text)
    }

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl Wire for bool {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        struct Flag;

        impl Visitor<'_> for Flag {
            type Value = Decoded<bool>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false, also as a text, or 1 or 0")
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Decoded::usual(flag))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                // Clients send flags as texts and servers store them so; an empty text is a flag that was never set.
                let word = text.trim();
                let value = if word.eq_ignore_ascii_case("true") {
                    Some(true)
                } else if word.eq_ignore_ascii_case("false") {
                    Some(false)
                } else if word.is_empty() {
                    None
                } else {
                    return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self));
                };
                Ok(Decoded::unusual(value, text))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                match number {
                    // Only 0 and 1: any other number is no flag, and guessing would write a wrong one back.
                    0 => Ok(Decoded::unusual(Some(false), number)),
                    1 => Ok(Decoded::unusual(Some(true), number)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Signed(number), &self)),
                }
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                match number {
                    0 => Ok(Decoded::unusual(Some(false), number)),
                    1 => Ok(Decoded::unusual(Some(true), number)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Decoded::or_null(None)
            }
        }

        deserializer.deserialize_any(Flag)
    }

    fn to_json(&self) -> Value {
        Value::from(*self)
    }
}

impl Wire for i64 {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        struct Whole;

        impl Visitor<'_> for Whole {
            type Value = Decoded<i64>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of 64 bits, also as a decimal text")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Decoded::usual(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                // Beyond i64 it is refused: rounding it through f64 would send another number back.
                i64::try_from(number)
                    .map(Decoded::usual)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let word = text.trim();
                if word.is_empty() {
                    return Ok(Decoded::unusual(None, text));
                }
                word.parse()
                    .map(|number| Decoded::unusual(Some(number), text))
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Decoded::or_null(None)
            }
        }

        deserializer.deserialize_any(Whole)
    }

    fn to_json(&self) -> Value {
        Value::from(*self)
    }
}

/// Number as it was written: `0` and `0.0` stay distinct.
// `Number` and not `f64`: costs are decimal, and writing them back must not change a digit.
impl Wire for Number {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        Decoded::or_null(Option::deserialize(deserializer)?)
    }

    fn to_json(&self) -> Value {
        Value::Number(self.clone())
    }
}

impl Wire for Value {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        Decoded::or_null(Option::deserialize(deserializer)?)
    }

    fn to_json(&self) -> Value {
        self.clone()
    }
}
