//! Format of a recorded call.

use serde_json::Value;

/// What a file has to look like; see the documentation of the program for its members.
const FORMAT: &str =
    r#"{"request": {"method": "GET", "path": "/iaas/api/projects?$top=10"}, "status": 200, "body": PAYLOAD}"#;

/// One recorded call.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) method: String,
    /// Path without host, query and slash at the end.
    pub(crate) path: String,
    /// Names of the query parameters.
    pub(crate) query: Vec<String>,
    pub(crate) status: u16,
    /// Generation of the server; `None` if the file does not say, and then the path decides.
    pub(crate) generation: Option<Generation>,
    pub(crate) body: Value,
}

/// Meaning of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the server returned.
    Response,
    /// What a client sent.
    Request,
}

/// Generation of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// 6.2 to 7.6.
    V7,
    /// 8.x, Aria Automation and VCF Automation 9.
    V8,
}

impl Sample {
    /// Reads a sample file; the error says what is wrong with the file, and how it has to look.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut file: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        let given = |pointer: &str| file.pointer(pointer).filter(|value| !value.is_null());
        if given("/request").is_none() {
            return Err(format!("the file has no request; put the payload into {FORMAT}"));
        }
        let text = |pointer: &str, name: &str| match given(pointer) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Some(other) => Err(format!("{name} is {other}, expected a text as in {FORMAT}")),
            None => Err(format!("{name} is missing, expected it as in {FORMAT}")),
        };
        let method = text("/request/method", "request.method")?.to_ascii_uppercase();
        let target = text("/request/path", "request.path")?;
        let kind = match given("/kind") {
            None => Kind::Response,
            Some(value) => match value.as_str() {
                Some("response") => Kind::Response,
                Some("request") => Kind::Request,
                _ => return Err(format!("kind is {value}, expected \"response\" or \"request\"")),
            },
        };
        let status = match given("/status") {
            None => 200,
            Some(value) => {
                let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
                let status = status.filter(|status| (100..600).contains(status));
                status.ok_or_else(|| format!("status is {value}, expected an HTTP status such as 200"))?
            }
        };
        let generation = given("/generation").map(Generation::read).transpose()?;
        let (path, query) = split(&target)?;
        let body = file.get_mut("body").map(Value::take).unwrap_or_default();
        Ok(Self { kind, method, path, query, status, generation, body })
    }
}

/// Splits a path or URL into the path without host and slash at the end, and the names of its query parameters.
fn split(target: &str) -> Result<(String, Vec<String>), String> {
    let refused = || format!("request.path is {target:?}, expected a path such as /iaas/api/projects, or a URL");
    let local = match target.split_once("://") {
        // What was copied out of a browser or a log has the host before the path.
        Some((_, rest)) => rest.get(rest.find('/').ok_or_else(refused)?..).unwrap_or_default(),
        None => target,
    };
    if !local.starts_with('/') {
        return Err(refused());
    }
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    let names = query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty());
    Ok((path.trim_end_matches('/').to_owned(), names.map(str::to_owned).collect()))
}

impl Generation {
    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match text.split('.').next() {
            Some("6" | "7") => Ok(Self::V7),
            Some("8" | "9") => Ok(Self::V8),
            _ => Err(format!("generation is {value}, expected \"7\" (6.2 to 7.6) or \"8\" (8.x and 9)")),
        }
    }

    /// Returns the name of its client.
    pub(crate) fn client(self) -> &'static str {
        match self {
            Self::V7 => "vra_client::v7",
            Self::V8 => "vra_client::v8",
        }
    }
}
