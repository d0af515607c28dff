//! Checks of an examination, with their stable code names, groups and severities.

use std::fmt;

use serde::{Serialize, Serializer};

/// Severity of a [`Finding`](super::Finding).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Fact that explains other behaviour. Nothing has to be done.
    Note,
    /// Work is possible, but some of it fails, or is unsafe.
    Warning,
    /// Nothing works before this is corrected.
    Error,
}

impl Severity {
    /// Returns `note`, `warning` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Defines [`Check`], with the code name, the group and the usual severity of each.
macro_rules! checks {
    ($($group:ident { $($(#[$doc:meta])+ $name:ident = $code:literal, $severity:ident;)+ })+) => {
        /// Check that found something. Its code name, such as `tls_expired`, does not change between releases.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Check {
            $($($(#[$doc])+ $name,)+)+
        }

        impl Check {
            /// All checks, by group.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// Returns the code name, such as `tls_expired`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $code,)+)+
                }
            }

            /// Returns the group of the check.
            #[must_use]
            pub const fn group(self) -> Group {
                match self {
                    $($(Self::$name)|+ => Group::$group,)+
                }
            }

            /// Returns the usual severity of a finding.
            pub(super) const fn severity(self) -> Severity {
                match self {
                    $($(Self::$name => Severity::$severity,)+)+
                }
            }
        }
    };
}

checks! {
    Url {
        /// The URL or the options cannot be used.
        UrlInvalid = "url_invalid", Error;
        /// The app id cannot be a part of a path.
        AppIdInvalid = "app_id_invalid", Error;
        /// The URL contains `/api`, which the client adds itself.
        UrlApiPath = "url_api_path", Error;
        /// The URL is `http://`. A note for a server on this machine.
        UrlPlainHttp = "url_plain_http", Warning;
    }
    Network {
        /// The host name does not resolve.
        DnsFailed = "dns_failed", Error;
        /// One of several addresses accepts no connection.
        AddressUnreachable = "address_unreachable", Warning;
        /// No address accepts a connection, or the connection breaks.
        Unreachable = "unreachable", Error;
    }
    Tls {
        /// The certificate is self-signed, and not pinned.
        TlsSelfSigned = "tls_self_signed", Error;
        /// The certificate is for another name.
        TlsWrongName = "tls_wrong_name", Error;
        /// The certificate has expired. A note if it is pinned.
        TlsExpired = "tls_expired", Error;
        /// The certificate is not valid yet. A note if it is pinned.
        TlsNotYetValid = "tls_not_yet_valid", Error;
        /// The certificate is not trusted for another reason: an unknown issuer, another pin.
        TlsUntrusted = "tls_untrusted", Error;
        /// The certificate expires within 30 days. A note if it is pinned.
        TlsExpiresSoon = "tls_expires_soon", Warning;
        /// Every certificate is accepted. No credentials are sent.
        TlsInsecure = "tls_insecure", Error;
        /// The server wants a client certificate, or refused the configured one.
        TlsClientCertificate = "tls_client_certificate", Error;
        /// The handshake failed: no TLS on this port, or no common version.
        TlsFailed = "tls_failed", Error;
    }
    Api {
        /// The server redirects requests to another URL.
        Redirect = "redirect", Error;
        /// The web server does not rewrite URLs of the form that the client uses.
        RewriteMissing = "rewrite_missing", Error;
        /// The API is at another path of the server.
        BasePath = "base_path", Error;
        /// There is no API of phpIPAM at the URL.
        NoApi = "no_api", Error;
        /// A proxy cannot reach the server, or refuses requests.
        Unavailable = "unavailable", Error;
        /// The API is switched off.
        ApiDisabled = "api_disabled", Error;
        /// There is no app with this id.
        AppUnknown = "app_unknown", Error;
        /// The app is disabled.
        AppDisabled = "app_disabled", Error;
        /// The app demands HTTPS, and the server sees plain HTTP.
        HttpsRequired = "https_required", Error;
        /// The security of the app is one that phpIPAM does not implement.
        AppSecurityInvalid = "app_security_invalid", Error;
        /// The app wants encrypted requests, and the credentials are others; or the other way round.
        AppCrypt = "app_crypt", Error;
        /// The server sends data without credentials.
        NoAuthentication = "no_authentication", Error;
        /// The server blocks the address of this host after failed logins.
        LockedOut = "locked_out", Error;
        /// PHP fails on a request.
        PhpFailed = "php_failed", Error;
        /// PHP prints warnings into responses.
        PhpWarnings = "php_warnings", Warning;
        /// The response is one that was not expected.
        ApiUnexpected = "api_unexpected", Error;
    }
    Credentials {
        /// The app wants its code, and the credentials are a user's.
        AppWantsCode = "app_wants_code", Error;
        /// The app wants a user's login, and the credentials are a code.
        AppWantsUser = "app_wants_user", Error;
        /// There are no credentials.
        NoCredentials = "no_credentials", Error;
        /// The app code is wrong.
        CodeRejected = "code_rejected", Error;
        /// User name or password is wrong.
        BadCredentials = "bad_credentials", Error;
        /// The user is disabled.
        UserDisabled = "user_disabled", Error;
        /// The write lock of the server was not free in time, so the login was not carried out.
        LoginBusy = "login_busy", Error;
        /// The login, or the first call, failed for another reason.
        LoginFailed = "login_failed", Error;
        /// The app may only read.
        AppReadOnly = "app_read_only", Warning;
        /// The app may list users with the hashes of their passwords.
        AppAdmin = "app_admin", Note;
        /// The server does not say what the app may do.
        RightsUnknown = "rights_unknown", Note;
    }
    Server {
        /// The clocks of the server and of this host differ.
        ClockDiffers = "clock_differs", Warning;
        /// The server's local times are not UTC.
        TimeZone = "time_zone", Note;
        /// Numbers arrive as strings.
        NumbersAsStrings = "numbers_as_strings", Note;
        /// The app nests custom fields.
        NestedCustomFields = "nested_custom_fields", Note;
        /// The kind of lock around writes, which the API does not show.
        LockUnknown = "lock_unknown", Note;
        /// The version has known vulnerabilities.
        VersionVulnerable = "version_vulnerable", Warning;
        /// The version may have known vulnerabilities: 1.8.0 and 1.8.1 cannot be told from 1.8.2.
        VersionUnclear = "version_unclear", Note;
    }
    Size {
        /// A list of the whole site fails in PHP, most likely for want of memory.
        PhpMemory = "php_memory", Warning;
        /// The site is near the size that PHP's usual memory limit allows.
        SiteLarge = "site_large", Note;
        /// A list of the whole site fails for another reason.
        ListFailed = "list_failed", Warning;
    }
    Site {
        /// The configuration does not fit the server.
        ConfigInvalid = "config_invalid", Error;
        /// No subnet is served by the provider.
        NothingServed = "nothing_served", Warning;
        /// A required custom field has no value.
        RequiredField = "required_field", Warning;
        /// Claims whose processes died hold addresses.
        AbandonedClaims = "abandoned_claims", Warning;
        /// Ranges of one address space overlap.
        OverlappingRanges = "overlapping_ranges", Warning;
        /// Subnets that enclose ranges hold addresses of them.
        EnclosingAddresses = "enclosing_addresses", Warning;
    }
    Examination {
        /// A step did not end in time.
        StepTimedOut = "step_timed_out", Warning;
        /// A step failed in an unexpected way.
        StepFailed = "step_failed", Warning;
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Serialises the code name.
impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Group of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Group {
    /// URL and app id.
    Url,
    /// Host name and connections.
    Network,
    /// Certificate of the server.
    Tls,
    /// Web server, API and app.
    Api,
    /// Login, code and rights.
    Credentials,
    /// Version and settings of the server.
    Server,
    /// Size of the site.
    Size,
    /// Subnets, addresses and fields.
    Site,
    /// The examination itself.
    Examination,
}

impl Group {
    /// Returns the name in lower case, such as `tls`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Api => "api",
            Self::Credentials => "credentials",
            Self::Server => "server",
            Self::Size => "size",
            Self::Site => "site",
            Self::Examination => "examination",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn code_names_are_distinct_words() {
        let names: BTreeSet<_> = Check::ALL.iter().map(|check| check.as_str()).collect();
        assert_eq!(names.len(), Check::ALL.len());
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        }
    }
}
