//! Figures per library, and those that were reached and are kept.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::{self, Facts};
use crate::files::File;
use crate::refused::Hit;

/// Libraries of the workspace.
pub(crate) const LIBRARIES: [&str; 3] = ["ipam-core", "phpipam-client", "vra-client"];

/// Direction in which a figure improves, with the aim for the whole workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    AtMost(usize),
    AtLeast(usize),
    /// Printed only.
    None,
}

/// Something that is counted.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Name in `figures.txt`; empty if it is printed only.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) aim: Aim,
}

/// Figure of a measure per library, with the total.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) measure: Measure,
    pub(crate) values: [usize; 3],
    pub(crate) total: usize,
}

/// Figures, and the modules with the smallest share of comments.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) all: Vec<Figure>,
    /// Name, lines, lines with a comment.
    pub(crate) modules: Vec<(String, usize, usize)>,
    /// Refused words outside the libraries, by word.
    pub(crate) elsewhere: BTreeMap<&'static str, usize>,
}

/// Name of the share of comments, in tenths of a percent, which is no sum.
pub(crate) const COMMENTS: &str = "comments";

/// Counts what the tree at `root` has.
pub(crate) fn of(root: &Path, tree: &[(File, Vec<Hit>)]) -> Figures {
    let sources = LIBRARIES.map(|library| sources(root, tree, library));
    for (library, files) in LIBRARIES.iter().zip(&sources) {
        assert!(files.len() > 20, "{library} has {} sources: the check looked in the wrong place", files.len());
    }
    let facts = |count: &dyn Fn(&Facts) -> usize| {
        sources.each_ref().map(|files| files.iter().map(|(_, facts)| count(facts)).sum::<usize>())
    };
    let words = |within: &str, wanted: &[&str]| {
        LIBRARIES.map(|library| {
            let inside = format!("{library}/{within}");
            let hits = tree.iter().filter(|(file, _)| file.path.starts_with(&inside)).flat_map(|(_, hits)| hits);
            hits.filter(|hit| wanted.is_empty() || wanted.contains(&hit.refused.word)).count()
        })
    };
    let persons = ["nobody", "somebody", "whoever"];
    let lines = facts(&|facts| facts.lines);
    let comments = facts(&|facts| facts.comments);
    let sum = |name, title, aim, values: [usize; 3]| Figure {
        measure: Measure { name, title, aim },
        values,
        total: values.iter().sum(),
    };
    let share = Figure {
        measure: Measure { name: COMMENTS, title: "plain comments, % of lines", aim: Aim::AtLeast(30) },
        values: [0, 1, 2].map(|at| permille(comments[at], lines[at])),
        total: permille(comments.iter().sum(), lines.iter().sum()),
    };
    let all = vec![
        sum("", "refused words", Aim::None, words("", &[])),
        sum("answer", "forms of \"answer\"", Aim::AtMost(79), words("", &["answer"])),
        sum("", "  of these in src", Aim::None, words("src/", &["answer"])),
        sum("persons", "nobody, somebody, whoever", Aim::AtMost(9), words("", &persons)),
        sum("bare-errors", "`# Errors` that only link", Aim::AtMost(0), facts(&|facts| facts.bare.len())),
        sum("", "fallible functions without it", Aim::None, facts(&|facts| facts.silent.len())),
        sum("item-clauses", "docs of items: What, How, …", Aim::AtMost(0), facts(&|facts| facts.item_clauses.len())),
        sum("file-clauses", "docs of files: What, How, …", Aim::AtMost(0), facts(&|facts| facts.file_clauses.len())),
        share,
        sum("", "  lines of code and docs", Aim::None, lines),
        sum("doc-tests", "doc tests", Aim::AtLeast(300), facts(&|facts| facts.doc_tests)),
        sum("", "  public items", Aim::None, facts(&|facts| facts.items)),
    ];
    let mut elsewhere = BTreeMap::new();
    let outside = |path: &str| !LIBRARIES.iter().any(|library| path.starts_with(&format!("{library}/")));
    for hit in tree.iter().filter(|(file, _)| outside(&file.path)).flat_map(|(_, hits)| hits) {
        *elsewhere.entry(hit.refused.word).or_default() += 1;
    }
    Figures { all, modules: modules(&sources), elsewhere }
}

/// Sources of a library with their facts; tests are left out.
fn sources(root: &Path, tree: &[(File, Vec<Hit>)], library: &str) -> Vec<(String, Facts)> {
    let inside = format!("{library}/src/");
    let files = tree.iter().map(|(file, _)| file).filter(|file| file.path.starts_with(&inside));
    files
        .filter(|file| file.path.ends_with(".rs") && !facts::is_test_file(&file.path))
        .map(|file| {
            let path = root.join(&file.path);
            (file.path.clone(), Facts::of(&file.text, path.parent().unwrap_or(root)))
        })
        .collect()
}

fn permille(part: usize, whole: usize) -> usize {
    part * 1000 / whole.max(1)
}

/// Returns the modules at the top of each library, those with the smallest share of comments first.
fn modules(sources: &[Vec<(String, Facts)>; 3]) -> Vec<(String, usize, usize)> {
    let mut modules: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (path, facts) in sources.iter().flatten() {
        let mut parts = path.split('/');
        let (library, module) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        let module = format!("{library} {}", module.trim_end_matches(".rs"));
        let (lines, comments) = modules.entry(module).or_default();
        *lines += facts.lines;
        *comments += facts.comments;
    }
    let mut modules: Vec<_> = modules.into_iter().map(|(name, (lines, comments))| (name, lines, comments)).collect();
    modules.sort_by_key(|(_, lines, comments)| permille(*comments, *lines));
    modules
}

impl Figure {
    /// `true` once the aim is met, or if there is none.
    pub(crate) fn met(&self) -> bool {
        meets(self.measure.aim, self.total)
    }
}

fn meets(aim: Aim, value: usize) -> bool {
    match aim {
        Aim::AtMost(aim) => value <= aim,
        Aim::AtLeast(aim) => value >= aim,
        Aim::None => true,
    }
}

/// Figures that were reached: lines `value measure library` after a head that ends with a blank line.
#[derive(Debug)]
pub(crate) struct Kept {
    head: String,
    /// By measure and library; of two lines for the same, which a merge can leave, the last counts.
    values: BTreeMap<(String, String), usize>,
}

impl Kept {
    pub(crate) fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut values = BTreeMap::new();
        for line in body.lines().filter(|line| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split(' ').collect();
            let [value, measure, library] = fields[..] else { panic!("figures.txt: {line}") };
            let value = value.parse().unwrap_or_else(|error| panic!("figures.txt: {line}: {error}"));
            values.insert((measure.to_owned(), library.to_owned()), value);
        }
        Self { head: head.to_owned(), values }
    }

    /// Returns what became worse than kept, for measures that have not met their aim.
    pub(crate) fn worse(&self, figures: &Figures) -> Vec<String> {
        let mut worse = Vec::new();
        for figure in figures.all.iter().filter(|figure| !figure.met()) {
            let Measure { name, title, aim } = figure.measure;
            for (library, value) in LIBRARIES.into_iter().zip(figure.values) {
                let Some(kept) = self.values.get(&(name.to_owned(), library.to_owned())).copied() else {
                    worse.push(format!("{library}: {title}: {value}, and figures.txt has no line for {name}"));
                    continue;
                };
                if better(aim, kept, value) && !(name == COMMENTS && meets(aim, value)) {
                    worse.push(format!("{library}: {title}: {value}, was {kept}"));
                }
            }
        }
        worse
    }

    /// Takes over what is better than kept.
    pub(crate) fn improve(&mut self, figures: &Figures) {
        for figure in &figures.all {
            for (library, value) in LIBRARIES.into_iter().zip(figure.values) {
                let kept = self.values.get_mut(&(figure.measure.name.to_owned(), library.to_owned()));
                if let Some(kept) = kept.filter(|kept| better(figure.measure.aim, value, **kept)) {
                    *kept = value;
                }
            }
        }
    }

    pub(crate) fn write(&self, file: &Path) {
        let lines = self.values.iter().map(|((measure, library), value)| format!("{value} {measure} {library}\n"));
        let text = format!("{}\n\n{}", self.head, lines.collect::<String>());
        std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

/// `true` if `one` is better than `other`.
fn better(aim: Aim, one: usize, other: usize) -> bool {
    match aim {
        Aim::AtMost(_) => one < other,
        Aim::AtLeast(_) => one > other,
        Aim::None => false,
    }
}
