//! Access to the entries of a map of literals.

use super::value::{Entry, Literal, LiteralMap};

impl LiteralMap {
    /// No entries, written as an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Some(Vec::new()), ..Self::default() }
    }

    /// No list of entries, written as `null`: what some 6.2 clients send.
    #[must_use]
    pub fn null() -> Self {
        let mut new = Self::default();
        new.extra.set_null("entries");
        new
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len)
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key; none also if it is `null`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Literal> {
        self.iter().find(|(name, _)| *name == key)?.1
    }

    /// Whether the key is there, with a value or without.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.iter().any(|(name, _)| name == key)
    }

    /// Keys and values; an entry without a key is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&Literal>)> {
        self.entries.iter().flatten().filter_map(|entry| Some((entry.key.as_deref()?, entry.value.as_ref())))
    }

    /// Sets the value of a key where it stands, or adds it at the end.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Literal>) {
        let key = key.into();
        let value = Some(value.into());
        let entries = self.entries.get_or_insert_default();
        match entries.iter_mut().find(|entry| entry.key.as_deref() == Some(&key)) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry { key: Some(key), value, ..Entry::default() }),
        }
    }

    /// Takes a key out. Returns its value, if it had one.
    pub fn remove(&mut self, key: &str) -> Option<Literal> {
        let entries = self.entries.as_mut()?;
        let at = entries.iter().position(|entry| entry.key.as_deref() == Some(key))?;
        entries.remove(at).value
    }

    /// [`set`](Self::set), for building.
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
