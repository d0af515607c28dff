//! Longest-prefix match.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

/// Map from prefixes of both families to values, with longest-prefix match.
///
/// A look-up walks down a trie, so that its cost does not depend on the number of prefixes. Prefixes may nest. Host
/// bits of a prefix are cleared: `10.0.0.7/24` and `10.0.0.0/24` are the same key.
///
/// ```
/// use ipam_core::net::PrefixMap;
/// # use ipnet::IpNet;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut sites = PrefixMap::new();
/// sites.insert("10.0.0.0/8".parse()?, "company");
/// sites.insert("10.1.0.0/16".parse()?, "Bern");
/// assert_eq!(sites.longest_match("10.1.2.3".parse()?), Some(("10.1.0.0/16".parse()?, &"Bern")));
/// assert_eq!(sites.longest_match("192.0.2.1".parse()?), None);
/// let around: Vec<&str> = sites.containing("10.1.2.0/24".parse::<IpNet>()?).map(|(_, site)| *site).collect();
/// assert_eq!(around, ["company", "Bern"]);
/// # Ok(())
/// # }
/// ```
// The trie of `prefix-trie` is the fastest of the crates that were measured for a table of a million routes, and its
// map can be changed; a frozen table would be faster and could not.
#[derive(Clone)]
pub struct PrefixMap<T>(JointPrefixMap<IpNet, T>);

impl<T> PrefixMap<T> {
    /// Creates an empty map.
    pub fn new() -> Self {
        Self(JointPrefixMap::new())
    }

    /// Returns the number of prefixes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if the map has no prefix.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the value of a prefix. Returns its previous value.
    ///
    /// ```
    /// use ipam_core::net::PrefixMap;
    ///
    /// let mut names = PrefixMap::new();
    /// assert_eq!(names.insert("10.0.0.0/24".parse().unwrap(), "lan"), None);
    /// assert_eq!(names.insert("10.0.0.7/24".parse().unwrap(), "office"), Some("lan"));
    /// assert_eq!(names.remove("10.0.0.0/24".parse().unwrap()), Some("office"));
    /// assert!(names.is_empty());
    /// ```
    pub fn insert(&mut self, net: IpNet, value: T) -> Option<T> {
        // Without host bits, so that look-ups return none.
        self.0.insert(net.trunc(), value)
    }

    /// Removes exactly this prefix. Returns its value.
    pub fn remove(&mut self, net: IpNet) -> Option<T> {
        self.0.remove(&net.trunc())
    }

    /// Removes all prefixes.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the value of exactly this prefix.
    pub fn get(&self, net: IpNet) -> Option<&T> {
        self.0.get(&net.trunc())
    }

    /// Returns the value of exactly this prefix, mutably.
    pub fn get_mut(&mut self, net: IpNet) -> Option<&mut T> {
        self.0.get_mut(&net.trunc())
    }

    /// Returns the longest prefix that holds the address, with its value.
    pub fn longest_match(&self, ip: IpAddr) -> Option<(IpNet, &T)> {
        self.0.get_lpm(&ip.into())
    }

    /// Returns the longest prefix that holds all of `net`, with its value. It may be `net` itself.
    pub fn longest_containing(&self, net: IpNet) -> Option<(IpNet, &T)> {
        self.0.get_lpm(&net.trunc())
    }

    /// Returns an iterator over the prefixes that hold all of `net`, a prefix or an address, shortest first. `net`
    /// itself is among them.
    pub fn containing(&self, net: impl Into<IpNet>) -> impl Iterator<Item = (IpNet, &T)> {
        let net = net.into().trunc();
        self.0.cover(&net)
    }

    /// Returns an iterator over the prefixes inside `net`, itself included, in ascending order.
    ///
    /// ```
    /// use ipam_core::net::PrefixMap;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let entries = [("10.1.0.0/16".parse()?, "Bern"), ("10.1.8.0/24".parse()?, "Thun")];
    /// let sites: PrefixMap<_> = entries.into_iter().collect();
    /// let inside: Vec<_> = sites.inside("10.0.0.0/8".parse()?).map(|(net, site)| format!("{net} {site}")).collect();
    /// assert_eq!(inside, ["10.1.0.0/16 Bern", "10.1.8.0/24 Thun"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn inside(&self, net: IpNet) -> impl Iterator<Item = (IpNet, &T)> {
        self.0.children(&net.trunc())
    }

    /// Returns an iterator over all prefixes with their values: IPv4 first, by address, an outer prefix before an
    /// inner.
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
    /// Collects a map. If a prefix occurs twice, the later value is kept.
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
