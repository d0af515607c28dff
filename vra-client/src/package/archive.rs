//! Zip archives with the same bytes for the same content.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::PackageError;

/// Entry of an archive.
pub(super) struct Entry<'a> {
    pub(super) name: String,
    pub(super) content: &'a [u8],
    /// Unix file mode.
    pub(super) mode: u32,
    /// False for content that is compressed already.
    pub(super) compress: bool,
}

/// Writes an archive. The entries are sorted by name, and their time is 1980-01-01, the first that the format has.
pub(super) fn write(mut entries: Vec<Entry<'_>>) -> Result<Vec<u8>, PackageError> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in &entries {
        let method = if entry.compress { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level(entry.compress.then_some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode);
        archive.start_file(entry.name.as_str(), options).map_err(|error| PackageError::Write(error.into()))?;
        archive.write_all(entry.content).map_err(PackageError::Write)?;
    }
    let done = archive.finish().map_err(|error| PackageError::Write(error.into()))?;
    Ok(done.into_inner())
}

/// Returns the names of the entries.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, PackageError> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| PackageError::Read(error.to_string()))?;
    let names = archive.file_names().map(|name| name.map(|name| name.into_owned()));
    names.collect::<Result<_, _>>().map_err(|error| PackageError::Read(error.to_string()))
}

/// Returns the content of one entry, at most `limit` bytes of it.
pub(super) fn read(bytes: &[u8], name: &str, limit: u64) -> Result<Vec<u8>, PackageError> {
    let refuse = |error: String| PackageError::Read(format!("{name}: {error}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| PackageError::Read(error.to_string()))?;
    let entry = archive.by_name(name).map_err(|error| refuse(error.to_string()))?;
    let mut content = Vec::new();
    // The size in the header may be wrong on purpose, so the bytes themselves are counted.
    entry.take(limit.saturating_add(1)).read_to_end(&mut content).map_err(|error| refuse(error.to_string()))?;
    if content.len() as u64 > limit {
        return Err(refuse(format!("more than {limit} bytes")));
    }
    Ok(content)
}
