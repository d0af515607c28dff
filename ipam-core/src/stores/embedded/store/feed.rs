//! Feed of changes as rows.

use rusqlite::params;

use super::super::codec::{self, AddressBlob};
use super::{Columns, Sql, SqliteStore, limit};
use crate::engine::{Feed, dropped_position, unknown_position};
use crate::stores::states;
use crate::{Change, ChangePosition, ChangedItem, Changes, Owner, Result, SpaceId};

/// Number of changes between two removals of old ones.
// Removing one row for each that is added would double the pages that a transaction writes (bar E1).
const FORGET_EVERY: i64 = 1024;

impl Feed for SqliteStore<'_> {
    fn append_change(&mut self, change: Change) -> Result<()> {
        self.writes();
        let seq = self.last_event()? + 1;
        let kind = codec::KINDS.iter().find(|(kind, _)| *kind == change.kind).map(|(_, text)| *text);
        let kind = kind.ok_or_else(|| self.unsound("it has no name for this kind of change"))?;
        self.db.execute_one(
            Sql::InsertEvent,
            params![
                seq,
                codec::micros(change.at),
                kind,
                change.actor,
                change.owner.as_ref().map(AsRef::<str>::as_ref),
                change.space.as_str(),
                change.range.as_ref().map(AsRef::<str>::as_ref),
                change.block.as_ref().map(AsRef::<str>::as_ref),
                change.address.map(AddressBlob::from),
                change.allocation.as_ref().map(AsRef::<str>::as_ref),
                change.key.as_ref().map(AsRef::<str>::as_ref),
                change.before.as_ref().map(|item| states::encode(&change, item)),
                change.after.as_ref().map(|item| states::encode(&change, item)),
            ],
        )?;
        self.memo.last_event = Some(seq);
        if seq % FORGET_EVERY == 0 && seq > self.keep_changes {
            self.db.execute(Sql::ForgetEvents, [seq - self.keep_changes])?;
        }
        Ok(())
    }

    fn changes(&mut self, since: Option<&ChangePosition>, count: usize) -> Result<Changes> {
        // Read with every page: old changes may have been removed since the last one.
        let first = self.db.one(Sql::FirstEvent, [], |row| row.integer(0))?;
        let last = self.last_event()?;
        let after = match since {
            None => first - 1,
            Some(position) => {
                let number = position.as_str().parse::<i64>().ok().filter(|number| (0..=last).contains(number));
                let Some(number) = number.filter(|number| number.to_string() == position.as_str()) else {
                    return Err(unknown_position(position));
                };
                if number < first - 1 {
                    return Err(dropped_position(position));
                }
                number
            }
        };
        let items = self.db.all(Sql::Events, params![after, limit(count)], change)?;
        let next = items.last().map_or_else(|| ChangePosition::from(after.to_string()), |last| last.position.clone());
        Ok(Changes::new(items, next))
    }
}

impl SqliteStore<'_> {
    /// Returns the number of the last change.
    // Numbers have no gaps and follow the order of commits, because SQLite has one writer at a time.
    pub(super) fn last_event(&mut self) -> Result<i64> {
        if let Some(last) = self.memo.last_event {
            return Ok(last);
        }
        let last = self.db.one(Sql::LastEvent, [], |row| row.integer(0))?;
        self.memo.last_event = Some(last);
        Ok(last)
    }
}

fn change(row: &Columns<'_>) -> Result<Change> {
    let kind = row.text(2)?;
    let kind = row.parsed(2, codec::KINDS.iter().find(|(_, text)| *text == kind).map(|(kind, _)| *kind))?;
    let position = ChangePosition::from(row.integer(0)?.to_string());
    let at = row.parsed(1, codec::from_micros(row.integer(1)?))?;
    let mut change = Change::new(position, at, kind, SpaceId::from(row.text(5)?));
    change.actor = row.optional_text(3)?.map(str::to_owned);
    change.owner = row.optional_text(4)?.map(Owner::from);
    change.range = row.optional_text(6)?.map(Into::into);
    change.block = row.optional_text(7)?.map(Into::into);
    change.address = match row.optional_blob(8)? {
        Some(blob) => Some(row.parsed(8, codec::address(blob))?),
        None => None,
    };
    change.allocation = row.optional_text(9)?.map(Into::into);
    change.key = row.optional_text(10)?.map(Into::into);
    change.before = state(row, 11, &change)?;
    change.after = state(row, 12, &change)?;
    Ok(change)
}

fn state(row: &Columns<'_>, index: usize, change: &Change) -> Result<Option<Box<ChangedItem>>> {
    match row.optional_text(index)? {
        Some(text) => row.parsed(index, states::decode(change, text)).map(|item| Some(Box::new(item))),
        None => Ok(None),
    }
}
