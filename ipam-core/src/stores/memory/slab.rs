//! Records by number.

/// Number of records in a chunk.
// A single vector would double when it is full: half of it would be empty on average, and growing would copy a million
// records during one request. Chunks never move and waste less than one chunk (bar M7).
const CHUNK: usize = 512;

/// Records by number. Numbers of removed records are used again.
#[derive(Debug)]
pub(super) struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), len: 0 }
    }
}

impl<T> Slab<T> {
    pub(super) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        // The number that was freed last: its place is most likely still in the processor's cache.
        if let Some(index) = self.free.pop() {
            if let Some(place) = self.place(index) {
                *place = Some(value);
            }
            return index;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let Some(chunk) = self.chunks.last_mut() else { return u32::MAX };
        chunk.push(Some(value));
        u32::try_from(before + chunk.len() - 1).unwrap_or(u32::MAX)
    }

    fn place(&mut self, index: u32) -> Option<&mut Option<T>> {
        let index = index as usize;
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let index = index as usize;
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.place(index)?.as_mut()
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let value = self.place(index)?.take()?;
        self.free.push(index);
        self.len -= 1;
        Some(value)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_and_are_used_again() {
        let mut slab = Slab::default();
        let numbers: Vec<u32> = (0..1500).map(|value| slab.insert(value)).collect();
        assert!(numbers.iter().all(|number| slab.get(*number) == Some(number)));
        assert_eq!(slab.remove(700), Some(700));
        assert_eq!((slab.remove(700), slab.get(700), slab.len()), (None, None, 1499));
        assert_eq!(slab.insert(9), 700);
        assert_eq!((slab.get(700), slab.len()), (Some(&9), 1500));
    }
}
