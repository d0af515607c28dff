//! HTTP client that sends requests unchanged, also invalid ones.

use std::io::{Error, Read, Write};
use std::net::{SocketAddr, TcpStream};

use phpipam_client::testing::Server;
use serde_json::Value;

/// Status, headers and body of one response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON. A body that is no JSON becomes a JSON string.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| Value::String(self.text.clone()))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends one request on a connection of its own.
pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Response, Error> {
    let mut stream = TcpStream::connect(address)?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    } else {
        request.push_str("\r\n");
    }
    stream.write_all(request.as_bytes())?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    let raw = String::from_utf8_lossy(&raw).into_owned();
    let (head, text) = raw.split_once("\r\n\r\n").ok_or_else(|| Error::other("connection cut"))?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Response { status: status.ok_or_else(|| Error::other("no status line"))?, headers, text: text.to_owned() })
}

/// Caller with the token of a login.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    pub(crate) app: String,
    pub(crate) token: String,
}

impl Caller {
    /// Logs in to the app of a server without added apps.
    pub(crate) fn of(server: &Server) -> Self {
        Self::on(server.address(), Server::APP, "admin:correct horse")
    }

    /// Logs in to an app with credentials in the form `name:password`.
    pub(crate) fn on(address: SocketAddr, app: &str, credentials: &str) -> Self {
        let response = login(address, app, credentials);
        let token = response.json()["data"]["token"].as_str().unwrap_or_default().to_owned();
        Self { address, app: app.to_owned(), token }
    }

    pub(crate) fn try_send(&self, method: &str, path: &str, body: Option<&str>) -> Result<Response, Error> {
        let path = format!("/api/{}/{path}", self.app);
        let headers = [("token", self.token.as_str()), ("content-type", "application/json")];
        exchange(self.address, method, &path, &headers, body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&str>) -> Response {
        self.try_send(method, path, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, Some(body))
    }
}

/// Sends `POST user/` with HTTP Basic.
pub(crate) fn login(address: SocketAddr, app: &str, credentials: &str) -> Response {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
    let basic = format!("Basic {encoded}");
    exchange(address, "POST", &format!("/api/{app}/user/"), &[("authorization", &basic)], None).unwrap()
}
