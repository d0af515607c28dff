//! Catalog items, services and entitlements, as the server returns them.

use super::forms::Forms;
use super::reference::{Organization, ProviderBinding, Reference};
use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;
use crate::v7::{Link, Row};

model! {
    /// Item that the caller may request, with the business groups that it may be requested for.
    pub struct EntitledCatalogItem {
        // From captured responses of 7.x. The manual renames `catalogItem` to `catalogResource` throughout; the wire
        // has not.
        /// Type of the object in `@type`: `ConsumerEntitledCatalogItem`.
        type_name: String = "@type";
        /// The item itself.
        catalog_item: CatalogItem = "catalogItem";
        /// Business groups that the caller may request it for.
        entitled_organizations: Vec<Organization> = "entitledOrganizations";
    }
}

impl Row for EntitledCatalogItem {
    fn row_id(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.catalog_item.as_ref().and_then(Row::row_id)
    }
}

model! {
    /// Item of the catalog.
    pub struct CatalogItem {
        // From captured responses of 7.x and the manual of 6.2.
        /// `@type`, `CatalogItem` and others.
        type_name: String = "@type";
        /// Id of the item, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// `PUBLISHED` and others.
        status: String = "status";
        /// Display name of the status.
        status_name: String = "statusName";
        /// Type of the item.
        catalog_item_type_ref: Reference = "catalogItemTypeRef";
        /// Catalog service (category) that lists the item.
        service_ref: Reference = "serviceRef";
        /// Type of the resource that a request makes.
        output_resource_type_ref: Reference = "outputResourceTypeRef";
        /// Tenant, and business group if it belongs to one.
        organization: Organization = "organization";
        /// The item at the service that provides it.
        provider_binding: ProviderBinding = "providerBinding";
        /// Forms of the item.
        forms: Forms = "forms";
        /// Events that the provider subscribes to; the shape is not known.
        callbacks: JsonObject = "callbacks";
        /// True if the item is marked as new and noteworthy.
        is_noteworthy: bool = "isNoteworthy";
        /// True if the item may be requested at all.
        requestable: bool = "requestable";
        /// Number of items that may be provisioned; 0 is no limit.
        quota: i64 = "quota";
        /// Version of the object.
        version: i64 = "version";
        /// Time of creation.
        date_created: Timestamp = "dateCreated";
        /// Time of the last change.
        last_updated_date: Timestamp = "lastUpdatedDate";
    }
}

model! {
    /// Item that the caller may request, in the flat form of 7.x.
    pub struct CatalogItemView {
        // The flat form repeats the members of the item one level up, with other names for the id.
        /// Type of the object in `@type`: `ConsumerEntitledCatalogItemView`.
        type_name: String = "@type";
        /// Id of the item. The ids in the links can differ, so follow [`template_link`](Self::template_link) and
        /// [`submit_link`](Self::submit_link).
        catalog_item_id: String = "catalogItemId";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// True if the item is marked as new and noteworthy.
        is_noteworthy: bool = "isNoteworthy";
        /// Time of creation.
        date_created: Timestamp = "dateCreated";
        /// Time of the last change.
        last_updated_date: Timestamp = "lastUpdatedDate";
        /// Type of the item.
        catalog_item_type_ref: Reference = "catalogItemTypeRef";
        /// Catalog service (category) that lists the item.
        service_ref: Reference = "serviceRef";
        /// Type of the resource that a request makes.
        output_resource_type_ref: Reference = "outputResourceTypeRef";
        /// Business groups that the caller may request it for.
        entitled_organizations: Vec<Organization> = "entitledOrganizations";
        /// Links to the request template and to the call that submits it.
        links: Vec<Link> = "links";
    }
}

impl CatalogItemView {
    /// Returns the link to the request template.
    #[must_use]
    pub fn template_link(&self) -> Option<&Link> {
        find_link(self.links.as_deref()?, "GET: Request Template")
    }

    /// Returns the link that a request is submitted to.
    #[must_use]
    pub fn submit_link(&self) -> Option<&Link> {
        find_link(self.links.as_deref()?, "POST: Submit Request")
    }
}

pub(super) fn find_link<'a>(links: &'a [Link], rel: &str) -> Option<&'a Link> {
    // The text is the only mark of the link; its letter case is not relied on.
    links.iter().find(|link| link.rel.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(rel)))
}

model! {
    /// Catalog service: a category that items are grouped in.
    pub struct CatalogService {
        // Not captured: members are those that a captured entitlement and all objects of the service share.
        /// Type of the object in `@type`: `Service` and others.
        type_name: String = "@type";
        /// Id of the catalog service, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `ACTIVE` and others.
        status: String = "status";
        /// Display name of the status.
        status_name: String = "statusName";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// Tenant, and business group if it belongs to one.
        organization: Organization = "organization";
        /// Version of the object.
        version: i64 = "version";
    }
}

model! {
    /// Entitlement: users and groups, with the items and actions that they may request.
    pub struct Entitlement {
        // From one captured list of 7.x.
        /// Type of the object in `@type`: `Entitlement`.
        type_name: String = "@type";
        /// Id of the entitlement, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `ACTIVE`, `DRAFT` and others.
        status: String = "status";
        /// Display name of the status.
        status_name: String = "statusName";
        /// Tenant and business group that it applies to.
        organization: Organization = "organization";
        /// Items that may be requested.
        entitled_catalog_items: Vec<EntitledItem> = "entitledCatalogItems";
        /// Actions that may be requested.
        entitled_resource_operations: Vec<EntitledOperation> = "entitledResourceOperations";
        /// Catalog services whose items may be requested.
        entitled_services: Vec<EntitledService> = "entitledServices";
        /// Users and groups that it applies to; empty if `all_users` is true.
        principals: Vec<crate::v7::Owner> = "principals";
        /// True if it applies to all users of the business group.
        all_users: bool = "allUsers";
        /// Rank among the entitlements; 1 takes precedence over 2.
        priority_order: i64 = "priorityOrder";
        /// True if the actions apply to the caller's own resources only.
        local_scope_for_actions: bool = "localScopeForActions";
        /// Time when it expires.
        expiry_date: Timestamp = "expiryDate";
        /// User of the last change, `user@domain`.
        last_updated_by: String = "lastUpdatedBy";
        /// Time of the last change.
        last_updated_date: Timestamp = "lastUpdatedDate";
        /// Version of the object.
        version: i64 = "version";
    }
}

model! {
    /// Item of an entitlement.
    pub struct EntitledItem {
        /// Id of the approval policy that a request is subject to.
        approval_policy_id: String = "approvalPolicyId";
        /// True if it is active.
        active: bool = "active";
        /// True if the item is hidden in the catalog.
        hidden: bool = "hidden";
        /// The item.
        catalog_item_ref: Reference = "catalogItemRef";
        /// True if the item may be requested.
        catalog_item_requestable: bool = "catalogItemRequestable";
    }
}

model! {
    /// Action of an entitlement.
    pub struct EntitledOperation {
        /// Id of the approval policy that a request is subject to.
        approval_policy_id: String = "approvalPolicyId";
        /// True if it is active.
        active: bool = "active";
        /// The action.
        resource_operation_ref: Reference = "resourceOperationRef";
        /// Type of the resources that it acts on.
        target_resource_type_ref: Reference = "targetResourceTypeRef";
        /// Id of the action at its provider.
        external_id: String = "externalId";
        /// `ACTION` or `EXTENSION`.
        resource_operation_type: String = "resourceOperationType";
    }
}

model! {
    /// Catalog service of an entitlement.
    pub struct EntitledService {
        /// Id of the approval policy that a request is subject to.
        approval_policy_id: String = "approvalPolicyId";
        /// True if it is active.
        active: bool = "active";
        /// The catalog service.
        service_ref: Reference = "serviceRef";
    }
}

rows!(CatalogItem.id, CatalogItemView.catalog_item_id, CatalogService.id, Entitlement.id);
