//! Files of a store as the file system reports them. Nothing here opens the database file: see [`super::unlocked`].

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use super::sqlite_errors::io_error;
use crate::{Error, ErrorKind, Operation, Result};

/// Identity of a file: device and inode. Another file that takes its path later has another identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity(#[cfg(unix)] (u64, u64));

impl Identity {
    /// Returns the identity of the file at the path; `None` if there is none. On systems without inodes all files are
    /// equal, and a replaced file is not noticed.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self::from(&metadata))
    }
}

impl From<&Metadata> for Identity {
    #[cfg(unix)]
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn from(_: &Metadata) -> Self {
        Self()
    }
}

/// Returns the path with a suffix added to its file name, as SQLite names its side files.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns true if there is a file that is not empty.
pub(super) fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

/// Kind of what is at the path of a store.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing, or an empty file.
    Nothing,
    /// A file of this length.
    File(u64),
}

/// Looks at the path, and refuses what cannot be a store. Opens nothing: closing a file drops all locks that this
/// process has on it, including those of SQLite.
pub(super) fn look(path: &Path) -> Result<Found> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == Io::NotFound => {
            let parent = path.parent().unwrap_or(path);
            if !parent.is_dir() {
                let message = format!("the directory {} of the store does not exist; create it", parent.display());
                return Err(Error::new(ErrorKind::Config, Operation::Open, message).with_context("path", shown));
            }
            return Ok(Found::Nothing);
        }
        Err(error) => {
            return Err(io_error(Operation::Open, format!("the store {shown} cannot be examined: {error}"), error));
        }
    };
    if !metadata.is_file() {
        let what = kind_of(&metadata);
        let message = format!("{shown} is {what}; name a file, which is created if it does not exist");
        return Err(Error::new(ErrorKind::Config, Operation::Open, message).with_context("path", shown));
    }
    // SQLite names the log after the path. Two processes that open the file by different names would write two logs.
    let names = names_of(&metadata);
    if names > 1 {
        let message = format!(
            "the store {shown} has {names} names (hard links), and each name would get a log of its own; remove the others, \
             or copy the file"
        );
        return Err(Error::new(ErrorKind::Config, Operation::Open, message).with_context("path", shown));
    }
    // An empty file counts as none: tools create one to reserve a name, and SQLite makes a database of it.
    Ok(if metadata.len() == 0 { Found::Nothing } else { Found::File(metadata.len()) })
}

/// Returns the kind of a file that is not a regular file, for people.
fn kind_of(metadata: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    if metadata.is_dir() { "a directory" } else { "not a regular file" }
}

/// Returns the number of names (hard links) of a file.
#[cfg(unix)]
fn names_of(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.nlink()
}

#[cfg(not(unix))]
fn names_of(_: &Metadata) -> u64 {
    1
}

/// Syncs a file. Only for a file that no connection of this process has open, and that does not have its final name
/// yet: closing it drops all locks that this process has on it.
pub(super) fn sync_file(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// Syncs the directory of a file, so that its name survives a power failure.
pub(super) fn sync_directory_of(path: &Path) -> std::io::Result<()> {
    // Some systems, such as Windows, cannot open a directory, and need no sync of it.
    if let Some(parent) = path.parent()
        && let Ok(directory) = File::open(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
    {
        directory.sync_all()?;
    }
    Ok(())
}

/// Network file systems, as Linux names them. Their locks are not reliable enough for a store.
const OVER_NETWORK: [&str; 17] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "9p",
    "ceph",
    "fuse.ceph",
    "glusterfs",
    "fuse.glusterfs",
    "lustre",
    "gpfs",
    "ocfs2",
    "fuse.sshfs",
    "davfs",
];

/// Returns the kind of the network file system that the path lies on, if it does. Linux only.
pub(super) fn network_file_system(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    kind_of_mount(&fs::read_to_string("/proc/self/mountinfo").ok()?, &path)
}

/// Returns the kind of the mount that the path lies on, if it is a network file system.
// The mount with the longest mount point around the path. Of two on the same point the later one hides the earlier.
fn kind_of_mount(mounts: &str, path: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((mount, rest)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (mount.split(' ').nth(4), rest.split(' ').next()) else { continue };
        let point = unescaped(point);
        if path.starts_with(&point) && best.is_none_or(|(len, _)| point.len() >= len) {
            best = Some((point.len(), kind));
        }
    }
    best.map(|(_, kind)| kind.to_owned()).filter(|kind| OVER_NETWORK.contains(&kind.as_str()))
}

/// Decodes a mount point: spaces, tabs, newlines and backslashes are written as three octal digits.
fn unescaped(text: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /mnt/my\\040share rw,relatime shared:1 - nfs4 server:/x rw
31 22 0:27 / /mnt/my\\040share/local rw - tmpfs tmpfs rw
32 22 0:28 / /over rw - ext4 /dev/vdb rw
33 32 0:29 / /over rw - cifs //server/y rw
";

    #[test]
    fn the_closest_mount_decides() {
        let kind = |path: &str| kind_of_mount(MOUNTS, Path::new(path));
        assert_eq!(kind("/var/lib/ipam.db"), None);
        assert_eq!(kind("/mnt/my share/ipam.db").as_deref(), Some("nfs4"));
        assert_eq!(kind("/mnt/my share/local/ipam.db"), None);
        assert_eq!(kind("/mnt/my shared.db"), None);
        assert_eq!(kind("/over/ipam.db").as_deref(), Some("cifs"), "the later mount hides the earlier");
    }
}
