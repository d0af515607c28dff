//! Words that are refused, each with what to say instead.

use crate::files::File;
use crate::split::{self, Word};

/// A word and its remedy.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The word as the allow-list has it.
    pub(crate) word: &'static str,
    forms: &'static [&'static str],
    pub(crate) remedy: &'static str,
}

const CALLER: &str = "the caller, the process, the server, the owner: name the one that is meant";

const REFUSED: [Refused; 13] = [
    Refused {
        word: "answer",
        forms: &["answer", "answers", "answered", "answering", "answerable", "answerer", "answerers", "unanswered"],
        remedy: "`returns`, `response` or `result`",
    },
    Refused {
        word: "carve",
        forms: &["carve", "carves", "carved", "carving", "carvings", "carver"],
        remedy: "`allocate a child prefix`, `child prefix`",
    },
    Refused { word: "frontier", forms: &["frontier", "frontiers"], remedy: "`high-water mark`" },
    Refused { word: "verdict", forms: &["verdict", "verdicts"], remedy: "`classification`, or name what was decided" },
    Refused { word: "loose-end", forms: &[], remedy: "`abandoned claim` or `orphaned address`" },
    Refused {
        word: "stray",
        forms: &["stray", "strays", "strayed", "straying"],
        remedy: "`orphaned`, `abandoned` or `unexpected`",
    },
    Refused { word: "lane", forms: &["lane", "lanes"], remedy: "`per-key lock`" },
    Refused {
        word: "rival",
        forms: &["rival", "rivals", "rivaled", "rivalled", "rivaling", "rivalling", "rivalry"],
        remedy: "`other writers`",
    },
    Refused { word: "patience", forms: &["patience"], remedy: "`deadline` or `pacing`" },
    Refused {
        word: "spoil",
        forms: &["spoil", "spoils", "spoilt", "spoiled", "spoiling", "spoiler"],
        remedy: "`aborts` (of a batch), `invalid` or `corrupt`",
    },
    Refused { word: "nobody", forms: &["nobody", "nobodys"], remedy: CALLER },
    Refused { word: "somebody", forms: &["somebody", "somebodys"], remedy: CALLER },
    Refused { word: "whoever", forms: &["whoever", "whomever", "whosever"], remedy: CALLER },
];

/// Names what was renamed, in code.
const CHANGELOG: &str = "CHANGELOG.md";

/// A refused word in a file.
pub(crate) struct Hit {
    /// Line from 1; the name of the file counts as its first line.
    pub(crate) line: usize,
    /// The word as it was written.
    pub(crate) found: String,
    pub(crate) refused: &'static Refused,
}

/// Returns the refused words in the text of a file and in its name.
pub(crate) fn hits(file: &File) -> Vec<Hit> {
    let mut found = among(&split::words(name(&file.path)));
    if file.path == CHANGELOG {
        found.extend(among(&split::words(&without_code(&file.text))));
    } else {
        found.extend(among(&split::words(&file.text)));
    }
    found
}

/// Returns the text with its lines, without what stands between backticks.
fn without_code(text: &str) -> String {
    let prose = |line: &str| line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    text.lines().map(prose).collect::<Vec<_>>().join("\n")
}

/// The name of a file without its ending; of `mod.rs` and `main.rs`, that of their directory.
fn name(path: &str) -> &str {
    let stem = |path: &'_ str| path.rsplit_once('.').map_or(path.len(), |(stem, _)| stem.len());
    let mut parts = path.rsplit('/');
    match parts.next() {
        Some("mod.rs" | "main.rs") => parts.next().unwrap_or_default(),
        Some(name) => name.get(..stem(name)).unwrap_or(name),
        None => path,
    }
}

fn among(words: &[Word<'_>]) -> Vec<Hit> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let small = word.text.to_ascii_lowercase();
        let hit = |refused, found: &str| Hit { line: word.line, found: found.to_owned(), refused };
        if small == "loose" {
            let next = words.get(at + 1).map(|next| next.text.to_ascii_lowercase());
            if next.is_some_and(|next| next == "end" || next == "ends") {
                found.extend(REFUSED.iter().find(|refused| refused.word == "loose-end").map(|r| hit(r, "loose end")));
            }
            continue;
        }
        let refused = REFUSED.iter().find(|refused| refused.forms.contains(&small.as_str()));
        found.extend(refused.map(|refused| hit(refused, word.text)));
    }
    found
}

#[test]
fn whole_words_are_refused_in_any_case_and_form() {
    let found = |text| among(&split::words(text)).iter().map(|hit| hit.refused.word).collect::<Vec<_>>();
    assert_eq!(found("plane planet astray PlanError islanes"), Vec::<&str>::new());
    assert_eq!(found("fn raw_answer() -> CarvedBlock"), ["answer", "carve"]);
    assert_eq!(found("NOBODY's \"\\nanswered\" keyLane"), ["nobody", "answer", "lane"]);
    assert_eq!(found("a loose\n/// end, LooseEnds, loose"), ["loose-end", "loose-end"]);
}

#[test]
fn names_of_files_and_modules_count() {
    assert_eq!(name("a/src/raw_answer.rs"), "raw_answer");
    assert_eq!(name("a/src/answers/mod.rs"), "answers");
    assert_eq!(name(".ci/run"), "run");
}

#[test]
fn the_changelog_names_what_was_renamed() {
    let hits = |path: &str| {
        let text = "`Lane` is `KeyLock`,\nfor a lane".to_owned();
        hits(&File { path: path.to_owned(), text }).iter().map(|hit| hit.line).collect::<Vec<_>>()
    };
    assert_eq!(hits(CHANGELOG), [2]);
    assert_eq!(hits("README.md"), [1, 2]);
}
