//! Dynamic DNS: keeps the A record of the gateway's name at its present address (RFC 2136, signed with TSIG).
//!
//! | task | use |
//! | --- | --- |
//! | read the key | [`TsigKey::read_file`] |
//! | name the record and its server | [`DdnsConfig`] |
//! | send one update | [`DdnsClient::update`] |
//! | send on change and on a cycle | [`Updater`], with an [`AddressSource`] |
//!
//! An update replaces all A records of the name by one, and requires that the name has no CNAME record. It counts as done
//! only when the server's response says NOERROR and carries a valid signature.

mod address;
mod client;
mod config;
mod error;
mod key;
mod message;
mod updater;

pub use address::AddressSource;
pub use client::DdnsClient;
pub use config::DdnsConfig;
pub use error::DdnsError;
pub use key::{TsigAlgorithm, TsigKey};
pub use updater::{DdnsState, Updater};
