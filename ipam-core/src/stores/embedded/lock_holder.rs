//! Process that holds the write lock of a store, on systems that report it (Linux: `/proc/locks`).

use std::path::Path;

use super::files::beside;

/// Offset of the write lock in the `-shm` file (SQLite's WAL-index format, "WAL Locks").
const WRITE_LOCK: u64 = 120;

/// Returns the process that holds the write lock of the store, as text for people.
pub(super) fn holder(path: &Path) -> Option<String> {
    let inode = inode(&beside(path, "-shm"))?;
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = pid_of(&locks, inode)?;
    if pid == u64::from(std::process::id()) {
        return Some(format!("this process ({pid})"));
    }
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = name.trim();
    Some(if name.is_empty() { format!("process {pid}") } else { format!("process {pid} ({name})") })
}

#[cfg(unix)]
fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|metadata| metadata.ino())
}

#[cfg(not(unix))]
fn inode(_: &Path) -> Option<u64> {
    None
}

/// Returns the process with a write lock on the file, from lines such as
/// `1: POSIX ADVISORY WRITE 4711 fe:00:1234 120 120`.
// The inode alone identifies the file: on some file systems (btrfs) the device differs from that of `stat`.
// A wrong process could only be named in an error.
fn pid_of(locks: &str, inode: u64) -> Option<u64> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "WRITE", pid, file, first, last] = words[..] else { return None };
        let same = file.rsplit(':').next()?.parse() == Ok(inode);
        let first: u64 = first.parse().ok()?;
        let last: u64 = last.parse().unwrap_or(u64::MAX);
        (same && (first..=last).contains(&WRITE_LOCK)).then(|| pid.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_is_found_among_the_readers() {
        let locks = "\
1: POSIX  ADVISORY  READ  10 fe:00:77 124 124
2: POSIX  ADVISORY  WRITE 11 fe:00:78 120 120
3: -> POSIX  ADVISORY  WRITE 12 fe:00:77 120 120
4: POSIX  ADVISORY  WRITE 13 fe:00:77 121 121
5: POSIX  ADVISORY  WRITE 14 fe:00:77 120 120
6: FLOCK  ADVISORY  WRITE 15 fe:00:79 0 EOF
";
        assert_eq!(pid_of(locks, 77), Some(14));
        assert_eq!(pid_of(locks, 79), Some(15));
        assert_eq!(pid_of(locks, 1), None);
    }
}
