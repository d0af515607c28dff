//! What the identity service returns.

use std::borrow::Cow;

use secrecy::SecretString;

use crate::lenient::model;
use crate::list::rows;
use crate::v7::{LiteralMap, Row};

model! {
    /// What the server is.
    pub struct About {
        /// Version of the product.
        product_version: String = "productVersion";
        /// Build of the product.
        product_build_number: String = "productBuildNumber";
        /// Version of the interface.
        api_version: String = "apiVersion";
        /// Build of the service.
        build_number: String = "buildNumber";
        /// When the service was built.
        build_date: String = "buildDate";
    }
}

model! {
    /// A tenant.
    pub struct Tenant {
        /// `Tenant`.
        type_name: String = "@type";
        /// The id, the same as the URL name.
        id: String = "id";
        /// The name in URLs.
        url_name: String = "urlName";
        /// The name for display.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// Whom to write to.
        contact_email: String = "contactEmail";
        /// Said to be unused, but seen with a value.
        password: SecretString = "password";
        /// Whether it is the system's own tenant.
        default_tenant: bool = "defaultTenant";
    }
}

model! {
    /// A linked directory.
    pub struct IdentityStore {
        /// `IdentityStore`.
        type_name: String = "@type";
        /// The domain, which is also the id.
        domain: String = "domain";
        /// The name for display.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// Another name of the domain.
        alias: String = "alias";
        /// `LDAP`, `AD` or `NATIVE_AD`.
        store_type: String = "type";
        /// The distinguished name that the server binds with.
        user_name_dn: String = "userNameDn";
        /// Its password; `null` when read.
        password: SecretString = "password";
        /// Where the directory is. Free text in practice.
        url: String = "url";
        /// Below which groups are looked for.
        group_base_search_dn: String = "groupBaseSearchDn";
        /// Below which users are looked for.
        user_base_search_dn: String = "userBaseSearchDn";
        /// Further domains.
        subdomains: Vec<String> = "subdomains";
        /// Below which groups are looked for; 7.x.
        group_base_search_dns: Vec<String> = "groupBaseSearchDns";
        /// Below which users are looked for; 7.x.
        user_base_search_dns: Vec<String> = "userBaseSearchDns";
        /// Who may join the domain.
        domain_admin_username: String = "domainAdminUsername";
        /// Their password.
        domain_admin_password: SecretString = "domainAdminPassword";
        /// The directory's certificate.
        certificate: String = "certificate";
        /// Whether any certificate will do.
        trust_all: bool = "trustAll";
        /// Whether the global catalog is asked.
        use_global_catalog: bool = "useGlobalCatalog";
        /// Whether it has not been saved yet.
        is_new: bool = "new";
    }
}

model! {
    /// How a directory's synchronisation went.
    pub struct DirectoryStatus {
        /// The synchronisation.
        sync_status: DirectorySync = "syncStatus";
    }
}

model! {
    /// A directory's synchronisation.
    pub struct DirectorySync {
        /// How it went.
        status: String = "status";
        /// What there is to say about it.
        message: String = "message";
    }
}

model! {
    /// A user's or group's name in its domain.
    pub struct PrincipalId {
        /// The domain.
        domain: String = "domain";
        /// The name without domain.
        name: String = "name";
    }
}

impl PrincipalId {
    /// A name in a domain.
    #[must_use]
    pub fn new(name: impl Into<String>, domain: impl Into<String>) -> Self {
        Self { domain: Some(domain.into()), name: Some(name.into()), ..Self::default() }
    }
}

model! {
    /// A user or a group.
    pub struct Principal {
        /// `User` or `Group`.
        type_name: String = "@type";
        /// Name and domain.
        principal_id: PrincipalId = "principalId";
        /// The name for display.
        name: String = "name";
        /// A user's first name.
        first_name: String = "firstName";
        /// A user's last name.
        last_name: String = "lastName";
        /// A user's address.
        email_address: String = "emailAddress";
        /// Free text.
        description: String = "description";
        /// Whether the user is locked out.
        locked: bool = "locked";
        /// Whether the user is switched off.
        disabled: bool = "disabled";
        /// The tenant.
        tenant_name: String = "tenantName";
        /// Only sent.
        password: SecretString = "password";
        /// A group's kind: `CUSTOM`, `SSO` …
        group_type: String = "groupType";
        /// A group's full name.
        fqdn: String = "fqdn";
        /// A group's domain.
        domain: String = "domain";
    }
}

impl Principal {
    /// The principal as `name@domain`; none if one of them is missing.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        let id = self.principal_id.as_ref()?;
        Some(format!("{}@{}", id.name.as_ref()?, id.domain.as_ref()?))
    }

    /// Whether it is a group: by its type, in any letter case, or by the members that only groups have.
    #[must_use]
    pub fn is_group(&self) -> bool {
        match &self.type_name {
            Some(name) => name.eq_ignore_ascii_case("Group"),
            None => self.group_type.is_some() || self.fqdn.is_some(),
        }
    }
}

impl Row for Principal {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        // A user and a group may have the same name.
        let kind = if self.is_group() { "group" } else { "user" };
        self.full_name().map(|name| Cow::Owned(format!("{kind} {name}")))
    }
}

model! {
    /// A role with what it permits.
    pub struct SystemRole {
        /// `SystemRole`, `ScopeRole` …
        type_name: String = "@type";
        /// The id, such as `CSP_TENANT_ADMIN`.
        id: String = "id";
        /// The name for display.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// What it permits.
        assigned_permissions: Vec<Permission> = "assignedPermissions";
    }
}

model! {
    /// A permission.
    pub struct Permission {
        /// The id.
        id: String = "id";
        /// The name for display.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// What whoever gives it must be permitted.
        prereq_admin_permissions: Vec<Permission> = "prereqAdminPermissions";
    }
}

model! {
    /// A business group.
    pub struct Subtenant {
        /// `Subtenant`.
        type_name: String = "@type";
        /// The id, a UUID; what reservations and requests take as business group.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// Who has which role; `null` in lists.
        subtenant_roles: Vec<SubtenantRole> = "subtenantRoles";
        /// The tenant.
        tenant: String = "tenant";
        /// `iaas-machine-prefix`, `iaas-manager-emails`, `iaas-ad-container`.
        extension_data: LiteralMap = "extensionData";
    }
}

model! {
    /// A role in a business group, with who has it.
    pub struct SubtenantRole {
        /// The type, where it is told.
        type_name: String = "@type";
        /// The id, where it is told.
        id: String = "id";
        /// The name for display.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `CSP_SUBTENANT_MANAGER`, `CSP_CONSUMER`, `CSP_SUPPORT`, `CSP_CONSUMER_WITH_SHARED_ACCESS`.
        scope_role_ref: String = "scopeRoleRef";
        /// Who has it.
        principal_id: Vec<PrincipalId> = "principalId";
    }
}

impl SubtenantRole {
    /// A role with who is to have it.
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
