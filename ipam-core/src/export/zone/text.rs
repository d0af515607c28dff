//! Text of a zone.

use std::fmt::Write as _;

/// Start of each zone: servers, contact and times. All names are valid.
#[derive(Debug)]
pub(in crate::export) struct Origin {
    pub(super) servers: Vec<String>,
    /// Mail address in the form of the SOA record.
    pub(super) contact: Option<String>,
    pub(super) serial: u32,
    pub(super) ttl: u32,
}

impl Origin {
    /// Returns the first lines of a zone, with the SOA and NS records if there are name servers.
    pub(super) fn start(&self, zone: &str) -> String {
        let mut text = format!("$ORIGIN {zone}.\n$TTL {}\n", self.ttl);
        if let Some(primary) = self.servers.first() {
            let contact = self.contact.clone().unwrap_or_else(|| {
                // A reverse zone is no domain of mail.
                let domain = if zone.ends_with(".arpa") { parent(primary) } else { zone };
                format!("hostmaster.{domain}")
            });
            // Refresh, retry, expiry and negative TTL as RIPE-203 recommends for small and stable zones.
            let times = "86400 7200 3600000 3600";
            let _ = writeln!(text, "@\tIN\tSOA\t{primary}. {contact}. {} {times}", self.serial);
        }
        self.servers.iter().for_each(|server| record(&mut text, "@", "NS", &format!("{server}.")));
        text
    }
}

/// Adds a record.
// Tabs, which no name has: a reader splits a record at them.
pub(super) fn record(text: &mut String, name: &str, kind: &str, data: &str) {
    let _ = writeln!(text, "{name}\tIN\t{kind}\t{data}");
}

/// Returns the name without its first label; the name itself if it has one label.
pub(super) fn parent(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, parent)| parent)
}

/// Returns a name in a zone relative to it: `@` for the zone itself.
pub(super) fn relative<'n>(name: &'n str, zone: &str) -> &'n str {
    // By length and not by text: the zone is in lower case, the name as it was entered.
    let at = name.len().saturating_sub(zone.len());
    match name.get(..at) {
        Some("") => "@",
        Some(labels) => labels.strip_suffix('.').unwrap_or(labels),
        None => name,
    }
}
