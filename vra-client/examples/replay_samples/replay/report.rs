//! Report of a replay: a line for each payload that is not kept as it is, and the counts.

use std::collections::BTreeMap;

use super::{Outcome, Replay, Sample};

/// Counts of a replay.
#[derive(Debug, Default)]
pub(crate) struct Report {
    replayed: usize,
    not_served: usize,
    mismatched: usize,
    unreadable: usize,
    /// Members that no type has a field for, with the files that have them.
    extra: BTreeMap<String, Vec<String>>,
}

impl Report {
    /// Replays a file, and returns the line to print; `None` if the payload is kept.
    pub(crate) fn add(&mut self, replay: &Replay, name: &str, text: Result<String, String>) -> Option<String> {
        let sample = match text.and_then(|text| Sample::read(&text)) {
            Ok(sample) => sample,
            Err(why) => {
                self.unreadable += 1;
                return Some(format!("UNREADABLE {name}: {why}"));
            }
        };
        match replay.replay(&sample) {
            Ok(Outcome::Kept(members)) => {
                self.replayed += 1;
                for member in members {
                    let files = self.extra.entry(member).or_default();
                    // A member of several rows of one payload counts once.
                    if files.last().is_none_or(|last| last != name) {
                        files.push(name.to_owned());
                    }
                }
                None
            }
            Ok(Outcome::Skipped(why)) => Some(format!("skipped {name}: {why}")),
            Ok(Outcome::NotServed(why)) => {
                self.not_served += 1;
                Some(format!("not served {name}: {why}"))
            }
            Err(why) => {
                self.mismatched += 1;
                Some(format!("MISMATCH {name}: {why}"))
            }
        }
    }

    /// Returns the lines after those of the payloads: the extra members, and the counts.
    pub(crate) fn end(&self) -> Vec<String> {
        let Self { replayed, not_served, mismatched, unreadable, extra } = self;
        let members = extra.iter().map(|(member, files)| format!("extra {member} ({})", files.join(", ")));
        let mut lines: Vec<String> = members.collect();
        if *unreadable > 0 {
            lines.push(format!("unreadable {unreadable}"));
        }
        let extra = extra.len();
        lines.push(format!("replayed {replayed}, extra {extra}, not served {not_served}, mismatched {mismatched}"));
        lines
    }

    /// Returns true if at least one payload was replayed, and each was the same and could be read.
    pub(crate) fn is_success(&self) -> bool {
        self.mismatched == 0 && self.unreadable == 0 && self.replayed > 0
    }
}
