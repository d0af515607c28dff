//! Whose a key is, given the rows that carry it. Pure.
//!
//! phpIPAM cannot keep keys unique. So every caller marks, looks, and all come to the same answer: the claim whose first
//! address has the lowest id stands, the others are undone by their own callers, or by whoever sees them.
//!
//! # When a claim is whole
//! A claim of one address is whole with the call that takes it. A claim of several takes them in the order of their
//! numbers, all marked *pending*; then the first one is changed to *committed*, which decides it, and then the others.
//! It is undone from the first to the last. So, while nobody was told of a claim, its first address is there and pending;
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
    pub(crate) honoured: Option<u64>,
    /// One row per number, the one that counts.
    pub(crate) rows: BTreeMap<u32, Row>,
    /// Rows of attempts whose answer was lost and that were made again.
    pub(crate) doubles: Vec<AddressId>,
}

/// What becomes of a claim that is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Its caller may still finish it.
    Alive,
    /// Nobody will.
    Dead,
}

/// Who has a key.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nobody.
    Free,
    /// The claim that is about to.
    Pending(Group),
    /// This claim.
    Taken(Group),
}

/// Who has the key, and which rows nobody has.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) standing: Standing,
    /// Rows that are to be deleted, in this order.
    pub(crate) strays: Vec<AddressId>,
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
        self.doubles.iter().copied().chain(self.rows.values().map(|row| row.address.id))
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
            honoured: None,
            rows: BTreeMap::new(),
            doubles: Vec::new(),
        });
        group.honoured = group.honoured.max(row.mark.honoured);
        // A committed row was told to somebody. Of several attempts at one address of a claim that is not whole, its
        // caller goes by the latest. A single address is whole at once, and was told by whoever saw it: the lowest id.
        let attempt = |row: &Row| if row.mark.count == 1 { 0 } else { row.mark.attempt };
        let weight = |row: &Row| (row.mark.state == State::Committed, attempt(row), std::cmp::Reverse(row.address.id));
        match group.rows.get(&row.mark.seq) {
            Some(other) if other.address.id == row.address.id => {}
            Some(other) if weight(other) > weight(&row) => group.doubles.push(row.address.id),
            _ => {
                if let Some(other) = group.rows.insert(row.mark.seq, row) {
                    group.doubles.push(other.address.id);
                }
            }
        }
    }
    groups.into_values().collect()
}

/// Decides whose a key is. `life` says whether the caller of a claim that is not whole may still be at work.
pub(crate) fn decide(groups: Vec<Group>, life: impl Fn(&Group) -> Life) -> Decision {
    let mut strays = Vec::new();
    let mut behind = Vec::new();
    let mut standing: Option<Group> = None;
    let mut groups = groups;
    groups.sort_by_key(Group::rank);
    for group in groups {
        let pending = !group.is_committed();
        // A claim begins with its first address and ends with it.
        let dead = pending && (life(&group) == Life::Dead || !group.rows.contains_key(&0));
        if dead {
            strays.extend(group.ids());
        } else if standing.is_none() {
            strays.extend(&group.doubles);
            standing = Some(group);
        } else if !pending {
            // The caller of a pending one will see for itself that it lost.
            behind.extend(group.ids());
        }
    }
    let standing = match standing {
        None => Standing::Free,
        Some(group) if group.is_committed() => {
            strays.extend(behind);
            Standing::Taken(group)
        }
        // Whether a pending one lives is a matter of clocks. To another process it may be dead already, and what is
        // behind it may be what that process has told: it is left alone until the pending one is whole, or gone.
        Some(group) => Standing::Pending(group),
    };
    Decision { standing, strays }
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
            honoured: None,
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
        let life = |group: &Group| if alive.contains(&group.nonce.0) { Life::Alive } else { Life::Dead };
        let decision = decide(groups(rows), life);
        let standing = match decision.standing {
            Standing::Free => "free".to_owned(),
            Standing::Pending(group) => format!("pending {}", group.nonce.0),
            Standing::Taken(group) => {
                format!("taken {}{}", group.nonce.0, if group.is_whole() { "" } else { " in part" })
            }
        };
        (standing, decision.strays.into_iter().map(AddressId::get).collect())
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
