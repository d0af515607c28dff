//! Routes of the API.

use http::Method;

/// Route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Addresses,
    PortMaps,
    Health,
}

impl Route {
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        [Self::Addresses, Self::PortMaps, Self::Health].into_iter().find(|route| route.path() == path)
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Addresses => "/api/1/ipam/addr",
            Self::PortMaps => "/api/1/ipam/portmap",
            Self::Health => "/api/1/ipam/healthcheck",
        }
    }

    /// Methods of the route, for the header `Allow`.
    pub(super) const fn methods(self) -> &'static str {
        match self {
            Self::Addresses => "GET",
            Self::PortMaps => "GET, POST, DELETE",
            Self::Health => "GET, POST",
        }
    }

    pub(super) fn has(self, method: &Method) -> bool {
        self.methods().split(", ").any(|known| known == method.as_str())
    }

    /// Arguments of a GET, other than `describe`.
    pub(super) const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Addresses => &["name", "addr", "component"],
            Self::PortMaps => &["name", "target_addr", "component", "conn_port", "target_port"],
            Self::Health => &[],
        }
    }
}
