//! Mark: what the provider writes into the description of an address.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ipam_core::{AllocationKey, Error, Labels, MacAddr, Operation, Owner, Result, Tags};
use serde::{Deserialize, Serialize};

/// Begin of a description that holds a mark, with the version of its form.
const PREFIX: &str = "ipam1 ";

/// Longest description that is sent, in bytes. The bound of the server is not known.
const LONGEST: usize = 4000;

/// Mark of the addresses that one call takes for one line of a request.
///
/// A description is set when an address is allocated, and no call changes it. So a mark is never pending: it says which
/// addresses the whole request has, and a claim is complete when all of them carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    // First what people look for: they read descriptions in the console of the server.
    pub(super) owner: Owner,
    pub(super) key: AllocationKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<MacAddr>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    tags: Tags,
    /// Random number of the claim: tells its addresses from those of another call with the same key.
    pub(super) claim: String,
    /// Fingerprint of the request, to tell another request with the same key.
    pub(super) request: String,
    /// Start of the claim, in seconds since 1970 by the clock of its process.
    at: u64,
    /// Claim time and settle time of its process, in milliseconds. Marks of older versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<(u64, u64)>,
    /// Index of the line of the request.
    pub(super) line: usize,
    /// Number of calls that the claim needs.
    pub(super) calls: usize,
    /// Line, first and last address of each run of addresses of the whole claim.
    runs: Vec<(usize, IpAddr, IpAddr)>,
}

/// Claim: what all marks of one request have in common.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) owner: Owner,
    pub(super) key: AllocationKey,
    pub(super) number: String,
    pub(super) request: String,
    /// Claim time and settle time of this process.
    pub(super) times: (Duration, Duration),
}

impl Mark {
    /// Makes the mark of a line. `addresses` are those of the whole claim, in the order of the lines.
    pub(super) fn new(
        claim: &Claim,
        line: usize,
        labels: &Labels,
        addresses: &[(usize, IpAddr)],
        calls: usize,
    ) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self {
            owner: claim.owner.clone(),
            key: claim.key.clone(),
            host: labels.hostname.clone(),
            text: labels.description.clone(),
            mac: labels.mac,
            tags: labels.tags.clone(),
            claim: claim.number.clone(),
            request: claim.request.clone(),
            at: now.as_secs(),
            times: Some((millis(claim.times.0), millis(claim.times.1))),
            line,
            calls,
            runs: runs(addresses),
        }
    }

    /// Returns the description that holds the mark.
    ///
    /// # Errors
    /// `InvalidInput` if it is too long.
    pub(super) fn to_description(&self) -> Result<String> {
        let json = serde_json::to_string(self)
            .map_err(|error| Error::invalid(Operation::Allocate, "labels", error, "write values that JSON can hold"))?;
        let text = format!("{PREFIX}{json}");
        if text.len() > LONGEST {
            let remedy = format!(
                "its description at the server would have {} bytes, and {LONGEST} are accepted; shorten the labels, or \
                 request fewer addresses at once",
                text.len()
            );
            return Err(Error::invalid(Operation::Allocate, "owner", &self.owner, remedy));
        }
        Ok(text)
    }

    /// Reads a mark. [`None`] for a description that the provider did not write.
    pub(super) fn read(description: &str) -> Option<Self> {
        serde_json::from_str(description.strip_prefix(PREFIX)?).ok()
    }

    pub(super) fn labels(&self) -> Labels {
        let mut labels = Labels::default();
        labels.hostname.clone_from(&self.host);
        labels.description.clone_from(&self.text);
        labels.mac = self.mac;
        labels.tags = self.tags.clone();
        labels
    }

    /// Returns the start of the claim.
    pub(super) fn started(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.at)).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns claim time and settle time of its process, or zero for a mark of an older version.
    pub(super) fn times(&self) -> (Duration, Duration) {
        let (claim, settle) = self.times.unwrap_or_default();
        (Duration::from_millis(claim), Duration::from_millis(settle))
    }

    /// Returns line and address of each address of the whole claim; at most `limit`.
    pub(super) fn addresses(&self, limit: usize) -> Vec<(usize, IpAddr)> {
        let each = self.runs.iter().flat_map(|(line, first, last)| {
            // A mark with reversed bounds was not written here.
            let range = ipam_core::net::IpRange::new(*first, *last).ok();
            range.into_iter().flat_map(move |range| range.addresses().map(move |address| (*line, address)))
        });
        each.take(limit).collect()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Joins neighbours to runs, so that a mark of many addresses stays short.
fn runs(addresses: &[(usize, IpAddr)]) -> Vec<(usize, IpAddr, IpAddr)> {
    let mut runs: Vec<(usize, IpAddr, IpAddr)> = Vec::new();
    for (line, address) in addresses {
        match runs.last_mut() {
            Some((of, _, last)) if of == line && next(*last) == Some(*address) => *last = *address,
            _ => runs.push((*line, *address, *address)),
        }
    }
    runs
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn claim() -> Claim {
        Claim { owner: "vm-1".into(), key: "k".into(), number: "7".into(), request: "f".into(), times: TIMES }
    }

    const TIMES: (Duration, Duration) = (Duration::from_secs(120), Duration::from_millis(800));

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let places: Vec<(usize, IpAddr)> =
            [(0, "10.0.0.1"), (0, "10.0.0.2"), (0, "10.0.0.9"), (1, "10.0.0.10"), (1, "2001:db8::1")]
                .map(|(line, address)| (line, address.parse().unwrap()))
                .into();
        let labels = Labels::default().with_hostname("web \"1\"").with_description("ipam1 {}");
        let mark = Mark::new(&claim(), 1, &labels, &places, 2);
        let text = mark.to_description().unwrap();
        assert!(text.starts_with("ipam1 {\"owner\":\"vm-1\",\"key\":\"k\",\"host\":"), "{text}");
        let read = Mark::read(&text).unwrap();
        assert_eq!((&read, read.labels(), read.addresses(99)), (&mark, labels, places.clone()));
        assert_eq!((read.addresses(2).as_slice(), read.times()), (&places[..2], TIMES));
        // As an older version wrote it.
        let older = Mark::read(&text.replace(r#","times":[120000,800]"#, "")).unwrap();
        assert_eq!((older.times(), older.claim), ((Duration::ZERO, Duration::ZERO), read.claim));
        for other in ["", "printer", "ipam1 ", "ipam1 {\"owner\":\"vm-1\"}", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(Mark::read(other), None, "{other}");
        }
    }

    #[test]
    fn a_description_that_is_too_long_is_refused() {
        let labels = Labels::default().with_description("x".repeat(4000));
        assert!(Mark::new(&claim(), 0, &labels, &[], 1).to_description().is_err());
    }
}
