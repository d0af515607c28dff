//! Cycles of a graph.

use std::collections::{BTreeMap, BTreeSet};

/// Modules by name, with the modules that each uses.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns cycles of the graph until those found, each opened at its last edge, leave none; at most `limit`.
pub(crate) fn all(graph: &Graph, limit: usize) -> Vec<Vec<String>> {
    let mut graph = graph.clone();
    let mut found = Vec::new();
    while let Some(cycle) = of(&graph).filter(|_| found.len() < limit) {
        if let [.., from, to] = cycle.as_slice()
            && let Some(uses) = graph.get_mut(from)
        {
            uses.remove(to);
        }
        found.push(cycle);
    }
    found
}

/// Returns a cycle of the graph, its first module again at the end, or `None` if there is none.
fn of(graph: &Graph) -> Option<Vec<String>> {
    let mut left = graph.clone();
    // What uses nothing that is left is on no cycle.
    loop {
        let leaves: Vec<String> = left
            .iter()
            .filter(|(_, uses)| uses.iter().all(|used| !left.contains_key(used)))
            .map(|(name, _)| name.clone())
            .collect();
        if leaves.is_empty() {
            break;
        }
        for leaf in leaves {
            left.remove(&leaf);
        }
    }
    // Each that is left uses another that is left, so a walk through them meets one a second time.
    let mut walked = vec![left.keys().next()?.clone()];
    loop {
        let next = left.get(walked.last()?)?.iter().find(|used| left.contains_key(*used))?.clone();
        if let Some(first) = walked.iter().position(|name| *name == next) {
            walked.push(next);
            return Some(walked.split_off(first));
        }
        walked.push(next);
    }
}

#[test]
fn a_cycle_is_found_and_a_diamond_is_none() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry((*to).to_owned()).or_default();
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(of(&graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])), None);
    let cycle = of(&graph(&[("x", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "y")]));
    assert_eq!(cycle, Some(["a", "b", "c", "a"].map(str::to_owned).to_vec()));
}
