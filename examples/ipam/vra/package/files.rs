//! Files that go into the package, and the place of the package.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use vra_client::package::PackageError;

use crate::exit::Failure;

/// Reads a file of at most `limit` bytes. `part` names it in errors.
pub(super) fn read(part: &str, path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let refuse = |problem: String| Failure::Usage(format!("{part} {}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
    let mut content = Vec::new();
    // Counted while it is read: a pipe has no size, and a file may grow.
    file.take(limit.saturating_add(1)).read_to_end(&mut content).map_err(|error| refuse(error.to_string()))?;
    if content.len() as u64 > limit {
        return Err(refuse(format!("has more than {limit} bytes; give a smaller file")));
    }
    Ok(content)
}

/// Reads a text file.
pub(super) fn read_text(part: &str, path: &Path, limit: u64) -> Result<String, Failure> {
    String::from_utf8(read(part, path, limit)?)
        .map_err(|_| Failure::Usage(format!("{part} {}: is not UTF-8 text", path.display())))
}

/// Checks that a file can be written there, before the minutes of a build.
pub(super) fn check_destination(out: &Path) -> Result<(), Failure> {
    let refuse = |problem: &str| Failure::Usage(format!("out {}: {problem}", out.display()));
    if out.is_dir() || out.file_name().is_none() {
        return Err(refuse("is a directory; name a file in it, such as phpIPAM.zip"));
    }
    let directory = directory_of(out);
    if !directory.is_dir() {
        return Err(refuse("its directory does not exist; make it first"));
    }
    // The permissions of a directory do not say it all: a file system may be read-only.
    match tempfile::NamedTempFile::new_in(directory) {
        Ok(_) => Ok(()),
        Err(error) => Err(refuse(&format!("its directory cannot be written: {error}"))),
    }
}

fn directory_of(out: &Path) -> &Path {
    out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Failure of writing the package.
pub(super) fn unwritten(out: &Path, error: &PackageError) -> Failure {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure::Failed(format!("out {}: {error}{cause}; a file that was there is unchanged", out.display()))
}
