//! Bodies of requests.

use std::fmt::Display;
use std::time::Duration;

use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::refusal::Refusal;

/// Longest time for a body.
const LONGEST: Duration = Duration::from_secs(10);
/// Longest time, and most bytes, of the rest of a refused body. It is read, because a connection that is closed with unread
/// data loses the response.
const REST: (Duration, usize) = (Duration::from_secs(2), 8 << 20);

/// Reads the JSON of a body.
pub(super) async fn read<T, B>(body: &mut B, most: usize) -> Result<T, Refusal>
where
    T: DeserializeOwned,
    B: Body<Data = Bytes, Error: Display + Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin,
{
    let too_large = || {
        let message = format!("the body has more than {most} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    };
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let bytes = match timeout(LONGEST, Limited::new(&mut *body, most).collect()).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(error)) => {
            return Err(Refusal::bad_request("body_cut_off", format!("the body did not arrive: {error}")));
        }
        Err(_) => {
            let message = format!("the body took longer than {} s", LONGEST.as_secs());
            return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message));
        }
    };
    let mut json = serde_json::Deserializer::from_slice(&bytes);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let place = if field == "." { String::new() } else { format!("{field}: ") };
        Refusal::bad_request("invalid_body", format!("the body cannot be read: {place}{}", error.inner()))
    })?;
    json.end().map_err(|_| Refusal::bad_request("invalid_body", "the body has more after its JSON object"))?;
    Ok(parsed)
}

/// Reads the rest of a body, within limits.
pub(super) async fn discard<B: Body<Data = Bytes> + Send + Unpin>(body: &mut B) {
    let (time, most) = REST;
    let rest = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > most {
                break;
            }
        }
    };
    let _ = timeout(time, rest).await;
}
