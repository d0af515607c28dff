//! Requests of a store, by key.

use super::RequestRecord;
use crate::{AllocationKey, Result};

/// Access to the requests.
pub(crate) trait Requests {
    /// Returns the request of this key.
    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>>;
    /// Adds a request. A store with several writers refuses a second one of the same key, at once or when it commits.
    fn insert_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Replaces what is stored under the request's key; only `returned` has changed.
    fn update_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Removes a request.
    fn remove_request(&mut self, key: &AllocationKey) -> Result<()>;
}
