//! From bytes to the members of the envelope.

use std::borrow::Cow;

use ipam_core::http::Redactor;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Scalar, Wire, scalar};

/// The envelope's members, each in any spelling.
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

/// A number; an id that is no number is as good as none, because nothing can be asked for with it.
fn number(raw: Option<&RawValue>) -> Option<u64> {
    let mut deserializer = serde_json::Deserializer::from_str(raw?.get());
    u64::try_from(scalar(&mut deserializer, "a number").ok()?.integer()?).ok().filter(|number| *number > 0)
}

/// A message is a sentence; some are lists of them.
fn sentence(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?;
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    match scalar(&mut deserializer, "a sentence") {
        Ok(Scalar::Text(text)) => Some(text.into_owned()),
        Ok(Scalar::Null) => None,
        Ok(_) | Err(_) => Some(raw.get().to_owned()),
    }
}

/// The envelope in `text`; `None` when it is none: no JSON object, or one that does not say whether it succeeded.
pub(super) fn members(text: &str) -> Option<Members<'_>> {
    let raw: Raw<'_> = serde_json::from_str(text).ok()?;
    let success: Option<bool> = read(raw.success);
    success?;
    Some(Members {
        code: number(raw.code).and_then(|code| u16::try_from(code).ok()),
        success,
        message: sentence(raw.message),
        id: number(raw.id),
        subnet_id: number(raw.subnet_id),
        data: raw.data.filter(|data| data.get() != "null"),
    })
}

/// The envelope after something that PHP printed before it: the last object that starts like one.
pub(super) fn members_after_noise(text: &str) -> Option<(&str, Members<'_>)> {
    let start = text.rfind("{\"code\":")?;
    let (noise, rest) = text.split_at_checked(start)?;
    Some((noise, members(rest)?))
}

/// The text of phpIPAM's own alert box, which it prints instead of an envelope here and there.
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

/// The body as text. Bytes that are no UTF-8 become replacement characters; the server sends none on purpose.
pub(super) fn text(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body)
}

/// The start of a body without secrets.
pub(super) fn excerpt(body: &[u8], limit: usize) -> String {
    Redactor::new().excerpt(body, limit)
}
