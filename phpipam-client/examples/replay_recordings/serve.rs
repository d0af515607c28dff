//! Server that returns the recorded response to the recorded request, and plausible ones to further requests of the
//! client.

use std::sync::{Arc, Mutex, PoisonError};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

use super::recording::{Body, Recording, pairs_of};

/// Request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Body,
}

#[derive(Default)]
struct Script {
    current: Option<Recording>,
    others: Arc<Vec<Recording>>,
    arrived: Vec<Arrived>,
}

pub(crate) struct Playback {
    server: MockServer,
    script: Arc<Mutex<Script>>,
}

impl Playback {
    pub(crate) async fn start(others: Vec<Recording>) -> Self {
        let server = MockServer::start().await;
        let script = Arc::new(Mutex::new(Script { others: Arc::new(others), ..Script::default() }));
        let player = Player(Arc::clone(&script));
        Mock::given(matchers::any()).respond_with(player).mount(&server).await;
        Self { server, script }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// Serves the response of this exchange from now on, and forgets the requests that arrived.
    pub(crate) fn load(&self, recording: &Recording) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.current = Some(recording.clone());
        script.arrived.clear();
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).arrived.clone()
    }
}

struct Player(Arc<Mutex<Script>>);

impl Respond for Player {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let mut segments: Vec<String> =
            request.url.path().split('/').filter(|part| !part.is_empty()).map(decode).collect();
        segments.drain(..segments.len().min(2));
        let arrived = Arrived {
            method: request.method.to_string(),
            segments,
            query: pairs_of(request.url.query().unwrap_or_default()),
            body: match serde_json::from_slice(&request.body) {
                Ok(Value::Object(fields)) if fields.is_empty() => Body::Empty,
                Ok(Value::Object(fields)) => Body::Fields(fields),
                _ if request.body.is_empty() => Body::Empty,
                _ => Body::Other(String::from_utf8_lossy(&request.body).into_owned()),
            },
        };
        script.arrived.push(arrived.clone());
        match &script.current {
            Some(current) if same_place(current, &arrived) => recorded(current),
            Some(current) => further(&script.others, current, &arrived),
            None => ResponseTemplate::new(500),
        }
    }
}

/// Returns the path of a list without `all`: `x/` and `x/all/` are the same list.
pub(crate) fn without_all(segments: &[String]) -> &[String] {
    match segments {
        [controller, all] if all == "all" && matches!(controller.as_str(), "subnets" | "folders" | "addresses") => {
            std::slice::from_ref(controller)
        }
        other => other,
    }
}

fn same_place(recording: &Recording, arrived: &Arrived) -> bool {
    recording.method.eq_ignore_ascii_case(&arrived.method)
        && without_all(&recording.segments) == without_all(&arrived.segments)
}

fn recorded(recording: &Recording) -> ResponseTemplate {
    let mut response = ResponseTemplate::new(recording.status);
    let mut content_type = "text/html";
    for (name, value) in &recording.response_headers {
        match name.as_str() {
            "content-type" => content_type = value,
            "location" => response = response.insert_header("location", value.clone()),
            _ => {}
        }
    }
    response.set_body_raw(recording.response.as_bytes(), content_type)
}

/// Returns the response to a further request: the tag before a change, the parent of an empty list, the reason why no
/// address is free.
///
/// It is that of another file of the folder, if one has the path. Otherwise the object exists, unless its id is one of
/// those that the recordings use for missing objects.
fn further(others: &[Recording], current: &Recording, arrived: &Arrived) -> ResponseTemplate {
    let known = others.iter().find(|other| {
        other.app == current.app && other.query.is_empty() && same_place(other, arrived) && other.envelope().is_some()
    });
    if let Some(known) = known {
        return recorded(known);
    }
    let id = arrived.segments.iter().rev().find_map(|segment| segment.parse::<u64>().ok());
    let missing = id.is_none_or(|id| matches!(id, 99 | 999 | 9999 | 99_999));
    if missing {
        return ResponseTemplate::new(404)
            .set_body_json(json!({"code": 404, "success": false, "message": "Invalid Id", "time": 0}));
    }
    let data = json!({"id": id, "name": "further", "type": "further", "tag": 2, "mask": "24", "subnet": "10.0.0.0"});
    ResponseTemplate::new(200).set_body_json(json!({"code": 200, "success": true, "data": data, "time": 0}))
}
