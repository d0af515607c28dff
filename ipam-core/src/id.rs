//! Opaque names: what identifies a space, a block, a range, an allocation, a request and its owner.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::{Error, Operation, Result};

/// The longest identifier a provider has to keep, in bytes.
pub const MAX_ID_LEN: usize = 255;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// Cheap to clone. Compared byte by byte. Its text means nothing outside the provider that made it.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(from = "String", into = "String"))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text as it is; whether it is usable is checked where it is used.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Refuses what no provider has to keep.
            ///
            /// # Errors
            ///
            /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the text is empty, longer than [`MAX_ID_LEN`] bytes,
            /// or has a control character.
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
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

id! {
    /// An address space: a VRF, a section, or "default". An address is unique in one.
    SpaceId, "space"
}
id! {
    /// A block: a prefix that ranges may be carved from.
    BlockId, "block"
}
id! {
    /// A range: where addresses are allocated from.
    RangeId, "range"
}
id! {
    /// One allocation, never used again for another.
    AllocationId, "allocation"
}
id! {
    /// Names a whole request, so that repeating it gives the same answer instead of more addresses.
    ///
    /// Unique in one provider. Choose it from what the addresses are for (a resource's id), not at random: a program
    /// that restarts must come to the same key.
    AllocationKey, "key"
}
id! {
    /// Who the addresses are for, such as a machine's id.
    Owner, "owner"
}
id! {
    /// Where a page of a listing ends and the next begins. Only its maker understands it.
    PageToken, "page token"
}
id! {
    /// A position in the feed of changes. Only its maker understands it.
    ChangePosition, "change position"
}

impl SpaceId {
    /// The name of the space that is meant where none is said.
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
    if id.chars().any(char::is_control) {
        return Err(Error::invalid(operation, field, id, "leave out control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_nobody_could_keep_are_refused() {
        for bad in ["", "a\nb", &"x".repeat(MAX_ID_LEN + 1)] {
            assert!(RangeId::from(bad).validate(Operation::Allocate).is_err(), "{bad:?}");
        }
        assert!(RangeId::from("10.0.0.0/24 büro").validate(Operation::Allocate).is_ok());
    }
}
