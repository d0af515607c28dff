//! Error of a setting.

use std::fmt;

/// Setting that is wrong: its key, its value, the problem and the remedy. Values of secrets are never part of it.
///
/// ```
/// use lab_gateway::config::Config;
///
/// let error = Config::parse("[api]\nlisten = 80", []).unwrap_err();
/// assert!(error.to_string().starts_with("api.listen"), "{error}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    value: Option<String>,
    problem: String,
    remedy: String,
}

impl ConfigError {
    /// Makes an error of a value that is there.
    pub(crate) fn new(
        key: impl Into<String>,
        value: impl fmt::Display,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (problem, remedy) = (problem.into(), remedy.into());
        Self { key: key.into(), value: Some(value.to_string()), problem, remedy }
    }

    /// Makes an error without a value, because it is missing or may be a secret.
    pub(crate) fn without_value(key: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key: key.into(), value: None, problem: problem.into(), remedy: remedy.into() }
    }

    /// Returns the key, such as `api.listen`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, " is {value:?}")?;
        }
        write!(f, ": {}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for ConfigError {}
