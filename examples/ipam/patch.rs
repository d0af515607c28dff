//! New value of a list that an update names.

use ipam_core::Patch;

/// Adds the given items to the list; replaces the list if it is cleared as well. Without items and without clearing, the
/// list is kept.
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

/// Same as [`added`] for ordered lists: items that the list has already are not added again.
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
