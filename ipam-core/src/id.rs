//! Identifiers of spaces, blocks, ranges, allocations, requests and owners, and positions in listings and feeds.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::{Error, Operation, Result};

/// Longest identifier that a provider has to keep, in bytes of UTF-8.
// As long as the usual column of a server, `varchar(255)`: a longer id is one that some provider cannot keep. In bytes,
// which are the same everywhere, while characters may be code points or UTF-16 units.
pub const MAX_ID_LEN: usize = 255;

// A type per meaning, so that a range cannot be passed for a block. A macro, because they differ in nothing but the
// name.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// Cheap to clone. Compared byte by byte: case and spaces count.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        // `from` and not `try_from`: what a server returned must be readable even if it breaks the rules of ids.
        // Requests are validated, results are not.
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(from = "String", into = "String"))]
        // Shared, because every allocation repeats the ids of its space, range, key and owner.
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text as it is. The request that contains it is checked when it is used.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Checks that the text is an identifier that every provider keeps: 1 to [`MAX_ID_LEN`] bytes, without
            /// control characters. Validating a request does it for all of its identifiers.
            ///
            /// # Errors
            /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the text is empty, longer, or has a control
            /// character.
            pub fn validate(&self, operation: Operation) -> Result<()> {
                check(operation, $field, &self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        // Maps by id are searched with the `&str` of a URL or a row, without making an id for it. Equality, order and
        // hash are those of the text, which `Borrow` requires.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // As a text without the type: requests have many ids, and the field already names what each one is.
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

id! {
    /// Id of an address space: a VRF, a section, or `default`. An address is unique in one space.
    ///
    /// The caller chooses the text where it defines ranges and blocks; over a server, the server does.
    ///
    /// ```
    /// use ipam_core::{DefineRange, SpaceId};
    ///
    /// let lan = DefineRange::new("lan", "10.0.0.0/24".parse()?);
    /// assert_eq!(lan.space.as_str(), SpaceId::DEFAULT);
    /// assert_eq!(lan.with_space("vrf-red").space.as_str(), "vrf-red");
    /// # Ok::<(), ipnet::AddrParseError>(())
    /// ```
    SpaceId, "space"
}
id! {
    /// Id of a block, unique in one provider.
    ///
    /// The caller chooses the text in [`DefineBlock`](crate::DefineBlock); over a server, the server does.
    ///
    /// ```
    /// use ipam_core::{AllocateRange, BlockId};
    ///
    /// let request = AllocateRange::prefix_len("tenant-7", "campus", 26);
    /// assert_eq!(request.blocks, [BlockId::new("campus")]);
    /// ```
    BlockId, "block"
}
id! {
    /// Id of a range, unique in one provider.
    ///
    /// The caller chooses the text in [`DefineRange`](crate::DefineRange). The provider does for a range that is
    /// allocated from a block, and the server for the ranges that it already has.
    ///
    /// ```
    /// use ipam_core::{Allocate, RangeId};
    ///
    /// let request = Allocate::one("vm-42", "lan"); // texts convert to ids
    /// assert_eq!(request.lines[0].ranges, [RangeId::new("lan")]);
    /// ```
    RangeId, "range"
}
id! {
    /// Id of one allocation. The provider makes it, and never uses it again for another allocation.
    ///
    /// ```
    /// use ipam_core::{DefineRange, Find, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let taken = ipam.allocate_one("lan", "vm-42").await?;
    /// let found = ipam.find(&Find::default().with_id(taken.id.clone())).await?;
    /// assert_eq!(found.items, [taken]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    AllocationId, "allocation"
}
id! {
    /// Key: the name of a whole request, by which it can be repeated without allocating twice.
    ///
    /// The caller chooses the text. It is unique in one provider, whatever the owner. Make it from the purpose of the
    /// addresses, such as the id of a machine and its network card, and not at random: a program that restarts has to
    /// come to the same key. See [`Allocate::key`](crate::Allocate::key).
    ///
    /// ```
    /// use ipam_core::{Allocate, AllocationKey, DefineRange, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let (machine, card) = ("vm-42", 0);
    /// let key = AllocationKey::new(format!("{machine}/nic-{card}"));
    /// let request = Allocate::one(machine, "lan").with_key(key);
    /// let first = ipam.allocate(&request).await?;
    /// let again = ipam.allocate(&request).await?;
    /// assert_eq!((again.repeated, again.lines), (true, first.lines));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    AllocationKey, "key"
}
id! {
    /// Owner of addresses: the machine, tenant or deployment that they belong to, such as the id of a machine.
    ///
    /// The caller chooses the text. Many allocations may have the same owner.
    ///
    /// ```
    /// use ipam_core::{DefineRange, Find, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// ipam.allocate_one("lan", "vm-42").await?;
    /// ipam.allocate_one("lan", "vm-42").await?;
    /// assert_eq!(ipam.find(&Find::default().with_owner("vm-42")).await?.items.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    Owner, "owner"
}
id! {
    /// Start of the next page of a listing, from [`Page::next`](crate::Page::next).
    ///
    /// Only the provider that made it understands its text. See [`PageRequest`](crate::PageRequest) for an example.
    PageToken, "page token"
}
id! {
    /// Position in the feed of changes, from [`Changes::next`](crate::Changes::next) or
    /// [`Change::position`](crate::Change::position).
    ///
    /// Only the provider that made it understands its text. A reader stores it, and goes on from there later.
    ///
    /// ```
    /// use ipam_core::{ChangePosition, DefineRange, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let stored = ipam.changes(None, 100).await?.next.as_str().to_owned();
    /// // Later, perhaps in another process:
    /// let news = ipam.changes(Some(&ChangePosition::from(stored)), 100).await?;
    /// assert!(news.items.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ChangePosition, "change position"
}

impl SpaceId {
    /// Id of the space of a request that names none.
    // A name and not the empty text, so that the default space is listed, filtered and validated like any other.
    pub const DEFAULT: &'static str = "default";
}

impl Default for SpaceId {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

fn check(operation: Operation, field: &'static str, id: &str) -> Result<()> {
    if id.is_empty() {
        return Err(Error::invalid(operation, field, id, "give it at least one character"));
    }
    if id.len() > MAX_ID_LEN {
        return Err(Error::invalid(operation, field, id, format_args!("keep it to {MAX_ID_LEN} bytes")));
    }
    // Ids are shown in messages, logs and tables, where a line break could forge an entry.
    if id.chars().any(char::is_control) {
        return Err(Error::invalid(operation, field, id, "leave out control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_long_and_multi_line_ids_are_refused() {
        for bad in ["", "a\nb", &"x".repeat(MAX_ID_LEN + 1)] {
            assert!(RangeId::from(bad).validate(Operation::Allocate).is_err(), "{bad:?}");
        }
        assert!(RangeId::from("10.0.0.0/24 büro").validate(Operation::Allocate).is_ok());
    }
}
