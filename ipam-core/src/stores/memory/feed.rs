//! Feed of the newest changes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use super::key::{Key, Place, nanoseconds, time};
use crate::engine::{dropped_position, unknown_position};
use crate::{
    Allocation, Change, ChangeKind, ChangePosition, ChangedItem, Changes, Labels, Owner, RangeId, Result, SpaceId,
};

/// Changes in order. Beyond the limit the oldest are dropped.
#[derive(Debug)]
pub(super) struct Feed {
    entries: VecDeque<Entry>,
    limit: usize,
    /// Number of changes ever appended, which is the position of the last.
    appended: u64,
    /// Actors of the changes, nearly always one.
    actors: Vec<Option<String>>,
}

/// Names of a range and its space. Changes share them, because they outlive the range.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) space: SpaceId,
    pub(super) range: RangeId,
}

/// Change in compact form.
// A `Change` is several times as large, and each allocation appends one (bars M1 to M3, M7).
#[derive(Debug)]
enum Entry {
    /// Change of an allocation.
    Allocation {
        /// Nanoseconds since 1970; saturates 292 years from then.
        at: i64,
        place: Place,
        serial: u64,
        home: Arc<Home>,
        owner: Option<Owner>,
        key: Option<Key>,
        /// Index of the actor.
        actor: u16,
        kind: ChangeKind,
        /// Time of the allocation, in nanoseconds since 1970.
        created: i64,
        /// Values that few allocations have.
        more: Option<Box<More>>,
    },
    Other(Box<Change>),
}

/// Values of an allocation that has labels or an expiry, or was updated.
#[derive(Debug)]
struct More {
    labels: Labels,
    updated: Option<SystemTime>,
    expires: Option<SystemTime>,
}

/// State of an allocation that has come or gone, without what other parts of the change say.
#[derive(Debug)]
pub(super) struct Kept {
    created: i64,
    more: Option<Box<More>>,
}

impl Kept {
    /// Returns the state; `None` without a creation time, which only allocations of other stores lack.
    pub(super) fn of(allocation: &Allocation) -> Option<Self> {
        let Allocation { labels, created, updated, expires, .. } = allocation;
        let plain = *labels == Labels::default() && expires.is_none() && updated == created;
        let more = || Box::new(More { labels: labels.clone(), updated: *updated, expires: *expires });
        Some(Self { created: nanoseconds((*created)?), more: (!plain).then(more) })
    }
}

impl Feed {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, appended: 0, actors: Vec::new() }
    }

    pub(super) fn append(&mut self, change: Change) {
        self.push(Entry::Other(Box::new(change)));
    }

    /// Appends a change of an allocation.
    pub(super) fn append_allocation(
        &mut self,
        owner: Option<Owner>,
        (place, serial): (Place, u64),
        key: Option<Key>,
        home: &Arc<Home>,
        (kind, at, kept): (ChangeKind, SystemTime, Kept),
        actor: Option<&str>,
    ) {
        let actor = self.actor(actor);
        let Kept { created, more } = kept;
        self.push(Entry::Allocation {
            at: nanoseconds(at),
            place,
            serial,
            home: Arc::clone(home),
            owner,
            key,
            actor,
            kind,
            created,
            more,
        });
    }

    fn push(&mut self, entry: Entry) {
        // Counted even if nothing is kept: positions must not be issued twice.
        self.appended += 1;
        if self.limit == 0 {
            return;
        }
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
        } else if self.entries.len() == self.entries.capacity() {
            // Doubles like a vector, but never beyond the limit.
            let more = self.entries.len().max(16).min(self.limit - self.entries.len());
            self.entries.reserve_exact(more);
        }
        self.entries.push_back(entry);
    }

    /// Returns the index of an actor. A provider has one actor, so that the list does not grow.
    fn actor(&mut self, actor: Option<&str>) -> u16 {
        let known = self.actors.iter().position(|known| known.as_deref() == actor);
        let number = known.unwrap_or_else(|| {
            self.actors.push(actor.map(str::to_owned));
            self.actors.len() - 1
        });
        u16::try_from(number).unwrap_or(u16::MAX)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn read(&self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        // Positions are numbers of changes, so that the first kept one follows from two counts, and an entry needs no
        // position of its own.
        let dropped = self.appended - self.entries.len() as u64;
        let since = match since {
            Some(position) => self.number(position)?,
            None => dropped,
        };
        if since < dropped {
            return Err(dropped_position(since));
        }
        let skip = usize::try_from(since - dropped).unwrap_or(usize::MAX);
        let items: Vec<Change> = (since + 1..)
            .zip(self.entries.iter().skip(skip))
            .take(limit)
            .map(|(position, entry)| self.change(entry, position))
            .collect();
        let next = items.last().map_or_else(|| position(since), |last| last.position.clone());
        Ok(Changes::new(items, next))
    }

    /// Returns a change as callers see it.
    fn change(&self, entry: &Entry, number: u64) -> Change {
        match entry {
            Entry::Allocation { at, place, serial, home, owner, key, actor, kind, created, more } => {
                let mut change = Change::new(position(number), time(*at), *kind, home.space.clone());
                change.actor = self.actors.get(usize::from(*actor)).cloned().flatten();
                change.owner.clone_from(owner);
                change.range = Some(home.range.clone());
                change.address = Some(place.ip());
                change.allocation = Some(place.id(*serial));
                change.key = key.as_ref().map(Into::into);
                let mut state = Allocation::new(place.id(*serial), home.space.clone(), home.range.clone(), place.ip());
                state.key.clone_from(&change.key);
                state.owner.clone_from(owner);
                state.created = Some(time(*created));
                state.updated = state.created;
                if let Some(more) = more {
                    state.labels = more.labels.clone();
                    (state.updated, state.expires) = (more.updated, more.expires);
                }
                let state = Some(Box::new(ChangedItem::Allocation(state)));
                // Updates have two states, and are kept as `Other`.
                match kind {
                    ChangeKind::Allocated => change.after = state,
                    _ => change.before = state,
                }
                change
            }
            Entry::Other(change) => {
                let mut change = (**change).clone();
                change.position = position(number);
                change
            }
        }
    }

    fn number(&self, position: &ChangePosition) -> Result<u64> {
        // The text must be the one that `position` writes, so that `+5` or `05` is not taken for a position.
        let text = position.as_str();
        let number = text.parse().ok().filter(|number: &u64| *number <= self.appended && number.to_string() == text);
        number.ok_or_else(|| unknown_position(text))
    }
}

fn position(number: u64) -> ChangePosition {
    ChangePosition::new(number.to_string())
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stays_small() {
        assert_eq!(size_of::<Entry>(), 104);
    }
}
