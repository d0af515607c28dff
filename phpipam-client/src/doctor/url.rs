//! Form of the URL and of the app id. Nothing is sent.

use std::net::IpAddr;

use ipam_core::http::Origin;

use super::check::{Check, Severity};
use super::report::{Finding, Report};
use super::subject::Subject;
use crate::client::Client;
use crate::error::Error;

/// Client of the subject, and the place that it connects to.
pub(super) struct Place {
    pub(super) client: Client,
    /// Host without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    pub(super) fn origin(&self) -> &Origin {
        self.client.transport().http().origin()
    }

    pub(super) fn is_https(&self) -> bool {
        self.origin().base().scheme() == "https"
    }
}

/// Checks the URL and the app id. Returns `None` if no request can be made with them.
pub(super) fn check(subject: &Subject, report: &mut Report) -> Option<Place> {
    let client = match subject.client() {
        Ok(client) => client,
        Err(Error::Invalid { field, value, remedy }) => {
            report.add(Finding::new(
                Check::AppIdInvalid,
                field,
                format!("{value:?} cannot be a part of a path"),
                remedy,
            ));
            return None;
        }
        Err(error) => {
            let message = match &error {
                Error::Http(error) => error.message().to_owned(),
                other => other.to_string(),
            };
            report.add(Finding::new(Check::UrlInvalid, "URL and options", message, EXAMPLE));
            return None;
        }
    };
    let base = client.transport().http().origin().base().clone();
    let host = base.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let Some(port) = base.port_or_known_default() else {
        report.add(Finding::new(Check::UrlInvalid, &base, "it has no port", EXAMPLE));
        return None;
    };
    if base.scheme() == "http" {
        let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let finding = Finding::new(
            Check::UrlPlainHttp,
            &base,
            "plain HTTP shows the credentials to the network",
            "set up HTTPS on the server and write https://",
        );
        report.add(if local { finding.with_severity(Severity::Note) } else { finding });
    }
    Some(Place { client, host, port })
}

/// Returns the URL without `/api` and what follows it; `None` if it has no such segment.
pub(super) fn before_api(base: &url::Url) -> Option<url::Url> {
    let segments: Vec<&str> = base.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let at = segments.iter().position(|segment| segment.eq_ignore_ascii_case("api"))?;
    let mut shorter = base.clone();
    shorter.set_path(&segments.get(..at)?.join("/"));
    Some(shorter)
}

const EXAMPLE: &str = "give the URL of the web interface without /api and without user and password, such as https://ipam.example/phpipam";

/// Returns a URL without query and without a slash at its end.
pub(super) fn shown(url: &url::Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Setting them fails only where there can be none.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.as_str().trim_end_matches('/').to_owned()
}
