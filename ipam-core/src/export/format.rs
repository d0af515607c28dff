//! Formats of an export.

/// Format of an [`Export`](super::Export).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Hosts file (`/etc/hosts`): address, name with domain, and the name without it.
    Hosts,
    /// Static leases of dnsmasq: `dhcp-host=MAC,ADDRESS,NAME`.
    Dnsmasq,
    /// Ansible inventory in JSON: all hosts, and groups `range_ID` and `tag_KEY_VALUE`.
    ///
    /// Read it from a file whose name ends in `.json`. A host that has several addresses is reached by its first one of
    /// IPv4, or else its first one.
    Ansible,
    /// Usage of the ranges in the text format of Prometheus, for the textfile collector of its node exporter.
    Prometheus,
}
