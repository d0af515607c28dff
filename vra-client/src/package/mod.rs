//! Package of a plug-in: the `.zip` that an administrator imports into vRealize Automation 8, Aria Automation or VCF
//! Automation.
//!
//! The package has one script per action of the [plug-in contract](crate::plugin). Each script runs the same program, a
//! static executable for x86-64 Linux that is a [`host`](crate::plugin::host). This module checks the parts and writes the
//! package. It needs no Java, Maven, Docker or network.
//!
//! ```
//! use vra_client::package::{Form, Package, Support};
//!
//! # // The smallest static program: an ELF header, and one segment that is loaded.
//! # let mut program = vec![0_u8; 120];
//! # program[..20].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0]);
//! # for (at, value) in [(20, 1), (24, 1), (32, 64), (52, 64), (54, 56), (56, 1), (58, 64), (64, 1)] { program[at] = value; }
//! let package = Package::builder("MyIPAM", "1.0.0", program)
//!     .with_description("Allocates addresses in MyIPAM")
//!     .with_support(Support::default().with_update_record(true))
//!     .with_form(Form::new("MyIPAM").with_settings())
//!     .build()?;
//! assert!(package.entries()?.iter().any(|name| name == "bundle.zip"));
//! # Ok::<(), vra_client::package::PackageError>(())
//! ```
//!
//! # Layout
//! | file | content |
//! | --- | --- |
//! | `registration.yaml` | name, description, version, the ids of the actions, and which optional actions there are |
//! | `endpoint-schema.json` | [`Form`] that the administrator fills in for each endpoint |
//! | `logo.png` | logo in the list of integrations |
//! | `CHANGELOG.md` | changes, for people |
//! | `bundle.zip` | for each action `NAME_ACTION.abx`, its description, and `NAME_ACTION.zip`, its script and the program |
//!
//! The same parts give the same bytes: entries are sorted, and have a fixed time.

mod archive;
mod builder;
mod error;
mod files;
mod form;
mod logo;
mod program;
#[cfg(unix)]
mod replay;
mod schema;
mod support;
#[cfg(test)]
mod tests;

pub use builder::{Package, PackageBuilder};
pub use error::PackageError;
pub use form::{Field, FieldType, Form};
#[cfg(unix)]
pub use replay::{FileModes, Replay, ReplayError, Replayed, Running, Stopper};
pub use support::Support;
