//! Claims of a key, grouped from the rows that carry it, and the choice of the claim that owns the key. No file here
//! sends a request.
//!
//! phpIPAM cannot keep keys unique. So every caller writes its mark first and looks afterwards, and all callers choose
//! by the same rule: the claim whose row 0 has the lowest id owns the key. The other claims are undone by their own
//! callers, or by the calls that see them.
//!
//! # States of a claim
//! A claim of one address is committed by the call that takes it. A claim of several takes them in the order of their
//! numbers, all marked *pending*. Then row 0 is changed to *committed*, which decides, and then the other rows. A claim
//! is undone from row 0 on.
//!
//! From this order follow two rules for readers:
//! - While no caller was told of a claim, its row 0 is there and pending.
//! - A pending row without a row 0 belongs to a claim that is being undone. It can never be committed, even by a
//!   `PATCH` that is carried out late: that `PATCH` is for row 0, which is gone.
//!
//! # Assumption
//! A row that a caller has seen has a lower id than every row that is inserted afterwards. A single database guarantees
//! it. A cluster with several writers does not, nor does reading from a replica that lags behind: keys are not unique
//! there.

use std::collections::BTreeMap;

use crate::models::{Address, AddressId};
use crate::provider::map::mark::{Mark, Nonce, State};

/// Address with its mark.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) address: Address,
    pub(crate) mark: Mark,
}

/// Claim of one call, as its rows show it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) nonce: Nonce,
    pub(crate) request: u64,
    pub(crate) count: u32,
    pub(crate) began: u64,
    /// Seconds after `began` for which the claim is protected while it is pending, as its process wrote it.
    pub(crate) protected_secs: Option<u64>,
    /// Rows by number. Of several rows with one number, the one that counts.
    pub(crate) rows: BTreeMap<u32, Row>,
    /// Other rows with the same numbers: an attempt whose response was lost was carried out, and so was its repetition.
    pub(crate) duplicates: Vec<AddressId>,
}

/// Liveness of a pending claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Its call may still commit it.
    Alive,
    /// Its call has ended, or has passed its time.
    Dead,
}

/// Owner of a key.
#[derive(Debug)]
pub(crate) enum KeyOwner {
    /// No claim.
    Free,
    /// A claim that is pending, and may be committed.
    Pending(Group),
    /// A claim that is committed.
    Taken(Group),
}

/// Owner of a key, and the orphaned addresses of other claims of it.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) owner: KeyOwner,
    /// Orphaned addresses, in the order in which they must be deleted.
    pub(crate) orphans: Vec<AddressId>,
}

impl Group {
    /// Returns the rank among claims of one key: the id of row 0. The lowest rank owns the key.
    fn rank(&self) -> AddressId {
        let first = self.rows.get(&0).or_else(|| self.rows.values().min_by_key(|row| row.address.id));
        first.map_or(AddressId::new(u64::MAX), |row| row.address.id)
    }

    pub(crate) fn is_committed(&self) -> bool {
        self.rows.values().any(|row| row.mark.state == State::Committed)
    }

    /// Returns true if all of its addresses exist.
    pub(crate) fn is_whole(&self) -> bool {
        usize::try_from(self.count).is_ok_and(|count| self.rows.len() == count)
    }

    /// Returns the ids of its rows, row 0 first: the order in which a claim is undone.
    pub(crate) fn ids(&self) -> impl Iterator<Item = AddressId> {
        self.duplicates.iter().copied().chain(self.rows.values().map(|row| row.address.id))
    }
}

/// Groups the rows of a key by claim.
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
        // Which of two rows with one number counts. A committed row was returned to a caller. Among pending ones the
        // caller goes by the latest attempt. A single address is always committed, and calls that saw the first row
        // returned it: so there the lowest id counts, whatever the attempt.
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

/// Chooses the owner of a key. `liveness` tells whether the call of a pending claim may still commit it.
pub(crate) fn decide(groups: Vec<Group>, liveness: impl Fn(&Group) -> Liveness) -> Decision {
    let mut orphans = Vec::new();
    let mut superseded = Vec::new();
    let mut owner: Option<Group> = None;
    let mut groups = groups;
    groups.sort_by_key(Group::rank);
    for group in groups {
        let pending = !group.is_committed();
        // Row 0 is taken first and deleted first: without it the claim is being undone, also while its process is
        // alive.
        let dead = pending && (liveness(&group) == Liveness::Dead || !group.rows.contains_key(&0));
        if dead {
            orphans.extend(group.ids());
        } else if owner.is_none() {
            orphans.extend(&group.duplicates);
            owner = Some(group);
        } else if !pending {
            // A pending claim of a higher rank is left to its caller, which sees that it has lost.
            superseded.extend(group.ids());
        }
    }
    let owner = match owner {
        None => KeyOwner::Free,
        Some(group) if group.is_committed() => {
            orphans.extend(superseded);
            KeyOwner::Taken(group)
        }
        // Liveness depends on clocks. To another process this pending claim may already be dead, and it may have told
        // its caller of a claim with a higher rank. Those are left alone until this one is committed, or gone.
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
        // A claim that was undone, except for a row that came late.
        assert_eq!(outcome(vec![row(7, 1, 2, 3, P, 0)], &[1]), ("free".to_owned(), vec![7]));
        // Some were deallocated.
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
