//! Subnet plans in files: blocks, ranges, and the addresses that are taken already.
//!
//! An [`AddressPlan`] is read from CSV or JSON, checked against itself and against a provider, and imported: all of it, or nothing.
//!
//! ```
//! # futures_executor::block_on(async {
//! use ipam_core::plan::{Importer, AddressPlan, RowStatus};
//! use ipam_core::{IpamProviderExt, MemoryProvider};
//!
//! let plan = AddressPlan::from_csv(
//!     "kind,id,net,gateway,range,address,owner\n\
//!      range,lan,192.0.2.0/24,192.0.2.1,,,\n\
//!      allocation,,,,lan,192.0.2.7,vm-42\n",
//! )?;
//! let provider = MemoryProvider::new();
//! let importer = Importer::new(&provider);
//!
//! // Every row is new, there already, or in conflict with another row or the provider.
//! let checked = importer.check(&plan).await?;
//! for row in checked.conflicts() {
//!     println!("{}: {row}", row.at);
//! }
//! let imported = importer.apply(&checked).await?;
//! assert_eq!(imported.added, 2);
//!
//! // Importing it again changes nothing.
//! assert!(importer.check(&plan).await?.rows().iter().all(|row| row.status == RowStatus::Unchanged));
//! assert_eq!(provider.allocate_one("lan", "vm-43").await?.address.to_string(), "192.0.2.2");
//! # Ok::<(), ipam_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Rows
//! | kind | needs | may have |
//! | --- | --- | --- |
//! | block | `id`, `net` | `space`, `name`, `description`, `dns_servers`, `search_domains`, `domain`, `vlan`, `vlan_name`, `tags`, `properties` |
//! | range | `id`, `net` | the same, and `addresses`, `hosts`, `gateway`, `reserved`, `order`, `quarantine` |
//! | allocation | `range`, `address` | `owner`, `key`, `hostname`, `description`, `mac`, `tags` |
//!
//! **CSV** has a header with the column `kind` and any of the fields, in any order, separated by commas, semicolons or tabs.
//! A list stands in one cell, separated by `;`, with `\;` for a semicolon. **JSON** is an object of the lists `blocks`,
//! `ranges` and `allocations`.
//!
//! # Limits
//! A plan has at most [`AddressPlan::MAX_ROWS`] rows and its text at most [`AddressPlan::MAX_BYTES`] bytes; [`PlanError::MAX_PROBLEMS`]
//! problems are kept, and the others counted. A provider may hold [`Importer::MAX_PRESENT`] ranges, and as many blocks.

mod apply;
mod check;
mod csv;
mod duration;
mod fields;
mod format;
mod importer;
mod json;
mod problem;
mod read_row;
mod rows;
mod undo;
mod write_row;

pub use self::apply::{ImportError, Imported};
pub use self::check::{CheckedPlan, CheckedRow, RowStatus};
pub use self::duration::{format_duration, parse_duration};
pub use self::format::Format;
pub use self::importer::{ImportStep, Importer, Progress};
pub use self::problem::{PlanError, Problem, Problems};
pub use self::rows::{AddressPlan, PlannedAllocation, Row, RowKind};
