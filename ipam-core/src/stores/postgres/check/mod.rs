//! Check of a store: its transaction, and what the check of the tables reads.

mod reader;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_postgres::types::Type;

use super::connect::{begin, connection};
use super::errors::{self, Failure};
use super::fetch::number;
use super::prefetch;
use super::session::Session;
use super::transaction::Shared;
use super::view::{Kind, limit};
use crate::stores::check::{PageRow, Tables, check};
use crate::stores::report::StoreReport;
use crate::{Error, ErrorKind, Operation, Result};
use reader::Reader;

const OPERATION: Operation = Operation::CheckStore;

/// Checks the whole store, in a transaction of its own, so that all reads see the same state.
pub(super) async fn check_store(shared: &Arc<Shared>) -> Result<StoreReport> {
    let shared = Arc::clone(shared);
    let runtime = Handle::current();
    // On a thread that may block: see `reader`. Also, a dropped future does not leave the transaction open.
    let checked = tokio::task::spawn_blocking(move || on_thread(&shared, &runtime));
    let ended = |_| Error::new(ErrorKind::Unavailable, OPERATION, "the runtime of the provider has ended");
    checked.await.map_err(ended)?
}

fn on_thread(shared: &Shared, runtime: &Handle) -> Result<StoreReport> {
    let failed = |failure: Failure| failure.error(OPERATION);
    let client = runtime.block_on(connection(&shared.pool, &shared.config, OPERATION)).map_err(failed)?;
    let result = on_connection(shared, runtime, &client);
    match &result {
        Ok(_) => {
            let _ = runtime.block_on(client.end("COMMIT"));
        }
        Err(_) => client.discard(),
    }
    result
}

fn on_connection(shared: &Shared, runtime: &Handle, client: &Session) -> Result<StoreReport> {
    let failed = |failure: Failure| failure.error(OPERATION);
    let mut view = shared.view(client, Kind::Read, OPERATION);
    let begin = begin(&shared.config, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
    let now = runtime.block_on(prefetch::now(&view, &shared.config, &begin)).map_err(failed)?;
    check(&mut Reader::new(&mut view, runtime.clone(), now), now)
}

impl Tables for Reader<'_, '_> {
    const NEVER: &'static str = include_str!("../queries/check.sql");
    const QUARANTINE: &'static str = "quarantine";

    fn count_rows(&mut self, table: &str) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = self.wait(self.view.one(&sql, &[], |row| row.get::<i64>(0)))?;
        u64::try_from(count).map_err(|_| errors::unsound(OPERATION, "a count is negative"))
    }

    fn first_column(&mut self, statement: &str) -> Result<Vec<String>> {
        self.wait(self.view.all(statement, &[], |row| row.get::<String>(0)))
    }

    fn page_rows(&mut self, after: Option<&(String, u128)>, most: usize) -> Result<Vec<PageRow>> {
        let sql = "SELECT range, no, bits, used FROM page WHERE (range, no) > ($1, $2) ORDER BY range, no LIMIT $3";
        let (range, no) = after.map_or(("", 0), |(range, no)| (range, *no));
        let params = [(&range as _, Type::TEXT), (&number(no) as _, Type::BYTEA), (&limit(most) as _, Type::INT8)];
        self.wait(self.view.all(sql, &params, |row| {
            let used = row.parsed(3, u64::try_from(row.get::<i32>(3)?).ok())?;
            Ok(PageRow { range: row.get(0)?, no: row.number(1)?, page: row.page(2)?, used })
        }))
    }
}
