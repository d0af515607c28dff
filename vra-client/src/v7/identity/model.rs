//! Objects that the identity service returns.

use std::borrow::Cow;

use secrecy::SecretString;

use crate::lenient::model;
use crate::list::rows;
use crate::v7::{LiteralMap, Row};

model! {
    /// Version and build of the server.
    pub struct About {
        // Member names from a published client; no response is published.
        /// Version of the product.
        product_version: String = "productVersion";
        /// Build of the product.
        product_build_number: String = "productBuildNumber";
        /// Version of the API.
        api_version: String = "apiVersion";
        /// Build of the identity service.
        build_number: String = "buildNumber";
        /// Build date of the identity service.
        build_date: String = "buildDate";
    }
}

model! {
    /// Tenant.
    pub struct Tenant {
        // From the manual of 6.2. The response of a PUT was printed without `@type`, so the discriminator cannot be
        // required.
        /// Type of the object in `@type`: `Tenant`.
        type_name: String = "@type";
        /// Id, the same as the URL name.
        id: String = "id";
        /// URL name, such as `qe`.
        url_name: String = "urlName";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Address for mail to the tenant's contact.
        contact_email: String = "contactEmail";
        /// Documented as unused, but seen with a value.
        password: SecretString = "password";
        /// True for the system tenant.
        default_tenant: bool = "defaultTenant";
    }
}

model! {
    /// Identity store: a directory that is linked to a tenant.
    pub struct IdentityStore {
        // The first members are those of 6.2 in the manual. Those from `subdomains` on are known from a client of 7.x.
        /// Type of the object in `@type`: `IdentityStore`.
        type_name: String = "@type";
        /// Domain, which is also the id.
        domain: String = "domain";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Second name of the domain.
        alias: String = "alias";
        /// `LDAP`, `AD` or `NATIVE_AD`.
        store_type: String = "type";
        /// Distinguished name that the server binds with.
        user_name_dn: String = "userNameDn";
        /// Password for the bind; `null` when it is read.
        password: SecretString = "password";
        /// URL of the directory, such as `ldap://host:389`; the server does not check its form.
        url: String = "url";
        /// Distinguished name below which groups are searched.
        group_base_search_dn: String = "groupBaseSearchDn";
        /// Distinguished name below which users are searched.
        user_base_search_dn: String = "userBaseSearchDn";
        /// Further domains. 7.x.
        subdomains: Vec<String> = "subdomains";
        /// Distinguished names below which groups are searched. 7.x.
        group_base_search_dns: Vec<String> = "groupBaseSearchDns";
        /// Distinguished names below which users are searched. 7.x.
        user_base_search_dns: Vec<String> = "userBaseSearchDns";
        /// User who may join the domain. 7.x.
        domain_admin_username: String = "domainAdminUsername";
        /// Password of that user. 7.x.
        domain_admin_password: SecretString = "domainAdminPassword";
        /// Certificate of the directory. 7.x.
        certificate: String = "certificate";
        /// True if any certificate of the directory is accepted. 7.x.
        trust_all: bool = "trustAll";
        /// True if the global catalog is searched. 7.x.
        use_global_catalog: bool = "useGlobalCatalog";
        /// True if the store was not saved yet.
        is_new: bool = "new";
    }
}

model! {
    /// State of a directory.
    pub struct DirectoryStatus {
        // Two objects for two texts: that is how the published client reads them.
        /// State of the last synchronisation.
        sync_status: DirectorySync = "syncStatus";
    }
}

model! {
    /// Last synchronisation of a directory.
    pub struct DirectorySync {
        /// Result of the synchronisation.
        status: String = "status";
        /// Details of the result.
        message: String = "message";
    }
}

model! {
    /// Name of a user or group in its domain.
    ///
    /// ```
    /// use vra_client::v7::PrincipalId;
    ///
    /// let tony = PrincipalId::new("tony", "example.com");
    /// assert_eq!((tony.name.as_deref(), tony.domain.as_deref()), (Some("tony"), Some("example.com")));
    /// ```
    pub struct PrincipalId {
        /// Domain of the principal.
        domain: String = "domain";
        /// Name without the domain.
        name: String = "name";
    }
}

impl PrincipalId {
    /// Makes the name of a user or group in a domain.
    #[must_use]
    pub fn new(name: impl Into<String>, domain: impl Into<String>) -> Self {
        Self { domain: Some(domain.into()), name: Some(name.into()), ..Self::default() }
    }
}

model! {
    /// User or group.
    pub struct Principal {
        // Users and groups in one type: lists mix them, and the members of both are optional anyway.
        /// Type of the object in `@type`: `User` or `Group`.
        type_name: String = "@type";
        /// Name and domain.
        principal_id: PrincipalId = "principalId";
        /// Display name.
        name: String = "name";
        /// First name, of a user.
        first_name: String = "firstName";
        /// Last name, of a user.
        last_name: String = "lastName";
        /// Mail address, of a user.
        email_address: String = "emailAddress";
        /// Description, free text.
        description: String = "description";
        /// True if the account is locked.
        locked: bool = "locked";
        /// True if the account is disabled.
        disabled: bool = "disabled";
        /// Tenant, by URL name.
        tenant_name: String = "tenantName";
        /// Password of a new user; never read.
        password: SecretString = "password";
        /// Type of a group: `CUSTOM`, `SSO` and others.
        group_type: String = "groupType";
        /// Full name of a group, `group@domain`.
        fqdn: String = "fqdn";
        /// Domain of a group.
        domain: String = "domain";
    }
}

impl Principal {
    /// Returns the principal as `name@domain`; [`None`] if one of them is missing.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        let id = self.principal_id.as_ref()?;
        Some(format!("{}@{}", id.name.as_ref()?, id.domain.as_ref()?))
    }

    /// Returns true if it is a group: by its type, in any letter case, or by the members that only groups have.
    #[must_use]
    pub fn is_group(&self) -> bool {
        // Two ways, since `@type` differs in letter case between releases and is missing in some bodies.
        match &self.type_name {
            Some(name) => name.eq_ignore_ascii_case("Group"),
            None => self.group_type.is_some() || self.fqdn.is_some(),
        }
    }
}

impl Row for Principal {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        // A user and a group may have the same name, and a list may have both.
        let kind = if self.is_group() { "group" } else { "user" };
        self.full_name().map(|name| Cow::Owned(format!("{kind} {name}")))
    }
}

model! {
    /// System role with its permissions.
    pub struct SystemRole {
        // From the manual of 7.3, whose role ids are masked. The ids come from the server.
        /// `SystemRole`, `ScopeRole` …
        type_name: String = "@type";
        /// Id of the role, such as `CSP_TENANT_ADMIN`.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Permissions of the role.
        assigned_permissions: Vec<Permission> = "assignedPermissions";
    }
}

model! {
    /// Permission.
    pub struct Permission {
        /// Id of the permission.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Permissions that an administrator needs to assign this one.
        prereq_admin_permissions: Vec<Permission> = "prereqAdminPermissions";
    }
}

model! {
    /// Business group.
    pub struct Subtenant {
        // From captured responses of 7.x. In lists `subtenantRoles` is `null` whatever the group has, so an update of a
        // row of a list could remove all roles: read the group first.
        /// Type of the object in `@type`: `Subtenant`.
        type_name: String = "@type";
        /// Id, a UUID. Reservations and requests name the business group by it.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Roles in the business group with their principals; `null` in lists.
        subtenant_roles: Vec<SubtenantRole> = "subtenantRoles";
        /// Tenant, by URL name.
        tenant: String = "tenant";
        /// Further values: `iaas-machine-prefix`, `iaas-manager-emails`, `iaas-ad-container`.
        extension_data: LiteralMap = "extensionData";
    }
}

model! {
    /// Role in a business group, with the principals that have it.
    ///
    /// ```
    /// use vra_client::v7::{PrincipalId, SubtenantRole};
    ///
    /// let consumers = SubtenantRole::new("CSP_CONSUMER", [PrincipalId::new("tony", "example.com")]);
    /// assert_eq!(consumers.principal_id.map(|principals| principals.len()), Some(1));
    /// ```
    pub struct SubtenantRole {
        // Published bodies have `name`, `scopeRoleRef` and `principalId`; the others are written by some servers.
        /// `@type`, which not all servers write.
        type_name: String = "@type";
        /// Id of the role, which not all servers write.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `CSP_SUBTENANT_MANAGER`, `CSP_CONSUMER`, `CSP_SUPPORT` or `CSP_CONSUMER_WITH_SHARED_ACCESS`.
        scope_role_ref: String = "scopeRoleRef";
        /// Principals that have the role.
        principal_id: Vec<PrincipalId> = "principalId";
    }
}

impl SubtenantRole {
    /// Makes a role with its principals.
    #[must_use]
    pub fn new(scope_role_ref: impl Into<String>, principals: impl IntoIterator<Item = PrincipalId>) -> Self {
        Self {
            scope_role_ref: Some(scope_role_ref.into()),
            principal_id: Some(principals.into_iter().collect()),
            ..Self::default()
        }
    }
}

rows!(Tenant.id, IdentityStore.domain, SystemRole.id, Subtenant.id, SubtenantRole.scope_role_ref);
