//! Modules that a module uses: where the paths it names lead.

use std::collections::{BTreeMap, BTreeSet};

use crate::module::Module;

type Modules = BTreeMap<Vec<String>, Module>;

/// Imports that hand on a name, one after another, before the search gives up.
const MAX_HOPS: usize = 16;

/// Returns the modules that define what `module` (at `path`) names.
pub(crate) fn of(modules: &Modules, path: &[String], module: &Module) -> BTreeSet<Vec<String>> {
    let named = module.named.iter();
    named.filter_map(|named| absolute(modules, path, named)).filter_map(|named| defining(modules, &named, 0)).collect()
}

/// The path from the crate's root, or `None` for what another crate has.
fn absolute(modules: &Modules, at: &[String], path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Vec::new(),
        "self" => at.to_vec(),
        "super" => at.split_last()?.1.to_vec(),
        name => {
            let here = modules.get(at)?;
            if let Some(imported) = here.imports.get(name).filter(|imported| imported.first() != Some(first)) {
                absolute(modules, at, imported)?
            } else if here.files.iter().any(|file| file == name) {
                let mut child = at.to_vec();
                child.push(name.to_owned());
                child
            } else {
                return None;
            }
        }
    };
    let mut rest = rest;
    while let Some(("super", further)) = rest.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        base.pop()?;
        rest = further;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// The module that defines what the path from the root names.
fn defining(modules: &Modules, path: &[String], hops: usize) -> Option<Vec<String>> {
    if hops > MAX_HOPS {
        return None;
    }
    let mut at = Vec::new();
    for (index, name) in path.iter().enumerate() {
        let module = modules.get(&at)?;
        let rest = &path[index + 1..];
        if module.files.contains(name) {
            at.push(name.clone());
            continue;
        }
        if module.items.contains(name) {
            return Some(at);
        }
        if let Some(imported) = module.imports.get(name) {
            let mut target = absolute(modules, &at, imported)?;
            target.extend_from_slice(rest);
            return defining(modules, &target, hops + 1);
        }
        return module.globs.iter().find_map(|glob| {
            let mut target = absolute(modules, &at, glob)?;
            target.push(name.clone());
            let found = defining(modules, &target, hops + 1)?;
            modules.get(&found)?.items.contains(name).then_some(found)
        });
    }
    Some(at)
}
