//! What differs from one version of phpIPAM to the next, as data.

/// How one version of phpIPAM behaves where versions differ.
///
/// A server is built with one profile; the code asks the profile, never the version. Each field names what it decides, and
/// quotes the quirk it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The version, for people.
    pub version: &'static str,
    /// Status of "nothing found" on lists and searches: 404, or 200 with `success` false (Q11).
    pub nothing_found: u16,
    /// Whether failures say `"success":0` instead of `false` (Q09).
    pub failure_is_zero: bool,
    /// Whether the request header `api-stringify-results` is obeyed (Q02).
    pub stringify_header: bool,
    /// What PUT does.
    pub put: Put,
    /// Whether `filter_by` is understood in the query string (Q69).
    pub filters: bool,
    /// Whether lists of all subnets show the gateway of another subnet (Q35).
    pub gateway_by_subnet_id: bool,
    /// Whether only the first row of some searches has a dotted address (Q27).
    pub decimal_after_first: bool,
    /// Whether `addresses/{ip}/{subnetId}/` finds the subnet's first row only (Q27).
    pub by_ip_finds_first_only: bool,
    /// Whether deleting the default L2 domain is refused.
    pub keeps_default_domain: bool,
    /// Whether changelog paths exist (Q60).
    pub changelog: bool,
    /// Status of a lock timeout: HTTP 200 with code 500, or 503 (Q50).
    pub lock_timeout_status: u16,
    /// The controllers this version has.
    pub controllers: &'static [&'static str],
    /// What a blocked client is told (Q55).
    pub blocked: &'static str,
    /// Name of the session cookie.
    pub cookie: &'static str,
}

/// What PUT does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Put {
    /// The same as PATCH.
    AsPatch,
    /// 501, as for an unknown method.
    NotImplemented,
}

impl Profile {
    /// phpIPAM 1.8.2 on PHP 8.2.
    pub const V1_8_2: Self = Self {
        version: "1.8.2",
        nothing_found: 404,
        failure_is_zero: false,
        stringify_header: true,
        put: Put::AsPatch,
        filters: true,
        gateway_by_subnet_id: true,
        decimal_after_first: true,
        by_ip_finds_first_only: true,
        keeps_default_domain: true,
        changelog: true,
        lock_timeout_status: 200,
        controllers: &[
            "user",
            "sections",
            "subnets",
            "folders",
            "addresses",
            "vlan",
            "vlans",
            "vrf",
            "vrfs",
            "l2domains",
            "tools",
            "devices",
            "search",
        ],
        blocked: "Your IP has been blocked for 5 minutes because of excessive login failures",
        cookie: "phpipam",
    };
}

impl Default for Profile {
    fn default() -> Self {
        Self::V1_8_2
    }
}
