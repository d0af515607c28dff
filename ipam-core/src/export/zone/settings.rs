//! Settings of the zones that an export makes.

use ipnet::IpNet;

use super::text::Origin;
use crate::export::names;
use crate::net::parse_reverse;
use crate::{Error, Operation, Result};

/// Settings of zones.
///
/// ```
/// use ipam_core::export::ZoneSettings;
///
/// let settings = ZoneSettings::new(2_026_113_001)
///     .with_name_server("ns1.example.com")
///     .with_contact("hostmaster@example.com")
///     .with_ttl(600);
/// assert_eq!(settings.serial, 2_026_113_001);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneSettings {
    /// Serial number of the SOA records. Secondary servers fetch a zone again when it is greater.
    pub serial: u32,
    /// Time for which a resolver may keep a record, in seconds; 3600 by default.
    pub ttl: u32,
    /// Name servers; the first is the primary one. Without any, the zones have records for addresses only.
    pub name_servers: Vec<String>,
    /// Mail address of the persons in charge; `hostmaster` at the zone by default, at the primary name server's domain
    /// for a reverse zone.
    pub contact: Option<String>,
    /// The only zone to make, by name; all by default.
    pub zone: Option<String>,
    /// Zones by RFC 2317 for IPv4 prefixes longer than `/24`.
    pub classless: bool,
}

impl ZoneSettings {
    /// Makes settings with the serial number of the SOA records and nothing else set.
    // The serial has no default: only the caller knows the one that secondary servers have.
    #[must_use]
    pub const fn new(serial: u32) -> Self {
        Self { serial, ttl: 3_600, name_servers: Vec::new(), contact: None, zone: None, classless: false }
    }

    /// Adds a name server.
    #[must_use]
    pub fn with_name_server(mut self, name: impl Into<String>) -> Self {
        self.name_servers.push(name.into());
        self
    }

    /// Sets the mail address of the persons in charge.
    #[must_use]
    pub fn with_contact(mut self, address: impl Into<String>) -> Self {
        self.contact = Some(address.into());
        self
    }

    /// Sets the time for which a resolver may keep a record, in seconds.
    #[must_use]
    pub const fn with_ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// Sets the only zone to make. Names and addresses outside of it are left out.
    #[must_use]
    pub fn with_zone(mut self, name: impl Into<String>) -> Self {
        self.zone = Some(name.into());
        self
    }

    /// Sets whether IPv4 prefixes longer than `/24` get zones of their own by RFC 2317, such as
    /// `64/26.2.0.192.in-addr.arpa`. The zone of the `/24` then has a CNAME record for each of their addresses.
    ///
    /// By default their records are in the zone of the `/24`.
    #[must_use]
    pub const fn with_classless(mut self, classless: bool) -> Self {
        self.classless = classless;
        self
    }

    /// Checks the names, and returns what each zone begins with.
    pub(in crate::export) fn check(&self) -> Result<Origin> {
        let invalid = |field, value: &str, problem| Error::invalid(Operation::Export, field, value, problem);
        // Checked like the names of hosts: they are on lines of the same file.
        let mut servers = Vec::new();
        for name in &self.name_servers {
            let checked = names::checked(name).map_err(|problem| invalid("name server", name, problem))?;
            servers.push(checked.to_owned());
        }
        let contact = match &self.contact {
            None => None,
            Some(address) => Some(mailbox(address).ok_or_else(|| {
                let remedy = "give a mail address of letters, digits, dots, hyphens, underscores and plus signs";
                invalid("contact", address, remedy)
            })?),
        };
        Ok(Origin { servers, contact, serial: self.serial, ttl: self.ttl })
    }

    /// Returns the name of the only forward zone, in lower case.
    pub(in crate::export) fn forward_zone(&self) -> Result<Option<String>> {
        let checked = self.zone.as_deref().map(|zone| {
            names::checked(zone).map_err(|problem| Error::invalid(Operation::Export, "zone", zone, problem))
        });
        Ok(checked.transpose()?.map(str::to_ascii_lowercase))
    }

    /// Returns the prefix of the only reverse zone.
    pub(in crate::export) fn reverse_prefix(&self) -> Result<Option<IpNet>> {
        let parsed = self.zone.as_deref().map(parse_reverse).transpose();
        parsed.map_err(|error| Error::from(error).with_operation(Operation::Export))
    }
}

/// Returns a mail address as the SOA record has it: the first dot stands for the `@` (RFC 1035, section 8).
fn mailbox(address: &str) -> Option<String> {
    let (local, domain) = address.split_once('@')?;
    // Quoted local parts are valid mail addresses, and would need escapes that few servers agree on.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    (!local.is_empty() && local.bytes().all(plain)).then_some(())?;
    Some(format!("{}.{}", local.replace('.', "\\."), names::checked(domain).ok()?))
}
