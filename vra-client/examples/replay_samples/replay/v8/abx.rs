//! Calls of the extensibility service.

use vra_client::lenient::JsonObject;
use vra_client::v8::{AbxRunBody, Client};

use crate::replay::body::{Members, built};
use crate::replay::route::{ANY, Route, list, one};

/// Returns the calls of the service.
pub(super) fn routes(client: &Client) -> Vec<Route> {
    let abx = client.abx();
    vec![
        list(&abx.actions()),
        one(&abx.action(ANY, ANY)),
        one(&abx.run(ANY, AbxRunBody::new(ANY))).sends(run),
        list(&abx.runs()),
        list(&abx.runs_of(ANY)),
        one(&abx.action_run(ANY)),
    ]
}

built!(run: AbxRunBody, |members| Ok(AbxRunBody::new(members.required::<String>("projectId")?)), {
    with_inputs: JsonObject = "inputs",
    with_action_version: String = "actionVersionId",
    with_timeout_seconds: u32 = "timeoutSeconds",
});
