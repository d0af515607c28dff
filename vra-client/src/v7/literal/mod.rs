//! Typed values of `requestData`, `resourceData`, `extensionData`, `formData` and `itemData`.
//!
//! The server writes them as `{"entries": [{"key": …, "value": {"type": …, "value": …}}]}`. They are kept losslessly: a
//! literal of an unknown type, or of a known one in an unusual shape, is [`Literal::Other`] with its JSON.
//!
//! ```
//! use vra_client::v7::{Literal, LiteralMap};
//!
//! let mut data = LiteralMap::new();
//! data.set("provider-VirtualMachine.CPU.Count", 2);
//! data.set("provider-VirtualMachine.Disk0.Size", "40");
//! assert_eq!(data.get("provider-VirtualMachine.Disk0.Size").and_then(Literal::as_i64), Some(40));
//! ```

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
