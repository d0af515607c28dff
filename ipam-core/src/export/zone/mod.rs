//! DNS zones in the format of master files (RFC 1035, section 5), which BIND and most other servers read.

mod forward;
mod reverse;
mod settings;
mod text;

use super::left_out::LeftOut;

pub(super) use self::forward::forward;
pub(super) use self::reverse::reverse;
pub use self::settings::ZoneSettings;

/// Zones of an export, in the order of their names from the right.
#[derive(Debug)]
#[non_exhaustive]
pub struct Zones {
    /// Zones; those without a record of an address are left out.
    pub zones: Vec<Zone>,
    /// Allocations that are in none of them, by reason.
    pub left_out: Vec<LeftOut>,
}

/// Zone in the format of master files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Zone {
    /// Name, without the dot at its end.
    pub name: String,
    /// Number of records for addresses: A, AAAA or PTR.
    pub records: usize,
    /// Text of the file. Without [name servers](ZoneSettings::with_name_server) it has no SOA record, and is for
    /// `$INCLUDE` in a zone that has one.
    pub text: String,
}

impl Zone {
    /// Returns a name for the file: that of the zone, with a hyphen for the slash that RFC 2317 puts into it.
    ///
    /// ```
    /// use ipam_core::export::{Exporter, ZoneSettings};
    /// use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, Labels, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.64/26".parse()?)).await?;
    /// let labels = Labels::default().with_hostname("web1.example.com");
    /// ipam.allocate(&Allocate::new("vm-42").with_line(AllocateLine::next("lan", 1).with_labels(labels))).await?;
    /// let settings = ZoneSettings::new(1).with_name_server("ns1.example.com").with_classless(true);
    /// let zones = Exporter::new(&ipam).reverse_zones(&settings).await?.zones;
    /// let names: Vec<_> = zones.iter().map(|zone| zone.file_name()).collect();
    /// assert_eq!(names, ["2.0.192.in-addr.arpa.zone", "64-26.2.0.192.in-addr.arpa.zone"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn file_name(&self) -> String {
        // No other character of a zone's name means something in a path: names are letters, digits, hyphens and dots.
        format!("{}.zone", self.name.replace('/', "-"))
    }
}
