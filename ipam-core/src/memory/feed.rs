//! The feed of changes: the last so many.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use super::key::{Key, Place};
use crate::{Change, ChangeKind, ChangePosition, Changes, Error, Owner, RangeId, Result, SpaceId};

/// Entries in order; beyond the limit the oldest are dropped.
#[derive(Debug)]
pub(super) struct Feed {
    entries: VecDeque<Entry>,
    limit: usize,
    /// How many were ever appended; the position of the last.
    appended: u64,
    actor: Option<Arc<str>>,
}

#[derive(Debug)]
enum Entry {
    /// About an allocation, in small.
    Allocation {
        at: SystemTime,
        place: Place,
        serial: u64,
        space: SpaceId,
        range: RangeId,
        owner: Option<Owner>,
        key: Option<Key>,
        actor: Option<Arc<str>>,
        kind: ChangeKind,
    },
    Other(Box<Change>),
}

impl Feed {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, appended: 0, actor: None }
    }

    pub(super) fn append(&mut self, change: Change) {
        self.appended += 1;
        if self.limit == 0 {
            return;
        }
        while self.entries.len() >= self.limit {
            self.entries.pop_front();
        }
        let entry = self.entry(change);
        self.entries.push_back(entry);
    }

    fn entry(&mut self, change: Change) -> Entry {
        let place = change.allocation.as_ref().and_then(Place::of_id);
        let (Some((place, serial)), Some(range)) = (place, &change.range) else {
            return Entry::Other(Box::new(change));
        };
        Entry::Allocation {
            at: change.at,
            place,
            serial,
            range: range.clone(),
            space: change.space,
            owner: change.owner,
            key: change.key.as_ref().map(Key::from),
            actor: self.shared(change.actor),
            kind: change.kind,
        }
    }

    /// The actor is nearly always the same.
    fn shared(&mut self, actor: Option<String>) -> Option<Arc<str>> {
        if self.actor.as_deref() != actor.as_deref() {
            self.actor = actor.map(Arc::from);
        }
        self.actor.clone()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn read(&self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        let dropped = self.appended - self.entries.len() as u64;
        let since = match since {
            Some(position) => self.number(position)?,
            None => dropped,
        };
        if since < dropped {
            let remedy = "changes after it are no longer kept; list what there is, and read on from the start";
            return Err(Error::invalid("changes", "since", since, remedy));
        }
        let skip = usize::try_from(since - dropped).unwrap_or(usize::MAX);
        let items: Vec<Change> = (since + 1..)
            .zip(self.entries.iter().skip(skip))
            .take(limit)
            .map(|(position, entry)| entry.change(position))
            .collect();
        let next = items.last().map_or_else(|| position(since), |last| last.position.clone());
        Ok(Changes::new(items, next))
    }

    fn number(&self, position: &ChangePosition) -> Result<u64> {
        let text = position.as_str();
        let number = text.parse().ok().filter(|number: &u64| *number <= self.appended && number.to_string() == text);
        number.ok_or_else(|| {
            Error::invalid("changes", "since", text, "give a position that this provider answered, or none")
        })
    }
}

fn position(number: u64) -> ChangePosition {
    ChangePosition::new(number.to_string())
}

impl Entry {
    fn change(&self, number: u64) -> Change {
        match self {
            Self::Allocation { at, place, serial, space, range, owner, key, actor, kind } => {
                let mut change = Change::new(position(number), *at, *kind, space.clone());
                change.actor = actor.as_deref().map(str::to_owned);
                change.owner.clone_from(owner);
                change.range = Some(range.clone());
                change.address = Some(place.ip());
                change.allocation = Some(place.id(*serial));
                change.key = key.as_ref().map(Into::into);
                change
            }
            Self::Other(change) => {
                let mut change = (**change).clone();
                change.position = position(number);
                change
            }
        }
    }
}
