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
//! | reservation | [`Reservations`] | reservations, their types, schemas and values |
//! | reservation | [`ReservationPolicies`] | reservation policies |
//! | IaaS proxy | [`NetworkProfiles`] | network profiles with ranges and addresses |
//! | IaaS proxy | [`KeyPairs`] | key pairs |
//! | component registry | [`ComponentRegistry`] | which services there are, and how they are |
//! | IPAM | [`IpamGateway`] | what the server's own IPAM endpoints offer |

mod catalog;
mod client;
mod component_registry;
mod identity;
mod ipam;
mod key_pair;
mod list;
mod literal;
mod network_profile;
mod page;
mod reservation;
mod reservation_policy;
mod schema;
mod session;
mod work_item;

pub use crate::call::{Call, Created, RawAnswer};
pub use catalog::*;
pub use client::{Client, ClientBuilder};
pub use component_registry::*;
pub use identity::*;
pub use ipam::*;
pub use key_pair::*;
pub use list::List;
pub use literal::{Complex, EntityRef, Entry, Literal, LiteralMap, Money, MoneyTimeRate, Multiple, TimeSpan};
pub use network_profile::*;
pub use page::{Link, Page, PageMetadata, Row};
pub use reservation::*;
pub use reservation_policy::*;
pub use schema::*;
pub use work_item::*;
