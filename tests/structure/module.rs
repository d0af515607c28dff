//! One file of a library: its modules, items, imports and the paths in its code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// What one file declares and names.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Modules in files of their own.
    pub(crate) files: Vec<String>,
    /// Items that it defines.
    pub(crate) items: BTreeSet<String>,
    /// Imports by the name they have here, with the path that was written.
    pub(crate) imports: BTreeMap<String, Vec<String>>,
    /// Paths of `use a::*`.
    pub(crate) globs: Vec<Vec<String>>,
    /// Paths that the code names: private imports, and paths in items.
    pub(crate) named: BTreeSet<Vec<String>>,
}

impl Module {
    pub(crate) fn parse(text: &str, file: &Path) -> Self {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut module = Self::default();
        module.visit_file(&parsed);
        module
    }

    fn import(&mut self, tree: &UseTree, mut path: Vec<String>, private: bool) {
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.import(&tree.tree, path, private);
            }
            UseTree::Group(tree) => tree.items.iter().for_each(|tree| self.import(tree, path.clone(), private)),
            UseTree::Glob(_) => {
                if private {
                    self.named.insert(path.clone());
                }
                self.globs.push(path);
            }
            UseTree::Name(tree) => self.imported(tree.ident.to_string(), tree.ident.to_string(), path, private),
            UseTree::Rename(tree) => self.imported(tree.rename.to_string(), tree.ident.to_string(), path, private),
        }
    }

    fn imported(&mut self, here: String, there: String, mut path: Vec<String>, private: bool) {
        let here = if there == "self" { path.last().cloned().unwrap_or(here) } else { here };
        if there != "self" {
            path.push(there);
        }
        // A public import only hands on; what the code then names of it is seen where it does.
        if private {
            self.named.insert(path.clone());
        }
        self.imports.insert(here, path);
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast Item) {
        if attributes(item).iter().any(is_test) {
            return;
        }
        let name = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            Item::Mod(item) if item.content.is_none() => {
                self.files.push(item.ident.to_string());
                None
            }
            _ => None,
        };
        self.items.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let private = matches!(item.vis, Visibility::Inherited);
        self.import(&item.tree, Vec::new(), private);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.named.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    // `pub(in crate::engine)` says who may see an item, not what it uses.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    // Attributes name macros and features.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, also as the first of `all(…)`.
fn is_test(attribute: &Attribute) -> bool {
    let Ok(list) = attribute.meta.require_list() else { return false };
    let condition: String = list.tokens.to_string().split_whitespace().collect();
    list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test,"))
}
