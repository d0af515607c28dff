//! List of the refused words that are still there, which only becomes shorter.
//!
//! A line is `count word path`; comments above it give a reason and go with it. The lines up to the first blank line
//! are the head of the file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::files::File;
use crate::refused::Hit;

/// Number of a word in a file, by word and path.
pub(crate) type Counts = BTreeMap<(String, String), usize>;

/// Returns how often each refused word is in each file.
pub(crate) fn count(tree: &[(File, Vec<Hit>)]) -> Counts {
    let mut counts = Counts::new();
    for (file, hits) in tree {
        for hit in hits {
            *counts.entry((hit.refused.word.to_owned(), file.path.clone())).or_default() += 1;
        }
    }
    counts
}

#[derive(Debug)]
struct Entry {
    reason: Vec<String>,
    count: usize,
    word: String,
    path: String,
}

/// What a comparison reports: word, path, number found, number allowed.
pub(crate) type Difference = (String, String, usize, usize);

/// The allow-list.
#[derive(Debug)]
pub(crate) struct List {
    head: Vec<String>,
    entries: Vec<Entry>,
}

impl List {
    pub(crate) fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or(("", text));
        let mut list = Self { head: head.lines().map(str::to_owned).collect(), entries: Vec::new() };
        let mut reason = Vec::new();
        for line in body.lines().filter(|line| !line.trim().is_empty()) {
            if line.starts_with('#') {
                reason.push(line.to_owned());
                continue;
            }
            let mut fields = line.splitn(3, ' ');
            let count = fields.next().and_then(|count| count.parse().ok());
            let (Some(count), Some(word), Some(path)) = (count, fields.next(), fields.next()) else {
                panic!("allowed.txt: \"{line}\" is not `count word path`");
            };
            let reason = std::mem::take(&mut reason);
            list.entries.push(Entry { reason, count, word: word.to_owned(), path: path.to_owned() });
        }
        list
    }

    fn allowed(&self) -> Counts {
        let entries = self.entries.iter();
        entries.map(|entry| ((entry.word.clone(), entry.path.clone()), entry.count)).collect()
    }

    /// Words that are in a file more often than allowed.
    pub(crate) fn exceeded(&self, counts: &Counts) -> Vec<Difference> {
        let allowed = self.allowed();
        let difference = |(at, found): (&(String, String), &usize)| {
            let allowed = allowed.get(at).copied().unwrap_or(0);
            (*found > allowed).then(|| (at.0.clone(), at.1.clone(), *found, allowed))
        };
        counts.iter().filter_map(difference).collect()
    }

    /// Entries that allow more than there is.
    pub(crate) fn slack(&self, counts: &Counts) -> Vec<Difference> {
        let difference = |(at, allowed): (&(String, String), &usize)| {
            let found = counts.get(at).copied().unwrap_or(0);
            // An entry for nothing fails too, even with a count of 0.
            (found < *allowed || found == 0).then(|| (at.0.clone(), at.1.clone(), found, *allowed))
        };
        self.allowed().iter().filter_map(difference).collect()
    }

    /// Entries that stand after one that is equal or belongs below.
    pub(crate) fn twice(&self) -> Vec<String> {
        let key = |entry: &Entry| (entry.path.clone(), entry.word.clone());
        let pairs = self.entries.windows(2).filter(|pair| key(&pair[0]) >= key(&pair[1]));
        pairs.map(|pair| format!("{} {}", pair[1].word, pair[1].path)).collect()
    }

    /// Lowers each entry to what is left, drops what is done with, and sorts.
    pub(crate) fn lower(&mut self, counts: &Counts) {
        for entry in &mut self.entries {
            let found = counts.get(&(entry.word.clone(), entry.path.clone())).copied().unwrap_or(0);
            entry.count = entry.count.min(found);
        }
        self.entries.retain(|entry| entry.count > 0);
        // Of two entries for the same, which a merge can leave, the lower one is right.
        self.entries.sort_by(|a, b| (&a.path, &a.word, a.count).cmp(&(&b.path, &b.word, b.count)));
        self.entries.dedup_by(|b, a| (&a.path, &a.word) == (&b.path, &b.word));
    }

    pub(crate) fn write(&self, file: &Path) {
        std::fs::write(file, self.text()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    fn text(&self) -> String {
        let mut lines = self.head.clone();
        lines.push(String::new());
        for entry in &self.entries {
            lines.extend(entry.reason.iter().cloned());
            lines.push(format!("{} {} {}", entry.count, entry.word, entry.path));
        }
        lines.join("\n") + "\n"
    }
}

#[test]
fn the_list_is_lowered_and_never_raised() {
    let counts: Counts = [("a", 2), ("b", 9), ("new", 1)]
        .map(|(path, count)| (("word".to_owned(), path.to_owned()), count))
        .into_iter()
        .collect();
    let mut list = List::parse("# head\n\n3 word b\n# why\n5 word a\n# gone\n1 word c\n4 word a\n");
    assert_eq!(list.twice(), ["word a", "word a"]);
    let paths = |found: Vec<Difference>| found.into_iter().map(|(_, path, ..)| path).collect::<Vec<_>>();
    assert_eq!(paths(list.slack(&counts)), ["a", "c"]);
    assert_eq!(paths(list.exceeded(&counts)), ["b", "new"]);
    list.lower(&counts);
    assert_eq!(list.text(), "# head\n\n# why\n2 word a\n3 word b\n");
}
