//! Request trackers.

use serde_json::{Value, json};

use crate::testing::v8::context::{Context, Reply, Result};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::{invalid, not_found};
use crate::testing::v8::rows::{Outcome, Tracker};

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        // A list moves nothing, or a client that shows a table while it waits would change what it waits for.
        ("GET", []) => Ok(Reply::Rows(call.store.trackers.iter().map(row).collect(), Style::Undeclared)),
        ("GET", [id]) => match call.store.trackers.iter_mut().find(|tracker| tracker.id == *id) {
            Some(tracker) => {
                let row = row(tracker);
                tracker.polls_left = tracker.polls_left.saturating_sub(1);
                Ok(Reply::Json(200, row))
            }
            None => Err(not_found("Request tracker", id)),
        },
        ("DELETE", [id]) => match call.store.trackers.iter().find(|tracker| tracker.id == *id) {
            Some(tracker) if !tracker.is_final() => Err(invalid(format!("The request {id} is in progress."))),
            Some(_) => {
                call.store.trackers.retain(|tracker| tracker.id != *id);
                Ok(Reply::Empty(204))
            }
            None => Err(not_found("Request tracker", id)),
        },
        _ => return None,
    })
}

fn row(tracker: &Tracker) -> Value {
    let mut row = json!({
        "progress": 100, "status": "FINISHED", "resources": [], "name": tracker.name, "id": tracker.id,
        "selfLink": format!("/iaas/api/request-tracker/{}", tracker.id),
    });
    match &tracker.outcome {
        _ if !tracker.is_final() => {
            row["status"] = "INPROGRESS".into();
            row["progress"] = 50.into();
        }
        Outcome::Finished(resources) => row["resources"] = resources.clone().into(),
        // A failure is a 200 like every other response of a tracker.
        Outcome::Failed(message) => {
            row["status"] = "FAILED".into();
            row["message"] = message.clone().into();
        }
        Outcome::Waiting => {}
    }
    row
}
