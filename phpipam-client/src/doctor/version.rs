//! Version of the server, by its features: no response names it.

use http::Method;
use serde_json::Value;

use super::check::Check;
use super::report::{Finding, NumberForm, Report};
use super::url::Place;
use crate::client::{Client, RawResponse};
use crate::error::{Error, Result};
use crate::probe::{has_device_type_colours, has_filter_match, has_search};
use crate::request::ApiRequest;

/// An id that no tag has.
const NO_SUCH_TAG: &str = "tools/tags/2000000000/";

/// Finds the version, and warns of one with known vulnerabilities.
pub(super) async fn check(place: &Place, report: &mut Report) -> Result<()> {
    let version = version(&place.client, report.facts.numbers).await?;
    report.facts.version = Some(version);
    let remedy = "upgrade to phpIPAM 1.8.2 or later, or let only trusted hosts reach the API";
    let finding = if version == "1.8 or later" {
        let message = "it is 1.8 or later; 1.8.0 and 1.8.1, which let callers past the API's authentication, look the same as 1.8.2";
        let remedy = "compare the version at the foot of the web interface with 1.8.2";
        Finding::new(Check::VersionUnclear, "server", message, remedy)
    } else if version.ends_with("or later") {
        let message = format!(
            "it is {version}; versions before 1.8.2 let callers past the API's authentication and write through read-only apps"
        );
        Finding::new(Check::VersionUnclear, "server", message, remedy)
    } else {
        let message = format!(
            "it is {version}; versions before 1.8.2 let callers past the API's authentication and write through read-only apps"
        );
        Finding::new(Check::VersionVulnerable, "server", message, remedy)
    };
    report.add(finding);
    Ok(())
}

/// Returns true if allocations may race without the app's lock: before 1.4 and from 1.8 on. From 1.4 to 1.7 the server
/// locks the subnet's row.
pub(super) fn may_need_lock(version: Option<&str>) -> bool {
    !matches!(version, Some("1.4" | "1.5" | "1.6" | "1.7" | "1.6 or 1.7"))
}

async fn version(client: &Client, numbers: Option<NumberForm>) -> Result<&'static str> {
    if !has_search(client).await? {
        // "Nothing found" is HTTP 404 from 1.5 on, and 200 before (Q10, Q11).
        return Ok(match client.raw(Method::GET, NO_SUCH_TAG, None).await {
            Err(Error::Refused(refusal)) if refusal.status == 404 => "1.5",
            Err(Error::Refused(refusal)) if refusal.status == 200 => match has_filter_match(client).await? {
                Some(true) => "1.4",
                Some(false) => "before 1.4",
                None => "1.4 or earlier",
            },
            _ => "before 1.6",
        });
    }
    match has_device_type_colours(client).await? {
        Some(true) => return Ok("1.8 or later"),
        Some(false) => {}
        None => return Ok("1.6 or later"),
    }
    Ok(match knows_stringify(client, numbers).await? {
        Some(true) => "1.7",
        Some(false) => "1.6",
        None => "1.6 or 1.7",
    })
}

/// Returns true if the server obeys the header that asks for numbers as strings, as 1.7 does; `None` if it sends strings
/// in any case.
async fn knows_stringify(client: &Client, numbers: Option<NumberForm>) -> Result<Option<bool>> {
    if numbers != Some(NumberForm::Numbers) {
        return knows_changelog(client).await;
    }
    let request = ApiRequest::raw(Method::GET, "tools/tags/")?.with_numbers_as_strings();
    let rows = rows(client.send(&request).await)?;
    Ok(rows.first().and_then(|row| row.get("id")).map(Value::is_string))
}

/// Returns true if a section has a changelog, as in 1.7. Before, the server sends the section itself.
async fn knows_changelog(client: &Client) -> Result<Option<bool>> {
    let sections = rows(client.raw(Method::GET, "sections/", None).await)?;
    let Some(id) = sections.first().and_then(|row| row.get("id")).map(|id| id.to_string().replace('"', "")) else {
        return Ok(None);
    };
    match client.raw(Method::GET, &format!("sections/{id}/changelog/"), None).await {
        Ok(response) => Ok(Some(response.data.is_array())),
        Err(Error::Refused(refusal)) => Ok(Some(refusal.message.contains("changelog"))),
        Err(error) => Err(error),
    }
}

/// Returns the rows of a list; none after a refusal, such as that of an empty list.
fn rows(response: Result<RawResponse>) -> Result<Vec<Value>> {
    match response {
        Ok(response) => Ok(match response.data {
            Value::Array(rows) => rows,
            _ => Vec::new(),
        }),
        Err(Error::Refused(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
