//! Replay of a folder: every exchange by its typed method, or by `raw()` if there is none.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use http::{HeaderName, Method};
use ipam_core::http::{HttpOptions, ProxyOptions, TlsOptions};
use ipam_core::{BackoffConfig, RetryConfig};
use phpipam_client::{Auth, Client, Error};
use serde_json::{Map, Value};

use super::compare::{losses, same_fields, same_levels};
use super::expect::{Expected, expected, wrong};
use super::known::Known;
use super::recording::{Body, Recording, read_folder};
use super::route::{Done, Sort, route};
use super::serve::{Arrived, Playback, without_all};

/// Result of a replay.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) replayed: usize,
    pub(crate) typed: usize,
    pub(crate) raw: usize,
    /// Members that ended up in `extra`, as `Model.member`.
    pub(crate) extra: BTreeSet<String>,
    pub(crate) mismatches: Vec<String>,
    /// Places of the entries of `known.txt` that were needed.
    pub(crate) used: BTreeSet<usize>,
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.replayed += other.replayed;
        self.typed += other.typed;
        self.raw += other.raw;
        self.extra.extend(other.extra);
        self.mismatches.extend(other.mismatches);
        self.used.extend(other.used);
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "replayed {}, typed {}, raw {}, extra {}, mismatched {}",
            self.replayed,
            self.typed,
            self.raw,
            self.extra.len(),
            self.mismatches.len()
        )
    }
}

/// Replays a folder.
pub(crate) async fn folder(folder: &Path) -> Result<Report, Box<dyn StdError + Send + Sync>> {
    let recordings = read_folder(folder)?;
    let known = Known::read()?;
    let custom = custom_fields(&recordings);
    let playback = Playback::start(recordings.clone()).await;
    let mut report = Report::default();
    for recording in &recordings {
        report.replayed += 1;
        let mut problems = Vec::new();
        let extra = match typed(&playback, recording, &mut problems).await? {
            Some(extra) => {
                report.typed += 1;
                extra
            }
            None => {
                report.raw += 1;
                match known.find("raw", &recording.name) {
                    Some(place) => drop(report.used.insert(place)),
                    None => problems.push("no typed method makes this request, and it is not listed".to_owned()),
                }
                raw(&playback, recording, &mut problems).await?;
                Vec::new()
            }
        };
        for member in extra {
            let name = member.rsplit('.').next().unwrap_or_default();
            if custom.contains(name) {
                continue;
            }
            match known.find("extra", &member) {
                Some(place) => drop(report.used.insert(place)),
                None => problems.push(format!("{member} ends up in extra, and is not listed")),
            }
            report.extra.insert(member);
        }
        let file = folder.join(format!("{}.json", recording.name));
        problems.dedup();
        report.mismatches.extend(problems.into_iter().take(5).map(|problem| format!("{}: {problem}", file.display())));
    }
    Ok(report)
}

/// Returns the names of the custom fields, from the exchanges of the folder that list them.
fn custom_fields(recordings: &[Recording]) -> BTreeSet<String> {
    let schemas =
        recordings.iter().filter(|recording| recording.segments.last().is_some_and(|last| last == "custom_fields"));
    let mut names: BTreeSet<String> = schemas
        .filter_map(|recording| {
            Some(recording.envelope()?.get("data")?.as_object()?.keys().cloned().collect::<Vec<_>>())
        })
        .flatten()
        .collect();
    // Locations and devices have no such exchange. The pages of phpIPAM give new custom fields the prefix `custom_`.
    for recording in recordings {
        collect_custom(&Value::Object(recording.envelope().unwrap_or_default()), &mut names);
    }
    names
}

fn collect_custom(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if name.starts_with("custom_") && name != "custom_fields" {
                    names.insert(name.clone());
                }
                collect_custom(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_custom(item, names)),
        _ => {}
    }
}

fn client(playback: &Playback, recording: &Recording) -> Result<Client, Error> {
    let (header, token) = match (recording.header("phpipam-token"), recording.header("token")) {
        (Some(token), _) => ("phpipam-token", Some(token)),
        (None, token) => ("token", token),
    };
    let auth = token.filter(|token| !token.is_empty()).map_or_else(Auth::none, Auth::app_code);
    let now = BackoffConfig::new(Duration::ZERO, Duration::ZERO);
    let once_more = RetryConfig::new(1, Duration::from_secs(5)).with_backoff(now);
    let app = if recording.app.is_empty() { "none" } else { &recording.app };
    // Reading the system's certificates for each exchange would take most of the time.
    let tls = TlsOptions::new().with_system_roots(false);
    let options = HttpOptions::new().with_allow_http(true).with_proxy(ProxyOptions::none()).with_tls(tls);
    Client::builder(playback.url(), app, auth)
        .with_http_options(options)
        .with_retry(once_more)
        .with_allocate_retry(once_more)
        .with_token_header(HeaderName::from_static(header))
        .with_stringified_numbers(recording.header("api-stringify-results").is_some())
        .build()
}

/// Replays by the typed method, and returns the members in `extra`. `None` if no typed method sends this request.
async fn typed(
    playback: &Playback,
    recording: &Recording,
    problems: &mut Vec<String>,
) -> Result<Option<Vec<String>>, Box<dyn StdError + Send + Sync>> {
    let client = client(playback, recording)?;
    let Some((sort, call)) = route(&client, recording) else { return Ok(None) };
    playback.load(recording);
    let result = call.await;
    let arrived = playback.arrived();
    let made = arrived.iter().filter(|arrived| same_request(recording, arrived)).count();
    if made == 0 {
        return Ok(None);
    }
    let expected = expected(recording, sort);
    Ok(Some(match result {
        Ok(done) => {
            match expected {
                Expected::Success => success(recording, &done, problems),
                Expected::Nothing if done.data.as_ref().is_some_and(|data| data == &Value::Array(Vec::new())) => {}
                Expected::Refused(..) if sort == Sort::Schema && done.data == Some(Value::Object(Map::new())) => {}
                other => problems.push(format!("expected {other:?}, got a success: {:?}", done.data)),
            }
            done.extra
        }
        Err(error) => {
            problems.extend(wrong_unless_old(recording, &expected, &error, made));
            Vec::new()
        }
    }))
}

/// Returns the difference, except for the changelogs of versions before 1.7.
///
/// They return the object itself (Q60), which the client reports as unsupported.
fn wrong_unless_old(recording: &Recording, expected: &Expected, error: &Error, requests: usize) -> Option<String> {
    let changelog = recording.segments.last().is_some_and(|last| last == "changelog");
    if changelog && *expected == Expected::Success && error.is_unsupported() {
        let entry = recording.envelope()?.get("data")?.get("diff").is_some();
        return entry.then(|| error.to_string());
    }
    wrong(expected, error, requests)
}

fn success(recording: &Recording, done: &Done, problems: &mut Vec<String>) {
    let Some(envelope) = recording.envelope() else { return };
    if let Some(id) = done.id
        && envelope.get("id").map(|sent| sent.to_string().trim_matches('"').to_owned()) != Some(id.to_string())
    {
        problems.push(format!("id {id}, sent {:?}", envelope.get("id")));
    }
    let (Some(back), sent) = (&done.data, envelope.get("data").unwrap_or(&Value::Null)) else { return };
    let mut sent = sent.clone();
    if recording.method == "GET" && recording.segments.first().is_some_and(|first| first == "search") {
        sent = searched(sent);
    }
    if let (Some(dropped), Value::Array(rows)) = (done.dropped, &mut sent) {
        rows.retain(|row| {
            row.get("id").map(|id| id.to_string().trim_matches('"').to_owned()) != Some(dropped.to_string())
        });
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.remove("gateway");
            row.remove("gatewayId");
        }
    }
    if back.is_array() && !sent.is_array() {
        sent = if sent.is_null() { Value::Array(Vec::new()) } else { Value::Array(vec![sent]) };
    }
    if let (Value::Array(rows), false) = (&sent, back.is_array()) {
        sent = rows.first().cloned().unwrap_or_default();
    }
    if let (Value::Array(rows), Some("folders" | "subnets")) =
        (&mut sent, recording.segments.first().map(String::as_str))
    {
        // 1.3.2 lists subnets among the folders; the client drops them.
        let folders = recording.segments.first().is_some_and(|first| first == "folders");
        let folder = |row: &Value| row.get("isFolder").map(|flag| flag.to_string().trim_matches('"') == "1");
        rows.retain(|row| folder(row).is_none_or(|folder| folder == folders));
    }
    losses("data", &sent, back, problems);
}

/// Returns the rows of each part of a search, without the envelopes around them and the filter of the request.
fn searched(mut sent: Value) -> Value {
    if let Value::Object(parts) = &mut sent {
        parts.remove("search_filter");
        for part in parts.values_mut() {
            let rows = part.get_mut("data").map(Value::take).unwrap_or_default();
            *part = if rows.is_string() { Value::Array(Vec::new()) } else { rows };
        }
    }
    sent
}

/// Returns true for the recorded request: the same path, query and fields.
///
/// The client adds the tag to a change of an address (Q61), and the name to one of a VLAN (Q63).
fn same_request(recording: &Recording, arrived: &Arrived) -> bool {
    let mut queries = (recording.query.clone(), arrived.query.clone());
    queries.0.retain(|pair| *pair != ("filter_match".to_owned(), "full".to_owned()));
    queries.0.sort();
    queries.1.sort();
    recording.method == arrived.method
        && without_all(&recording.segments) == without_all(&arrived.segments)
        && queries.0 == queries.1
        && match (&recording.body, &arrived.body) {
            (Body::Fields(sent), Body::Fields(made)) => {
                let mut made = made.clone();
                let added = match recording.segments.first().map(String::as_str) {
                    Some("addresses") => "tag",
                    Some("vlans") => "name",
                    _ => "",
                };
                if recording.method == "PATCH" && !sent.contains_key(added) {
                    made.remove(added);
                }
                match recording.segments.last().map(String::as_str) {
                    Some("permissions") => same_levels(sent, &made),
                    _ => same_fields(sent, &made),
                }
            }
            (sent, made) => sent == made,
        }
}

/// Replays by `raw()`.
async fn raw(
    playback: &Playback,
    recording: &Recording,
    problems: &mut Vec<String>,
) -> Result<(), Box<dyn StdError + Send + Sync>> {
    let client = client(playback, recording)?;
    playback.load(recording);
    let body = match &recording.body {
        Body::Empty => None,
        Body::Fields(fields) => Some(Value::Object(fields.clone())),
        Body::Other(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))),
    };
    let method = Method::from_bytes(recording.method.as_bytes())?;
    let result = client.raw(method, &recording.raw_path, body).await;
    let requests = playback.arrived().len();
    let expected = expected(recording, Sort::Other);
    let climbs = ipam_core::http::path_problem(&recording.raw_path).is_some();
    match result {
        // The client refuses to send such a path, so the recorded response does not matter.
        Err(Error::Invalid { .. }) if climbs && requests == 0 => {}
        Ok(response) if expected == Expected::Success => {
            let sent = recording.envelope().and_then(|envelope| envelope.get("data").cloned()).unwrap_or_default();
            if response.data != sent {
                problems.push(format!("raw: sent {sent}, got {}", response.data));
            }
        }
        Ok(response) => problems.push(format!("raw: expected {expected:?}, got {response:?}")),
        Err(error) => problems.extend(wrong(&expected, &error, requests).map(|problem| format!("raw: {problem}"))),
    }
    Ok(())
}
