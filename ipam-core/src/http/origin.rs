//! Server of a client: the URLs that it may send requests to.

use std::fmt;

use url::Url;

use super::path_problem;
use crate::{Error, ErrorKind, Operation, Result};

/// Scheme, host, port and base path of the server of a client.
///
/// Every request is checked against it, so that credentials are sent to this server only.
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
    /// Returns the origin of the server at `base`, such as `https://ipam.example/phpipam`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if `base` is not a URL of `https` or `http`, or has credentials, a query
    /// or a fragment; [`Config`](ErrorKind::Config) if it is `http://` and `allow_http` is false. The errors do not repeat
    /// the text, which may hold a password.
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
        // Joining replaces the last segment of a base without a slash at its end: `/phpipam` would get lost.
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(Self { base })
    }

    /// Returns the base URL. Its path ends with a slash.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Returns the URL of a path below the base. The path must be percent-encoded, and may have a query.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the path is unsafe by the rules of [`path_problem`], or if the result
    /// would not be below the base.
    pub fn url(&self, path: &str) -> Result<Url> {
        // A leading slash means the base, not the root of the host: the base may be a directory such as `/phpipam`.
        if let Some(remedy) = path_problem(path.trim_start_matches('/')) {
            return Err(Error::invalid(Operation::Send, "path", path.split('?').next().unwrap_or_default(), remedy));
        }
        let joined = self.base.join(path.trim_start_matches('/')).map_err(|error| {
            Error::invalid(Operation::Send, "path", path, "give a path below the server's URL").with_source(error)
        })?;
        // A second line of defence behind `path_problem`: a path such as `https://elsewhere/` is a URL of its own.
        self.check(&joined)?;
        if !joined.path().starts_with(self.base.path()) {
            return Err(Error::invalid(Operation::Send, "path", path, "leave out \"..\""));
        }
        Ok(joined)
    }

    /// Checks that `url` is on this server: same scheme, host and port, and no credentials.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if it is not.
    pub fn check(&self, url: &Url) -> Result<()> {
        // Ports are compared with the default of the scheme, because a URL with `:443` is the same server.
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
