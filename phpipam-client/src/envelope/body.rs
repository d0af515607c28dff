//! Decoding of the envelope's members from bytes.

use std::borrow::Cow;

use ipam_core::http::Redactor;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::{Scalar, Wire, scalar};

/// Members of the envelope, each read from any of its forms.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) code: Option<u16>,
    pub(super) success: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) id: Option<u64>,
    pub(super) subnet_id: Option<u64>,
    pub(super) data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    success: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "subnetId")]
    subnet_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

fn read<T: Wire>(raw: Option<&RawValue>) -> Option<T> {
    T::decode(&mut serde_json::Deserializer::from_str(raw?.get())).ok()
}

/// Returns a number above 0. An id of another form counts as none, because no request can be made with it.
fn number(raw: Option<&RawValue>) -> Option<u64> {
    let mut deserializer = serde_json::Deserializer::from_str(raw?.get());
    u64::try_from(scalar(&mut deserializer, "a number").ok()?.integer()?).ok().filter(|number| *number > 0)
}

/// Returns a message: a sentence, or the JSON of a list of sentences.
fn sentence(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?;
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    match scalar(&mut deserializer, "a sentence") {
        Ok(Scalar::Text(text)) => Some(text.into_owned()),
        Ok(Scalar::Null) => None,
        Ok(_) | Err(_) => Some(raw.get().to_owned()),
    }
}

/// Returns the envelope in `text`; `None` for anything but a JSON object with a readable `success`.
pub(super) fn members(text: &str) -> Option<Members<'_>> {
    interpreted(serde_json::from_str(text).ok()?)
}

fn interpreted(raw: Raw<'_>) -> Option<Members<'_>> {
    let success: Option<bool> = read(raw.success);
    // A body without `success` is not an envelope, whatever else it has: proxies and other applications send `code` and
    // `message` too.
    success?;
    Some(Members {
        code: number(raw.code).and_then(|code| u16::try_from(code).ok()),
        success,
        message: sentence(raw.message),
        id: number(raw.id),
        subnet_id: number(raw.subnet_id),
        // phpIPAM leaves out a member that is `null` (Q12), so the two mean the same.
        data: raw.data.filter(|data| data.get() != "null"),
    })
}

/// Envelope with other text around it.
#[derive(Debug)]
pub(super) struct Surrounded<'a> {
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    pub(super) members: Members<'a>,
}

impl Surrounded<'_> {
    /// Returns the text around the envelope, in order.
    pub(super) fn noise(&self) -> String {
        [self.before.trim(), self.after.trim()].join(" ").trim().to_owned()
    }
}

/// Finds an envelope among other text: the first object that starts with `code` and has a readable `success`.
pub(super) fn surrounded(text: &str) -> Option<Surrounded<'_>> {
    // Each beginning costs one pass over the rest of the body, so a hostile body with many of them would cost their
    // product. PHP prints its warnings before one envelope, so eight are plenty.
    for (start, _) in text.match_indices("{\"code\":").take(8) {
        let (before, rest) = text.split_at_checked(start)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Raw<'_>>();
        let Some(Ok(raw)) = values.next() else { continue };
        let Some(members) = interpreted(raw) else { continue };
        let after = rest.get(values.byte_offset()..).unwrap_or_default();
        return Some(Surrounded { before, after, members });
    }
    None
}

/// Returns true for a text with messages that PHP prints when `display_errors` is on.
pub(super) fn is_php(text: &str) -> bool {
    const KINDS: [&str; 5] = ["Warning", "Notice", "Deprecated", "Fatal error", "Parse error"];
    // With `html_errors` on and off. The plain form counts at the start only, as it may be a part of a description.
    KINDS.iter().any(|kind| text.contains(&format!("<b>{kind}</b>:")) || text.contains(&format!("PHP {kind}:")))
        || KINDS.iter().any(|kind| text.trim_start().starts_with(&format!("{kind}: ")))
}

/// Returns true for a text that consists of phpIPAM's alert boxes, such as `<div class='alert alert-success'>Subnet removed
/// from NAT</div>`. It prints them before the envelope of a call that did more than it was asked for (Q75).
pub(super) fn is_alerts(text: &str) -> bool {
    let mut rest = text.trim();
    while let Some((_, after)) = rest.strip_prefix("<div class='alert ").and_then(|inner| inner.split_once("</div>")) {
        rest = after.trim_start();
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// Returns the text of phpIPAM's alert box, which it prints in place of an envelope in some calls (Q10).
pub(super) fn alert(text: &str) -> Option<String> {
    let start = text.find("<div class='alert")?;
    let inner = text.get(start..)?.split_once('>')?.1;
    let end = inner.find("</div>").unwrap_or(inner.len());
    let inner = inner.get(..end)?;
    let plain: String = {
        let mut depth = 0_u32;
        let visible = inner.chars().filter(|character| match character {
            '<' => {
                depth += 1;
                false
            }
            '>' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        });
        visible.take(500).collect()
    };
    Some(plain.trim().to_owned())
}

/// Returns the body as text, without the byte order mark that a PHP file saved with one prints.
///
/// Bytes that are not UTF-8 become replacement characters; the server does not send them on purpose.
pub(super) fn text(body: &[u8]) -> Cow<'_, str> {
    let mut body = body;
    while let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        body = rest;
    }
    String::from_utf8_lossy(body)
}

/// Replacement for the excerpt of a body that may hold a token.
pub(super) const WITHHELD: &str = "[not shown: it may hold a token]";

/// Returns the known part of a message of `user/`. Nothing else of such a body is repeated, because it may hold a
/// token.
pub(super) fn known_words(message: &str) -> &'static str {
    // The login's own texts, then those of the checks before it. Both spellings of the block are real: `excesive` up
    // to 1.6, `excessive` from 1.7 on (Q55).
    const WORDS: [&str; 24] = [
        "Invalid username or password",
        "User account is disabled",
        "Your IP has been blocked for 5 minutes because of excessive login failures",
        "Your IP has been blocked for 5 minutes because of excesive login failures",
        "Please provide username and password",
        "Please provide token",
        "Token expired",
        "Invalid token",
        "Unauthorized",
        "invalid permissions",
        "Invalid app permissions",
        "Authentication not needed",
        "Authentication failed",
        "Invalid application id",
        "Invalid controller",
        "SSL connection is required for API",
        "App requires SSL connection",
        "Application disabled",
        "API server disabled",
        "Invalid app security",
        "Invalid enc_request",
        "Cannot obtain lock",
        "wait timeout exceeded",
        "Transaction timed out",
    ];
    if message.is_empty() {
        return "";
    }
    WORDS.into_iter().find(|words| message.contains(words)).unwrap_or(WITHHELD)
}

/// Returns the start of a body without secrets.
pub(super) fn excerpt(body: &[u8], limit: usize) -> String {
    Redactor::new().excerpt(body, limit)
}
