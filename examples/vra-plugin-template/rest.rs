//! Client of JSON over HTTP, made of the form and the credentials of an endpoint. Not about NetBox.

use http::{HeaderValue, Method, StatusCode, header};
use ipam_core::http::{HttpClient, HttpOptions, HttpRequest, TlsOptions, retry_after, status_advice};
use ipam_core::{Error, ErrorKind, Operation, Outcome, Properties, Result};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vra_client::plugin::host::Invocation;

/// Reader of one row of a list.
pub(crate) type Read<T> = fn(&Value) -> Result<T>;

/// Parameter of a query, if any.
pub(crate) type Query = Option<(&'static str, String)>;

/// Client of one server. `Debug` does not show the credentials.
#[derive(Debug)]
pub(crate) struct Rest {
    http: HttpClient,
    authorization: HeaderValue,
}

impl Rest {
    /// Opens the server that the form names, with a header `Authorization` made of user and secret.
    ///
    /// # Errors
    /// `Config` if the host, the credentials or the accepted certificate is missing or cannot be used.
    pub(crate) fn open(
        call: &Invocation,
        options: HttpOptions,
        authorization: impl FnOnce(&str, &str) -> String,
    ) -> Result<Self> {
        let config = |problem: String| Error::new(ErrorKind::Config, Operation::Configure, problem);
        let host = call.form().host_name().map_err(|error| config(error.to_string()))?;
        let host = host.ok_or_else(|| config("endpointProperties.hostName: missing; fill it in".to_owned()))?;
        let base = if host.contains("://") { host } else { format!("https://{}", host.trim()) };
        let credentials = call.credentials().ok_or_else(|| config("the credentials are missing".to_owned()))?;
        // Without an accepted certificate, an untrusted one is shown to the administrator, who may accept it.
        let tls = call.certificate().map_or(Ok(TlsOptions::new()), |pem| TlsOptions::new().with_pinned_pem(pem))?;
        let header = authorization(&credentials.user, credentials.password().expose_secret());
        let mut authorization = HeaderValue::try_from(header).map_err(|_| {
            config("privateKey: it has characters that a header cannot have; enter it again".to_owned())
        })?;
        authorization.set_sensitive(true);
        Ok(Self { http: HttpClient::new(&base, options.with_tls(tls))?, authorization })
    }

    /// Reads.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value> {
        self.send(Method::GET, path, query, None).await
    }

    /// Writes.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Deletes.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub(crate) async fn delete(&self, path: &str) -> Result<Value> {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Sends one request, and returns the JSON of the response, or null if it has no body.
    ///
    /// # Errors
    /// The kind that the status means, with the first 300 characters of the response; `Protocol` if the response is not
    /// JSON; otherwise those of [`HttpClient::send`].
    async fn send(&self, method: Method, path: &str, query: &[(&str, String)], body: Option<Value>) -> Result<Value> {
        let mut url = self.http.origin().url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let shown = format!("{method} {}", url.path());
        let mut request = HttpRequest::new(method, url).with_header(header::AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request.with_body("application/json", body.to_string());
        }
        let response = self.http.send(request).await?;
        let text = String::from_utf8_lossy(&response.body);
        if response.status.is_success() {
            let read = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text) };
            return read.map_err(|error| protocol(format!("the response is not JSON: {error}")));
        }
        let kind = match response.status {
            // Some servers send 403 also for credentials that they do not know.
            StatusCode::FORBIDDEN
                if ["nvalid", "expired", "disabled", "not provided"].iter().any(|w| text.contains(w)) =>
            {
                ErrorKind::Unauthenticated
            }
            StatusCode::UNAUTHORIZED => ErrorKind::Unauthenticated,
            StatusCode::FORBIDDEN => ErrorKind::PermissionDenied,
            StatusCode::NOT_FOUND => ErrorKind::NotFound,
            StatusCode::CONFLICT => ErrorKind::Conflict,
            StatusCode::TOO_MANY_REQUESTS => ErrorKind::RateLimited,
            status if status.is_server_error() => ErrorKind::Unavailable,
            status if status.is_client_error() => ErrorKind::InvalidInput,
            _ => ErrorKind::Protocol,
        };
        let said: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
        let mut error = Error::new(kind, Operation::Send, format!("the server responded {}: {said}", response.status))
            .with_context("request", shown);
        if response.status.is_server_error() {
            error = error.with_outcome(Outcome::Unknown);
        }
        error = error.with_retry(status_advice(response.status));
        match retry_after(&response.headers, std::time::SystemTime::now()) {
            Some(wait) => Err(error.with_retry_after(wait)),
            None => Err(error),
        }
    }
}

fn protocol(problem: String) -> Error {
    Error::new(ErrorKind::Protocol, Operation::Send, problem)
}

/// Reads a member.
///
/// # Errors
/// `Protocol`, with the member, if it is missing or of another type.
pub(crate) fn parsed<T: DeserializeOwned>(row: &Value, member: &str) -> Result<T> {
    T::deserialize(&row[member]).map_err(|error| protocol(format!("{member}: {error}")))
}

/// Reads a member that may be missing, null or empty.
///
/// # Errors
/// `Protocol`, with the member, if it is of another type. A value that cannot be read is never taken for none: it may be
/// the mark of an address, or a gateway.
pub(crate) fn optional<T: DeserializeOwned>(row: &Value, member: &str) -> Result<Option<T>> {
    match &row[member] {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        _ => parsed(row, member).map(Some),
    }
}

/// Returns the elements of a list.
pub(crate) fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Returns the members of an object that are texts, numbers or flags.
pub(crate) fn texts(object: &Value) -> Properties {
    let members = object.as_object().into_iter().flatten();
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    members.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}
