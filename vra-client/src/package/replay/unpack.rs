//! Action of a package, unpacked as the action runtime does.

use std::fs::{self, File, Permissions};
use std::io::{Cursor, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::error::ReplayError;
use crate::package::{Package, PackageError, archive};
use crate::plugin::Action;

/// Limit of the inner archives and of the unpacked files of one action. vRA itself refuses packages of this size.
const MAX_BYTES: u64 = 512 << 20;
const BUNDLE: &str = "bundle.zip";

/// Modes of the files of an action when it starts.
///
/// ```
/// use vra_client::package::FileModes;
///
/// assert_eq!(FileModes::default(), FileModes::Lost);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileModes {
    /// As in the package: the program can be executed.
    Kept,
    /// No file can be executed, as after an unpacking that ignores modes.
    #[default]
    Lost,
    /// No file can be executed or written, and a change of the modes fails, as on a read-only file system.
    ReadOnly,
}

/// Action that was found in a package: its description and its files.
#[derive(Debug)]
pub(super) struct Found {
    /// `MODULE.FUNCTION`.
    pub(super) entrypoint: String,
    pub(super) timeout_seconds: Option<u32>,
    pub(super) memory_mb: Option<u32>,
    files: Vec<u8>,
}

impl Found {
    /// Finds an action in a package.
    ///
    /// # Errors
    /// `Package` if the package or its bundle cannot be read, `NoAction` if the bundle lacks the action, `Input` if the
    /// description of the action has no entry point.
    pub(super) fn read(package: &Package, action: Action) -> Result<Self, ReplayError> {
        let bundle = archive::read(package.as_bytes(), BUNDLE, MAX_BYTES)?;
        let names = archive::names(&bundle)?;
        // The name of the plug-in precedes that of the action, and is not known here.
        let suffix = format!("_{}", action.name());
        let ids: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".abx")).collect();
        let Some(id) = ids.iter().find(|id| id.ends_with(&suffix)) else {
            let has = Action::ALL.into_iter().map(Action::name);
            let has = has.filter(|name| ids.iter().any(|id| id.ends_with(&format!("_{name}"))));
            return Err(ReplayError::NoAction {
                action: action.name().to_owned(),
                has: has.map(str::to_owned).collect(),
            });
        };
        let description = archive::read(&bundle, &format!("{id}.abx"), 1 << 20)?;
        let description = String::from_utf8_lossy(&description);
        let Some(entrypoint) = value(&description, "entrypoint").filter(|entry| entry.contains('.')) else {
            return Err(ReplayError::input("entrypoint", format!("{id}.abx has none of the form MODULE.FUNCTION")));
        };
        Ok(Self {
            entrypoint: entrypoint.to_owned(),
            timeout_seconds: value(&description, "timeoutSeconds").and_then(|text| text.parse().ok()),
            memory_mb: value(&description, "memoryInMB").and_then(|text| text.parse().ok()),
            files: archive::read(&bundle, &format!("{id}.zip"), MAX_BYTES)?,
        })
    }

    /// Writes the files of the action below `directory`, which exists and is empty.
    ///
    /// # Errors
    /// `Package` if the archive is damaged, too large, or has a path that leads out of the directory, `System` if a file
    /// cannot be written.
    pub(super) fn unpack(&self, directory: &Path, modes: FileModes) -> Result<(), ReplayError> {
        let refuse = |problem: String| ReplayError::Package(PackageError::Read(problem));
        let mut archive = ZipArchive::new(Cursor::new(&self.files))
            .map_err(|error| refuse(format!("the action's archive: {error}")))?;
        let mut left = MAX_BYTES;
        let mut directories = vec![directory.to_owned()];
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(|error| refuse(error.to_string()))?;
            let name = entry.enclosed_name().ok_or_else(|| refuse("a path leads out of the archive".to_owned()))?;
            let path = directory.join(name);
            let parent = if entry.is_dir() { Some(path.as_path()) } else { path.parent() };
            if let Some(parent) = parent
                && !parent.is_dir()
            {
                fs::create_dir_all(parent).map_err(ReplayError::system("a directory of the action cannot be made"))?;
                directories.push(parent.to_owned());
            }
            if entry.is_dir() {
                continue;
            }
            let mode = match modes {
                FileModes::Kept => entry.unix_mode().unwrap_or(0o644) & 0o755,
                FileModes::Lost => 0o644,
                FileModes::ReadOnly => 0o444,
            };
            // `create_new`: two entries of the same name are no package of ours, and links are never followed.
            let mut file =
                File::create_new(&path).map_err(ReplayError::system("a file of the action cannot be made"))?;
            let written = std::io::copy(&mut entry.take(left.saturating_add(1)), &mut file)
                .map_err(|error| refuse(format!("{}: {error}", path.display())))?;
            left = left.checked_sub(written).ok_or_else(|| refuse(format!("more than {MAX_BYTES} bytes unpacked")))?;
            file.set_permissions(Permissions::from_mode(mode))
                .map_err(ReplayError::system("the mode of a file cannot be set"))?;
        }
        if modes == FileModes::ReadOnly {
            for directory in &directories {
                set_mode(directory, 0o555)?;
            }
        }
        Ok(())
    }
}

/// Makes a directory and all below it writable again, so that it can be removed.
pub(super) fn make_removable(directory: &Path) {
    // The error is that of the removal, which follows.
    let _ = set_mode(directory, 0o755);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_removable(&entry.path());
        }
    }
}

/// Makes a file executable, as the script of an action does: not every packager writes the modes.
pub(super) fn make_executable(path: &Path) -> Result<(), ReplayError> {
    set_mode(path, 0o755)
}

fn set_mode(path: &Path, mode: u32) -> Result<(), ReplayError> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(ReplayError::system("the mode of a file or directory cannot be set"))
}

/// Returns the program among the files of an unpacked action: the only one that is an ELF file.
pub(super) fn program(directory: &Path) -> Option<PathBuf> {
    let mut programs = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path()).filter(|path| {
        let mut magic = [0_u8; 4];
        File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
    });
    programs.next().filter(|_| programs.next().is_none())
}

/// Returns the value of a key at the top level of a YAML file of scalars.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    // Packagers write these files with one key a line; no other form is known of any plug-in.
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::package::archive::{Content, Entry, Packed};

    fn found(names: &[&str]) -> Found {
        let program = Packed::executable(b"x").unwrap();
        let entry = |name: &&str| Entry { name: (*name).to_owned(), content: Content::Packed(&program) };
        let files = archive::write(names.iter().map(entry).collect()).unwrap();
        Found { entrypoint: "source.handler".to_owned(), timeout_seconds: None, memory_mb: None, files }
    }

    #[test]
    fn modes_are_kept_lost_or_read_only() {
        for (modes, mode) in [(FileModes::Kept, 0o755), (FileModes::Lost, 0o644), (FileModes::ReadOnly, 0o444)] {
            let directory = tempfile::tempdir().unwrap();
            found(&["a/b.py", "program"]).unpack(directory.path(), modes).unwrap();
            for name in ["a/b.py", "program"] {
                let permissions = fs::metadata(directory.path().join(name)).unwrap().permissions();
                assert_eq!(permissions.mode() & 0o777, mode, "{name}");
            }
            make_removable(directory.path());
            directory.close().unwrap();
        }
    }

    #[test]
    fn a_path_out_of_the_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("inner");
        fs::create_dir(&inner).unwrap();
        assert!(matches!(found(&["../x"]).unpack(&inner, FileModes::Kept), Err(ReplayError::Package(_))));
        assert!(!directory.path().join("x").exists());
    }

    #[test]
    fn values_are_read_with_and_without_quotes() {
        let text = "name: \"x\"\nentrypoint: 'source.handler'\ntimeoutSeconds: 600\nmemoryInMB : 300\n";
        assert_eq!(value(text, "entrypoint"), Some("source.handler"));
        assert_eq!(value(text, "timeoutSeconds"), Some("600"));
        assert_eq!(value(text, "memoryInMB"), Some("300"));
        assert_eq!(value(text, "time"), None);
    }
}
