//! vRealize Automation 6.2 to 7.6.
//!
//! [`Client`] has a method per service; each of theirs gives a [`Call`] or a [`List`], which is a value until it is
//! awaited or read. What each method rests on – a captured answer, a documented one, or a list of member names – is
//! said in its documentation as *Evidence*, and in the table of the crate's front page.
//!
//! | service | type | for |
//! | --- | --- | --- |
//! | identity | [`Identity`] | tokens, tenants, identity stores, principals, roles, business groups |
//! | catalog | [`Catalog`] | items, requests, resources, actions |
//! | work items | [`WorkItems`] | approvals and other tasks for people |
//! | approval | [`Approvals`] | approval policies |

mod catalog;
mod client;
mod identity;
mod list;
mod literal;
mod page;
mod schema;
mod session;
mod work_item;

pub use crate::call::{Call, Created, RawAnswer};
pub use catalog::*;
pub use client::{Client, ClientBuilder};
pub use identity::*;
pub use list::List;
pub use literal::{Complex, EntityRef, Entry, Literal, LiteralMap, Money, MoneyTimeRate, Multiple, TimeSpan};
pub use page::{Link, Page, PageMetadata, Row};
pub use schema::*;
pub use work_item::*;
