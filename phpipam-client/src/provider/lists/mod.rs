//! Long lists, read row by row, and in parts where the server's memory does not hold them.
//!
//! PHP reads all rows of a list, filters them, and makes one text of them. When its memory ends it dies without a
//! message (Q76): an empty 500, or a connection that ends. The same request would die again, so it is not repeated. The
//! list is read in smaller parts instead, and what died is remembered for later lists:
//!
//! | list | parts | bounded by |
//! | --- | --- | --- |
//! | subnets | [`subnets`]: last digit of the id, then sections | rows that the server sends |
//! | addresses | [`addresses`]: networks, chosen by the database (since 1.6) | rows that the database selects |
//!
//! [`snapshot`] joins the lists.

mod addresses;
mod parts;
mod snapshot;
mod subnets;
pub(crate) mod without_filters;

use crate::error::Result;
use crate::provider::inner::Inner;
use crate::provider::map::error::{is_broken, is_gateway};
use crate::request::ApiRequest;
use crate::wire::Wire;

impl Inner {
    /// Reads a long list, and keeps what `keep` returns of each row. The client's memory holds one row beside that.
    ///
    /// A death of PHP is not repeated. A broken connection and the page of a proxy (502 to 504) are, once: they may be a
    /// fault of the network.
    async fn rows<T, K>(
        &self,
        request: ApiRequest,
        parent: Option<ApiRequest>,
        keep: &mut (impl FnMut(T) -> Option<K> + Send),
    ) -> Result<Vec<K>>
    where
        T: Wire + Send,
        K: Send,
    {
        let request = request.into_long_list();
        let mut waits = self.config.pacing.reading();
        let mut again = true;
        loop {
            let mut kept = Vec::new();
            let read = |row| kept.extend(keep(row));
            match crate::stream::each(&self.client, request.clone(), parent.clone(), read).await {
                Ok(()) => return Ok(kept),
                Err(error) if again && (is_broken(&error) || is_gateway(&error)) && waits.next().await => again = false,
                Err(error) => return Err(error),
            }
        }
    }
}
