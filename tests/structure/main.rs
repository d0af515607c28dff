//! Structure of the workspace: modules depend on one another in one direction, and files stay readable.

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod crates;
mod cycle;
mod module;
mod uses;

use std::path::Path;

use crate::crates::{Crate, LIBRARIES};

/// Longest file, tests aside, in lines.
const MAX_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn no_module_depends_on_itself_through_others() {
    let mut found = Vec::new();
    for library in LIBRARIES {
        let library = Crate::read(root(), library);
        let graph = library.graph();
        assert!(graph.len() > 20, "{} has {} modules: the check looked in the wrong place", library.name, graph.len());
        assert!(graph.values().any(|uses| uses.len() > 3), "{}: no module uses others", library.name);
        for cycle in cycle::all(&graph, 20) {
            found.push(format!("{}: {}", library.name, cycle.join(" -> ")));
        }
    }
    assert!(
        found.is_empty(),
        "module cycles; move what both sides use into a module of its own:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut found = Vec::new();
    for library in LIBRARIES {
        for (path, lines) in Crate::read(root(), library).lengths() {
            if *lines > MAX_LINES {
                found.push(format!("{path}: {lines} lines"));
            }
        }
    }
    assert!(found.is_empty(), "files above {MAX_LINES} lines; split them by purpose:\n{}", found.join("\n"));
}

/// rustdoc compiles the examples of a crate as one program, in a folder of its own, where a relative path leads nowhere. One
/// such line, and it compiles and links each example alone: minutes instead of seconds.
#[test]
fn no_example_in_documentation_includes_a_file() {
    let mut found = Vec::new();
    for library in LIBRARIES {
        for (path, line) in Crate::read(root(), library).includes() {
            found.push(format!("{path}: {line}"));
        }
    }
    assert!(found.is_empty(), "read the file instead, below the crate's folder:\n{}", found.join("\n"));
}
