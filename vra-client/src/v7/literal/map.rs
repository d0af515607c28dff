//! Access to the entries of a map of literals.

use super::value::{Entry, Literal, LiteralMap};

impl LiteralMap {
    /// Makes a map without entries, written as an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Some(Vec::new()), ..Self::default() }
    }

    /// Makes a map without a list of entries, written as `null`, which some clients of 6.2 send.
    #[must_use]
    pub fn null() -> Self {
        let mut new = Self::default();
        // `null` and not an empty list: it is what those clients send.
        new.extra.set_null("entries");
        new
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len)
    }

    /// Returns true if there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value of a key; [`None`] also if the value is `null`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Literal> {
        self.iter().find(|(name, _)| *name == key)?.1
    }

    /// Returns true if there is an entry with the key, also if its value is `null`.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.iter().any(|(name, _)| name == key)
    }

    /// Returns keys and values. An entry without a key is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&Literal>)> {
        self.entries.iter().flatten().filter_map(|entry| Some((entry.key.as_deref()?, entry.value.as_ref())))
    }

    /// Sets the value of a key. An existing entry keeps its position; a new one is added at the end.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Literal>) {
        let key = key.into();
        let value = Some(value.into());
        let entries = self.entries.get_or_insert_default();
        // In place, so that an object that is sent back differs from the one that was read in this value only.
        match entries.iter_mut().find(|entry| entry.key.as_deref() == Some(&key)) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry { key: Some(key), value, ..Entry::default() }),
        }
    }

    /// Removes the first entry with the key. Returns its value, if it had one.
    pub fn remove(&mut self, key: &str) -> Option<Literal> {
        let entries = self.entries.as_mut()?;
        let at = entries.iter().position(|entry| entry.key.as_deref() == Some(key))?;
        entries.remove(at).value
    }

    /// Sets the value of a key, as [`set`](Self::set) does, and returns the map.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Literal>) -> Self {
        self.set(key, value);
        self
    }
}

impl<K: Into<String>, V: Into<Literal>> FromIterator<(K, V)> for LiteralMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.set(key, value);
        }
        map
    }
}
