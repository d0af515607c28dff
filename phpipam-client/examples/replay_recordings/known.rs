//! List of the exchanges that need `raw()`, and of the members that end up in `extra`.

use std::error::Error;

/// One line of the list: `raw NAME`, or `extra MODEL.MEMBER`, then `# reason`. A `*` stands for anything at either end.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    pub(crate) pattern: String,
    /// True if only recordings of other versions than 1.8.2 need the entry.
    pub(crate) elsewhere: bool,
}

/// Entries of `known.txt`, in their order.
#[derive(Debug)]
pub(crate) struct Known(pub(crate) Vec<Entry>);

impl Known {
    pub(crate) fn read() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut elsewhere = false;
        let lines = include_str!("known.txt").lines().map(str::trim).filter_map(|line| {
            elsewhere |= line.starts_with("# Only in recordings that are not");
            (!line.is_empty() && !line.starts_with('#')).then_some((line, elsewhere))
        });
        let entries = lines.map(|(line, elsewhere)| {
            let (entry, reason) = line.split_once('#').ok_or_else(|| format!("known.txt: no reason: {line}"))?;
            let (kind, pattern) = entry.trim().split_once(' ').ok_or_else(|| format!("known.txt: {line}"))?;
            if reason.trim().is_empty() || !matches!(kind, "raw" | "extra") {
                return Err(format!("known.txt: {line}").into());
            }
            Ok(Entry { kind: kind.to_owned(), pattern: pattern.trim().to_owned(), elsewhere })
        });
        entries.collect::<Result<_, Box<dyn Error + Send + Sync>>>().map(Self)
    }

    /// Returns the place of the entry for a name, or `None` if it is not listed.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<usize> {
        self.0.iter().position(|entry| entry.kind == kind && fits(&entry.pattern, name))
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) if pattern.len() > 1 => name.contains(&pattern[1..pattern.len() - 1]),
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => name == pattern,
    }
}
