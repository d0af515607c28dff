//! What several of the catalog's objects have in common.

use crate::lenient::{Timestamp, model};
use crate::v7::{FormReference, Literal, LiteralMap, Money, MoneyTimeRate, TimeSpan};

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
    /// When something may be used.
    pub struct Lease {
        /// From when.
        start: Timestamp = "start";
        /// Until when; absent for ever.
        end: Timestamp = "end";
    }
}

model! {
    /// What something costs.
    pub struct Costs {
        /// Per time.
        lease_rate: MoneyTimeRate = "leaseRate";
    }
}

model! {
    /// What a request would cost.
    pub struct Quote {
        /// For how long.
        lease_period: TimeSpan = "leasePeriod";
        /// Per time.
        lease_rate: MoneyTimeRate = "leaseRate";
        /// Altogether.
        total_lease_cost: Money = "totalLeaseCost";
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

model! {
    /// The forms of an item or a resource.
    pub struct Forms {
        /// Whether the resource's own information is hidden.
        catalog_resource_info_hidden: bool = "catalogResourceInfoHidden";
        /// Whether the request's own information is hidden.
        catalog_request_info_hidden: bool = "catalogRequestInfoHidden";
        /// How big the request's form is.
        request_form_scale: String = "requestFormScale";
        /// Details of a resource.
        details: FormReference = "details";
        /// Details of an item.
        item_details: FormReference = "itemDetails";
        /// The form to request an item.
        request_submission: FormReference = "requestSubmission";
        /// The form to look at a request.
        request_details: FormReference = "requestDetails";
        /// The form to approve before.
        request_pre_approval: FormReference = "requestPreApproval";
        /// The form to approve after.
        request_post_approval: FormReference = "requestPostApproval";
    }
}

/// The texts of a literal or of all items of a list.
pub(super) fn texts<'a>(data: &'a LiteralMap, key: &str) -> Vec<&'a str> {
    match data.get(key) {
        Some(Literal::Multiple(list)) => list.items.iter().flatten().filter_map(Literal::as_str).collect(),
        Some(literal) => literal.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}
