//! Files for other programs, written from a provider (feature `export`): hosts files, dnsmasq leases, DNS zones, Ansible
//! inventories, and Prometheus metrics of usage.
//!
//! ```
//! use ipam_core::export::{Exporter, Format};
//! use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, Labels, MemoryProvider, NetworkInfo};
//!
//! # futures_executor::block_on(async {
//! let ipam = MemoryProvider::new();
//! let network = NetworkInfo::default().with_domain("example.com");
//! ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_network(network)).await?;
//! let line = AllocateLine::next("lan", 1).with_labels(Labels::default().with_hostname("web1"));
//! ipam.allocate(&Allocate::new("vm-42").with_line(line)).await?;
//!
//! let export = Exporter::new(&ipam).read(Format::Hosts).await?;
//! let mut text = Vec::new();
//! export.write(&mut text)?;
//! assert_eq!(String::from_utf8(text)?, "192.0.2.1\tweb1.example.com web1\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! | format | record for each | needs |
//! | --- | --- | --- |
//! | [`Format::Hosts`]: hosts file | address | host name |
//! | [`Format::Dnsmasq`]: `dhcp-host=` of dnsmasq | address | MAC address |
//! | [`Format::Ansible`]: inventory in JSON, with groups by range and tag | host name | host name |
//! | [`Format::Prometheus`]: text format of metrics | range | capability `usage` |
//! | [`Exporter::forward_zones`]: A and AAAA records | address | host name with a domain |
//! | [`Exporter::reverse_zones`]: PTR records | address | host name with a domain |
//!
//! Allocated and reserved addresses are written, quarantined ones are not. What lacks a needed field is left out and
//! counted in [`LeftOut`]. The order is that of the addresses, so that the same content gives the same file.
//!
//! # Names
//! A host name without a dot gets the DNS domain of its range. A name that a format cannot hold, such as one with a
//! space, a quote or a line end, is never written: the export is refused with a list of these names, or leaves them out
//! if the caller wants it so ([`Exporter::with_invalid_left_out`]). Prometheus labels are escaped.

mod ansible;
mod exporter;
mod format;
mod host_list;
mod left_out;
mod lines;
mod names;
mod prometheus;
mod zone;

pub use exporter::{Export, Exporter};
pub use format::Format;
pub use left_out::LeftOut;
pub use zone::{Zone, ZoneSettings, Zones};
