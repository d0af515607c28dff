//! Exporter of a provider.

use std::io::{self, Write};

use super::format::Format;
use super::host_list::{self, HostList, Needs};
use super::left_out::LeftOut;
use super::prometheus::RangeUsage;
use super::zone::{self, ZoneSettings, Zones};
use super::{ansible, lines, prometheus};
use crate::{Find, IpamProvider, Result};

/// Exporter: reads a provider, page by page, into a file for another program.
///
/// It keeps about 100 bytes per allocation in memory. More than a million allocations or 100 000 ranges at once are
/// refused; a [filter](Self::with_filter) makes several files of them.
#[derive(Debug)]
pub struct Exporter<'p> {
    provider: &'p dyn IpamProvider,
    filter: Find,
    domain: Option<String>,
    leave_invalid_out: bool,
}

impl<'p> Exporter<'p> {
    /// Makes an exporter of everything in the provider.
    pub fn new(provider: &'p dyn IpamProvider) -> Self {
        Self { provider, filter: Find::default(), domain: None, leave_invalid_out: false }
    }

    /// Sets the filter for the allocations. Metrics of usage count whole ranges: of the filter they use range and space.
    #[must_use]
    pub fn with_filter(mut self, filter: Find) -> Self {
        self.filter = filter;
        self
    }

    /// Sets the DNS domain of host names without a dot whose range has no domain.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets whether allocations whose values a format cannot hold are left out and counted. By default they are an
    /// error, which names them.
    #[must_use]
    pub const fn with_invalid_left_out(mut self, leave_out: bool) -> Self {
        self.leave_invalid_out = leave_out;
        self
    }

    /// Reads what a format needs.
    ///
    /// # Errors
    /// - `InvalidInput`: the allocations are of several address spaces; a value cannot be written in this format; the
    ///   domain is none.
    /// - `Unsupported`: there are too many allocations or ranges for a file; for [`Format::Prometheus`], the provider
    ///   lacks the capability `usage`.
    /// - `NotFound`: a range was removed while its usage was read.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    pub async fn read(&self, format: Format) -> Result<Export> {
        let content = match format {
            Format::Hosts => Content::Hosts(self.hosts(Needs::Name).await?),
            Format::Dnsmasq => Content::Dnsmasq(self.hosts(Needs::Mac).await?),
            Format::Ansible => Content::Ansible(self.hosts(Needs::Inventory).await?),
            Format::Prometheus => Content::Prometheus(prometheus::read(self.provider, &self.filter).await?),
        };
        Ok(Export::new(content))
    }

    /// Reads the zones of the host names, with an A or AAAA record for each address.
    ///
    /// A zone is made for each DNS domain of the ranges. A name below none of them is in the zone of its own domain. A
    /// record is in the zone with the longest name that fits.
    ///
    /// # Errors
    /// - `InvalidInput`: the settings have names that are none; the allocations are of several address spaces; a host
    ///   name cannot be written.
    /// - `Unsupported`: there are too many allocations or ranges for a file.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    pub async fn forward_zones(&self, settings: &ZoneSettings) -> Result<Zones> {
        let (origin, only) = (settings.check()?, settings.forward_zone()?);
        Ok(zone::forward(self.hosts(Needs::FullName).await?, only.as_deref(), &origin))
    }

    /// Reads the reverse zones of the addresses, with a PTR record for each.
    ///
    /// The zone of an address follows from the prefix of its range: the next shorter prefix on a label boundary is one
    /// zone, at most a `/24` or an IPv6 `/64`; a range between two boundaries has a zone for each prefix of the longer
    /// one. See [`ZoneSettings::with_classless`] for zones by RFC 2317.
    ///
    /// # Errors
    /// - `InvalidInput`: the settings have names that are none, or a zone that is not below `in-addr.arpa` or `ip6.arpa`;
    ///   the allocations are of several address spaces; a host name cannot be written.
    /// - `Unsupported`: there are too many allocations or ranges for a file.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    pub async fn reverse_zones(&self, settings: &ZoneSettings) -> Result<Zones> {
        let (origin, only) = (settings.check()?, settings.reverse_prefix()?);
        Ok(zone::reverse(self.hosts(Needs::FullName).await?, settings, only, &origin))
    }

    // One reader for all formats, so that each refuses the same names with the same words.
    async fn hosts(&self, needs: Needs) -> Result<HostList> {
        let domain = self.domain.as_deref();
        host_list::read(self.provider, &self.filter, domain, needs, self.leave_invalid_out).await
    }
}

/// Content of a file, read from a provider.
#[derive(Debug)]
pub struct Export {
    content: Content,
    left_out: Vec<LeftOut>,
}

#[derive(Debug)]
enum Content {
    Hosts(HostList),
    Dnsmasq(HostList),
    Ansible(HostList),
    Prometheus(Vec<RangeUsage>),
}

impl Export {
    fn new(mut content: Content) -> Self {
        let left_out = match &mut content {
            Content::Hosts(list) | Content::Dnsmasq(list) | Content::Ansible(list) => {
                std::mem::take(&mut list.left_out)
            }
            Content::Prometheus(_) => Default::default(),
        };
        Self { content, left_out: left_out.into_vec() }
    }

    /// Returns the number of allocations in the file, or of ranges for metrics.
    pub fn records(&self) -> usize {
        match &self.content {
            Content::Hosts(list) | Content::Dnsmasq(list) | Content::Ansible(list) => list.hosts.len(),
            Content::Prometheus(ranges) => ranges.len(),
        }
    }

    /// Returns what is not in the file, by reason.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Writes the file, line by line. Buffer `out` if a small write costs much.
    ///
    /// # Errors
    /// Returns the error of `out`, such as `BrokenPipe` if a program that read the file has ended.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.content {
            Content::Hosts(list) => lines::hosts(list, out),
            Content::Dnsmasq(list) => lines::dnsmasq(list, out),
            Content::Ansible(list) => ansible::write(list, out),
            Content::Prometheus(ranges) => prometheus::write(ranges, out),
        }
    }
}
