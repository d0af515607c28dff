//! Files that a crash leaves whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Ending of a file that is being written.
pub(super) const PART: &str = "part";

/// Writes a file as a whole: after a crash it has its old content or the new one.
pub(super) fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let part = path.with_extension(PART);
    let written = (|| {
        let mut file = File::create(&part)?;
        for bytes in parts {
            file.write_all(bytes)?;
        }
        file.sync_all()?;
        fs::rename(&part, path)
    })();
    if let Err(error) = written {
        // On a full disk the half that was written is of use to others.
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    sync_directory(path)
}

/// Lets the name of a file in its directory survive a loss of power.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
