//! Whether the records of a store agree with one another.

use rusqlite::types::Value;

use super::codec::{self, AddressBlob};
use super::store::{Columns, SqliteStore};
use crate::engine::{Context, Page, Ranges, StoredRange};
use crate::net::IpRange;
use crate::{ErrorKind, RangeFilter, Result};

/// How many violations are told apart. Where there are more, the store is past telling.
const MOST: usize = 100;

/// How many rows are looked at in one go.
const PART: usize = 512;

/// What [`check_store`](crate::EmbeddedProvider::check_store) found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreReport {
    /// How many ranges there are. 0 if the file is damaged, as are the other numbers.
    pub ranges: u64,
    /// How many allocations, expired ones that nobody has cleaned up among them.
    pub allocations: u64,
    /// How many addresses rest.
    pub resting: u64,
    /// What is wrong: sentences for people, at most 100. Empty for a sound store.
    pub violations: Vec<String>,
}

impl StoreReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Looks through the whole store. A transaction is open, so that all of it is of one moment.
pub(super) fn check(store: &mut SqliteStore<'_>, _: &mut Context<'_>) -> Result<StoreReport> {
    let mut check = Check { store, violations: Vec::new() };
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

struct Check<'s, 'c> {
    store: &'s mut SqliteStore<'c>,
    violations: Vec<String>,
}

/// Statements that answer nothing while the store is sound, each under a comment that says what its rows mean. The first
/// column names the row.
const NEVER: &str = include_str!("queries/check.sql");

impl Check<'_, '_> {
    fn tell(&mut self, violation: impl Into<String>) {
        // One more than is told, so that it is known that there are more.
        if self.violations.len() <= MOST {
            self.violations.push(violation.into());
        }
    }

    fn all(&mut self, report: &mut StoreReport) -> Result<()> {
        self.file()?;
        // What SQLite itself finds damaged cannot be read with confidence.
        if !self.violations.is_empty() {
            return Ok(());
        }
        report.ranges = self.count("range")?;
        report.allocations = self.count("allocation")?;
        report.resting = self.count("resting")?;
        self.references()?;
        self.prefixes()?;
        self.pages()
    }

    fn count(&mut self, table: &str) -> Result<u64> {
        let mut count = 0;
        self.store.rows(&format!("SELECT count(*) FROM {table}"), Vec::new(), |row| {
            count = row.parsed(0, u64::try_from(row.integer(0)?).ok())?;
            Ok(true)
        })?;
        Ok(count)
    }

    /// SQLite's check of pages, indexes and constraints.
    fn file(&mut self) -> Result<()> {
        let mut found = Vec::new();
        self.store.rows(&format!("PRAGMA integrity_check({MOST})"), Vec::new(), |row| {
            found.push(row.text(0)?.to_owned());
            Ok(true)
        })?;
        found.into_iter().filter(|line| line != "ok").for_each(|line| self.tell(format!("SQLite: {line}")));
        Ok(())
    }

    /// Whether rows name only rows that exist, and agree with them.
    fn references(&mut self) -> Result<()> {
        for part in NEVER.split_terminator(";\n") {
            let (comment, statement): (Vec<&str>, Vec<&str>) = part.lines().partition(|line| line.starts_with("--"));
            let (what, statement) = (comment.concat(), statement.join("\n"));
            let what = what.trim_start_matches("-- ");
            let mut found = Vec::new();
            self.store.rows(&format!("SELECT * FROM ({statement}) LIMIT {MOST}"), Vec::new(), |row| {
                found.push(row.shown(0));
                Ok(true)
            })?;
            found.into_iter().for_each(|name| self.tell(format!("{what}: {name}")));
        }
        Ok(())
    }

    /// Whether the prefixes of a space form a tree, with ranges as its leaves, whose addresses do not overlap.
    fn prefixes(&mut self) -> Result<()> {
        let mut all: Vec<(String, IpRange, Option<IpRange>, String)> = Vec::new();
        let statement = "SELECT space, net_first, net_last, address_first, address_last, id FROM range \
                         UNION ALL SELECT space, net_first, net_last, NULL, NULL, id FROM block";
        let mut unreadable = Vec::new();
        self.store.rows(statement, Vec::new(), |row| {
            let (space, id) = (row.text(0)?.to_owned(), row.text(5)?.to_owned());
            match codec::net(row.blob(1)?, row.blob(2)?) {
                Some(net) => {
                    let addresses = row.optional_range(3, 4)?;
                    all.push((space, IpRange::from(net), addresses, id));
                }
                None => unreadable.push(format!("{id} has no prefix that can be read")),
            }
            Ok(true)
        })?;
        unreadable.into_iter().for_each(|violation| self.tell(violation));
        // Outer ones before inner ones, blocks before ranges of the same prefix.
        all.sort_by(|a, b| {
            let key = |entry: &(String, IpRange, Option<IpRange>, String)| (entry.1.first(), entry.2.is_some());
            a.0.cmp(&b.0)
                .then(a.1.first().cmp(&b.1.first()))
                .then(b.1.last().cmp(&a.1.last()))
                .then(key(a).cmp(&key(b)))
        });
        let mut around: Vec<&(String, IpRange, Option<IpRange>, String)> = Vec::new();
        let mut problems = Vec::new();
        for entry in &all {
            while around.last().is_some_and(|outer| outer.0 != entry.0 || outer.1.last() < entry.1.first()) {
                around.pop();
            }
            if let Some(outer) = around.last() {
                let shared = outer.1 == entry.1 && entry.2.is_some();
                if !outer.1.contains_range(&entry.1) || (outer.2.is_some() && !shared) {
                    problems.push(format!("{} and {} overlap in the space {}", outer.3, entry.3, entry.0));
                }
            }
            around.push(entry);
        }
        let mut ranges: Vec<(&String, IpRange, &String)> =
            all.iter().filter_map(|entry| Some((&entry.0, entry.2?, &entry.3))).collect();
        ranges.sort();
        for pair in ranges.windows(2) {
            if let [a, b] = pair
                && a.0 == b.0
                && a.1.overlaps(&b.1)
            {
                problems.push(format!("the addresses of the ranges {} and {} overlap in the space {}", a.2, b.2, a.0));
            }
        }
        problems.into_iter().for_each(|problem| self.tell(problem));
        Ok(())
    }

    /// Whether every bit has an allocation or a resting address, and every one of these its bit.
    fn pages(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let part = self.store.list_ranges(&RangeFilter::default(), after.as_ref(), PART)?;
            let Some(last) = part.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for range in part {
                if let Some(stored) = self.store.range(&range.id)? {
                    self.pages_of(&stored)?;
                }
            }
        }
    }

    fn pages_of(&mut self, stored: &StoredRange) -> Result<()> {
        let range = &stored.range;
        let id = &range.id;
        let mut due = stored.layout.next_page(0);
        let (mut from, mut seen) = (0, 0);
        loop {
            let part = self.store.page_rows(id, from, PART)?;
            for row in &part {
                while let Some(missing) = due.filter(|due| *due < row.no && *due < stored.high_water) {
                    self.tell(format!("the range {id} lacks page {missing:#x}, which lies below its high-water mark"));
                    due = stored.layout.next_page(missing + 1).filter(|_| self.violations.len() <= MOST);
                }
                if due.is_some_and(|due| due <= row.no) {
                    due = stored.layout.next_page(row.no + 1);
                }
                let known = self.store.known_addresses(stored, row.no)?;
                seen += u64::from(known.count());
                if known != row.page {
                    let bits = |page: &Page| page.count();
                    self.tell(format!(
                        "page {:#x} of the range {id} has {} bits set, and {} addresses that are allocated or rest, which \
                         are not the same",
                        row.no,
                        bits(&row.page),
                        bits(&known)
                    ));
                }
                if row.used != u64::from(row.page.count()) {
                    self.tell(format!("page {:#x} of the range {id} counts {} used addresses", row.no, row.used));
                }
                if row.open != stored.layout.is_open(row.no, &row.page) {
                    self.tell(format!("page {:#x} of the range {id} is open or closed wrongly", row.no));
                }
            }
            let Some(last) = part.last() else { break };
            from = last.no + 1;
        }
        if let Some(missing) = due.filter(|due| *due < stored.high_water) {
            self.tell(format!("the range {id} lacks page {missing:#x}, which lies below its high-water mark"));
        }
        let mut all = 0;
        for table in ["allocation", "resting"] {
            let statement =
                format!("SELECT count(*) FROM {table} WHERE space = ? AND address BETWEEN ? AND ? AND range = ?");
            let blob = |address| Value::Blob(AddressBlob::from(address).as_slice().to_vec());
            let net = IpRange::from(range.net);
            let params = vec![
                Value::Text(range.space.to_string()),
                blob(net.first()),
                blob(net.last()),
                Value::Text(id.to_string()),
            ];
            self.store.rows(&statement, params, |row| {
                all += row.parsed(0, u64::try_from(row.integer(0)?).ok())?;
                Ok(true)
            })?;
        }
        if all != seen {
            self.tell(format!(
                "{} addresses of the range {id} are allocated or rest without a bit",
                all.abs_diff(seen)
            ));
        }
        Ok(())
    }
}

impl Columns<'_> {
    /// A range of addresses in two columns, which may be absent.
    fn optional_range(&self, first: usize, last: usize) -> Result<Option<IpRange>> {
        Ok(match (self.optional_blob(first)?, self.optional_blob(last)?) {
            (Some(first), Some(last)) => codec::range(first, last),
            _ => None,
        })
    }
}
