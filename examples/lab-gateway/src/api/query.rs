//! Arguments of a query.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipam_core::registry::parse_flag;

use super::like::Like;
use super::refusal::Refusal;
use super::route::Route;

/// Longest value of an argument.
const MOST: usize = 255;
/// Argument that every route has.
const DESCRIBE: &str = "describe";

/// Arguments by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Query(pub(super) BTreeMap<String, String>);

impl Query {
    /// Reads the arguments of a request. An argument that the route does not know is refused: with a misspelt filter, a
    /// listing would have everything.
    pub(super) fn read(query: &str, route: Route, is_get: bool) -> Result<Self, (Self, Refusal)> {
        let mut read = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let known = name == DESCRIBE || is_get && route.arguments().contains(&name.as_ref());
            let refusal = if !known {
                let mut names = if is_get { route.arguments().to_vec() } else { Vec::new() };
                names.push(DESCRIBE);
                let message = format!("the argument {name:?} is unknown; there are: {}", names.join(", "));
                Some(Refusal::bad_request("unknown_argument", message))
            } else if value.len() > MOST {
                Some(Refusal::invalid(&name, &value, "it is too long; write up to 255 bytes"))
            } else if read.0.insert(name.to_string(), value.to_string()).is_some() {
                Some(Refusal::bad_request("repeated_argument", format!("give the argument {name} once")))
            } else {
                None
            };
            if let Some(refusal) = refusal {
                return Err((read, refusal));
            }
        }
        Ok(read)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn like(&self, name: &str) -> Option<Like> {
        self.text(name).map(Like::new)
    }

    pub(super) fn describe(&self) -> Result<bool, Refusal> {
        let Some(text) = self.text(DESCRIBE) else { return Ok(false) };
        parse_flag(text).ok_or_else(|| Refusal::invalid(DESCRIBE, text, "write true or false"))
    }

    /// Returns an address. Neither patterns nor short forms such as `10.1` are one.
    pub(super) fn address(&self, name: &str) -> Result<Option<Ipv4Addr>, Refusal> {
        self.text(name).map(|text| address(name, text)).transpose()
    }

    pub(super) fn port(&self, name: &str) -> Result<Option<u16>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse::<u16>().ok().filter(|port| *port > 0);
        number.map(Some).ok_or_else(|| Refusal::invalid(name, text, "write a port from 1 to 65535"))
    }
}

/// Reads an IPv4 address: four numbers and nothing else.
pub(super) fn address(name: &str, text: &str) -> Result<Ipv4Addr, Refusal> {
    text.parse().map_err(|_| Refusal::invalid(name, text, "write an IPv4 address of four numbers, such as 10.0.0.5"))
}
