//! Lenient on the wire, strict in the types, and nothing lost on the way.
//!
//! The servers' objects grow members from release to release, spell a few of them in two ways, and tell `null` from
//! absent only sometimes. An update replaces the whole object, so what a client drops is deleted. Therefore each
//! response type of this crate decodes and writes back *everything*:
//!
//! - a member with a field is an [`Option`]: absent and `null` are both [`None`];
//! - a member without a field is kept in [`Extra`] under its own name;
//! - that a known member was `null`, spelled with another letter case, or of another JSON type (`"5"` for `5`,
//!   `"false"` for `false`) is remembered in [`Extra`] too, and written again as it was read, as long as the field
//!   still has the value that was read;
//! - enumerations are open: a word without a variant is kept as `Unknown`;
//! - what cannot be understood is an error that names the JSON path. It never turns into 0, `false` or an empty text.
//!
//! `Debug` of all of them hides what looks like a secret; writing them as JSON does not, because that is what goes to
//! the server.

mod extra;
mod json;
mod model;
mod open_enum;
mod redact;
mod scalar;
mod secret;
mod time;
mod wire;

pub use extra::Extra;
pub use json::JsonObject;
pub use model::Model;
pub use time::{InvalidTime, Timestamp};

pub(crate) use model::{model, model_impl, request_body};
pub(crate) use open_enum::open_enum;
pub(crate) use redact::{Redacted, is_secret_name};
pub(crate) use wire::{Decoded, IntoJson, Wire};

#[cfg(test)]
mod tests;
