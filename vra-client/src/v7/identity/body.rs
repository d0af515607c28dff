//! Bodies of the calls of the identity service.

use secrecy::SecretString;

use crate::lenient::{JsonObject, request_body};
use crate::v7::{LiteralMap, PrincipalId, SubtenantRole};

request_body! {
    /// Body of the call that creates or replaces a tenant.
    ///
    /// ```
    /// use vra_client::v7::TenantBody;
    ///
    /// let body = TenantBody::new("qe", "Quality Engineering").with_contact_email("qe@example.com");
    /// assert_eq!((&body.as_json()["id"], &body.as_json()["urlName"]), (&"qe".into(), &"qe".into()));
    /// ```
    pub struct TenantBody {
        /// Sets `@type`, which is `Tenant`. Servers accept a body without it.
        with_type_name: String = "@type";
        /// Sets the description.
        with_description: String = "description";
        /// Sets the address for mail to the tenant's contact.
        with_contact_email: String = "contactEmail";
        /// Marks the system tenant. Default: false.
        with_default_tenant: bool = "defaultTenant";
        /// Sets the password, which is documented as unused.
        with_password: SecretString = "password";
    }
}

impl TenantBody {
    /// Makes a tenant from its URL name, which is its id, and its display name.
    #[must_use]
    pub fn new(url_name: impl Into<String>, name: impl Into<String>) -> Self {
        let url_name = url_name.into();
        let body = Self { body: JsonObject::new() }.with_member("id", url_name.as_str());
        body.with_member("urlName", url_name).with_member("name", name.into()).with_default_tenant(false)
    }
}

request_body! {
    /// Body of the calls that create, link or test an identity store (directory).
    ///
    /// ```
    /// use vra_client::v7::DirectoryBody;
    ///
    /// let body = DirectoryBody::new("lab", "LDAP", "lab.example.com", "ldap://ldap.example.com:389")
    ///     .with_user_name_dn("cn=reader,dc=lab,dc=example,dc=com")
    ///     .with_password("secret");
    /// assert!(!format!("{body:?}").contains("secret"));
    /// ```
    pub struct DirectoryBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets a second name of the domain.
        with_alias: String = "alias";
        /// Sets the distinguished name that the server binds with.
        with_user_name_dn: String = "userNameDn";
        /// Sets the password for the bind.
        with_password: SecretString = "password";
        /// Sets the distinguished name below which groups are searched.
        with_group_base_search_dn: String = "groupBaseSearchDn";
        /// Sets the distinguished name below which users are searched.
        with_user_base_search_dn: String = "userBaseSearchDn";
        /// Sets the distinguished names below which groups are searched. 7.x.
        with_group_base_search_dns: Vec<String> = "groupBaseSearchDns";
        /// Sets the distinguished names below which users are searched. 7.x.
        with_user_base_search_dns: Vec<String> = "userBaseSearchDns";
        /// Sets further domains. 7.x.
        with_subdomains: Vec<String> = "subdomains";
        /// Sets the user who may join the domain. 7.x.
        with_domain_admin_username: String = "domainAdminUsername";
        /// Sets the password of that user. 7.x.
        with_domain_admin_password: SecretString = "domainAdminPassword";
        /// Sets the certificate of the directory. 7.x.
        with_certificate: String = "certificate";
        /// Accepts any certificate of the directory. 7.x.
        with_trust_all: bool = "trustAll";
        /// Searches the global catalog. 7.x.
        with_use_global_catalog: bool = "useGlobalCatalog";
    }
}

impl DirectoryBody {
    /// Makes an identity store from its display name, its type (`LDAP`, `AD` or `NATIVE_AD`), its domain and its URL.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        store_type: impl Into<String>,
        domain: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        let body = Self { body: JsonObject::new() }.with_member("name", name.into());
        body.with_member("type", store_type.into()).with_member("domain", domain.into()).with_member("url", url.into())
    }
}

request_body! {
    /// Body of the call that creates a local user.
    ///
    /// ```
    /// use vra_client::v7::{PrincipalId, UserBody};
    ///
    /// let ann = UserBody::new(PrincipalId::new("ann", "example.com"), "Ann", "Other", "secret").with_disabled(true);
    /// assert_eq!(ann.as_json()["disabled"], "true");
    /// ```
    pub struct UserBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the mail address.
        with_email_address: String = "emailAddress";
        /// Sets the tenant, by URL name. Default: not sent; the path of the call names the tenant.
        with_tenant_name: String = "tenantName";
        /// Sets the display name. Default: first and last name.
        with_display_name: String = "name";
    }
}

impl UserBody {
    /// Makes a user who is neither locked nor disabled.
    ///
    /// The flags are sent as texts, the only form that published clients use.
    #[must_use]
    pub fn new(
        id: PrincipalId,
        first_name: impl Into<String>,
        last_name: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        use crate::lenient::IntoJson;

        let (first, last) = (first_name.into(), last_name.into());
        let body = Self { body: JsonObject::new() }.with_locked(false).with_disabled(false);
        body.with_display_name(format!("{first} {last}"))
            .with_member("firstName", first)
            .with_member("lastName", last)
            .with_member("password", password.into().into_json())
            .with_member("principalId", id.into_json())
    }

    /// Locks the account. Default: false.
    #[must_use]
    pub fn with_locked(self, locked: bool) -> Self {
        // As text, like the published client that is known to work.
        self.with_member("locked", locked.to_string())
    }

    /// Disables the account. Default: false.
    #[must_use]
    pub fn with_disabled(self, disabled: bool) -> Self {
        self.with_member("disabled", disabled.to_string())
    }
}

request_body! {
    /// Body of the call that creates a custom group.
    ///
    /// ```
    /// use vra_client::v7::GroupBody;
    ///
    /// assert_eq!(GroupBody::new("ops", "example.com").as_json()["fqdn"], "ops@example.com");
    /// ```
    pub struct GroupBody {
        /// Sets the description.
        with_description: String = "description";
    }
}

impl GroupBody {
    /// Makes a group of a domain of the tenant.
    #[must_use]
    pub fn new(name: impl Into<String>, domain: impl Into<String>) -> Self {
        use crate::lenient::IntoJson;

        let (name, domain) = (name.into(), domain.into());
        let id = PrincipalId::new(name.as_str(), domain.as_str()).into_json();
        let body = Self { body: JsonObject::new() }.with_member("@type", "Group").with_member("groupType", "CUSTOM");
        body.with_member("fqdn", format!("{name}@{domain}"))
            .with_member("name", name)
            .with_member("domain", domain)
            .with_member("principalId", id)
    }
}

request_body! {
    /// Body of the call that creates a business group.
    ///
    /// ```
    /// use vra_client::v7::{LiteralMap, PrincipalId, SubtenantBody, SubtenantRole};
    ///
    /// let managers = SubtenantRole::new("CSP_SUBTENANT_MANAGER", [PrincipalId::new("tony", "example.com")]);
    /// let body = SubtenantBody::new("Finance")
    ///     .with_roles(vec![managers])
    ///     .with_extension_data(LiteralMap::new().with("iaas-manager-emails", "finance@example.com"));
    /// assert_eq!(body.as_json()["subtenantRoles"][0]["scopeRoleRef"], "CSP_SUBTENANT_MANAGER");
    /// ```
    pub struct SubtenantBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the roles with their principals.
        with_roles: Vec<SubtenantRole> = "subtenantRoles";
        /// Sets `iaas-machine-prefix`, `iaas-manager-emails`, `iaas-ad-container`.
        with_extension_data: LiteralMap = "extensionData";
    }
}

impl SubtenantBody {
    /// Makes a business group with this display name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }.with_member("name", name.into())
    }
}
