//! What the identity service takes.

use secrecy::SecretString;

use crate::lenient::{JsonObject, request_body};
use crate::v7::{LiteralMap, PrincipalId, SubtenantRole};

request_body! {
    /// A tenant to be made or changed.
    pub struct TenantBody {
        /// The discriminator, `Tenant`; servers do without.
        with_type_name: String = "@type";
        /// Free text.
        with_description: String = "description";
        /// Whom to write to.
        with_contact_email: String = "contactEmail";
        /// Whether it is the system's own tenant; not, unless set.
        with_default_tenant: bool = "defaultTenant";
        /// Said to be unused.
        with_password: SecretString = "password";
    }
}

impl TenantBody {
    /// A tenant by its name in URLs, which is its id, and its name for display.
    #[must_use]
    pub fn new(url_name: impl Into<String>, name: impl Into<String>) -> Self {
        let url_name = url_name.into();
        let body = Self { body: JsonObject::new() }.with_member("id", url_name.as_str());
        body.with_member("urlName", url_name).with_member("name", name.into()).with_default_tenant(false)
    }
}

request_body! {
    /// An identity store to be linked.
    pub struct DirectoryBody {
        /// Free text.
        with_description: String = "description";
        /// Another name of the domain.
        with_alias: String = "alias";
        /// The distinguished name to bind with.
        with_user_name_dn: String = "userNameDn";
        /// Its password.
        with_password: SecretString = "password";
        /// Below which groups are looked for.
        with_group_base_search_dn: String = "groupBaseSearchDn";
        /// Below which users are looked for.
        with_user_base_search_dn: String = "userBaseSearchDn";
        /// Below which groups are looked for; 7.x.
        with_group_base_search_dns: Vec<String> = "groupBaseSearchDns";
        /// Below which users are looked for; 7.x.
        with_user_base_search_dns: Vec<String> = "userBaseSearchDns";
        /// Further domains; 7.x.
        with_subdomains: Vec<String> = "subdomains";
        /// Who may join the domain; 7.x.
        with_domain_admin_username: String = "domainAdminUsername";
        /// Their password; 7.x.
        with_domain_admin_password: SecretString = "domainAdminPassword";
        /// The directory's certificate; 7.x.
        with_certificate: String = "certificate";
        /// Whether any certificate will do; 7.x.
        with_trust_all: bool = "trustAll";
        /// Whether the global catalog is asked; 7.x.
        with_use_global_catalog: bool = "useGlobalCatalog";
    }
}

impl DirectoryBody {
    /// A directory: its name, its type (`LDAP`, `AD`, `NATIVE_AD`), its domain and where it is.
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
    /// A local user to be made.
    pub struct UserBody {
        /// Free text.
        with_description: String = "description";
        /// The address.
        with_email_address: String = "emailAddress";
        /// The tenant.
        with_tenant_name: String = "tenantName";
        /// The name for display; first and last name, unless set.
        with_display_name: String = "name";
    }
}

impl UserBody {
    /// A user who may log in at once.
    ///
    /// The flags are sent as texts, since that is the only form known to be accepted.
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

    /// Whether the user is locked out.
    #[must_use]
    pub fn with_locked(self, locked: bool) -> Self {
        self.with_member("locked", locked.to_string())
    }

    /// Whether the user is switched off.
    #[must_use]
    pub fn with_disabled(self, disabled: bool) -> Self {
        self.with_member("disabled", disabled.to_string())
    }
}

request_body! {
    /// A custom group to be made.
    pub struct GroupBody {
        /// Free text.
        with_description: String = "description";
    }
}

impl GroupBody {
    /// A group of a tenant's own domain.
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
    /// A business group to be made.
    pub struct SubtenantBody {
        /// Free text.
        with_description: String = "description";
        /// Who has which role.
        with_roles: Vec<SubtenantRole> = "subtenantRoles";
        /// `iaas-machine-prefix`, `iaas-manager-emails`, `iaas-ad-container`.
        with_extension_data: LiteralMap = "extensionData";
    }
}

impl SubtenantBody {
    /// A business group by its name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }.with_member("name", name.into())
    }
}
