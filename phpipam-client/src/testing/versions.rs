//! Profiles of the versions whose responses were recorded, each by its differences from the one after it.

use super::profile::{Profile, Put};
use super::schema::Object;

/// Controllers since 1.6, which brought the last one.
const WITH_SEARCH: &[&str] = &[
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
];

/// Controllers that every version has.
const CONTROLLERS: &[&str] = WITH_SEARCH.split_at(WITH_SEARCH.len() - 1).0;

// Q40: `isPool` and `showSubnet` came with 1.5, the others with 1.8.
const SINCE_1_5: &[(Object, &str)] = &[
    (Object::Device, "rack_deep"),
    (Object::DeviceType, "bgcolor"),
    (Object::DeviceType, "fgcolor"),
    (Object::Subnet, "isPool"),
    (Object::Section, "showSubnet"),
];

const SINCE_1_8: &[(Object, &str)] = SINCE_1_5.split_at(3).0;

// Q07 and the recordings of 1.4.7.
const NULL_IN_1_4: &[(Object, &str)] = &[
    (Object::Address, "lastSeen"),
    (Object::Address, "is_gateway"),
    (Object::Address, "excludePing"),
    (Object::Address, "PTRignore"),
    (Object::Subnet, "allowRequests"),
];

impl Profile {
    /// All profiles, the oldest version first.
    pub const ALL: [Self; 5] = [Self::V1_4_7, Self::V1_5_2, Self::V1_6_1, Self::V1_7_4, Self::V1_8_2];

    /// phpIPAM 1.8.2 on PHP 8.2.
    pub const V1_8_2: Self = Self {
        version: "1.8.2",
        php_8: true,
        // Q11: 1.8.2 has no empty lists; "nothing found" is an error of status 404.
        nothing_found: 404,
        // Q09: 1.3.2 sends 0 on every failure, 1.4.7 only on uncaught ones.
        failure_is_zero: false,
        uncaught_is_zero: false,
        // Q02: 1.5.2 and 1.6 ignore the header.
        stringify_header: true,
        lenient_json: false,
        put: Put::AsPatch,
        // Q69: 1.3.2 takes `?…` after a pretty path for a path segment.
        filters: true,
        // Q35: `read_all_subnets` indexes the gateways by their own id instead of that of their subnet.
        gateway_by_subnet_id: true,
        // Q27, seen in 1.8.2 and not up to 1.7.4: the server's cache is keyed by the column that was searched, and adds
        // `ip` to the first row only. Later rows stay decimal, and a look-up by IP finds one row of each subnet.
        decimal_after_first: true,
        by_ip_finds_first_only: true,
        deletes_by_ip: true,
        keeps_default_domain: true,
        keeps_empty_section: false,
        changelog: true,
        app_lock: false,
        // Q50: 1.8.2 reports the timeout in the envelope only; HTTP says 200.
        lock_timeout_status: 200,
        disabled_app_reads: false,
        // Q56: the token is of no use there.
        ssl_code_login: true,
        controllers: WITH_SEARCH,
        absent_columns: &[],
        nullable_columns: &[],
        // Q67: the anycast address of the routers (RFC 4291).
        zero_address: true,
        usage_counts: true,
        old_address_texts: false,
        passkeys: true,
        groups_by_id: true,
        vlan_needs_name: false,
        device_needs_two_fields: false,
        blocked: "Your IP has been blocked for 5 minutes because of excessive login failures",
        disabled_user: "User account is disabled",
        split: "Subnet split",
        cookie: "phpipam",
        memory_rows: None,
    };

    /// phpIPAM 1.7.4 on PHP 8.2.
    pub const V1_7_4: Self = Self {
        version: "1.7.4",
        put: Put::WithoutBody,
        decimal_after_first: false,
        by_ip_finds_first_only: false,
        keeps_default_domain: false,
        // Q65, Q74.
        app_lock: true,
        lock_timeout_status: 503,
        // Q60: where PHP sends numbers.
        disabled_app_reads: true,
        ssl_code_login: false,
        absent_columns: SINCE_1_8,
        vlan_needs_name: true,
        device_needs_two_fields: true,
        ..Self::V1_8_2
    };

    /// phpIPAM 1.6.1 on PHP 8.2. Of this version no responses are kept; its source differs from 1.5.2 in the
    /// controller `search` and in the deletion of sections.
    pub const V1_6_1: Self =
        Self { version: "1.6.1", controllers: WITH_SEARCH, keeps_empty_section: false, ..Self::V1_5_2 };

    /// phpIPAM 1.5.2 on PHP 8.2.
    pub const V1_5_2: Self = Self {
        version: "1.5.2",
        stringify_header: false,
        put: Put::NoData,
        // Q64.
        deletes_by_ip: false,
        keeps_empty_section: true,
        changelog: false,
        controllers: CONTROLLERS,
        passkeys: false,
        groups_by_id: false,
        blocked: "Your IP has been blocked for 5 minutes because of excesive login failures",
        disabled_user: "Your account has been disabled.",
        split: "Subnet splitted",
        ..Self::V1_7_4
    };

    /// phpIPAM 1.4.7 on PHP 7.4. It does not run on PHP 8.
    pub const V1_4_7: Self = Self {
        version: "1.4.7",
        nothing_found: 200,
        uncaught_is_zero: true,
        lenient_json: true,
        put: Put::NotImplemented,
        absent_columns: SINCE_1_5,
        nullable_columns: NULL_IN_1_4,
        zero_address: false,
        usage_counts: false,
        old_address_texts: true,
        ..Self::V1_5_2
    }
    .on_php_7();
}
