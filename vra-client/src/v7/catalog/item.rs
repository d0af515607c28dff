//! What may be requested, and who may request it.

use super::forms::Forms;
use super::reference::{Organization, ProviderBinding, Reference};
use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;
use crate::v7::{Link, Row};

model! {
    /// An item that the caller may request.
    pub struct EntitledCatalogItem {
        /// `ConsumerEntitledCatalogItem`.
        type_name: String = "@type";
        /// The item.
        catalog_item: CatalogItem = "catalogItem";
        /// For which business groups.
        entitled_organizations: Vec<Organization> = "entitledOrganizations";
    }
}

impl Row for EntitledCatalogItem {
    fn row_id(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.catalog_item.as_ref().and_then(Row::row_id)
    }
}

model! {
    /// An item of the catalog.
    pub struct CatalogItem {
        /// `CatalogItem` …
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The icon.
        icon_id: String = "iconId";
        /// `PUBLISHED` …
        status: String = "status";
        /// The status for display.
        status_name: String = "statusName";
        /// What kind of item.
        catalog_item_type_ref: Reference = "catalogItemTypeRef";
        /// The service that it is listed under.
        service_ref: Reference = "serviceRef";
        /// What a request makes.
        output_resource_type_ref: Reference = "outputResourceTypeRef";
        /// Whose it is.
        organization: Organization = "organization";
        /// What it is at its provider.
        provider_binding: ProviderBinding = "providerBinding";
        /// Its forms.
        forms: Forms = "forms";
        /// What the provider is told about; its shape is not known.
        callbacks: JsonObject = "callbacks";
        /// Whether it is marked as new.
        is_noteworthy: bool = "isNoteworthy";
        /// Whether it may be requested at all.
        requestable: bool = "requestable";
        /// How many may be had; 0 is no limit.
        quota: i64 = "quota";
        /// The version of the entry.
        version: i64 = "version";
        /// When it was made.
        date_created: Timestamp = "dateCreated";
        /// When it was last changed.
        last_updated_date: Timestamp = "lastUpdatedDate";
    }
}

model! {
    /// An item that the caller may request, in the flat form of 7.x.
    pub struct CatalogItemView {
        /// `ConsumerEntitledCatalogItemView`.
        type_name: String = "@type";
        /// The id. The ids in the links can differ: [`request_links`](Self::template_link) are to be followed.
        catalog_item_id: String = "catalogItemId";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The icon.
        icon_id: String = "iconId";
        /// Whether it is marked as new.
        is_noteworthy: bool = "isNoteworthy";
        /// When it was made.
        date_created: Timestamp = "dateCreated";
        /// When it was last changed.
        last_updated_date: Timestamp = "lastUpdatedDate";
        /// What kind of item.
        catalog_item_type_ref: Reference = "catalogItemTypeRef";
        /// The service that it is listed under.
        service_ref: Reference = "serviceRef";
        /// What a request makes.
        output_resource_type_ref: Reference = "outputResourceTypeRef";
        /// For which business groups.
        entitled_organizations: Vec<Organization> = "entitledOrganizations";
        /// Where to go from here.
        links: Vec<Link> = "links";
    }
}

impl CatalogItemView {
    /// The link to the request template.
    #[must_use]
    pub fn template_link(&self) -> Option<&Link> {
        find_link(self.links.as_deref()?, "GET: Request Template")
    }

    /// The link that takes the request.
    #[must_use]
    pub fn submit_link(&self) -> Option<&Link> {
        find_link(self.links.as_deref()?, "POST: Submit Request")
    }
}

pub(super) fn find_link<'a>(links: &'a [Link], rel: &str) -> Option<&'a Link> {
    links.iter().find(|link| link.rel.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(rel)))
}

model! {
    /// A heading of the catalog.
    pub struct CatalogService {
        /// `Service` …
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `ACTIVE` …
        status: String = "status";
        /// The status for display.
        status_name: String = "statusName";
        /// The icon.
        icon_id: String = "iconId";
        /// Whose it is.
        organization: Organization = "organization";
        /// The version of the entry.
        version: i64 = "version";
    }
}

model! {
    /// Who may request and do what.
    pub struct Entitlement {
        /// `Entitlement`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `ACTIVE`, `DRAFT` …
        status: String = "status";
        /// The status for display.
        status_name: String = "statusName";
        /// Business group that it is for.
        organization: Organization = "organization";
        /// The items.
        entitled_catalog_items: Vec<EntitledItem> = "entitledCatalogItems";
        /// The actions.
        entitled_resource_operations: Vec<EntitledOperation> = "entitledResourceOperations";
        /// The services.
        entitled_services: Vec<EntitledService> = "entitledServices";
        /// Who; empty if it is for all.
        principals: Vec<crate::v7::Owner> = "principals";
        /// Whether it is for everybody in the business group.
        all_users: bool = "allUsers";
        /// Which entitlement wins; 1 is first.
        priority_order: i64 = "priorityOrder";
        /// Whether actions hold for the caller's own resources only.
        local_scope_for_actions: bool = "localScopeForActions";
        /// When it ends.
        expiry_date: Timestamp = "expiryDate";
        /// Who changed it last.
        last_updated_by: String = "lastUpdatedBy";
        /// When it was last changed.
        last_updated_date: Timestamp = "lastUpdatedDate";
        /// The version of the entry.
        version: i64 = "version";
    }
}

model! {
    /// An item of an entitlement.
    pub struct EntitledItem {
        /// The approval that a request needs.
        approval_policy_id: String = "approvalPolicyId";
        /// Whether it is active.
        active: bool = "active";
        /// Whether it is hidden.
        hidden: bool = "hidden";
        /// The item.
        catalog_item_ref: Reference = "catalogItemRef";
        /// Whether the item may be requested.
        catalog_item_requestable: bool = "catalogItemRequestable";
    }
}

model! {
    /// An action of an entitlement.
    pub struct EntitledOperation {
        /// The approval that a request needs.
        approval_policy_id: String = "approvalPolicyId";
        /// Whether it is active.
        active: bool = "active";
        /// The action.
        resource_operation_ref: Reference = "resourceOperationRef";
        /// What it is done to.
        target_resource_type_ref: Reference = "targetResourceTypeRef";
        /// Its id at its provider.
        external_id: String = "externalId";
        /// `ACTION` or `EXTENSION`.
        resource_operation_type: String = "resourceOperationType";
    }
}

model! {
    /// A service of an entitlement.
    pub struct EntitledService {
        /// The approval that a request needs.
        approval_policy_id: String = "approvalPolicyId";
        /// Whether it is active.
        active: bool = "active";
        /// The service.
        service_ref: Reference = "serviceRef";
    }
}

rows!(CatalogItem.id, CatalogItemView.catalog_item_id, CatalogService.id, Entitlement.id);
