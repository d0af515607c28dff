//! Ordered map that mostly holds one entry.

use std::collections::BTreeMap;
use std::ops::Bound;

/// Ordered map whose first inserted entry is kept in place. Further entries are in a tree.
// Most requests touch one range and one page of it, and then allocate no tree (bars M1 to M3).
pub(in crate::engine) struct SmallMap<K, V> {
    first: Option<(K, V)>,
    others: Option<BTreeMap<K, V>>,
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self { first: None, others: None }
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    pub(in crate::engine) fn get(&self, key: &K) -> Option<&V> {
        match &self.first {
            Some((first, value)) if first == key => Some(value),
            _ => self.others.as_ref()?.get(key),
        }
    }

    pub(in crate::engine) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match &mut self.first {
            Some((first, value)) if first == key => Some(value),
            _ => self.others.as_mut()?.get_mut(key),
        }
    }

    /// Returns the value of a key. Makes and inserts it if there is none.
    pub(in crate::engine) fn get_or_insert<E>(
        &mut self,
        key: K,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<&mut V, E> {
        use std::collections::btree_map::Entry;
        match &mut self.first {
            Some((first, _)) if *first != key => match self.others.get_or_insert_default().entry(key) {
                Entry::Occupied(entry) => Ok(entry.into_mut()),
                Entry::Vacant(entry) => Ok(entry.insert(make()?)),
            },
            Some((_, value)) => Ok(value),
            empty => Ok(&mut empty.insert((key, make()?)).1),
        }
    }

    pub(in crate::engine) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.first.iter_mut().map(|(_, value)| value).chain(self.others.iter_mut().flatten().map(|(_, value)| value))
    }

    /// Returns the entries, by key.
    pub(in crate::engine) fn into_sorted(mut self) -> impl Iterator<Item = (K, V)> {
        if let Some(others) = &mut self.others
            && let Some((key, value)) = self.first.take()
        {
            others.insert(key, value);
        }
        self.first.into_iter().chain(self.others.into_iter().flatten())
    }
}

impl<K: Ord + Copy, V> SmallMap<K, V> {
    /// Returns the entries at or after a key, by key.
    pub(in crate::engine) fn from(&self, from: K) -> impl Iterator<Item = (K, &V)> {
        // The entry kept in place may belong anywhere among those of the tree.
        let first = self.first.as_ref().filter(|(key, _)| *key >= from);
        let cut = first.map_or(from, |(key, _)| *key);
        let others = |range: (Bound<K>, Bound<K>)| {
            self.others
                .as_ref()
                .into_iter()
                .flat_map(move |others| others.range(range))
                .map(|(key, value)| (*key, value))
        };
        let first = first.map(|(key, value)| (*key, value));
        others((Bound::Included(from), Bound::Excluded(cut)))
            .chain(first)
            .chain(others((Bound::Included(cut), Bound::Unbounded)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_behaves_like_an_ordered_map() {
        for order in [[1u8, 2, 3], [2, 1, 3], [3, 2, 1], [2, 3, 1]] {
            let mut few = SmallMap::default();
            let mut map = BTreeMap::new();
            for key in order {
                for probe in 0..5 {
                    assert_eq!(few.get(&probe), map.get(&probe));
                    let from: Vec<_> = few.from(probe).collect();
                    assert_eq!(from, map.range(probe..).map(|(key, value)| (*key, value)).collect::<Vec<_>>());
                }
                assert_eq!(few.get_or_insert(key, || Err(())), Err(()));
                assert_eq!(few.get_or_insert(key, || Ok::<_, ()>(key * 10)), Ok(&mut (key * 10)));
                assert_eq!(few.get_or_insert(key, || Err(())), Ok(&mut (key * 10)));
                map.insert(key, key * 10);
                assert_eq!(few.get_mut(&key), map.get_mut(&key));
                let (mut few, mut map): (Vec<_>, Vec<_>) = (few.values_mut().collect(), map.values_mut().collect());
                few.sort();
                map.sort();
                assert_eq!(few, map);
            }
            assert_eq!(few.into_sorted().collect::<Vec<_>>(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
