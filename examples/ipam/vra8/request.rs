//! `ipam vra8 request`

use serde_json::{Value, json};
use vra_client::lenient::JsonObject;
use vra_client::v8::{CatalogItem, CatalogItemRequestBody, Client};

use super::args::Request;
use super::deployments::resource_table;
use crate::exit::Failure;
use crate::output::Output;
use crate::vra8_names;

pub(super) async fn run(client: &Client, wanted: Request) -> Result<Output, Failure> {
    let project = vra8_names::project(client, "--project", &wanted.project).await?;
    let item = vra8_names::item(client, "ITEM", &wanted.item).await?;
    let schema = schema(client, &item, wanted.item_version.as_deref()).await?;
    let mut body = CatalogItemRequestBody::new(project, &wanted.name);
    if let Some(version) = wanted.item_version {
        body = body.with_version(version);
    }
    if let Some(reason) = wanted.reason {
        body = body.with_reason(reason);
    }
    for (key, value) in wanted.values {
        let value = input(schema.as_ref(), &key, value);
        body = body.with_input(key, value);
    }
    if let Some(schema) = &schema {
        body.check_inputs(schema)?;
    }
    let made = client.catalog().submit_to(&item, body)?.await?;
    let id = made.first().map(|made| made.id()).unwrap_or_default();
    if wanted.no_wait {
        let text = format!("deployment {id} is requested");
        return Output::new(text, &json!({"deployment": id, "status": null, "resources": []}));
    }
    // Printed before the wait, because the deployment goes on even if the program stops.
    crate::progress::note(format_args!("deployment {id} is requested"));
    let ready = client.deployments().wait_for(id, &wanted.waiting.limits()).await?;
    let resources = client.deployments().resources(id).all().await?;
    let status = ready.status.as_ref().map(|status| status.as_str());
    let text = format!("deployment {id}: {}\n\n{}", status.unwrap_or("ready"), resource_table(&resources));
    Output::new(text, &json!({"deployment": id, "status": status, "resources": resources}))
}

/// Returns the schema of the inputs: that of the version if one is given, else that of the item.
async fn schema(client: &Client, item: &CatalogItem, version: Option<&str>) -> Result<Option<JsonObject>, Failure> {
    Ok(match version {
        Some(version) => client.catalog().version(item.id.as_deref().unwrap_or_default(), version).await?.schema,
        // An item with several versions has none here. The inputs are then checked by the server alone.
        None => item.schema.clone(),
    })
}

/// Returns the value of an input: a text if the schema says so or if it is no JSON, else the JSON.
fn input(schema: Option<&JsonObject>, key: &str, value: String) -> Value {
    let kind = schema.and_then(|schema| schema.get("properties")?.get(key)?.get("type"));
    // A text of digits such as a ticket number would become a number otherwise.
    if kind.is_some_and(|kind| kind == "string") {
        return value.into();
    }
    serde_json::from_str(&value).unwrap_or_else(|_| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_input_stays_a_text() {
        let schema = json!({"properties": {"ticket": {"type": "string"}, "cpu": {"type": "integer"}}});
        let schema: Option<JsonObject> = serde_json::from_value(schema).ok();
        for (key, text, value) in [
            ("ticket", "42", json!("42")),
            ("cpu", "2", json!(2)),
            ("cpu", "two", json!("two")),
            ("other", "[1]", json!([1])),
        ] {
            assert_eq!(input(schema.as_ref(), key, text.to_owned()), value, "{key}={text}");
        }
        assert_eq!(input(None, "ticket", "42".to_owned()), json!(42));
    }
}
