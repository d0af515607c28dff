//! Zip archives with the same bytes for the same content.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::PackageError;

/// Level of deflate for texts: the best one that takes no noticeable time.
const TEXT_LEVEL: i64 = 9;
/// Level of deflate for the program. Above 9 each level is one more pass of an exhaustive search, which needs some 10 s
/// for a program of 4 MB; further passes gain less than 0.1 %.
const PROGRAM_LEVEL: i64 = TEXT_LEVEL + 15;

/// Entry of an archive.
pub(super) struct Entry<'a> {
    pub(super) name: String,
    pub(super) content: Content<'a>,
}

/// Content of an entry.
pub(super) enum Content<'a> {
    /// Text, which is compressed.
    Text(&'a [u8]),
    /// Content that is compressed already.
    Stored(&'a [u8]),
    /// Content that was compressed before, with its mode.
    Packed(&'a Packed),
}

/// Content that was compressed once, to be an entry of several archives.
pub(super) struct Packed {
    /// Archive of one entry, because the zip library copies compressed bytes from archive to archive only.
    archive: Vec<u8>,
}

impl Packed {
    /// Compresses an executable as well as the format allows.
    ///
    /// # Errors
    /// [`PackageError::Write`] if the archive cannot be written.
    pub(super) fn executable(content: &[u8]) -> Result<Self, PackageError> {
        let options = options(0o755).compression_method(CompressionMethod::Deflated);
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = options.compression_level(Some(PROGRAM_LEVEL));
        archive.start_file("program", options).map_err(unwritten)?;
        archive.write_all(content).map_err(PackageError::Write)?;
        Ok(Self { archive: archive.finish().map_err(unwritten)?.into_inner() })
    }
}

fn options(mode: u32) -> SimpleFileOptions {
    SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(mode)
}

fn unwritten(error: zip::result::ZipError) -> PackageError {
    PackageError::Write(error.into())
}

/// Writes an archive. The entries are sorted by name, and their time is 1980-01-01, the first that the format has.
pub(super) fn write(mut entries: Vec<Entry<'_>>) -> Result<Vec<u8>, PackageError> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in &entries {
        let name = entry.name.as_str();
        let (content, method, level) = match entry.content {
            Content::Text(text) => (text, CompressionMethod::Deflated, Some(TEXT_LEVEL)),
            Content::Stored(content) => (content, CompressionMethod::Stored, None),
            Content::Packed(packed) => {
                let mut source = ZipArchive::new(Cursor::new(packed.archive.as_slice())).map_err(unwritten)?;
                let content = source.by_index(0).map_err(unwritten)?;
                archive.raw_copy_file_rename(content, name).map_err(unwritten)?;
                continue;
            }
        };
        let options = options(0o644).compression_method(method).compression_level(level);
        archive.start_file(name, options).map_err(unwritten)?;
        archive.write_all(content).map_err(PackageError::Write)?;
    }
    let done = archive.finish().map_err(unwritten)?;
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
