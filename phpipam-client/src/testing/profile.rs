//! Behaviour that differs between versions of phpIPAM, as data.

use super::schema::Object;

/// Behaviour of one version of phpIPAM where versions differ.
///
/// A server is built with one profile, and asks the profile instead of comparing versions. There is one for each minor
/// version from 1.4 on; [`named`](Self::named) finds it by its number. The fields may be changed, for a server that
/// differs in one thing.
///
/// ```
/// use phpipam_client::testing::{Profile, Server};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // 1.4 sends an empty list as HTTP 200 with `"success":false`.
/// let server = Server::builder().profile(Profile::V1_4_7).start().await?;
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// assert!(client.vlans().list().await?.is_empty());
/// assert_eq!(server.requests().last().and_then(|request| request.status), Some(200));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Version, for messages to people; no behaviour depends on it.
    pub version: &'static str,
    /// True if PHP 8.1 or later runs the server, false for PHP 7.4. See [`on_php_7`](Self::on_php_7).
    pub php_8: bool,
    /// Status of "nothing found" on lists and searches: 404 from 1.5.0 on, 200 with `success` false before.
    pub nothing_found: u16,
    /// True if failures say `"success":0` instead of `false`, as 1.3 does.
    pub failure_is_zero: bool,
    /// True if failures that the API does not catch (database, login, check of an address, resize, split) say
    /// `"success":0`: 1.4.
    pub uncaught_is_zero: bool,
    /// True if the request header `api-stringify-results` decides how numbers are sent: from 1.7.0 on.
    pub stringify_header: bool,
    /// True if a JSON body that is no object is ignored, and `false` is not an error: up to 1.4.
    pub lenient_json: bool,
    /// Effect of the method PUT.
    pub put: Put,
    /// True if `filter_by` is read from the query string: from 1.4 on.
    pub filters: bool,
    /// True if the list of all subnets looks a gateway up by the id of the subnet, and so shows the gateway of another
    /// subnet: from 1.4.0 on.
    pub gateway_by_subnet_id: bool,
    /// True if only the first row of some searches has a dotted address, and the others a decimal one: 1.8.2.
    pub decimal_after_first: bool,
    /// True if `addresses/{ip}/{subnetId}/` finds only the row with the lowest id of the subnet: 1.8.2.
    pub by_ip_finds_first_only: bool,
    /// True if `DELETE addresses/{ip}/{subnetId}/` finds the address. 1.5 and 1.6 on PHP 8 never do.
    pub deletes_by_ip: bool,
    /// True if deleting the default L2 domain is refused: 1.8.2. Older versions delete it.
    pub keeps_default_domain: bool,
    /// True if a section without subnets survives its deletion, which is an empty 500: 1.5 on PHP 8.
    pub keeps_empty_section: bool,
    /// True if `sections`, `subnets` and `addresses` have a `changelog`: from 1.7.0 on.
    pub changelog: bool,
    /// True if the lock of an app covers POST only, `first_free` locks its subnet in any case, and two deletes of one
    /// address at the same time both succeed: before 1.8.
    pub app_lock: bool,
    /// Status of a lock timeout: 200 with code 500 in 1.8.2, 503 before.
    pub lock_timeout_status: u16,
    /// True if an app with permission "disabled" lets reads pass: 1.5 to 1.7 on PHP 8.
    pub disabled_app_reads: bool,
    /// True if `POST user/` logs a user in on an app with an app code: 1.8.2.
    pub ssl_code_login: bool,
    /// Controllers of this version; others are 400 `Invalid controller`.
    pub controllers: &'static [&'static str],
    /// Columns of 1.8.2 that this version does not have.
    pub absent_columns: &'static [(Object, &'static str)],
    /// Columns that may be null although 1.8.2 has 0 or a date in them: some flags and `lastSeen`, up to 1.4. An address
    /// that the API creates has null in those that were not sent.
    pub nullable_columns: &'static [(Object, &'static str)],
    /// True if the first address of an IPv6 subnet is the zero address: from 1.5 on.
    pub zero_address: bool,
    /// True if the usage of a subnet has the number of addresses of each tag: from 1.5 on.
    pub usage_counts: bool,
    /// True if the check of an address names what is wrong with it: up to 1.4.
    pub old_address_texts: bool,
    /// True if the list of users says whose login needs a passkey: from 1.7 on.
    pub passkeys: bool,
    /// True if groups may be named by id when permissions are set: from 1.7 on.
    pub groups_by_id: bool,
    /// True if a change of a VLAN must name it: before 1.8.
    pub vlan_needs_name: bool,
    /// True if a new device needs two fields, but no host name: before 1.8.
    pub device_needs_two_fields: bool,
    /// Message to a blocked client. It says `excesive` before 1.7.
    pub blocked: &'static str,
    /// Message to a user whose account is disabled.
    pub disabled_user: &'static str,
    /// Message of a split subnet: `Subnet splitted` before 1.7.
    pub split: &'static str,
    /// Name of the session cookie: `PHPSESSID` in 1.3, `phpipam` later.
    pub cookie: &'static str,
    /// Rows of the longest list that PHP's memory holds; `None` for any length. A longer list is an empty 500.
    ///
    /// A filter helps as far as on a real server: PHP reads all rows first, and a row that it sends takes twice the
    /// memory of one that it only reads. A list of more than three times this length dies with any filter. With PHP's
    /// default of 128 MB it is about 18 000.
    pub memory_rows: Option<usize>,
}

/// Effect of the method PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Put {
    /// The same as PATCH: 1.8.2.
    AsPatch,
    /// PATCH without the body, which is not read. It succeeds, and changes nothing but the tag of an address: 1.7.
    WithoutBody,
    /// 400 `No data provided`: 1.5 and 1.6.
    NoData,
    /// 501, as for an unknown method: 1.3 and 1.4.
    NotImplemented,
}

impl Profile {
    /// Returns the same version of phpIPAM on PHP 7.4, which sends numbers as strings and forgives more.
    ///
    /// A search for an address in an empty subnet is "nothing found" instead of a fatal error, any content type is read
    /// as a form, and a disabled app refuses reads.
    ///
    /// ```
    /// use phpipam_client::testing::{Profile, Server};
    /// # use http::Method;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::builder().profile(Profile::V1_7_4.on_php_7()).start().await?;
    /// server.seed(|store| store.add_section("Lab"));
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// assert_eq!(client.raw(Method::GET, "sections/", None).await?.data[0]["id"], "1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn on_php_7(mut self) -> Self {
        self.php_8 = false;
        self.deletes_by_ip = true;
        self.keeps_empty_section = false;
        self.disabled_app_reads = false;
        self
    }

    /// Returns the profile of a version such as `1.7` or `1.7.4`, or `None` if the simulator has none of that name.
    ///
    /// ```
    /// use phpipam_client::testing::Profile;
    ///
    /// assert_eq!(Profile::named("1.7"), Some(Profile::V1_7_4));
    /// assert_eq!(Profile::named("1.8.2"), Some(Profile::V1_8_2));
    /// assert_eq!(Profile::named("2.0"), None);
    /// ```
    #[must_use]
    pub fn named(version: &str) -> Option<Self> {
        let minor = |full: &'static str| full.rsplit_once('.').map_or(full, |(minor, _)| minor);
        Self::ALL.into_iter().find(|profile| version == profile.version || version == minor(profile.version))
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::V1_8_2
    }
}
