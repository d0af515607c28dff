//! Reading of files, and what their errors say.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::ConfigError;

/// Reads a text file of at most so many bytes.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::FileTooLarge`] for a longer file, [`io::ErrorKind::InvalidData`] for one that is
/// not UTF-8, and [`io::ErrorKind::InvalidInput`] for a pipe or a device, which may never end.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    // Looked at before it is opened: opening a named pipe waits for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let problem = format!("it is larger than {} KiB", most >> 10);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Error of text that is no TOML. It has the line and not the text of it, which may be a secret by mistake.
pub(super) fn syntax(text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
    ConfigError::without_value(format!("line {line}"), error.message(), "write the settings in TOML")
}

/// Error of a setting that is unknown, missing or of the wrong type.
pub(super) fn shape(error: &serde_path_to_error::Error<toml::de::Error>) -> ConfigError {
    let message = error.inner().message();
    let path = error.path().to_string();
    let key = match (path.as_str(), message.split('`').nth(1)) {
        // A missing key has no path of its own: that of its section.
        (".", Some(field)) if message.starts_with("missing field") => field.to_owned(),
        (section, Some(field)) if message.starts_with("missing field") => format!("{section}.{field}"),
        (".", Some(field)) => field.to_owned(),
        (path, _) => path.to_owned(),
    };
    ConfigError::without_value(key, message, "see the README for the keys and their values")
}

/// Returns the first label of a host name.
pub(super) fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}
