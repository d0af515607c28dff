//! JSON members that have no field of their own.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Members of a JSON object by name: free-form properties, and members that the contract does not know.
///
/// A member may hold a secret, so `Debug` shows the names only.
///
/// ```
/// use vra_client::plugin::Members;
///
/// let mut members = Members::default();
/// members.insert("token".to_owned(), "s3cret".into());
/// assert_eq!(members["token"], "s3cret");
/// assert_eq!(format!("{members:?}"), "{\"token\"}");
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Members(pub Map<String, Value>);

impl Deref for Members {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Members {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
