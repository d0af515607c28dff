//! Envelope and decoders of all models: recorded responses, changed, through the typed calls of the client.

use std::path::Path;
use std::time::Duration;

use ipam_core::http::{HttpOptions, ProxyOptions, TlsOptions};
use ipam_core::{BackoffConfig, RetryConfig};
use phpipam_client::{Auth, Client};
use serde_json::{Value, json};

use crate::mutate::Mutator;
use crate::recording::{Recording, read_folder};
use crate::route::route;
use crate::serve::Playback;
use crate::{LIMIT, cases, seed};

/// Statuses that a changed response may have instead of its own.
const STATUSES: [u16; 8] = [200, 201, 400, 401, 404, 409, 500, 503];

fn client(url: &str, app: &str) -> Client {
    let once =
        RetryConfig::new(1, Duration::from_secs(5)).with_backoff(BackoffConfig::new(Duration::ZERO, Duration::ZERO));
    let tls = TlsOptions::new().with_system_roots(false);
    let options = HttpOptions::new().with_allow_http(true).with_proxy(ProxyOptions::none()).with_tls(tls);
    let app = if app.is_empty() { "none" } else { app };
    Client::builder(url, app, Auth::app_code("a-code-that-is-a-secret"))
        .with_http_options(options)
        .with_retry(once)
        .with_allocate_retry(once)
        .build()
        .unwrap()
}

fn recordings(server: &str) -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/recordings-{server}"));
    read_folder(&folder).unwrap()
}

/// Makes the typed call of a recording on a server that sends this response. Returns the text of the error.
async fn called(playback: &Playback, recording: &Recording, case: &str) -> Option<Result<Option<Value>, String>> {
    let client = client(&playback.url(), &recording.app);
    let (_, call) = route(&client, recording)?;
    playback.load(recording);
    let ended = tokio::time::timeout(LIMIT, call).await.unwrap_or_else(|_| panic!("{case}: no end after {LIMIT:?}"));
    let result = ended.map(|done| done.data).map_err(|error| error.to_string());
    if let Err(error) = &result {
        assert!(!error.contains("a-code-that-is-a-secret"), "{case}: {error}");
        assert!(!error.is_empty() && error.len() < 5_000, "{case}: an error of {} characters", error.len());
    }
    Some(result)
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_responses_are_read_or_refused() {
    let all: Vec<Recording> =
        ["1.8.2", "1.7.4", "1.5.2-strings", "1.4.7", "1.3.2"].into_iter().flat_map(recordings).collect();
    let playback = Playback::start(Vec::new()).await;
    let mut mutator = Mutator::new(seed());
    let (mut typed, mut refused) = (0, 0);
    for number in 0..cases(1_200) {
        let mut recording = mutator.one(&all).clone();
        let other = mutator.one(&all).response.clone();
        let body = mutator.changed(recording.response.as_bytes(), other.as_bytes());
        recording.response = String::from_utf8_lossy(&body).into_owned();
        if mutator.below(4) == 0 {
            recording.status = *mutator.one(&STATUSES);
        }
        let case =
            format!("case {number}, {} with status {}: {}", recording.name, recording.status, recording.response);
        let Some(result) = called(&playback, &recording, &case).await else { continue };
        typed += 1;
        refused += usize::from(result.is_err());
    }
    // The changes are neither without effect nor such that nothing is read.
    assert!(refused * 20 > typed && refused < typed, "{refused} of {typed} refused");
}

/// A member of a wrong kind is accepted, kept, or an error that names the member.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_the_member() {
    let wrong = [json!({"x": [1]}), json!([[{}]]), json!("\u{1}not a value"), json!(-1.5e300)];
    let all = recordings("1.8.2");
    let objects: Vec<&Recording> = all
        .iter()
        .filter(|recording| recording.method == "GET" && recording.status == 200)
        // What a login returned is quoted nowhere: it may hold a token.
        .filter(|recording| recording.segments.first().is_some_and(|controller| controller != "user"))
        .filter(|recording| recording.envelope().is_some_and(|body| body.get("data").is_some_and(Value::is_object)))
        .collect();
    let playback = Playback::start(Vec::new()).await;
    let mut mutator = Mutator::new(seed());
    let mut errors = 0;
    for number in 0..cases(500) {
        let mut recording = (*mutator.one(&objects)).clone();
        let mut envelope = recording.envelope().unwrap();
        let Some(data) = envelope.get_mut("data").and_then(Value::as_object_mut) else { continue };
        let names: Vec<String> = data.keys().cloned().collect();
        if names.is_empty() {
            continue;
        }
        let name = mutator.one(&names).clone();
        data.insert(name.clone(), mutator.one(&wrong).clone());
        recording.response = Value::Object(envelope).to_string();
        let case = format!("case {number}, {} with another {name}: {}", recording.name, recording.response);
        // Others are those of calls that are refused before they are sent.
        if let Some(Err(error)) = called(&playback, &recording, &case).await
            && error.contains("cannot read the response")
        {
            assert!(error.contains(&name), "{case}\ndoes not name it: {error}");
            errors += 1;
        }
    }
    assert!(errors > 20, "only {errors} errors");
}
