//! Address plans in files (feature `plan`): blocks, ranges, and the addresses that are allocated already.
//!
//! An [`AddressPlan`] is read from CSV or JSON, checked against itself and against a provider, and imported. An import
//! that fails undoes what it has added; what cannot be undone is named in [`ImportError::left`].
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
//! // Every row is new, unchanged in the provider, or in conflict with another row or the provider.
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
//! A row is a block, a range or an allocation. Fields that are empty or missing have their default.
//!
//! | kind | needs | may have |
//! | --- | --- | --- |
//! | block | `id`, `net` | `space`, `name`, `description`, `dns_servers`, `search_domains`, `domain`, `vlan`, `vlan_name`, `tags`, `properties` |
//! | range | `id`, `net` | the same, and `addresses`, `hosts`, `gateway`, `reserved`, `order`, `quarantine` |
//! | allocation | `range`, `address` | `owner`, `key`, `hostname`, `description`, `mac`, `tags` |
//!
//! | field | value | default |
//! | --- | --- | --- |
//! | `net` | prefix, by length or netmask: `10.0.0.0/24`, `10.0.0.0/255.255.255.0` | |
//! | `space` | id of the address space | `default` |
//! | `addresses` | `FIRST-LAST` | those that `hosts` counts as usable |
//! | `hosts` | `hosts`: usable addresses of a subnet; `all`: every address of a pool | `hosts` |
//! | `reserved` | list of addresses, `FIRST-LAST`, or prefixes | none |
//! | `order` | `first-free`, `random` or `least-recently-used` | `first-free` |
//! | `quarantine` | duration, as [`parse_duration`] reads it | none |
//! | `dns_servers`, `search_domains` | list | none |
//! | `vlan` | number from 1 to 4094; `vlan_name` needs it | none |
//! | `tags` | list of `KEY=VALUE` or `KEY` | none |
//! | `properties` | list of `NAME=VALUE`; in JSON also an object | none |
//! | `owner` | text | `plan` |
//! | `key` | text | `plan/RANGE/ADDRESS` |
//! | `mac` | MAC address in any of the usual forms | none |
//!
//! An allocation of a plan has no expiry.
//!
//! **CSV** has a header with the column `kind` and any of the fields, in any order, separated by commas, semicolons or
//! tabs. A list is in one cell, separated by `;`, with `\;` for a semicolon and `\\` for a backslash. Lines that start
//! with `#` are comments. A cell that contains the separator of the columns, a line break or a `"` is written between
//! `"`, and a `"` in it twice (RFC 4180). A text that a spreadsheet would take for a formula, because it begins with `=`,
//! `+`, `-`, `@`, a tab or a carriage return, is written with a `'` in front, which is taken away when it is read. So is a
//! text with spaces at its ends. A list in a table with semicolons is quoted:
//!
//! ```
//! use ipam_core::plan::AddressPlan;
//!
//! let plan = AddressPlan::from_csv(
//!     "kind;id;net;dns_servers;description\n\
//!      range;lan;192.0.2.0/24;\"192.0.2.2;192.0.2.3\";First floor, east\n",
//! )?;
//! assert_eq!(plan.ranges[0].item.network.dns_servers.len(), 2);
//!
//! let plan = AddressPlan::from_csv(
//!     "kind,id,net,dns_servers,description\n\
//!      range,lan,192.0.2.0/24,192.0.2.2;192.0.2.3,\"First floor, east\"\n",
//! )?;
//! assert_eq!(plan.ranges[0].item.description.as_deref(), Some("First floor, east"));
//! # Ok::<(), ipam_core::plan::PlanError>(())
//! ```
//!
//! **JSON** is an object of the lists `blocks`, `ranges` and `allocations`.
//!
//! # Moving between providers
//! [`Migration`] moves everything from one provider to another, and [`Comparison`] lists how two differ.
//! [`AddressPlan::from_provider`] reads a provider into a plan.
//!
//! # Limits
//! | limit | value |
//! | --- | --- |
//! | [`AddressPlan::MAX_ROWS`] | 1 000 000 rows |
//! | [`AddressPlan::MAX_BYTES`] | 256 MiB of text |
//! | [`PlanError::MAX_PROBLEMS`] | 1 000 problems are kept, the others are counted |
//! | [`Importer::MAX_PRESENT`] | 1 000 000 ranges, and as many blocks, in the provider; of an import, a comparison or a migration |

mod apply;
mod check;
mod contents;
mod csv;
mod csv_text;
mod definitions;
mod diff;
mod duration;
mod export;
mod field_difference;
mod fields;
mod format;
mod importer;
mod json;
mod matching;
mod migrate;
mod problem;
mod read_row;
mod rows;
mod undo;
mod write_row;

pub use self::apply::{ImportError, Imported};
pub use self::check::{CheckedPlan, CheckedRow, RowStatus};
pub use self::diff::{Compared, Comparison, Difference, DifferenceStatus};
pub use self::duration::{format_duration, parse_duration};
pub use self::field_difference::FieldDifference;
pub use self::format::Format;
pub use self::importer::{ImportStep, Importer, Progress};
pub use self::migrate::{CheckedMigration, Loss, Migrated, Migration, MigrationProgress, MigrationStep};
pub use self::problem::{PlanError, Problem, Problems};
pub use self::rows::{AddressPlan, PlannedAllocation, Row, RowKind};
