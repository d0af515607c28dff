//! What becomes of a list that an update names.

use ipam_core::Patch;

/// Adds what was given to what is there; replaces it if the list is cleared as well. Nothing given and nothing cleared
/// keeps it.
pub(crate) fn added<C, T>(before: Option<&C>, given: Vec<T>, clear: bool) -> Patch<C>
where
    C: Clone + Default + Extend<T>,
{
    match (given.is_empty(), clear) {
        (true, false) => Patch::Keep,
        (true, true) => Patch::Clear,
        (false, _) => {
            let mut all = if clear { C::default() } else { before.cloned().unwrap_or_default() };
            all.extend(given);
            Patch::Set(all)
        }
    }
}

/// The same where the order counts: what is there already is not added again.
pub(crate) fn appended<T: Clone + PartialEq>(before: Option<&Vec<T>>, given: Vec<T>, clear: bool) -> Patch<Vec<T>> {
    let there = before.filter(|_| !clear);
    let new: Vec<T> = given.into_iter().filter(|item| there.is_none_or(|there| !there.contains(item))).collect();
    added(before, new, clear)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_list_grows_unless_it_is_cleared_as_well() {
        let before = vec![2, 1];
        assert_eq!(appended(Some(&before), vec![1, 3], false), Patch::Set(vec![2, 1, 3]));
        assert_eq!(appended(Some(&before), vec![1, 3], true), Patch::Set(vec![1, 3]));
        assert_eq!(appended(Some(&before), vec![1], false), Patch::Keep);
        assert_eq!(appended(Some(&before), Vec::new(), true), Patch::Clear);
        assert_eq!(appended(Some(&before), Vec::new(), false), Patch::Keep);
        let before = BTreeMap::from([("a", 1), ("b", 2)]);
        let set = added(Some(&before), vec![("b", 3)], false);
        assert_eq!(set, Patch::Set(BTreeMap::from([("a", 1), ("b", 3)])));
    }
}
