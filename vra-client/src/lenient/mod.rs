//! Lossless decoding: how the response types read and write the server's JSON.
//!
//! The servers' objects grow members from release to release, spell a few of them in two ways, and do not always
//! distinguish `null` from absent. An update replaces the whole object, so what a client drops is deleted. Therefore
//! each response type of this crate decodes and writes back *everything*:
//!
//! - a member with a field is an [`Option`]: absent and `null` are both [`None`];
//! - a member without a field is kept in [`Extra`] under its own name;
//! - the unusual form of a known member (`null`, another spelling of its name, `"5"` for `5`, `"false"` for `false`) is
//!   remembered in [`Extra`] too, and is written again as it was read, as long as the field still has the value that
//!   was read;
//! - enumerations are open: a string without a variant is kept as `Unknown`;
//! - a value that does not fit is an error that names the JSON path. It never turns into 0, `false` or an empty text.
//!
//! `Debug` of all of them hides what looks like a secret. Writing them as JSON does not, because that is what goes to
//! the server.
//!
//! ```
//! use vra_client::v7::Tenant;
//!
//! // `locale` has no field, `defaultTenant` is a text, `contactEmail` is null: all of it is written back.
//! let json = r#"{"id":"qe","contactEmail":null,"defaultTenant":"false","locale":"de"}"#;
//! let mut tenant: Tenant = serde_json::from_str(json)?;
//! assert_eq!((tenant.default_tenant, tenant.contact_email.as_deref()), (Some(false), None));
//! assert!(tenant.extra.was_null("contactEmail"));
//! tenant.name = Some("QE".into());
//! let sent = serde_json::to_value(&tenant)?;
//! assert_eq!(sent, serde_json::json!({
//!     "id": "qe", "name": "QE", "contactEmail": null, "defaultTenant": "false", "locale": "de",
//! }));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod decimal;
mod extra;
mod json;
mod model;
mod open_enum;
mod redact;
mod scalar;
mod secret;
mod texts;
mod time;
mod wire;

pub use decimal::Decimal;
pub use extra::Extra;
pub use json::JsonObject;
pub use model::Model;
pub use time::{InvalidTime, Timestamp};

pub(crate) use model::{model, model_impl, request_body};
pub(crate) use open_enum::open_enum;
pub(crate) use redact::{Redacted, is_secret_name};
pub(crate) use texts::distinct;
pub(crate) use wire::{Decoded, IntoJson, Wire};

#[cfg(test)]
mod tests;
