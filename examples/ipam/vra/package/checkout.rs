//! Checkout of this workspace, which the program of the package is built from.

use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// Package of the program.
pub(super) const PACKAGE: &str = "ipam-vra-plugin";

/// Checkout of this workspace.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) root: PathBuf,
}

impl Checkout {
    /// Finds the checkout that this program was built from, or one around the current directory.
    pub(super) fn find() -> Result<Self, Failure> {
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR"));
        let current = std::env::current_dir().unwrap_or_default();
        Self::among(built_from.parent().into_iter().chain(current.ancestors())).ok_or_else(|| {
            Failure::Usage(format!(
                "the program of the package cannot be built: neither {} nor the current directory is a checkout of this \
                 workspace; run it in one, or pass a program with --program FILE",
                built_from.parent().unwrap_or(built_from).display()
            ))
        })
    }

    /// Returns the first directory that is a checkout.
    fn among<'a>(mut directories: impl Iterator<Item = &'a Path>) -> Option<Self> {
        directories.find(|directory| Self::is_at(directory)).map(|root| Self { root: root.to_owned() })
    }

    fn is_at(directory: &Path) -> bool {
        // Another workspace may have a directory of the same name, so the package's name decides.
        let manifest = std::fs::read_to_string(directory.join("examples/vra-plugin/Cargo.toml")).unwrap_or_default();
        directory.join("Cargo.lock").is_file() && manifest.lines().any(|line| line == format!("name = \"{PACKAGE}\""))
    }

    /// Returns the directory of the build. It is apart from that of other builds, whose flags differ.
    pub(super) fn target_directory(&self) -> PathBuf {
        self.root.join("target").join("plugin")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_checkout_is_found_from_inside_it_and_nothing_else_is_one() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = Checkout::among(here.join("ipam/vra").ancestors()).unwrap();
        assert_eq!(found.root, here.parent().unwrap());
        let other = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(other.path().join("examples/vra-plugin")).unwrap();
        std::fs::write(other.path().join("Cargo.lock"), "").unwrap();
        std::fs::write(other.path().join("examples/vra-plugin/Cargo.toml"), "name = \"other\"\n").unwrap();
        assert!(Checkout::among(std::iter::once(other.path())).is_none());
    }
}
