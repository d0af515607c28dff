//! Requests in memory, by key.

use super::super::state::State;
use crate::engine::{RequestRecord, Requests};
use crate::{AllocationKey, Result};

impl Requests for State {
    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>> {
        Ok(self.records.request(&self.memo.key(key)))
    }

    fn insert_request(&mut self, request: &RequestRecord) -> Result<()> {
        let key = self.memo.key(&request.key);
        self.records.insert_request(key, request);
        Ok(())
    }

    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.records.set_returned(&self.memo.key(&request.key), &request.returned);
        Ok(())
    }

    fn remove_request(&mut self, key: &AllocationKey) -> Result<()> {
        self.records.remove_request(&self.memo.key(key));
        Ok(())
    }
}
