//! Catalog service, `/catalog/api`: items that can be requested, their sources, types and prices; also cloud templates.

mod admin;
mod blueprints;
mod body;
mod item;
mod items;
mod price;
mod service;
mod source;

pub use blueprints::{Blueprint, BlueprintStatus, Blueprints};
pub use body::{CatalogItemPatch, CatalogItemRequestBody, RequestedDeployment};
pub use item::{CatalogItem, CatalogItemQuery, CatalogItemType, CatalogItemVersion};
pub use price::{PriceStatus, ResourceUpfrontPrice, UpfrontPrice};
pub use service::Catalog;
pub use source::{CatalogSource, CatalogSourceBody, ContentDefinition, Entitlement, EntitlementBody};
