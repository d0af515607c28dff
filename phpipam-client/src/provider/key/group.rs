//! Claims of a key, formed from the rows that carry it, and which of them has the key. Pure.
//!
//! phpIPAM cannot keep keys unique. So every caller marks, visits, and all come to the same answer: the claim whose first
//! address has the lowest id stands, the others are undone by their own callers, or by the calls that see them.
//!
//! # When a claim is whole
//! A claim of one address is whole with the call that takes it. A claim of several takes them in the order of their
//! numbers, all marked *pending*; then the first one is changed to *committed*, which decides it, and then the others.
//! It is undone from the first to the last. So, while no caller was told of a claim, its first address is there and pending;
//! and a pending address without the first one is left over from a claim that was undone: it cannot become whole any more,
//! even if a request to that end is carried out late.
//!
//! # What is relied on
//! An address that anybody saw has a lower id than those that were asked for afterwards, as a single database gives them;
//! a cluster of several that write, or reading from a copy that lags behind, does not keep keys unique.

use std::collections::BTreeMap;

use crate::models::{Address, AddressId};
use crate::provider::map::mark::{Mark, Nonce, State};

/// An address with a mark.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) address: Address,
    pub(crate) mark: Mark,
}

/// The rows of one call.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) nonce: Nonce,
    pub(crate) request: u64,
    pub(crate) count: u32,
    pub(crate) began: u64,
    /// How many seconds a pending claim is honoured, in the words of its process.
    pub(crate) protected_secs: Option<u64>,
    /// One row per number, the one that counts.
    pub(crate) rows: BTreeMap<u32, Row>,
    /// Rows of attempts whose response was lost and that were made again.
    pub(crate) duplicates: Vec<AddressId>,
}

/// Liveness of a claim that is not whole: whether its caller may still be at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Its caller may still finish it.
    Alive,
    /// Its caller is gone, or has given up.
    Dead,
}

/// Owner of a key.
#[derive(Debug)]
pub(crate) enum KeyOwner {
    /// None.
    Free,
    /// A claim that is not whole yet, and may become so.
    Pending(Group),
    /// A claim that is whole.
    Taken(Group),
}

/// Owner of a key, and what is left of other claims of it.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) owner: KeyOwner,
    /// Orphaned addresses, which are to be deleted in this order.
    pub(crate) orphans: Vec<AddressId>,
}

impl Group {
    /// The rank among claims of one key: lower stands.
    fn rank(&self) -> AddressId {
        let first = self.rows.get(&0).or_else(|| self.rows.values().min_by_key(|row| row.address.id));
        first.map_or(AddressId::new(u64::MAX), |row| row.address.id)
    }

    pub(crate) fn is_committed(&self) -> bool {
        self.rows.values().any(|row| row.mark.state == State::Committed)
    }

    /// Whether all of its addresses are there.
    pub(crate) fn is_whole(&self) -> bool {
        usize::try_from(self.count).is_ok_and(|count| self.rows.len() == count)
    }

    /// Its rows, the first one first: the order in which a claim is undone.
    pub(crate) fn ids(&self) -> impl Iterator<Item = AddressId> {
        self.duplicates.iter().copied().chain(self.rows.values().map(|row| row.address.id))
    }
}

/// The rows of a key by claim.
pub(crate) fn groups(rows: Vec<Row>) -> Vec<Group> {
    let mut groups: BTreeMap<Nonce, Group> = BTreeMap::new();
    for row in rows {
        let group = groups.entry(row.mark.nonce).or_insert_with(|| Group {
            nonce: row.mark.nonce,
            request: row.mark.request,
            count: row.mark.count,
            began: row.mark.began,
            protected_secs: None,
            rows: BTreeMap::new(),
            duplicates: Vec::new(),
        });
        group.protected_secs = group.protected_secs.max(row.mark.protected_secs);
        // A committed row was returned to a caller. Of several attempts at one address of a claim that is not whole, its
        // caller goes by the latest. A single address is whole at once, and was returned by the calls that saw it: the lowest id.
        let attempt = |row: &Row| if row.mark.count == 1 { 0 } else { row.mark.attempt };
        let weight = |row: &Row| (row.mark.state == State::Committed, attempt(row), std::cmp::Reverse(row.address.id));
        match group.rows.get(&row.mark.seq) {
            Some(other) if other.address.id == row.address.id => {}
            Some(other) if weight(other) > weight(&row) => group.duplicates.push(row.address.id),
            _ => {
                if let Some(other) = group.rows.insert(row.mark.seq, row) {
                    group.duplicates.push(other.address.id);
                }
            }
        }
    }
    groups.into_values().collect()
}

/// Decides whose a key is. `liveness` says whether the caller of a claim that is not whole may still be at work.
pub(crate) fn decide(groups: Vec<Group>, liveness: impl Fn(&Group) -> Liveness) -> Decision {
    let mut orphans = Vec::new();
    let mut superseded = Vec::new();
    let mut owner: Option<Group> = None;
    let mut groups = groups;
    groups.sort_by_key(Group::rank);
    for group in groups {
        let pending = !group.is_committed();
        // A claim begins with its first address and ends with it.
        let dead = pending && (liveness(&group) == Liveness::Dead || !group.rows.contains_key(&0));
        if dead {
            orphans.extend(group.ids());
        } else if owner.is_none() {
            orphans.extend(&group.duplicates);
            owner = Some(group);
        } else if !pending {
            // The caller of a pending one will see for itself that it lost.
            superseded.extend(group.ids());
        }
    }
    let owner = match owner {
        None => KeyOwner::Free,
        Some(group) if group.is_committed() => {
            orphans.extend(superseded);
            KeyOwner::Taken(group)
        }
        // Whether a pending one lives is a matter of clocks. To another process it may be dead already, and what is
        // superseded it may be what that process has told: it is left alone until the pending one is whole, or gone.
        Some(group) => KeyOwner::Pending(group),
    };
    Decision { owner, orphans }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use ipam_core::{Properties, Tags};

    use super::*;

    fn row(id: u64, nonce: u64, seq: u32, count: u32, state: State, attempt: u32) -> Row {
        let json = serde_json::json!({"id": id, "subnetId": 1, "ip": "10.0.0.1"});
        let mark = Mark {
            state,
            seq,
            count,
            attempt,
            nonce: Nonce(nonce),
            request: 1,
            began: 0,
            protected_secs: None,
            key: "k".into(),
            owner: "o".into(),
            addresses: String::new(),
            tags: Tags::new(),
            properties: Properties::new(),
        };
        Row { address: serde_json::from_value(json).unwrap(), mark }
    }

    use State::{Committed as C, Pending as P};

    fn outcome(rows: Vec<Row>, alive: &[u64]) -> (String, Vec<u64>) {
        let liveness = |group: &Group| if alive.contains(&group.nonce.0) { Liveness::Alive } else { Liveness::Dead };
        let decision = decide(groups(rows), liveness);
        let owner = match decision.owner {
            KeyOwner::Free => "free".to_owned(),
            KeyOwner::Pending(group) => format!("pending {}", group.nonce.0),
            KeyOwner::Taken(group) => {
                format!("taken {}{}", group.nonce.0, if group.is_whole() { "" } else { " in part" })
            }
        };
        (owner, decision.orphans.into_iter().map(AddressId::get).collect())
    }

    #[test]
    fn the_lowest_id_stands_and_the_others_are_undone() {
        let rows = vec![row(7, 2, 0, 1, C, 0), row(5, 1, 0, 1, C, 0), row(9, 3, 0, 1, C, 0)];
        assert_eq!(outcome(rows, &[]), ("taken 1".to_owned(), vec![7, 9]));
    }

    #[test]
    fn a_claim_that_is_not_whole_stands_while_its_caller_lives() {
        let rows = || vec![row(5, 1, 0, 2, P, 0), row(6, 1, 1, 2, P, 0), row(7, 2, 0, 1, C, 0)];
        assert_eq!(outcome(rows(), &[1]), ("pending 1".to_owned(), vec![]), "to a clock that is ahead, 2 may stand");
        assert_eq!(outcome(rows(), &[]), ("taken 2".to_owned(), vec![5, 6]));
    }

    #[test]
    fn the_first_address_decides_whether_a_claim_is_whole() {
        let rows = vec![row(5, 1, 0, 3, C, 0), row(6, 1, 1, 3, P, 0), row(7, 1, 2, 3, P, 0)];
        assert_eq!(outcome(rows, &[]), ("taken 1".to_owned(), vec![]));
        // What was undone down to a late straggler.
        assert_eq!(outcome(vec![row(7, 1, 2, 3, P, 0)], &[1]), ("free".to_owned(), vec![7]));
        // Some were given back.
        assert_eq!(outcome(vec![row(7, 1, 2, 3, C, 0)], &[]), ("taken 1 in part".to_owned(), vec![]));
    }

    #[test]
    fn of_two_attempts_the_committed_or_the_later_one_counts() {
        let rows = vec![row(5, 1, 0, 2, P, 0), row(6, 1, 1, 2, P, 1), row(7, 1, 0, 2, P, 2)];
        assert_eq!(outcome(rows, &[1]), ("pending 1".to_owned(), vec![5]));
        let rows = vec![row(5, 1, 0, 2, C, 0), row(6, 1, 0, 2, P, 1), row(7, 1, 1, 2, C, 0)];
        assert_eq!(outcome(rows, &[]), ("taken 1".to_owned(), vec![6]));
    }

    #[test]
    fn of_two_attempts_at_a_single_address_the_first_one_counts() {
        for attempts in [(0, 1), (1, 0)] {
            let rows = vec![row(6, 1, 0, 1, C, attempts.1), row(5, 1, 0, 1, C, attempts.0)];
            assert_eq!(outcome(rows, &[]), ("taken 1".to_owned(), vec![6]));
        }
    }
}
