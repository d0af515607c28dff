//! Longest-prefix match.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

/// Values by prefix, of both families, found by the addresses they hold.
///
/// A look-up costs a few steps down a trie, whatever the number of prefixes. Prefixes may nest. Host bits are cleared
/// wherever a prefix is given: `10.0.0.7/24` and `10.0.0.0/24` are the same key.
///
/// ```
/// use ipam_core::net::PrefixMap;
/// # use ipnet::IpNet;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sites: PrefixMap<&str> = [("10.0.0.0/8".parse()?, "company"), ("10.1.0.0/16".parse()?, "Bern")].into_iter().collect();
/// assert_eq!(sites.longest_match("10.1.2.3".parse()?), Some(("10.1.0.0/16".parse()?, &"Bern")));
/// assert_eq!(sites.longest_match("192.0.2.1".parse()?), None);
/// let around: Vec<&str> = sites.containing("10.1.2.0/24".parse::<IpNet>()?).map(|(_, site)| *site).collect();
/// assert_eq!(around, ["company", "Bern"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PrefixMap<T>(JointPrefixMap<IpNet, T>);

impl<T> PrefixMap<T> {
    /// The map without prefixes.
    pub fn new() -> Self {
        Self(JointPrefixMap::new())
    }

    /// How many prefixes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no prefix.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the value of a prefix and returns the one it had.
    pub fn insert(&mut self, net: IpNet, value: T) -> Option<T> {
        self.0.insert(net.trunc(), value)
    }

    /// Takes out exactly this prefix and returns its value.
    pub fn remove(&mut self, net: IpNet) -> Option<T> {
        self.0.remove(&net.trunc())
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The value of exactly this prefix.
    pub fn get(&self, net: IpNet) -> Option<&T> {
        self.0.get(&net.trunc())
    }

    /// The value of exactly this prefix, to change it.
    pub fn get_mut(&mut self, net: IpNet) -> Option<&mut T> {
        self.0.get_mut(&net.trunc())
    }

    /// The longest prefix that holds the address, with its value.
    pub fn longest_match(&self, ip: IpAddr) -> Option<(IpNet, &T)> {
        self.0.get_lpm(&ip.into())
    }

    /// The longest prefix that holds all of `net`, which may be `net` itself.
    pub fn longest_containing(&self, net: IpNet) -> Option<(IpNet, &T)> {
        self.0.get_lpm(&net.trunc())
    }

    /// All prefixes that hold all of `net`, a prefix or an address; the shortest comes first, `net` itself is one.
    pub fn containing(&self, net: impl Into<IpNet>) -> impl Iterator<Item = (IpNet, &T)> {
        let net = net.into().trunc();
        self.0.cover(&net)
    }

    /// All prefixes inside `net`, itself included, in order.
    pub fn inside(&self, net: IpNet) -> impl Iterator<Item = (IpNet, &T)> {
        self.0.children(&net.trunc())
    }

    /// All prefixes with their values: IPv4 first, by address, the outer before the inner.
    pub fn iter(&self) -> impl Iterator<Item = (IpNet, &T)> {
        self.0.iter()
    }
}

impl<T> Default for PrefixMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for PrefixMap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T> FromIterator<(IpNet, T)> for PrefixMap<T> {
    /// Where a prefix comes twice, the later value stays.
    fn from_iter<I: IntoIterator<Item = (IpNet, T)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<T> Extend<(IpNet, T)> for PrefixMap<T> {
    fn extend<I: IntoIterator<Item = (IpNet, T)>>(&mut self, entries: I) {
        for (net, value) in entries {
            self.insert(net, value);
        }
    }
}
