//! Mark: text beside an address or a subnet that says which claim it belongs to.
//!
//! A mark is one word in square brackets, `[ipam1;c;0/1;…]`; the [module page](crate::provider#marks) lists its parts.
//! It is written by the request that takes the address or creates the subnet, so that nothing is ever without its mark.
//! Everything in it is percent-encoded: the server applies PHP's `strip_tags` to texts, and people may write before and
//! after it. A checksum detects an edited mark.

use std::fmt;
use std::net::IpAddr;

use ipam_core::net::{IpRange, IpSet};
use ipam_core::{AllocationKey, Fingerprint, Owner, Properties, Tag, Tags};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

const OPEN: &str = "[ipam";
const VERSION: &str = "1";
/// Characters that are not escaped. Colon, semicolon and brackets separate parts; `<` and `>` would be stripped.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b'/');
/// Length of the longest list of addresses in a mark. It is only for messages; a longer one is left out.
const MAX_ADDRESS_LIST: usize = 1_500;

/// State of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The claim is not committed yet. Its process may still commit it, or has died.
    Pending,
    /// The claim is committed: a caller was told of it, or will be.
    Committed,
}

/// Number of a claim, which differs between two calls with the same key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Nonce(pub(crate) u64);

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Contents of a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) state: State,
    /// Number of the address in its claim, from 0. Exact lines come first.
    pub(crate) seq: u32,
    /// Number of addresses of the claim.
    pub(crate) count: u32,
    /// Number of requests for this address that failed before: a lost response causes a second one.
    pub(crate) attempt: u32,
    pub(crate) nonce: Nonce,
    /// First 64 bits of the fingerprint of the request.
    pub(crate) request: u64,
    /// Start of the claim, in seconds since 1970 by the server's clock; by this host's if the server sends no `Date`.
    pub(crate) began: u64,
    /// Seconds after the start for which the claim is protected while it is pending. None in committed marks, and in
    /// those of earlier versions.
    pub(crate) protected_secs: Option<u64>,
    pub(crate) key: AllocationKey,
    pub(crate) owner: Owner,
    /// Addresses of the claim, for messages. Empty if they are not known or too many.
    pub(crate) addresses: String,
    /// Tags, for which the server has no field.
    pub(crate) tags: Tags,
    /// Properties for which the server has no custom field.
    pub(crate) properties: Properties,
}

/// Result of looking for a mark in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The text has no mark.
    None,
    /// The text has this mark.
    Mark(Box<Mark>),
    /// The text has a mark that was edited, or that a later version wrote. The address belongs to a claim that cannot
    /// be read.
    Unreadable,
}

impl Found {
    pub(crate) fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Mark(mark) => Some(mark),
            Self::None | Self::Unreadable => None,
        }
    }
}

/// Returns the first 64 bits of a fingerprint.
pub(crate) fn request_number(fingerprint: &Fingerprint) -> u64 {
    fingerprint.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Returns the text by which the marks of a key are found: the start of a digest, because a key may contain characters
/// that the server's search interprets, and may be longer than a path.
pub(crate) fn key_token(key: &AllocationKey) -> String {
    format!("k{}", &hex_digest(&["key", key.as_str()])[..24])
}

fn hex_digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, PLAIN)
}

fn unescaped(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

impl Mark {
    fn body(&self) -> String {
        let state = match self.state {
            State::Pending => 'p',
            State::Committed => 'c',
        };
        let mut text = format!(
            "{state};{}/{};a{};{};n{};f{:016x};s{:x};key={};owner={}",
            self.seq,
            self.count,
            self.attempt,
            key_token(&self.key),
            self.nonce,
            self.request,
            self.began,
            escaped(self.key.as_str()),
            escaped(self.owner.as_str()),
        );
        if let Some(seconds) = self.protected_secs {
            text.push_str(&format!(";life={seconds}"));
        }
        if !self.addresses.is_empty() && self.addresses.len() <= MAX_ADDRESS_LIST {
            text.push_str(";at=");
            text.push_str(&self.addresses);
        }
        for tag in &self.tags {
            text.push_str(&format!(";tag={}:{}", escaped(&tag.key), escaped(&tag.value)));
        }
        for (name, value) in &self.properties {
            text.push_str(&format!(";prop={}:{}", escaped(name), escaped(value)));
        }
        text
    }

    fn from_body(body: &str) -> Option<Self> {
        let mut parts = body.split(';');
        let state = match parts.next()? {
            "p" => State::Pending,
            "c" => State::Committed,
            _ => return None,
        };
        let (seq, count) = parts.next()?.split_once('/')?;
        let attempt = parts.next()?.strip_prefix('a')?.parse().ok()?;
        let token = parts.next()?;
        let hex = |text: &str, prefix: char| u64::from_str_radix(text.strip_prefix(prefix)?, 16).ok();
        let nonce = Nonce(hex(parts.next()?, 'n')?);
        let request = hex(parts.next()?, 'f')?;
        let began = hex(parts.next()?, 's')?;
        let key = AllocationKey::new(unescaped(parts.next()?.strip_prefix("key=")?)?);
        let owner = Owner::new(unescaped(parts.next()?.strip_prefix("owner=")?)?);
        // The token is redundant. A mark in which it differs from the key would not be found by its key.
        if token != key_token(&key) {
            return None;
        }
        let mut mark = Self {
            state,
            seq: seq.parse().ok()?,
            count: count.parse().ok()?,
            attempt,
            nonce,
            request,
            began,
            protected_secs: None,
            key,
            owner,
            addresses: String::new(),
            tags: Tags::new(),
            properties: Properties::new(),
        };
        for part in parts {
            let pair = |text: &str| {
                let (name, value) = text.split_once(':')?;
                Some((unescaped(name)?, unescaped(value)?))
            };
            match part.split_once('=')? {
                ("life", seconds) => mark.protected_secs = seconds.parse().ok(),
                ("at", list) => list.clone_into(&mut mark.addresses),
                ("tag", text) => {
                    let (key, value) = pair(text)?;
                    mark.tags.insert(Tag::new(key, value));
                }
                ("prop", text) => {
                    let (name, value) = pair(text)?;
                    mark.properties.insert(name, value);
                }
                // Parts that a later version added without changing the meaning of the others.
                _ => {}
            }
        }
        // A number outside the claim would make a claim that is never complete.
        (mark.seq < mark.count).then_some(mark)
    }

    /// Finds the mark in a text.
    pub(crate) fn find(text: &str) -> Found {
        let Some((before, inside)) = span(text).and_then(|(from, to)| text.get(from..to)?.split_once(';')) else {
            return Found::None;
        };
        let version = before.strip_prefix(OPEN).unwrap_or_default();
        let inside = inside.strip_suffix(']').unwrap_or(inside);
        let Some((body, check)) = inside.rsplit_once(";x").filter(|_| version == VERSION) else {
            return Found::Unreadable;
        };
        match Self::from_body(body).filter(|_| check == checksum(body)) {
            Some(mark) => Found::Mark(Box::new(mark)),
            None => Found::Unreadable,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        write!(f, "{OPEN}{VERSION};{body};x{}]", checksum(&body))
    }
}

fn checksum(body: &str) -> String {
    hex_digest(&["mark", body])[..8].to_owned()
}

/// Returns the start and the end of the mark in a text, also of one that cannot be read.
fn span(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find(OPEN).map(|at| at + from) {
        let rest = text.get(at + OPEN.len()..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest.as_bytes().get(digits) == Some(&b';') {
            // A mark that was cut off has no end: it reaches to the end of the text, so that its start is not taken for
            // people's words.
            let end = rest.find(']').map_or(text.len(), |end| at + OPEN.len() + end + 1);
            return Some((at, end));
        }
        from = at + OPEN.len();
    }
    None
}

/// Returns the text without its mark: what people wrote.
pub(crate) fn without_mark(text: &str) -> String {
    match span(text) {
        Some((from, to)) => {
            let (before, behind) = (text.get(..from).unwrap_or_default(), text.get(to..).unwrap_or_default());
            format!("{}{}", before.trim_end(), behind).trim().to_owned()
        }
        None => text.to_owned(),
    }
}

/// Returns the text with this mark in place of the old one, or at its end.
pub(crate) fn with_mark(text: &str, mark: &Mark) -> String {
    let rest = without_mark(text);
    if rest.is_empty() { mark.to_string() } else { format!("{rest}\n{mark}") }
}

/// Returns a list of addresses for people: contiguous runs, in ascending order.
pub(crate) fn address_list(addresses: impl IntoIterator<Item = IpAddr>) -> String {
    let set: IpSet = addresses.into_iter().collect();
    set.ranges().map(|range| range.to_string()).collect::<Vec<_>>().join(",")
}

/// Returns the addresses of a list that are not in `there`.
pub(crate) fn missing_addresses(list: &str, there: &[IpAddr]) -> String {
    let ranges = list.split(',').filter_map(|range| range.parse::<IpRange>().ok());
    let all: IpSet = ranges.collect();
    let there: IpSet = there.iter().copied().collect();
    all.difference(&there).ranges().map(|range| range.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn mark(key: &str, owner: &str) -> Mark {
        Mark {
            state: State::Committed,
            seq: 1,
            count: 3,
            attempt: 0,
            nonce: Nonce(0xabc),
            request: 7,
            began: 1_700_000_000,
            protected_secs: None,
            key: key.into(),
            owner: owner.into(),
            addresses: "10.0.0.1-10.0.0.3,2001:db8::1".to_owned(),
            tags: Tags::from([Tag::new("a:b", "c;d]")]),
            properties: Properties::from([("r=1".to_owned(), "<x>".to_owned())]),
        }
    }

    proptest! {
        #[test]
        fn any_key_and_owner_come_back(key in "\\PC{1,80}", owner in "\\PC{1,80}", before in "[^\\[]{0,20}", behind in "\\PC{0,20}") {
            let mark = mark(&key, &owner);
            let text = format!("{before}{mark}{behind}");
            prop_assert_eq!(Mark::find(&text), Found::Mark(Box::new(mark.clone())));
            prop_assert!(!mark.to_string().contains(['<', '>', ' ', '"', '\'', '&', '\n']));
        }

        #[test]
        fn an_edited_mark_is_not_taken_for_another(at in 8_usize..120, to in "[a-z0-9]") {
            let whole = mark("vm-1/nic-0", "vm-1").to_string();
            let mut edited = whole.clone();
            if at + 1 < edited.len() && edited.is_char_boundary(at) && edited.is_char_boundary(at + 1) {
                edited.replace_range(at..=at, &to);
                prop_assert!(edited == whole || Mark::find(&edited) == Found::Unreadable, "{edited}");
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,80}") {
            let _ = Mark::find(&text);
            let _ = Mark::find(&format!("[ipam1;{text}"));
            let _ = without_mark(&format!("{text}[ipam1;{text}]{text}"));
        }
    }

    #[test]
    fn what_people_wrote_stays() {
        let mark = mark("k", "o");
        let text = with_mark("rack 7\nasked by J. Doe", &mark);
        assert_eq!(without_mark(&text), "rack 7\nasked by J. Doe");
        let other = Mark { state: State::Pending, ..mark };
        let text = with_mark(&text, &other);
        assert_eq!(Mark::find(&text), Found::Mark(Box::new(other)));
        assert_eq!(text.matches(OPEN).count(), 1);
        assert_eq!(without_mark("no mark [ipamx] here"), "no mark [ipamx] here");
        assert_eq!(Mark::find("no mark [ipamx] here"), Found::None);
    }

    #[test]
    fn marks_that_were_cut_or_come_from_later_versions_are_unreadable() {
        let whole = mark("k", "o").to_string();
        assert_eq!(Mark::find(&whole[..whole.len() - 3]), Found::Unreadable);
        assert_eq!(Mark::find(&whole.replacen("[ipam1", "[ipam2", 1)), Found::Unreadable);
    }

    #[test]
    fn the_format_is_kept_from_release_to_release() {
        let mark = Mark { tags: Tags::new(), properties: Properties::new(), ..mark("vm-1/nic 0", "vm-1") };
        let text = "[ipam1;c;1/3;a0;k7c3d47054832e9f6918bc21b;n0000000000000abc;f0000000000000007;s6553f100;key=vm-1/nic%200;owner=vm-1;\
                    at=10.0.0.1-10.0.0.3,2001:db8::1;x489c67d3]";
        assert_eq!(mark.to_string(), text);
        assert_eq!(Mark::find(text), Found::Mark(Box::new(mark.clone())));
        let pending = Mark { state: State::Pending, protected_secs: Some(180), addresses: String::new(), ..mark };
        let text = "[ipam1;p;1/3;a0;k7c3d47054832e9f6918bc21b;n0000000000000abc;f0000000000000007;s6553f100;key=vm-1/nic%200;owner=vm-1;\
                    life=180;x57bca29b]";
        assert_eq!(pending.to_string(), text);
        assert_eq!(Mark::find(text), Found::Mark(Box::new(pending)));
    }

    #[test]
    fn deallocated_addresses_are_named() {
        let there = ["10.0.0.1", "10.0.0.3"].map(|ip| ip.parse().unwrap());
        assert_eq!(missing_addresses("10.0.0.1-10.0.0.3,10.0.0.9", &there), "10.0.0.2, 10.0.0.9");
    }
}
