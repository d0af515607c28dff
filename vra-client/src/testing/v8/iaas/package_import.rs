//! Import of an IPAM package: an upload in parts by the protocol tus 1.0.0, and the import of what was uploaded.

use std::sync::Arc;

use http::HeaderName;
use http::header::LOCATION;
use ipam_core::testing::http::Response;
use serde_json::{Value, json};

use crate::testing::v8::context::{Context, Reply, Result, required};
use crate::testing::v8::refusal::{Refusal, invalid, not_found};
use crate::testing::v8::rows::Upload;
use crate::testing::v8::store::Package;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// First bytes of a zip archive.
const ZIP: &[u8] = b"PK\x03\x04";

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    // Both headers of an upload come with the last call too, so the body tells the two apart.
    let json = !call.request.body().is_empty();
    Some(match (method, path) {
        // The same path begins an upload and ends it.
        ("POST", []) if json => import(call),
        ("POST", []) => begin(call),
        ("HEAD", [id]) => tus(call).and_then(|()| match call.store.uploads.iter().find(|upload| upload.id == *id) {
            Some(upload) => Ok(Reply::Other(state(Response::empty(200), upload))),
            None => Err(not_found("Upload", id)),
        }),
        ("PATCH", [id]) => append(call, id),
        _ => return None,
    })
}

/// Checks the version of the protocol.
fn tus(call: &Context<'_>) -> std::result::Result<(), Refusal> {
    match call.request.header("tus-resumable") {
        Some("1.0.0") => Ok(()),
        _ => Err(Refusal::new(412, "The header Tus-Resumable must be 1.0.0.")),
    }
}

fn number(call: &Context<'_>, name: &str) -> std::result::Result<usize, Refusal> {
    let value = call.request.header(name).and_then(|text| text.parse().ok());
    value.ok_or_else(|| invalid(format!("The header {name} is not a number.")))
}

fn state(response: Response, upload: &Upload) -> Response {
    response
        .with_header(RESUMABLE, "1.0.0")
        .with_header(OFFSET, upload.bytes.len().to_string())
        .with_header(LENGTH, upload.length.to_string())
}

fn begin(call: &mut Context<'_>) -> Result {
    tus(call)?;
    let length = number(call, "upload-length")?;
    if length == 0 {
        return Err(invalid("The header upload-length is 0."));
    }
    let id = call.store.id();
    let upload = Upload { id: id.clone(), length, bytes: Vec::new() };
    let response = state(Response::empty(201), &upload);
    call.store.uploads.push(upload);
    Ok(Reply::Other(response.with_header(LOCATION, format!("/iaas/api/integrations-ipam/package-import/{id}"))))
}

fn append(call: &mut Context<'_>, id: &str) -> Result {
    tus(call)?;
    if call.request.header("content-type") != Some("application/offset+octet-stream") {
        return Err(Refusal::new(415, "The content type must be application/offset+octet-stream."));
    }
    let offset = number(call, "upload-offset")?;
    let part = call.request.body().to_vec();
    let Some(upload) = call.store.uploads.iter_mut().find(|upload| upload.id == id) else {
        return Err(not_found("Upload", id));
    };
    // A part that was received already, or one after a gap: the client asks for the offset and goes on from there.
    if offset != upload.bytes.len() {
        return Err(Refusal::new(409, format!("The offset is {}, not {offset}.", upload.bytes.len())));
    }
    if part.len() > upload.length - offset {
        return Err(Refusal::new(413, format!("The upload has {} bytes, and not more.", upload.length)));
    }
    upload.bytes.extend(part);
    Ok(Reply::Other(state(Response::empty(204), upload)))
}

fn import(call: &mut Context<'_>) -> Result {
    let body = call.body()?;
    let bundle = required(&body, "bundleId")?;
    let Some(at) = call.store.uploads.iter().position(|upload| upload.id == bundle) else {
        return Err(not_found("Upload", &bundle));
    };
    if let Some(upload) = call.store.uploads.get(at).filter(|upload| !upload.is_complete()) {
        return Err(invalid(format!("The upload has {} of {} bytes.", upload.bytes.len(), upload.length)));
    }
    let Some(upload) = call.store.uploads.get(at).cloned() else { return Err(not_found("Upload", &bundle)) };
    if !upload.bytes.starts_with(ZIP) {
        return Err(invalid("The package is not a zip archive."));
    }
    let (name, version) = described(&upload.bytes);
    let known = call.store.packages.iter().find(|package| package.name == name).map(|package| package.id.clone());
    // A package of the same name keeps the id, so that its integrations go on with the new one.
    let id = match (known, body.get("option").and_then(Value::as_str)) {
        (Some(_), Some("FAIL")) => {
            return Err(Refusal::new(409, format!("The IPAM provider {name} is imported already.")));
        }
        (known, None | Some("FAIL" | "OVERWRITE")) => known.unwrap_or_else(|| call.store.id()),
        (_, Some(other)) => return Err(invalid(format!("The option {other} is not known."))),
    };
    call.store.uploads.retain(|upload| upload.id != bundle);
    call.store.packages.retain(|package| package.id != id);
    call.store.packages.push(Package { id: id.clone(), name: name.clone(), bytes: Arc::from(upload.bytes) });
    Ok(Reply::Json(200, json!({"providerId": id, "providerName": name, "providerVersion": version, "logoIcon": ""})))
}

/// Returns name and version from the `registration.yaml` of a package.
#[cfg(feature = "package")]
fn registration(bytes: &[u8]) -> Option<(String, String)> {
    let package = crate::package::Package::from_bytes(bytes.to_vec());
    let text = String::from_utf8(package.read("registration.yaml").ok()?).ok()?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned())
    };
    Some((value("name")?, value("version")?))
}

/// Returns name and version of a package.
fn described(bytes: &[u8]) -> (String, String) {
    #[cfg(feature = "package")]
    if let Some(found) = registration(bytes) {
        return found;
    }
    // Without the feature no archive is read. The name then tells two packages apart, and nothing more.
    let sum = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    (format!("package-{sum:016x}"), "1.0.0".to_owned())
}
