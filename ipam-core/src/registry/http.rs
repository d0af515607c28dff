//! Options that the URLs of all providers over HTTP share.

use std::net::IpAddr;
use std::time::Duration;

use super::open_request::OpenRequest;
use super::url::ProviderUrl;
use crate::http::{HttpOptions, TlsOptions};
use crate::{Error, ErrorKind, Operation, Result};

impl OpenRequest {
    /// Names of the options that [`http_options`](Self::http_options) reads (feature `http`).
    pub const HTTP_OPTIONS: &'static [&'static str] = &["ca", "pin", "insecure", "allow_http", "timeout"];

    /// Returns the HTTP options of the URL (feature `http`). Certificates of the URL and of the caller are trusted alike.
    ///
    /// | option | default | meaning |
    /// | --- | --- | --- |
    /// | `ca=PATH` | none | PEM file of certificate authorities to trust beside the system's |
    /// | `pin=PATH` | none | PEM file of the only certificate that the server may have |
    /// | `insecure=1` | 0 | accept any certificate |
    /// | `allow_http=1` | 0 | plain HTTP for hosts other than `localhost` and loopback addresses |
    /// | `timeout=30s` | of [`HttpOptions`] | time limit of one call with its retries |
    ///
    /// `plain` is true for a scheme of plain HTTP; `secure` is the scheme to use instead, for the message.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ipam_core::registry::OpenRequest;
    ///
    /// let request = OpenRequest::parse("example+https://ipam.example/app?timeout=30s")?;
    /// let options = request.http_options("example/1.0", false, "example+https")?;
    /// assert_eq!(options.operation_timeout(), Duration::from_secs(30));
    ///
    /// let plain = OpenRequest::parse("example+http://ipam.example/app")?;
    /// assert!(plain.http_options("example/1.0", true, "example+https").is_err());
    /// # Ok::<(), ipam_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Config` if a value, a file or a certificate cannot be read, or if plain HTTP to another machine is not allowed.
    pub fn http_options(&self, user_agent: &str, plain: bool, secure: &str) -> Result<HttpOptions> {
        let url = &self.url;
        if plain && !is_local(url) && !url.flag("allow_http")?.unwrap_or(false) {
            let host = url.host().unwrap_or_default();
            let message =
                format!("plain HTTP shows password and token on the way to {host}; use {secure}, or set allow_http=1");
            return Err(Error::new(ErrorKind::Config, Operation::Open, message));
        }
        let mut tls = TlsOptions::new();
        for pem in file(url, "ca")?.iter().map(String::as_str).chain(self.trust.ca_pems()) {
            tls = tls.with_ca_pem(pem)?;
        }
        for pem in file(url, "pin")?.iter().map(String::as_str).chain(self.trust.pinned_pems()) {
            tls = tls.with_pinned_pem(pem)?;
        }
        tls = tls.with_insecure(url.flag("insecure")?.unwrap_or(false));
        let http = HttpOptions::new().with_user_agent(user_agent).with_tls(tls).with_allow_http(plain);
        Ok(match url.duration("timeout")? {
            // Zero would fail each call; a time that is too short says so in the error of the call.
            Some(timeout) => http.with_operation_timeout(timeout.max(Duration::from_millis(1))),
            None => http,
        })
    }
}

/// Returns true if the host is this machine.
fn is_local(url: &ProviderUrl) -> bool {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Reads the file that an option names.
fn file(url: &ProviderUrl, name: &str) -> Result<Option<String>> {
    let Some(path) = url.option(name) else { return Ok(None) };
    let remedy = "give the path of a PEM file that this user can read";
    let text = std::fs::read_to_string(path);
    text.map(Some).map_err(|error| ProviderUrl::unreadable_option(name, remedy).with_source(error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(url: &str) -> Result<HttpOptions> {
        let request = OpenRequest::parse(url).unwrap();
        let plain = request.url.scheme() == "x+http";
        request.http_options("test/1", plain, "x+https")
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for local in ["x+http://127.0.0.1:8080/app", "x+http://localhost", "x+http://[::1]:80/app"] {
            assert!(read(local).unwrap().allow_http(), "{local}");
        }
        let error = read("x+http://ipam.example/app").unwrap_err();
        assert!(error.message().contains("x+https") && error.message().contains("ipam.example"), "{error}");
        assert!(read("x+http://ipam.example/app?allow_http=1").unwrap().allow_http());
        // Encrypted, it is not needed, and does not open the client for plain HTTP.
        assert!(!read("x+https://ipam.example?allow_http=1").unwrap().allow_http());
    }

    #[test]
    fn unreadable_files_and_values_are_refused() {
        for bad in ["ca=/no/such/file", "pin=/no/such/file", "insecure=maybe", "timeout=30"] {
            let error = read(&format!("x+https://h?{bad}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
        assert_eq!(read("x+https://h?timeout=0s").unwrap().operation_timeout(), Duration::from_millis(1));
    }

    #[test]
    fn certificates_come_as_values_too() {
        let request = || OpenRequest::parse("x+https://h").unwrap();
        let error = request().with_pinned_pem("none").http_options("test/1", false, "x+https").unwrap_err();
        assert!(error.to_string().contains("pinned certificate"), "{error}");
        let error = request().with_ca_pem("none").http_options("test/1", false, "x+https").unwrap_err();
        assert!(error.to_string().contains("CA bundle"), "{error}");
    }
}
