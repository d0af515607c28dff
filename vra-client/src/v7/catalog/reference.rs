//! References to objects, business groups, providers and owners.

use crate::lenient::model;

model! {
    /// A reference by id, with the name for display.
    pub struct Reference {
        /// The id.
        id: String = "id";
        /// The name for display.
        label: String = "label";
    }
}

impl Reference {
    /// A reference without a name.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }
}

model! {
    /// A tenant and a business group in it.
    pub struct Organization {
        /// The tenant's id.
        tenant_ref: String = "tenantRef";
        /// The tenant's name.
        tenant_label: String = "tenantLabel";
        /// The business group's id.
        subtenant_ref: String = "subtenantRef";
        /// The business group's name.
        subtenant_label: String = "subtenantLabel";
    }
}

impl Organization {
    /// A business group of a tenant.
    #[must_use]
    pub fn new(tenant: impl Into<String>, subtenant: impl Into<String>) -> Self {
        Self { tenant_ref: Some(tenant.into()), subtenant_ref: Some(subtenant.into()), ..Self::default() }
    }
}

model! {
    /// What an object is at the service that provides it.
    pub struct ProviderBinding {
        /// Its id there.
        binding_id: String = "bindingId";
        /// The provider.
        provider_ref: Reference = "providerRef";
    }
}

model! {
    /// Who owns a resource.
    pub struct Owner {
        /// The tenant.
        tenant_name: String = "tenantName";
        /// `user@domain`.
        principal: String = "ref";
        /// `USER` or `GROUP`.
        kind: String = "type";
        /// The name for display.
        value: String = "value";
    }
}
