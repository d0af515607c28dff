//! `ipam vra7 request`

use std::time::Duration;

use serde_json::{Value, json};
use vra_client::poll::Wait;
use vra_client::v7::{Client, RequestTemplate};

use super::args::Request;
use super::resource_table;
use crate::exit::Failure;
use crate::output::Output;
use crate::vra_server::not_found;
use crate::vra7_names;

const LONGEST_PAUSE: Duration = Duration::from_secs(15);

pub(super) async fn run(client: &Client, wanted: Request) -> Result<Output, Failure> {
    let values: Vec<Setting> = wanted.values.iter().map(|text| Setting::read(text)).collect::<Result<_, _>>()?;
    let catalog = client.catalog();
    let item = match catalog.item_named(&wanted.item).await {
        Err(vra_client::Error::NoSuchName { .. }) => {
            return Err(not_found(vra7_names::unknown_item(client, "ITEM", &wanted.item).await));
        }
        found => found?,
    };
    let mut call = catalog.template_of(&item)?;
    if let Some(name) = &wanted.group {
        let tenant = client.tenant().unwrap_or_default();
        let group = match client.identity().subtenant_named(tenant, name).await {
            Err(vra_client::Error::NoSuchName { .. }) => {
                return Err(not_found(vra7_names::unknown_group(client, tenant, name).await));
            }
            found => found?,
        };
        call = call.with_query("businessGroupId", group.id.unwrap_or_default());
    }
    let mut template = call.await?;
    template.reasons = wanted.reason.or(template.reasons);
    for value in values {
        value.apply(&mut template)?;
    }
    let submitted = catalog.submit_to(&item, template)?.await?;
    let id = submitted.id;
    if wanted.no_wait {
        let text = format!("request {id} is submitted");
        return Output::new(text, &json!({"request": id, "state": null, "resources": []}));
    }
    // Printed before the wait, because the request continues even if the program stops.
    crate::progress::note(format_args!("request {id} is submitted"));
    let limits = Wait::up_to(wanted.wait).with_pauses(wanted.pause, LONGEST_PAUSE);
    let ended = catalog.wait_for(&id, &limits).await?;
    let resources = catalog.resources_of_request(&id).all().await?;
    let state = ended.state.as_ref().map(|state| state.as_str());
    let text = format!("request {id}: {}\n\n{}", state.unwrap_or("succeeded"), resource_table(&resources));
    Output::new(text, &json!({"request": id, "state": state, "resources": resources}))
}

/// Value to set in the template of the request.
#[derive(Debug, PartialEq)]
struct Setting {
    component: Option<String>,
    key: String,
    value: Value,
}

impl Setting {
    /// Reads `KEY=VALUE` or `COMPONENT.KEY=VALUE`. Names of components have dots, keys of theirs have none here. A value
    /// that is no JSON is a text.
    fn read(text: &str) -> Result<Self, Failure> {
        let remedy = || Failure::Usage(format!("--set {text}: write KEY=VALUE or COMPONENT.KEY=VALUE"));
        let (name, value) = text.split_once('=').ok_or_else(remedy)?;
        let (component, key) = match name.rsplit_once('.') {
            Some((component, key)) => (Some(component), key),
            None => (None, name),
        };
        if key.is_empty() || component.is_some_and(str::is_empty) {
            return Err(remedy());
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Self { component: component.map(str::to_owned), key: key.to_owned(), value })
    }

    fn apply(self, template: &mut RequestTemplate) -> Result<(), Failure> {
        match &self.component {
            Some(component) => Ok(template.set_component_value(&[component], &self.key, self.value)?),
            None => {
                template.set(&self.key, self.value);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn settings_are_read() {
        for (text, component, key, value) in [
            ("_leaseDays=5", None, "_leaseDays", json!(5)),
            ("machine2.vsphere.cpu=2", Some("machine2.vsphere"), "cpu", json!(2)),
            ("machine.description=a = b", Some("machine"), "description", json!("a = b")),
            ("machine.nics=[]", Some("machine"), "nics", json!([])),
            ("machine.note=", Some("machine"), "note", json!("")),
        ] {
            let read = Setting::read(text).unwrap();
            assert_eq!((read.component.as_deref(), read.key.as_str(), read.value), (component, key, value), "{text}");
        }
        for text in ["cpu", "=2", ".cpu=2", "machine.=2"] {
            assert_eq!(Setting::read(text).unwrap_err().code(), 2, "{text}");
        }
    }
}
