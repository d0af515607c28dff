//! Sources of a library, as a tree of modules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cycle::Graph;
use crate::module::Module;
use crate::uses;

/// Libraries of the workspace.
pub(crate) const LIBRARIES: [&str; 3] = ["ipam-core", "phpipam-client", "vra-client"];

/// A library whose sources were read.
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Modules by path: `[]` is the root, `["net", "range"]` is `net::range`.
    modules: BTreeMap<Vec<String>, Module>,
    lengths: Vec<(String, usize)>,
    /// Lines of documentation with `include_str!` and the like, with their files.
    includes: Vec<(String, String)>,
}

impl Crate {
    /// Reads the library `name` of the workspace at `root`, without its tests.
    pub(crate) fn read(root: &Path, name: &str) -> Self {
        let mut library =
            Self { name: name.to_owned(), modules: BTreeMap::new(), lengths: Vec::new(), includes: Vec::new() };
        let source = root.join(name).join("src");
        library.add(Vec::new(), &source.join("lib.rs"), &source);
        library
    }

    fn add(&mut self, path: Vec<String>, file: &Path, folder: &Path) {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.display().to_string();
        let name = name.rsplit_once("/../").map_or(name.clone(), |(_, name)| name.to_owned());
        self.includes.extend(documented_includes(&text).map(|line| (name.clone(), line.to_owned())));
        self.lengths.push((name, lines_without_tests(&text)));
        let module = Module::parse(&text, file);
        for child in &module.files {
            let mut below = path.clone();
            below.push(child.clone());
            let (file, inner) = file_of(folder, child);
            self.add(below, &file, &inner);
        }
        self.modules.insert(path, module);
    }

    /// Files with their lengths.
    pub(crate) fn lengths(&self) -> &[(String, usize)] {
        &self.lengths
    }

    /// Lines of documentation that include a file, with the file that they stand in.
    pub(crate) fn includes(&self) -> &[(String, String)] {
        &self.includes
    }

    /// Modules, each with those that it uses.
    pub(crate) fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        for (path, module) in &self.modules {
            let used: BTreeSet<String> = uses::of(&self.modules, path, module)
                .into_iter()
                .filter(|used| used != path)
                .map(|used| named(&used))
                .collect();
            graph.insert(named(path), used);
        }
        graph
    }
}

fn named(path: &[String]) -> String {
    if path.is_empty() { "crate".to_owned() } else { path.join("::") }
}

/// The file of the module `name` that a file in `folder` declares, and the folder of its own modules.
fn file_of(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let inner = folder.join(name);
    let nested = inner.join("mod.rs");
    if nested.exists() { (nested, inner) } else { (folder.join(format!("{name}.rs")), inner) }
}

fn documented_includes(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("//") && (line.contains("include_str!(") || line.contains("include_bytes!(")))
}

/// Tests stand at the end of a file, in a module of it, and do not count.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = |at: &usize| {
        let opens = |line: &&str| line.starts_with("mod ") && line.ends_with('{');
        lines.get(*at).is_some_and(|line| line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test,"))
            && lines.get(at + 1).is_some_and(opens)
    };
    (0..lines.len()).find(tests).unwrap_or(lines.len())
}

#[test]
fn only_a_module_of_tests_ends_the_count() {
    assert_eq!(lines_without_tests("a\n#[cfg(test)]\nmod tests;\nb\n"), 4);
    assert_eq!(lines_without_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
}

#[test]
fn includes_are_found_in_documentation_only() {
    let text = "let a = include_str!(\"a\");\n    /// # let b = include_bytes!(\"b\");\n//! include_str\n";
    let found: Vec<&str> = documented_includes(text).collect();
    assert_eq!(found, ["/// # let b = include_bytes!(\"b\");"]);
}
