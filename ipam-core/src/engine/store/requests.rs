//! Requests of a store, by key.

use super::RequestRecord;
use crate::{AllocationId, AllocationKey, Result};

/// Access to the requests.
pub(crate) trait Requests {
    /// Returns the request of this key.
    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>>;
    /// Adds a request. A store with several writers refuses a second one of the same key, at once or when it commits.
    fn insert_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Adds a request for which `issued` consecutive ids were issued from `first` on, in the order in which
    /// [`new_allocation_id`](super::Allocations::new_allocation_id) issued them. Other ids may have been issued since.
    /// The request may have had more addresses in another store.
    ///
    /// A store that does not derive anything from the issued ids leaves this as it is.
    fn insert_request_with_ids(&mut self, request: &RequestRecord, first: &AllocationId, issued: u32) -> Result<()> {
        let _ = (first, issued);
        self.insert_request(request)
    }
    /// Replaces what is stored under the request's key; only `returned` has changed.
    fn update_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Removes a request.
    fn remove_request(&mut self, key: &AllocationKey) -> Result<()>;
}
