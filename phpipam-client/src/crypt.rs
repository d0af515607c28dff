//! Requests of apps with the security `crypt`: the whole call in one encrypted parameter.
//!
//! The key is SHA-256 of the app code. The parameter is base64 of three parts: an HMAC-SHA256 under the whole key, the
//! IV, and the call encrypted with AES-128-CBC and PKCS#7 padding under the first half of the key. The HMAC covers the
//! two parts after it.

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use hmac::{Hmac, Mac as _};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::request::ApiRequest;
use crate::wire::JsonObject;

const SEGMENTS: [&str; 5] = ["controller", "id", "id2", "id3", "id4"];

/// Returns the `enc_request` parameter of a request. Each call gives another one, because the IV is random.
pub(crate) fn sealed(request: &ApiRequest, code: &SecretString) -> Result<String> {
    let mut iv = [0; 16];
    getrandom::fill(&mut iv).map_err(|error| {
        Error::invalid("encrypted request", error, "the system has no random numbers; see what it says about them")
    })?;
    // The content type of the request is JSON, so the server expects JSON inside too; with a form it would expect a
    // query string.
    let call = Value::Object(parameters(request)?).to_string();
    Ok(seal(call.as_bytes(), code, iv))
}

/// Returns the whole call as the server reads it: path, query and body in one object, each overriding the one before.
fn parameters(request: &ApiRequest) -> Result<JsonObject> {
    let whole = request.path_and_query();
    let (path, query) = whole.split_once('?').unwrap_or((&whole, ""));
    let mut parameters = JsonObject::new();
    let mut names = SEGMENTS.iter();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let Some(name) = names.next() else {
            return Err(Error::invalid("path", path, "give no more than five segments"));
        };
        let text = percent_decode_str(segment).decode_utf8_lossy().into_owned();
        parameters.insert((*name).to_owned(), Value::String(text));
    }
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        parameters.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    match request.body() {
        None => {}
        Some(Value::Object(fields)) => parameters.extend(fields.clone()),
        Some(_) => {
            return Err(Error::invalid("body", "[not shown]", "give a JSON object: it becomes a part of the call"));
        }
    }
    Ok(parameters)
}

fn seal(call: &[u8], code: &SecretString, iv: [u8; 16]) -> String {
    let key = Sha256::digest(code.expose_secret().as_bytes());
    let mut half = [0; 16];
    half.iter_mut().zip(&key).for_each(|(half, key)| *half = *key);
    let encrypted = cbc::Encryptor::<Aes128>::new(&half.into(), &iv.into()).encrypt_padded_vec_mut::<Pkcs7>(call);
    let mut signed = iv.to_vec();
    signed.extend(encrypted);
    // HMAC hashes a key longer than a block, and pads a shorter one: 32 bytes are as they are.
    let mut block = [0; 64];
    block.iter_mut().zip(&key).for_each(|(block, key)| *block = *key);
    let mut hmac = Hmac::<Sha256>::new(&block.into());
    hmac.update(&signed);
    let mut sent = hmac.finalize().into_bytes().to_vec();
    sent.extend(signed);
    STANDARD.encode(sent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use http::Method;
    use serde_json::json;

    use super::*;

    /// App code of the recorded exchanges.
    const CODE: &str = "k3yK3yK3yK3yK3yK3yK3yK3yK3yK3yK3";

    /// Plaintexts, and their parameters that a real server of 1.8.2 accepted.
    const RECORDED: [(&str, &str); 4] = [
        (
            r#"{"controller": "sections", "id": 1}"#,
            "6I7T9pghsb+5WpphaDLVmhAfb36iCE41ugmtKim0WCiXFlaBhQsW69pdC+nyAk/KSrk7+T/UAkggoQiWqB9l+kGUxerX51pzhc9UGLTWTLlzYnS4K9d4lFKVr9phm8D+",
        ),
        (
            r#"{"controller": "subnets", "id": "9", "description": "patched by crypt"}"#,
            "PQpfNwgVQghOD27/jS4vzAIgfiba0B1RfzR9BNjjfpWlEGHEEJ0dZm7gZuYD4kw1ET8vmZmgp9D9/F/hj1TCfvVoZ4WObChsiSklLHVsoRaLm1toy8RCvVRZSrXz1WsvNAT3dJ9ODOSFlLj3wBqtMbq8IH+JSh1l/uH22zCrBJg=",
        ),
        (
            r#"{"controller": "addresses", "id": "first_free", "id2": "9", "hostname": "crypt.example.test"}"#,
            "TB4LQXErnlXRyeITNYWXn1KvRaWYUuq8Vioi0CHzxPAp0G6IDBw8bqA2ONn/5mpEqgQnOrObLkM9EfKQnACYMnqnOKFeOe1DGIY89isAhPeSMZzhgMojFJp8KQ/PFU+kzcK6iP0mMxRCFBs0Gym4XlxWIqRBTSUi/Vl7y4S71EwGlmeZvRCtVgbDoSsW/ThX",
        ),
        (
            r#"{"controller": "subnets", "id": "9", "id2": "addresses"}"#,
            "PsMy0SM01kucU35cck9vcQqK8bX5lcQOuA5fXOXssVFYozL9WPD5inznRNq6FdUUVTcv+Zk1ZjSD2k613rzroPPIOoHosafiT23J6LkC62pADDLSo4WOYVh+CpUD1FE0RaaSwCK/lC46h3HzkjZKjQ==",
        ),
    ];

    #[test]
    fn what_a_real_server_accepted_is_made_again() {
        for (plain, sent) in RECORDED {
            let bytes = STANDARD.decode(sent).unwrap();
            let iv = bytes[32..48].try_into().unwrap();
            assert_eq!(seal(plain.as_bytes(), &CODE.into(), iv), sent, "{plain}");
            assert_ne!(seal(plain.as_bytes(), &"another".into(), iv), sent, "{plain}");
        }
    }

    #[test]
    fn a_call_is_one_object() {
        let body = json!({"description": "d", "tag": 4});
        let request =
            ApiRequest::raw(Method::PATCH, "addresses/search_hostname/a%20b/?filter_by=x").unwrap().with_body(body);
        let expected = json!({
            "controller": "addresses", "id": "search_hostname", "id2": "a b", "filter_by": "x", "description": "d", "tag": 4,
        });
        assert_eq!(Value::Object(parameters(&request).unwrap()), expected);
        for (path, body) in [("a/b/c/d/e/f/", None), ("a/", Some(json!([1])))] {
            let request = ApiRequest::raw(Method::POST, path).unwrap();
            let request = body.into_iter().fold(request, ApiRequest::with_body);
            assert!(matches!(parameters(&request), Err(Error::Invalid { .. })), "{path}");
        }
    }

    #[test]
    fn no_two_are_the_same() {
        let request = ApiRequest::raw(Method::GET, "sections/").unwrap();
        let sealed = || sealed(&request, &CODE.into()).unwrap();
        assert_ne!(sealed(), sealed());
    }
}
