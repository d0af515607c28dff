//! The server that a client was set up for, and nothing else.

use std::fmt;

use url::Url;

use super::path_problem;
use crate::{Error, ErrorKind, Operation, Result};

/// Scheme, host, port and base path of a server; credentials go nowhere else.
///
/// ```
/// use ipam_core::http::Origin;
///
/// let origin = Origin::new("https://ipam.example/phpipam", false)?;
/// let url = origin.url("api/app/sections/")?;
/// assert_eq!(url.as_str(), "https://ipam.example/phpipam/api/app/sections/");
/// assert!(origin.check(&"https://elsewhere.example/".parse().unwrap()).is_err());
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    base: Url,
}

impl Origin {
    /// The server at `base`, such as `https://ipam.example/phpipam`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when `base` is no URL, has no host, or carries credentials, a query or
    /// a fragment; [`Config`](ErrorKind::Config) when it is `http://` and `allow_http` is not set.
    pub fn new(base: &str, allow_http: bool) -> Result<Self> {
        let invalid = |value: &str, remedy: &str| Error::invalid(Operation::Configure, "server URL", value, remedy);
        // The text may hold a password, and may not even be a URL: neither it nor a part of it is repeated.
        let mut base: Url = base
            .trim()
            .parse()
            .map_err(|error| invalid("[not shown]", "give a URL such as https://host/path").with_source(error))?;
        match base.scheme() {
            "https" => {}
            "http" if allow_http => {}
            "http" => {
                return Err(Error::new(
                    ErrorKind::Config,
                    Operation::Configure,
                    "the server URL is http://, which shows the credentials to the network; use https://, or allow plain HTTP explicitly",
                ));
            }
            other => return Err(invalid(other, "the scheme must be https (or http, if allowed)")),
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid("[not shown]", "leave user and password out of the URL"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(invalid("[not shown]", "leave the query and the fragment out"));
        }
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(Self { base })
    }

    /// The base URL; its path ends with a slash.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of `path` (already percent-encoded, with a query or without) below the base.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when the result would leave the base, or be another path than it seems:
    /// another host, `..` and what else [`path_problem`] names.
    pub fn url(&self, path: &str) -> Result<Url> {
        if let Some(remedy) = path_problem(path.trim_start_matches('/')) {
            return Err(Error::invalid(Operation::Send, "path", path.split('?').next().unwrap_or_default(), remedy));
        }
        let joined = self.base.join(path.trim_start_matches('/')).map_err(|error| {
            Error::invalid(Operation::Send, "path", path, "give a path below the server's URL").with_source(error)
        })?;
        self.check(&joined)?;
        if !joined.path().starts_with(self.base.path()) {
            return Err(Error::invalid(Operation::Send, "path", path, "leave out \"..\""));
        }
        Ok(joined)
    }

    /// Whether `url` is on this server: same scheme, host and port, and no credentials in it.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when it is not.
    pub fn check(&self, url: &Url) -> Result<()> {
        let same = url.scheme() == self.base.scheme()
            && url.host() == self.base.host()
            && url.port_or_known_default() == self.base.port_or_known_default();
        if same && url.username().is_empty() && url.password().is_none() {
            return Ok(());
        }
        let remedy = format!("requests stay on {self}");
        Err(Error::invalid(Operation::Send, "host", url.host_str().unwrap_or("none"), remedy))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.base)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn plain_http_must_be_allowed() {
        assert_eq!(Origin::new("http://ipam.example", false).unwrap_err().kind(), ErrorKind::Config);
        assert!(Origin::new("http://ipam.example", true).is_ok());
    }

    #[test]
    fn bad_server_urls_are_refused_without_repeating_them() {
        for bad in [
            "ipam.example",
            "ftp://ipam.example",
            "https://joe:pa55@ipam.example",
            "https://ipam.example/?token=pa55",
            "https://pa55@",
            "",
        ] {
            let error = Origin::new(bad, true).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(!format!("{error:?}").contains("pa55"), "{error:?}");
        }
    }

    #[test]
    fn no_path_leaves_the_server() {
        let origin = Origin::new("https://ipam.example:8443/base", false).unwrap();
        for bad in ["../admin", "api/../../x", "https://elsewhere.example/", "%2e%2e/x", "\\\\elsewhere.example/x"] {
            let result = origin.url(bad);
            assert!(result.as_ref().map_or(true, |url| url.host_str() == Some("ipam.example")), "{bad}: {result:?}");
            assert!(result.map_or(true, |url| url.path().starts_with("/base/")), "{bad}");
        }
        assert_eq!(origin.url("//elsewhere.example/x").unwrap().host_str(), Some("ipam.example"));
        for (bad, why) in [
            ("https://ipam.example/", "port"),
            ("http://ipam.example:8443/", "scheme"),
            ("https://joe@ipam.example:8443/", "credentials"),
        ] {
            assert!(origin.check(&bad.parse().unwrap()).is_err(), "{why}");
        }
    }
}
