//! Check of a store: statements for what only tables can have wrong, and the engine's check of the records.

mod reader;

use std::sync::Arc;
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio_postgres::types::Type;

use super::connect::{begin, connection};
use super::errors::{self, Failure};
use super::prefetch;
use super::session::Session;
use super::transaction::Shared;
use super::view::Kind;
use crate::engine::{MAX_FINDINGS as MOST, verify};
use crate::stores::report::StoreReport;
use crate::{Error, ErrorKind, Operation, Result};
use reader::Reader;

const OPERATION: Operation = Operation::CheckStore;

/// Statements that return no rows while the store is sound, each under a comment that says what its rows mean. The
/// only column identifies the row.
const NEVER: &str = include_str!("../queries/check.sql");

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
    let mut check = Check { reader: Reader::new(&mut view, runtime.clone(), now), now, violations: Vec::new() };
    let mut report = StoreReport::default();
    match check.all(&mut report) {
        // A row that cannot be read is a violation like any other, but the last one that is found.
        Err(error) if error.kind() == ErrorKind::Corrupt => check.tell(error.to_string()),
        result => result?,
    }
    report.violations = check.violations;
    if report.violations.len() > MOST {
        report.violations.truncate(MOST - 1);
        report.violations.push("and more".to_owned());
    }
    Ok(report)
}

struct Check<'v, 'c> {
    reader: Reader<'v, 'c>,
    now: SystemTime,
    violations: Vec<String>,
}

impl Check<'_, '_> {
    fn tell(&mut self, violation: impl Into<String>) {
        // One more than is reported, so that the caller knows that there are more.
        if self.violations.len() <= MOST {
            self.violations.push(violation.into());
        }
    }

    fn all(&mut self, report: &mut StoreReport) -> Result<()> {
        report.ranges = self.count("range")?;
        report.allocations = self.count("allocation")?;
        report.quarantined = self.count("quarantine")?;
        self.statements()?;
        self.used_counts()?;
        verify(&mut self.reader, self.now, &mut self.violations)
    }

    fn count(&self, table: &str) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = self.reader.view.one(&sql, &[], |row| row.get::<i64>(0));
        let count = self.reader.wait(count)?;
        u64::try_from(count).map_err(|_| errors::unsound(OPERATION, "a count is negative"))
    }

    fn statements(&mut self) -> Result<()> {
        for part in NEVER.split_terminator(";\n") {
            let (comment, statement): (Vec<&str>, Vec<&str>) = part.lines().partition(|line| line.starts_with("--"));
            let (what, statement) = (comment.concat(), statement.join("\n"));
            let sql = format!("SELECT * FROM ({statement}) AS never LIMIT {MOST}");
            let found = self.reader.wait(self.reader.view.all(&sql, &[], |row| row.get::<String>(0)))?;
            found.iter().for_each(|name| self.tell(format!("{}: {name}", what.trim_start_matches("-- "))));
        }
        Ok(())
    }

    /// Checks that the count kept with each page is the number of its bits.
    // The engine reads only sums of the counts, so that its own check cannot find a page that is wrong.
    fn used_counts(&mut self) -> Result<()> {
        const PART: i64 = 4096;
        let mut after = (String::new(), Vec::new());
        loop {
            let sql = "SELECT range, no, bits, used FROM page WHERE (range, no) > ($1, $2) ORDER BY range, no LIMIT $3";
            let params = [(&after.0 as _, Type::TEXT), (&after.1 as _, Type::BYTEA), (&PART as _, Type::INT8)];
            let rows = self.reader.view.all(sql, &params, |row| {
                let no = row.get::<&[u8]>(1)?.to_vec();
                Ok((row.get::<String>(0)?, no, row.number(1)?, row.page(2)?, row.get::<i32>(3)?))
            });
            let rows = self.reader.wait(rows)?;
            for (range, _, no, page, used) in &rows {
                if u32::try_from(*used).ok() != Some(page.count()) {
                    self.tell(format!("page {no:#x} of the range {range} counts {used} used addresses"));
                }
            }
            match rows.into_iter().next_back() {
                Some((range, no, ..)) => after = (range, no),
                None => return Ok(()),
            }
        }
    }
}
