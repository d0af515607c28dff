//! Typed values of `requestData`, `resourceData`, `extensionData`, `formData` and `itemData`.
//!
//! The server writes them as `{"entries": [{"key": …, "value": {"type": …, "value": …}}]}`. Nothing of them is lost: a
//! literal of an unknown type, or of a known one in an unusual shape, is [`Literal::Other`] with its JSON.

mod access;
mod amount;
mod build;
mod entity_ref;
mod map;
mod value;

pub use amount::{Money, MoneyTimeRate, TimeSpan};
pub use entity_ref::EntityRef;
pub use value::{Complex, Entry, Literal, LiteralMap, Multiple};

#[cfg(test)]
mod tests;
