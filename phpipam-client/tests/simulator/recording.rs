//! Recorded exchanges, and the comparison of a response with them.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::wire::{Response, exchange};

/// Returns the file of an exchange that was recorded with a server.
fn file(server: &str, name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format!("recordings-{server}/{name}.json"))
}

/// Returns the names of all exchanges that were recorded with a server, in alphabetical order.
pub(crate) fn names(server: &str) -> Vec<String> {
    let files = std::fs::read_dir(file(server, "any").parent().unwrap()).unwrap();
    let name = |file: std::fs::DirEntry| Some(file.path().file_name()?.to_str()?.strip_suffix(".json")?.to_owned());
    let mut names: Vec<String> = files.filter_map(|file| name(file.unwrap())).collect();
    names.sort();
    names
}

/// Request with the response of a real server.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) name: String,
    request: Value,
    response: Value,
}

impl Recording {
    pub(crate) fn load(server: &str, name: &str) -> Self {
        let text = std::fs::read_to_string(file(server, name)).unwrap_or_else(|e| panic!("no recording {name}: {e}"));
        let mut value: Value = serde_json::from_str(&text).unwrap();
        Self { name: name.to_owned(), request: value["request"].take(), response: value["response"].take() }
    }

    /// Returns the id of the object that the recorded request created.
    pub(crate) fn created(&self) -> Option<&str> {
        self.response["body"]["id"].as_str()
    }

    fn status(&self) -> u64 {
        self.response["status"].as_u64().unwrap()
    }

    /// Sends the request to a server.
    ///
    /// Recorded tokens are replaced by those that this server returned to earlier logins. `replace` changes an id in
    /// the path.
    pub(crate) fn send(&self, address: SocketAddr, tokens: &Tokens, replace: Option<(&str, &str)>) -> Response {
        let text = |key: &str| self.request[key].as_str().unwrap();
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in self.request["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let is_token = ["token", "phpipam-token"].contains(&name.to_ascii_lowercase().as_str());
            let value = if is_token { tokens.translate(value, self.status()) } else { value.to_owned() };
            headers.push((name.clone(), value));
        }
        if text("scheme") == "https" {
            headers.push(("x-forwarded-proto".to_owned(), "https".to_owned()));
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let path = replace.map_or_else(|| text("path").to_owned(), |(from, to)| text("path").replace(from, to));
        exchange(address, text("method"), &path, &headers, self.request["body"].as_str()).unwrap()
    }

    /// Returns the differences between the recorded response and this one.
    ///
    /// With `shape` only members and types are compared inside `data`.
    pub(crate) fn differences(&self, response: &Response, shape: bool) -> Vec<String> {
        let mut out = Vec::new();
        if self.status() != u64::from(response.status) {
            out.push(format!("status {} instead of {}", response.status, self.status()));
        }
        for name in ["content-type", "location"] {
            let wanted = self.response["headers"][name].as_str();
            if wanted.map(str::to_lowercase) != response.header(name).map(str::to_lowercase) {
                out.push(format!("{name} {:?} instead of {wanted:?}", response.header(name)));
            }
        }
        let closes = self.response["headers"]["connection"].as_str() == Some("close");
        if closes && response.header("connection") != Some("close") {
            out.push("the connection is not closed".to_owned());
        }
        let (mut wanted, mut got) = (self.response["body"].clone(), response.json());
        // Sections without an order number come in any order from the database.
        if self.request["path"].as_str().unwrap().to_ascii_lowercase().trim_end_matches('/').ends_with("/sections")
            || self.name == "sections-get-zero"
        {
            sort_by_id(&mut wanted);
            sort_by_id(&mut got);
        }
        compare("", &wanted, &got, shape, &mut out);
        out
    }
}

/// Recorded tokens with the tokens that this server returned instead.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    known: HashMap<String, String>,
    /// Token sent for recorded ones whose login was not recorded.
    pub(crate) other: String,
}

impl Tokens {
    /// Adds the token of a login.
    pub(crate) fn learn(&mut self, recording: &Recording, response: &Response) {
        let recorded = recording.response["body"]["data"]["token"].as_str();
        if let (Some(recorded), Some(token)) = (recorded, response.json()["data"]["token"].as_str()) {
            self.known.insert(recorded.to_owned(), token.to_owned());
        }
    }

    /// Returns the token to send. App codes, and tokens that the real server refused, stay as they are.
    fn translate(&self, recorded: &str, status: u64) -> String {
        let refused = status == 401 || status == 403;
        match self.known.get(recorded) {
            Some(token) => token.clone(),
            None if recorded.len() == 24 && !refused => self.other.clone(),
            None => recorded.to_owned(),
        }
    }
}

fn sort_by_id(body: &mut Value) {
    if let Some(list) = body.get_mut("data").and_then(Value::as_array_mut) {
        list.sort_by_key(|row| row["id"].to_string());
    }
}

/// Returns a text without what differs from run to run: times of the day, the wait for a lock, the time of an XML
/// response.
fn steady(text: &str) -> String {
    if text.starts_with("2026-11-22 ") {
        return "some time on that day".to_owned();
    }
    if let Some((before, _)) = text.split_once(" after 1.00") {
        return before.to_owned();
    }
    match (text.find("<time>"), text.find("</time>")) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to..]),
        _ => text.to_owned(),
    }
}

fn compare(path: &str, wanted: &Value, got: &Value, shape: bool, out: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeMap<&String, ()> = a.keys().chain(b.keys()).map(|k| (k, ())).collect();
            for key in keys.into_keys() {
                let place = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(x), Some(y)) if key == "time" && path.is_empty() => {
                        if !x.is_number() || !y.is_number() {
                            out.push(format!("{place}: {y} instead of {x}"));
                        }
                    }
                    (Some(Value::String(_)), Some(Value::String(_))) if key == "token" => {}
                    (Some(x), Some(y)) => {
                        let text_matters = !shape || (path.is_empty() && key != "data");
                        compare(&place, x, y, !text_matters, out);
                    }
                    (Some(x), None) => out.push(format!("{place}: missing {x}")),
                    (None, y) => out.push(format!("{place}: unexpected {}", y.unwrap())),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if shape => {
            if let (Some(x), Some(y)) = (a.first(), b.first()) {
                compare(&format!("{path}[]"), x, y, shape, out);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                out.push(format!("{path}: {} items instead of {}", b.len(), a.len()));
            }
            for (i, (x, y)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{i}]"), x, y, shape, out);
            }
        }
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) if shape => {}
        (Value::String(a), Value::String(b)) if steady(a) == steady(b) => {}
        // A nullable column may hold a value in one of the two servers only.
        (Value::Null, _) | (_, Value::Null) if shape => {}
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: {b} instead of {a}")),
    }
}
