//! Resolver of host names in Rust (feature `dns`), for static programs.
//!
//! The resolver of the C library loads libraries at run time, which a static program cannot where they are missing. This one
//! reads `/etc/hosts` and `/etc/resolv.conf` and asks the name servers over UDP, and over TCP if a response was truncated.

mod config;
mod error;
mod exchange;
mod lookup;
mod message;

pub(super) use self::error::reason;
pub(super) use self::lookup::Resolver;
