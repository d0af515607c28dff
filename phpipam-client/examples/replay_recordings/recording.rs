//! Recorded exchanges, read from their files.

use std::error::Error;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Request with the response of a real server.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) app: String,
    /// Segments below the app, decoded, without empty ones.
    pub(crate) segments: Vec<String>,
    /// The path below the app as it was sent, with the query.
    pub(crate) raw_path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) status: u16,
    pub(crate) response_headers: Vec<(String, String)>,
    /// Body of the response as text.
    pub(crate) response: String,
}

/// Body of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Empty,
    /// Fields, from a JSON object or a form.
    Fields(Map<String, Value>),
    /// Anything else: JSON that is no object, or no JSON.
    Other(String),
}

impl Recording {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns user and password of a login with HTTP Basic.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    pub(crate) fn envelope(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.response).ok()
    }
}

/// Reads all exchanges of a folder, sorted by name.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Recording>, Box<dyn Error + Send + Sync>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.iter().map(|e| e.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err("there are no recordings (*.json) in it".into());
    }
    paths.iter().map(|path| read(path).map_err(|error| format!("{}: {error}", path.display()).into())).collect()
}

fn read(path: &Path) -> Result<Recording, Box<dyn Error + Send + Sync>> {
    let file: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let pairs = |value: &Value| -> Vec<(String, String)> {
        let entries = value.as_object().into_iter().flatten();
        entries.filter_map(|(name, value)| Some((name.to_lowercase(), text(value)?))).collect()
    };
    let request = &file["request"];
    let sent = text(&request["path"]).ok_or("no path")?;
    let below = sent.strip_prefix("/api/").unwrap_or(&sent);
    let (app, raw_path) = match below.split_once(['/', '?']) {
        Some((app, _)) if !app.is_empty() => (app, below.get(app.len() + 1..).unwrap_or_default()),
        // The app is a parameter of the query, as all others.
        Some(_) => ("", below),
        None => (below, ""),
    };
    let (path_only, query) = raw_path.split_once('?').unwrap_or((raw_path, ""));
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let response = &file["response"];
    let body = match (&response["body_text"], &response["body"]) {
        (Value::String(text), _) | (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, json) => json.to_string(),
    };
    let headers = pairs(&request["headers"]);
    let form = headers.iter().any(|(name, value)| name == "content-type" && value.contains("form-urlencoded"));
    Ok(Recording {
        name: path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned(),
        method: text(&request["method"]).ok_or("no method")?,
        app: decode(app),
        segments: path_only.split('/').filter(|part| !part.is_empty()).map(decode).collect(),
        raw_path: raw_path.to_owned(),
        query: pairs_of(query),
        body: body_of(request["body"].as_str(), form),
        headers,
        status: u16::try_from(response["status"].as_u64().ok_or("no status")?)?,
        response_headers: pairs(&response["headers"]),
        response: body,
    })
}

pub(crate) fn pairs_of(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn body_of(body: Option<&str>, form: bool) -> Body {
    match body {
        None | Some("") => Body::Empty,
        Some(text) if form => {
            Body::Fields(pairs_of(text).into_iter().map(|(name, value)| (name, Value::String(value))).collect())
        }
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(fields)) if fields.is_empty() => Body::Empty,
            Ok(Value::Object(fields)) => Body::Fields(fields),
            _ => Body::Other(text.to_owned()),
        },
    }
}
