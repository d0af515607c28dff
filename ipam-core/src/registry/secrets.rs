//! Sources of secrets, which are never part of a URL.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::url::ProviderUrl;
use crate::{Error, ErrorKind, Operation, Result};

/// Request for a secret, made by a provider while it is opened.
///
/// ```
/// use ipam_core::registry::{ProviderUrl, SecretRequest};
///
/// let request = SecretRequest::new("password", &ProviderUrl::parse("example://svc@ipam.example/app")?);
/// assert_eq!((request.host.as_deref(), request.user.as_deref()), (Some("ipam.example"), Some("svc")));
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretRequest {
    /// Name of the secret, such as `password` or `app-code`.
    pub name: String,
    /// Scheme of the provider.
    pub scheme: String,
    /// Server that the secret is sent to.
    pub host: Option<String>,
    /// User that the secret belongs to.
    pub user: Option<String>,
}

impl SecretRequest {
    /// Makes a request for the secret `name` of the provider at `url`.
    pub fn new(name: impl Into<String>, url: &ProviderUrl) -> Self {
        Self {
            name: name.into(),
            scheme: url.scheme().to_owned(),
            host: url.host().map(str::to_owned),
            user: url.user().map(str::to_owned),
        }
    }
}

type Source = dyn Fn(SecretRequest) -> BoxFuture<'static, Result<Option<SecretString>>> + Send + Sync;

/// Sources of secrets: the environment, files, callbacks, or several of them in turn.
///
/// ```
/// use ipam_core::registry::{ProviderUrl, SecretRequest, Secrets};
/// use secrecy::{ExposeSecret, SecretString};
///
/// # futures_executor::block_on(async {
/// let vault = Secrets::from_fn(|request| async move {
///     Ok((request.name == "password").then(|| SecretString::from("s3cret"))) // `None`: ask the next source
/// });
/// let secrets = vault.or(Secrets::env("IPAM"));
/// let request = SecretRequest::new("password", &ProviderUrl::parse("example://ipam.example/app")?);
/// assert_eq!(secrets.get(&request).await?.expose_secret(), "s3cret");
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Secrets {
    sources: Vec<Arc<Source>>,
    // Kept beside the sources, which are closures: the error for a missing secret tells where it can be put.
    hints: Vec<String>,
}

impl Secrets {
    /// Makes an empty list of sources.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes a source that reads the environment.
    ///
    /// With the prefix `IPAM`, the secret `app-code` is the value of `IPAM_APP_CODE`, or the content of the file that
    /// `IPAM_APP_CODE_FILE` names, without its last line end and at most 1 MiB. It is an error to set both. The
    /// environment is read when the secret is needed, and the value is not kept.
    pub fn env(prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        let hint = format!("set {prefix}_NAME or {prefix}_NAME_FILE");
        let prefix = move |request: &SecretRequest| {
            let name = request.name.to_ascii_uppercase().replace('-', "_");
            format!("{prefix}_{name}")
        };
        let source = Self::from_fn(move |request| {
            let variable = prefix(&request);
            // Read when it is asked for, and not when the source is made: a file whose secret was rotated is read
            // again.
            let found = from_environment(&variable, |name| std::env::var_os(name));
            async move { found }
        });
        Self { hints: vec![hint], ..source }
    }

    /// Makes a source from a callback, such as a prompt or a vault. `None` passes to the next source, an error ends the
    /// search.
    pub fn from_fn<F, Fut>(callback: F) -> Self
    where
        F: Fn(SecretRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<SecretString>>> + Send + 'static,
    {
        let source: Arc<Source> = Arc::new(move |request| Box::pin(callback(request)));
        Self { sources: vec![source], hints: Vec::new() }
    }

    /// Makes a source of one secret, for requests of this name.
    ///
    /// ```
    /// use ipam_core::registry::Secrets;
    /// use secrecy::SecretString;
    ///
    /// let secrets = Secrets::value("password", SecretString::from("s3cret")).or(Secrets::env("IPAM"));
    /// ```
    pub fn value(name: impl Into<String>, secret: SecretString) -> Self {
        let name = name.into();
        Self::from_fn(move |request| {
            let found = (request.name == name).then(|| secret.clone());
            async move { Ok(found) }
        })
    }

    /// Appends the sources of `other`, which are asked after these.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.sources.extend(other.sources);
        self.hints.extend(other.hints);
        self
    }

    /// Returns the secret from the first source that has it, or `None`.
    ///
    /// # Errors
    /// The error of a source: one that fails is not skipped. Of [`env`](Self::env) it is `Config`, if both variables
    /// are set or a file cannot be read.
    pub async fn find(&self, request: &SecretRequest) -> Result<Option<SecretString>> {
        // A source that fails ends the search: a vault that is sealed must not make an old password of the environment
        // win.
        for source in &self.sources {
            if let Some(secret) = source(request.clone()).await? {
                return Ok(Some(secret));
            }
        }
        Ok(None)
    }

    /// Returns the secret from the first source that has it.
    ///
    /// # Errors
    /// `Config` if no source has it, with the places to put it; otherwise the error of a source, as in
    /// [`find`](Self::find).
    pub async fn get(&self, request: &SecretRequest) -> Result<SecretString> {
        if let Some(secret) = self.find(request).await? {
            return Ok(secret);
        }
        let name = request.name.to_ascii_uppercase().replace('-', "_");
        let hints: Vec<String> = self.hints.iter().map(|hint| hint.replace("NAME", &name)).collect();
        let remedy =
            if hints.is_empty() { "give the registry a source of secrets".to_owned() } else { hints.join(", or ") };
        let error = Error::new(ErrorKind::Config, Operation::Open, format!("there is no {}; {remedy}", request.name))
            .with_context("scheme", &request.scheme);
        Err(match &request.host {
            Some(host) => error.with_context("host", host),
            None => error,
        })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Sources may hold secrets in their closures; only their number is shown.
        f.debug_struct("Secrets").field("sources", &self.sources.len()).finish()
    }
}

fn from_environment(
    variable: &str,
    lookup: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<Option<SecretString>> {
    let file_variable = format!("{variable}_FILE");
    let bad = |message: String| Error::new(ErrorKind::Config, Operation::Open, message);
    match (lookup(variable), lookup(&file_variable)) {
        (None, None) => Ok(None),
        // Neither wins: which of the two is out of date cannot be known here.
        (Some(_), Some(_)) => Err(bad(format!("{variable} and {file_variable} are both set; unset one of them"))),
        (Some(value), None) => {
            let value =
                value.into_string().map_err(|_| bad(format!("{variable} is not UTF-8; set it to plain text")))?;
            Ok(Some(SecretString::from(value)))
        }
        (None, Some(path)) => {
            // The value is not shown: a user who confused the two variables has put the secret itself there.
            let content = read(&path).map_err(|error| {
                bad(format!(
                    "{file_variable} does not name a file that can be read ({}); set it to the path of a text file of \
                     this user's, or put the secret itself into {variable}",
                    error.kind()
                ))
            })?;
            // Editors end a file with a line end, which is not part of the secret. Other space may be.
            let content = content.strip_suffix('\n').unwrap_or(&content);
            let content = content.strip_suffix('\r').unwrap_or(content);
            Ok(Some(SecretString::from(content)))
        }
    }
}

/// Reads the file of a secret.
fn read(path: &std::ffi::OsStr) -> std::io::Result<String> {
    use std::io::Read as _;

    // No secret is as long, and `/dev/zero` must not be read for ever.
    const LIMIT: u64 = 1 << 20;
    let mut content = String::new();
    std::fs::File::open(path)?.take(LIMIT).read_to_string(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::ffi::OsString;

    use secrecy::ExposeSecret;

    use super::*;

    fn request() -> SecretRequest {
        SecretRequest::new("app-code", &ProviderUrl::parse("phpipam+https://me@ipam.example.test/app").unwrap())
    }

    #[test]
    fn the_environment_gives_a_value_or_names_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from file\r\n").unwrap();
        let path = file.path().as_os_str().to_owned();
        let one = |name: &'static str, value: OsString| move |asked: &str| (asked == name).then(|| value.clone());
        let found = from_environment("X", one("X", "plain".into())).unwrap().unwrap();
        assert_eq!(found.expose_secret(), "plain");
        let found = from_environment("X", one("X_FILE", path)).unwrap().unwrap();
        assert_eq!(found.expose_secret(), "from file");
        assert!(from_environment("X", |_| None).unwrap().is_none());
        let both = from_environment("X", |_| Some("v".into())).unwrap_err();
        assert!(both.message().contains("unset one"), "{both}");
        let missing = from_environment("X", one("X_FILE", "/nowhere/at/all".into())).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Config);
    }

    #[test]
    fn a_secret_in_place_of_a_file_name_is_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let binary = directory.path().join("hunter2");
        std::fs::write(&binary, [0xff, 0xfe]).unwrap();
        let names = ["hunter2".into(), "/nowhere/hunter2".into(), binary.into_os_string(), directory.path().into()];
        for name in names {
            let error =
                from_environment("X", |asked: &str| (asked == "X_FILE").then(|| name.clone())).map(|_| ()).unwrap_err();
            let whole = format!("{error} {error:?} {:?}", std::error::Error::source(&error).map(ToString::to_string));
            assert!(!whole.contains("hunter2") && !whole.contains(&*directory.path().to_string_lossy()), "{whole}");
            assert!(whole.contains("X_FILE") && whole.contains("into X"), "{whole}");
        }
    }

    #[test]
    fn the_first_source_that_has_it_wins_and_none_says_where_to_put_it() {
        let none = Secrets::from_fn(|_| async { Ok(None) });
        let some = |text: &'static str| Secrets::from_fn(move |_| async move { Ok(Some(SecretString::from(text))) });
        let secrets = none.clone().or(some("first")).or(some("second"));
        let found = futures_executor::block_on(secrets.get(&request())).unwrap();
        assert_eq!(found.expose_secret(), "first");
        let missing = Secrets::env("IPAM_REGISTRY_TEST_WITH_NOTHING_SET").or(none);
        let error = futures_executor::block_on(missing.get(&request())).unwrap_err();
        assert!(error.message().contains("_SET_APP_CODE_FILE"), "{error}");
        assert_eq!(error.context("host"), Some("ipam.example.test"));
    }

    #[test]
    fn a_failing_source_is_not_skipped() {
        let broken = Secrets::from_fn(|_| async { Err(Error::new(ErrorKind::Unavailable, Operation::Open, "sealed")) });
        let secrets = broken.or(Secrets::from_fn(|_| async { Ok(Some(SecretString::from("x"))) }));
        assert!(futures_executor::block_on(secrets.get(&request())).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let secrets = Secrets::from_fn(|_| async { Ok(Some(SecretString::from("hunter2"))) });
        assert_eq!(format!("{secrets:?}"), "Secrets { sources: 1 }");
    }
}
