//! Applying of an observation to one subnet, through the API.
//!
//! phpIPAM has no transactions and no conditions on writes. What stands in for them:
//!
//! - Decisions are made on rows that were read after the scan, never on those of the plan.
//! - A row is not older than ten seconds when it is changed: every change sends the tag along (Q61), and a tag that a person
//!   set meanwhile would be lost.
//! - What a person changes while the server works on such a request can still be lost: the tag that the request has.
//! - Each change is one request that can be repeated. A run that ends between two of them leaves rows that the next run
//!   completes.

mod change;
mod settle;
mod work;

pub(super) use work::{Refused, Work};
