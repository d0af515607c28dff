//! Errors of building a package.

/// Error of a part of the package that vRA would refuse, or that could not run there.
///
/// ```
/// use vra_client::package::Package;
///
/// let error = Package::builder("my ipam", "1.0.0", Vec::new()).build().unwrap_err();
/// assert!(error.to_string().starts_with("name \"my ipam\""));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// A part is invalid.
    #[error("{part} {value:?}: {remedy}")]
    Part {
        /// Name of the part, such as `version`.
        part: &'static str,
        /// Value that was given, shortened.
        value: String,
        /// Remedy.
        remedy: String,
    },
    /// The program cannot run in vRA.
    #[error("the program {problem}; {remedy}")]
    Program {
        /// Problem of the program, such as `is dynamically linked`.
        problem: String,
        /// Remedy.
        remedy: &'static str,
    },
    /// The package could not be written.
    #[error("the package cannot be written")]
    Write(#[source] std::io::Error),
    /// The bytes are not a package.
    #[error("this is not a package of a plug-in: {0}")]
    Read(String),
}

impl PackageError {
    /// Error of an invalid part.
    pub(super) fn part(part: &'static str, value: &str, remedy: impl Into<String>) -> Self {
        // A caller may pass a whole file by mistake; the message stays one line.
        Self::Part { part, value: value.chars().take(60).collect(), remedy: remedy.into() }
    }
}
