//! Gateway of a NAT lab: a service that hands out addresses and maps ports of the gateway to machines of the lab.
//!
//! Addresses come from any [`IpamProvider`](ipam_core::IpamProvider). The port maps, the rules of the firewall, the DNS
//! record and the log of forwarded connections are the gateway's own.
//!
//! | module | content |
//! | --- | --- |
//! | [`config`] | settings from a file and the environment, secrets from files |
//! | [`ddns`] | DNS record of the gateway |
//! | [`firewall`] | rules of port maps: the trait, and what implements it |
//! | [`addresses`] | allocated addresses of the lab, from the provider |
//! | [`store`] | records of the port maps, in one SQLite file |
//! | [`portmaps`] | port maps: record, rule and address change together or not at all |
//! | [`token`] | tokens of users, and the key of the main server |
//! | [`reach`] | worker that looks which addresses reply |
//! | [`api`] | the REST API and its server |
//! | [`log`] | log of forwarded connections, encrypted for a collector |
//! | [`background`] | parts that run until the service stops, and their state |
//! | [`service`] | all parts together, from start to stop |
//! | [`check`] | checks of settings and surroundings, which change nothing |

pub mod addresses;
pub mod api;
pub mod background;
pub mod check;
pub mod config;
pub mod ddns;
pub mod firewall;
pub mod log;
mod netfilter;
pub mod portmaps;
pub mod reach;
pub mod service;
pub mod store;
pub mod token;
