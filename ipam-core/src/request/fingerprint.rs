//! Fingerprint of a request: tells whether two requests under one key are the same.

use std::fmt;
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::{Allocate, AllocateLine, AllocateRange, ChildPrefix, Placement, Selection};
use crate::{Labels, Order, Properties, RangePolicy, Tags};

/// Fingerprint of a request, in 32 bytes: equal for requests that are equal except for their key.
///
/// A provider stores it with the key, so that it refuses the same key with another request. It is the SHA-256 of an
/// encoding that does not change from one release of this crate to the next.
///
/// # Compared fields
/// Two requests under one key are the same if all of these are equal:
///
/// - [`Allocate`]: `owner`; and of each line, in the order of the lines, `ranges` in their order, `selection`,
///   `exclude` in its order, all `labels` (host name, description, MAC address, tags) and `expiry`.
/// - [`AllocateRange`]: `owner`, `blocks` in their order, `prefix`, `name`, `description`, `policy`, `tags`,
///   `properties`.
///
/// A repeat that asks for other labels is therefore a `Conflict`. A program whose labels change allocates with those
/// that never do, and sets the others by an [`Update`](crate::Update), which leaves the request as it is.
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, Labels};
///
/// let request = Allocate::one("vm-42", "lan");
/// assert_eq!(request.fingerprint(), request.clone().with_key("vm-42/nic-0").fingerprint());
///
/// let line = AllocateLine::next("lan", 1).with_labels(Labels::default().with_hostname("web1"));
/// assert_ne!(request.fingerprint(), Allocate::new("vm-42").with_line(line).fingerprint());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
// Not serde's form of the request: that one changes when a field with a default is added, and each stored key would
// then belong to another request.
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Returns the bytes, to be stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Makes a fingerprint from bytes that were stored.
    ///
    /// ```
    /// use ipam_core::{Allocate, Fingerprint};
    ///
    /// let fingerprint = Allocate::one("vm-42", "lan").fingerprint();
    /// assert_eq!(Fingerprint::from_bytes(*fingerprint.as_bytes()), fingerprint);
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a fingerprint of which only the first eight bytes are known, such as one that a provider keeps in a field
    /// of limited width. It [matches](Self::matches) every fingerprint that begins with them.
    ///
    /// ```
    /// use ipam_core::{Allocate, Fingerprint};
    ///
    /// let fingerprint = Allocate::one("vm-42", "lan").fingerprint();
    /// let mut start = [0; 8];
    /// start.copy_from_slice(&fingerprint.as_bytes()[..8]);
    /// assert!(Fingerprint::from_prefix(start).matches(&fingerprint));
    /// assert!(!Fingerprint::from_prefix(start).matches(&Allocate::one("vm-43", "lan").fingerprint()));
    /// ```
    #[must_use]
    pub const fn from_prefix(prefix: [u8; 8]) -> Self {
        // All zeros behind the prefix: a digest ends so once in 2^192 requests.
        let [a, b, c, d, e, f, g, h] = prefix;
        Self([a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// Fingerprint of a request that is not known. It matches none.
    pub(crate) const UNKNOWN: Self = Self([0; 32]);

    /// Returns true if both are fingerprints of one request: they are equal, or one is a
    /// [prefix](Self::from_prefix) of the other.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        if *self == Self::UNKNOWN || *other == Self::UNKNOWN {
            return false;
        }
        let is_prefix = |of: &Self| of.0.iter().skip(8).all(|byte| *byte == 0);
        let compared = if is_prefix(self) || is_prefix(other) { 8 } else { 32 };
        self.0.iter().zip(&other.0).take(compared).all(|(one, other)| one == other)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Allocate {
    /// Returns the [`Fingerprint`]: owner and lines, without the key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // The operation comes first, so that addresses and a range that are requested under one key never compare
        // equal.
        let mut to = Encoder::new("allocate");
        to.text(self.owner.as_str());
        to.list(&self.lines, |to, line| line.encode(to));
        to.finish()
    }
}

impl AllocateRange {
    /// Returns the [`Fingerprint`]: everything but the key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut to = Encoder::new("allocate_range");
        to.text(self.owner.as_str());
        to.list(&self.blocks, |to, block| to.text(block.as_str()));
        match &self.prefix {
            ChildPrefix::PrefixLen(len) => {
                to.number(0);
                to.number(u128::from(*len));
            }
            ChildPrefix::Exact(net) => {
                to.number(1);
                // Truncated: host bits are invalid, but a fingerprint is also made of requests that were not validated.
                to.address(net.trunc().addr());
                to.number(u128::from(net.prefix_len()));
            }
        }
        to.text(&self.name);
        to.option(self.description.as_ref(), |to, text| to.text(text));
        to.policy(&self.policy);
        to.tags(&self.tags);
        to.properties(&self.properties);
        to.finish()
    }
}

impl AllocateLine {
    fn encode(&self, to: &mut Encoder) {
        to.list(&self.ranges, |to, range| to.text(range.as_str()));
        match &self.selection {
            Selection::Next { count, placement } => {
                to.number(0);
                to.number(u128::from(*count));
                // Written out and not cast from the enum, whose numbers change if its variants are reordered.
                to.number(match placement {
                    Placement::Scattered => 0,
                    Placement::Contiguous => 1,
                    Placement::Aligned => 2,
                });
            }
            Selection::Exact { first, count } => {
                to.number(1);
                to.address(*first);
                to.number(u128::from(*count));
            }
        }
        to.list(&self.exclude, |to, range| {
            to.address(range.first());
            to.address(range.last());
        });
        to.labels(&self.labels);
        // In the full precision of a `Duration`. Rounding would make two different requests equal.
        to.option(self.expiry.as_ref(), |to, expiry| to.number(expiry.as_nanos()));
    }
}

/// Encoder of a request into the bytes that are digested.
// Every text and list carries its length, so that no two requests have the same bytes. They are digested in one go,
// because the parts are small. Stores keep the digests, and compare them with those of later releases: no line here may
// change.
struct Encoder(Vec<u8>);

impl Encoder {
    fn new(kind: &str) -> Self {
        let mut to = Self(Vec::with_capacity(512));
        to.text(kind);
        to
    }

    fn finish(self) -> Fingerprint {
        // SHA-256 and not the hasher of the standard library, which may change with the compiler. Equal digests of
        // different requests would return the addresses of another caller, so that they must not be found even on
        // purpose.
        Fingerprint(Sha256::digest(self.0).into())
    }

    // All numbers in 16 bytes: one width cannot be confused with another.
    fn number(&mut self, number: u128) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u128);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.number(4);
                self.number(u128::from(u32::from(address)));
            }
            IpAddr::V6(address) => {
                self.number(6);
                self.number(u128::from(address));
            }
        }
    }

    fn option<T>(&mut self, value: Option<&T>, encode: impl FnOnce(&mut Self, &T)) {
        self.number(u128::from(value.is_some()));
        if let Some(value) = value {
            encode(self, value);
        }
    }

    fn list<'a, T: 'a>(
        &mut self,
        items: impl IntoIterator<Item = &'a T, IntoIter: ExactSizeIterator>,
        encode: impl Fn(&mut Self, &T),
    ) {
        let items = items.into_iter();
        self.number(items.len() as u128);
        items.for_each(|item| encode(self, item));
    }

    fn labels(&mut self, labels: &Labels) {
        self.option(labels.hostname.as_ref(), |to, text| to.text(text));
        self.option(labels.description.as_ref(), |to, text| to.text(text));
        self.option(labels.mac.as_ref(), |to, mac| to.text(&mac.to_string()));
        self.tags(&labels.tags);
    }

    fn policy(&mut self, policy: &RangePolicy) {
        self.number(match policy.order {
            Order::FirstFree => 0,
            Order::Random => 1,
            Order::LeastRecentlyUsed => 2,
        });
        self.number(policy.quarantine.as_nanos());
    }

    fn tags(&mut self, tags: &Tags) {
        self.list(tags, |to, tag| {
            to.text(&tag.key);
            to.text(&tag.value);
        });
    }

    fn properties(&mut self, properties: &Properties) {
        self.number(properties.len() as u128);
        for (name, value) in properties {
            self.text(name);
            self.text(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_no_part_of_it_and_everything_else_is() {
        let request = Allocate::one("vm", "lan");
        let same = Allocate::one("vm", "lan").with_key("k");
        assert_eq!(request.fingerprint(), same.fingerprint());
        let line = || AllocateLine::next("lan", 1);
        let others = [
            Allocate::one("vm2", "lan"),
            Allocate::one("vm", "lan2"),
            Allocate::new("vm").with_line(line()).with_line(line()),
            Allocate::new("vm").with_line(AllocateLine::next("lan", 2)),
            Allocate::new("vm").with_line(AllocateLine::contiguous("lan", 1)),
            Allocate::new("vm").with_line(line().or_from("dmz")),
            Allocate::new("vm").with_line(line().without(IpAddr::from([10, 0, 0, 1]))),
            Allocate::new("vm").with_line(line().with_labels(Labels::default().with_hostname("h"))),
            Allocate::new("vm").with_line(line().with_labels(Labels::default().with_description("h"))),
            Allocate::new("vm").with_line(line().with_expiry(std::time::Duration::from_secs(1))),
            Allocate::new("vm").with_line(AllocateLine::exactly("lan", IpAddr::from([10, 0, 0, 1]))),
        ];
        let mut seen = vec![request.fingerprint()];
        for other in others {
            assert!(!seen.contains(&other.fingerprint()), "{other:?}");
            seen.push(other.fingerprint());
        }
    }

    #[test]
    fn a_prefix_matches_and_an_unknown_one_does_not() {
        let whole = Allocate::one("vm", "lan").fingerprint();
        let prefix = Fingerprint::from_prefix([0xff, 0x8c, 0x5c, 0x56, 0x27, 0x45, 0x2f, 0x33]);
        assert!(prefix.matches(&whole) && whole.matches(&prefix) && prefix.matches(&prefix) && whole.matches(&whole));
        assert!(!Fingerprint::UNKNOWN.matches(&Fingerprint::UNKNOWN) && !Fingerprint::UNKNOWN.matches(&whole));
        assert!(!Fingerprint::from_prefix([1; 8]).matches(&whole));
    }

    #[test]
    fn it_does_not_change_from_release_to_release() {
        assert_eq!(
            Allocate::one("vm", "lan").fingerprint().to_string(),
            "ff8c5c5627452f3390208e532f661ccc94918f066aa33c3662825d4a5a3ce41a"
        );
    }
}
