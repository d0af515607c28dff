//! Secrets in files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use super::{ConfigError, read_text};

/// Largest file of a secret.
const MAX_BYTES: u64 = 64 << 10;

/// File of a secret. Only its path is part of the settings.
///
/// ```
/// use std::os::unix::fs::PermissionsExt;
///
/// use lab_gateway::config::SecretFile;
/// use secrecy::ExposeSecret;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("key");
/// std::fs::write(&path, "s3cret\n")?;
/// let file = SecretFile::new(&path);
/// std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644))?;
/// assert!(file.read("ddns.key_file").is_err(), "every user of the machine can read it");
/// std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
/// assert_eq!(file.read("ddns.key_file")?.expose_secret(), "s3cret");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// Names the file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the secret, without line ends after it. `key` is the name of the setting, for errors.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, is empty, or can be read by every user of the machine.
    pub fn read(&self, key: &str) -> Result<SecretString, ConfigError> {
        let wrong = |problem: String, remedy: &str| ConfigError::new(key, self.0.display(), problem, remedy);
        let unreadable =
            |error| wrong(format!("the file cannot be read: {error}"), "create it for this user, mode 0600");
        let mode = fs::metadata(&self.0).map_err(unreadable)?.permissions().mode();
        if mode & 0o007 != 0 {
            return Err(wrong("every user of the machine has access to the file".to_owned(), "chmod 600 it"));
        }
        let text = read_text(&self.0, MAX_BYTES).map_err(unreadable)?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(wrong("the file is empty".to_owned(), "write the secret into it"));
        }
        Ok(SecretString::from(secret))
    }
}
