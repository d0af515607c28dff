//! DNS data in the endpoint's form, for ranges of which the IPAM has none.

use std::net::IpAddr;

use ipam_core::{NetworkInfo, Properties};

use crate::plugin::{ActionError, EndpointProperties};

/// DNS data of the form: names of properties, and values for all ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dns {
    /// Name of the property with DNS servers; likewise the two that follow.
    pub(super) servers_field: Option<String>,
    pub(super) domain_field: Option<String>,
    pub(super) search_field: Option<String>,
    servers: Vec<IpAddr>,
    domain: Option<Source>,
    search: Vec<Source>,
}

/// Domain of the form, or the property that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Domain(String),
    Property(String),
}

impl Dns {
    pub(super) fn read(form: &EndpointProperties) -> Result<Self, ActionError> {
        let servers = form.get("dnsServerAddresses")?.unwrap_or_default();
        let domain = form.get("dnsDomain")?.map(|text| source("dnsDomain", text.trim())).transpose()?;
        let search = form.get("dnsSearchDomains")?.unwrap_or_default();
        Ok(Self {
            servers_field: form.get("dnsServersField")?,
            domain_field: form.get("domainField")?,
            search_field: form.get("searchDomainsField")?,
            servers: addresses(&servers).map_err(|index| {
                let problem = format!("entry {index} is not an IP address; separate addresses by commas");
                ActionError::input("endpointProperties.dnsServerAddresses", &problem)
            })?,
            domain,
            search: entries(&search).map(|entry| source("dnsSearchDomains", entry)).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the names of properties that the form names, with the form's field. One of each list has to exist.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'static str, Vec<String>)> {
        let fields = [
            ("dnsServersField", &self.servers_field),
            ("domainField", &self.domain_field),
            ("searchDomainsField", &self.search_field),
        ];
        let named = fields.into_iter().filter_map(|(at, name)| Some((at, vec![name.clone()?])));
        let sources = self.domain.iter().map(|source| ("dnsDomain", source));
        let sources = sources.chain(self.search.iter().map(|source| ("dnsSearchDomains", source)));
        let in_values = sources.filter_map(|(at, source)| match source {
            Source::Domain(_) => None,
            Source::Property(name) => Some((at, alternatives(name).into())),
        });
        named.chain(in_values)
    }

    /// Completes what the IPAM itself does not have: first from the properties that the form names, then from its values.
    ///
    /// # Errors
    /// An error that names the property, if one of its DNS servers is not an IP address.
    pub(super) fn complete(&self, network: &mut NetworkInfo, properties: &Properties) -> Result<(), ActionError> {
        let property = |field: &Option<String>| properties.get_key_value(field.as_ref()?);
        // Data of the IPAM itself takes precedence: a forgotten custom field must not override it.
        if network.dns_servers.is_empty()
            && let Some((field, value)) = property(&self.servers_field)
        {
            network.dns_servers = addresses(value).map_err(|index| {
                ActionError::input(field, &format_args!("entry {index} of its DNS servers is not an IP address"))
            })?;
        }
        if network.dns_servers.is_empty() {
            network.dns_servers.clone_from(&self.servers);
        }
        if network.domain.is_none() {
            let from_field = property(&self.domain_field).map(|(_, value)| value.as_str());
            // A range has one domain; a property with several is taken to name the main one first.
            network.domain = from_field
                .and_then(|value| entries(value).next())
                .or_else(|| self.domain.as_ref().and_then(|source| source.domains(properties).next()))
                .map(str::to_owned);
        }
        if network.search_domains.is_empty()
            && let Some((_, value)) = property(&self.search_field)
        {
            network.search_domains = entries(value).map(str::to_owned).collect();
        }
        if network.search_domains.is_empty() {
            network.search_domains =
                self.search.iter().flat_map(|source| source.domains(properties)).map(str::to_owned).collect();
        }
        Ok(())
    }
}

impl Source {
    /// Returns the domains for a range with these properties.
    fn domains<'a>(&'a self, properties: &'a Properties) -> impl Iterator<Item = &'a str> {
        let text = match self {
            Self::Domain(domain) => domain.as_str(),
            Self::Property(name) => {
                let found = alternatives(name).into_iter().find_map(|name| properties.get(&name));
                found.map(String::as_str).unwrap_or_default()
            }
        };
        entries(text)
    }
}

/// Returns the names that a property may have: phpIPAM shows custom fields with a prefix, and people write them without it.
fn alternatives(name: &str) -> [String; 2] {
    [format!("custom_{name}"), name.to_owned()]
}

/// Reads a domain, or the name of a property that has it.
fn source(at: &str, text: &str) -> Result<Source, ActionError> {
    // Public plug-ins for phpIPAM have a domain in this field, or the name of a custom field. A name has no dot, and a domain
    // has one in practice; a domain of one label can be written with a dot at its end, as DNS does.
    if !text.contains('.') {
        return Ok(Source::Property(text.to_owned()));
    }
    let domain = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if domain.len() <= 253 && domain.split('.').all(label) {
        return Ok(Source::Domain(domain.to_owned()));
    }
    let problem = "not a DNS domain; write one such as lab.example.com, or the name of a property of the ranges";
    Err(ActionError::input(&format!("endpointProperties.{at}"), &problem))
}

/// Reads a list of addresses.
///
/// # Errors
/// The position of the first entry that is none, from 1 on.
fn addresses(list: &str) -> Result<Vec<IpAddr>, usize> {
    entries(list).enumerate().map(|(index, entry)| entry.parse().map_err(|_| index + 1)).collect()
}

/// Splits a list in a property. Administrators separate names by any of these characters.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ';', ' ', '\t', '\n', '\r']).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    fn completed(form: Value, network: NetworkInfo, properties: &[(&str, &str)]) -> NetworkInfo {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut network = network;
        let dns = Dns::read(&serde_json::from_value(form).unwrap()).unwrap();
        dns.complete(&mut network, &properties).unwrap();
        network
    }

    #[test]
    fn the_ipam_precedes_the_property_and_the_property_the_value() {
        let form = json!({
            "dnsServersField": "dns", "domainField": "domain", "searchDomainsField": "search",
            "dnsServerAddresses": "192.0.2.53", "dnsDomain": "form.test", "dnsSearchDomains": "form.test, lan.",
        });
        let properties = [("dns", "10.0.0.1; 10.0.0.2"), ("domain", "a.test"), ("search", "a.test,b.test")];
        let none = completed(form.clone(), NetworkInfo::default(), &[]);
        assert_eq!(none.dns_servers, ["192.0.2.53".parse::<IpAddr>().unwrap()]);
        assert_eq!(
            (none.domain.as_deref(), none.search_domains.join(" ")),
            (Some("form.test"), "form.test lan".into())
        );
        let some = completed(form.clone(), NetworkInfo::default(), &properties);
        assert_eq!(some.dns_servers.len(), 2);
        assert_eq!((some.domain.as_deref(), some.search_domains.join(" ")), (Some("a.test"), "a.test b.test".into()));
        let mut own = NetworkInfo::default();
        own.domain = Some("own.test".into());
        own.dns_servers = vec!["10.0.0.9".parse().unwrap()];
        own.search_domains = vec!["own.test".into()];
        assert_eq!(completed(form, own.clone(), &properties), own);
    }

    #[test]
    fn a_value_without_a_dot_names_a_custom_field() {
        let form = json!({"dnsDomain": "dom", "dnsSearchDomains": "search"});
        let found = completed(
            form.clone(),
            NetworkInfo::default(),
            &[("custom_dom", "a.test"), ("custom_search", "a.test, b.test"), ("dom", "other.test")],
        );
        assert_eq!((found.domain.as_deref(), found.search_domains.len()), (Some("a.test"), 2));
        // A range without a value has no domain, and never one with the name of the field.
        assert_eq!(completed(form, NetworkInfo::default(), &[]), NetworkInfo::default());
    }

    #[test]
    fn what_is_no_domain_or_no_address_is_named() {
        for (field, value) in [
            ("dnsDomain", "https://s3cret.test"),
            ("dnsDomain", "."),
            ("dnsDomain", "a..test"),
            ("dnsSearchDomains", "a.test,s3cret@b.test"),
            ("dnsServerAddresses", "10.0.0.1, s3cret"),
        ] {
            let error = Dns::read(&serde_json::from_value(json!({field: value})).unwrap()).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("endpointProperties.{field}: ")) && !error.contains("s3cret"),
                "{error}"
            );
        }
        let dns = Dns::read(&serde_json::from_value(json!({"dnsServersField": "dns"})).unwrap()).unwrap();
        let properties = Properties::from([("dns".to_owned(), "10.0.0.1 s3cret".to_owned())]);
        let error = dns.complete(&mut NetworkInfo::default(), &properties).unwrap_err().to_string();
        assert!(error.starts_with("dns: entry 2") && !error.contains("s3cret"), "{error}");
    }
}
