//! Size of the site against PHP's memory, by the two large lists. They are read as streams: one row is in memory.

use std::time::Instant;

use futures_util::StreamExt as _;
use http::Method;
use ipam_core::{ErrorKind, Outcome};
use serde_json::Value;

use super::check::Check;
use super::report::{Finding, ListFacts, Report, seconds};
use super::url::Place;
use crate::error::Error;
use crate::request::{ApiRequest, Call, Path};
use crate::stream;

/// Memory that PHP 8.2 needs for a row in the list of all addresses, in bytes: 30 000 rows do not fit into 128 MB.
const PER_ADDRESS: u64 = 4_400;
/// PHP's usual `memory_limit`, in bytes.
const USUAL_LIMIT: u64 = 128 << 20;

/// Reads the lists. What they fail with is a finding.
pub(super) async fn check(place: &Place, report: &mut Report) {
    let first = list(place, "subnets", "subnets/all/", report).await;
    if let Some(id) = first.as_ref().and_then(|row| row.get("id")) {
        nesting(place, id, report).await;
    }
    let before = report.findings.len();
    list(place, "addresses", "addresses/all/", report).await;
    let rows = report.facts.lists.last().filter(|list| list.list == "addresses/all/").map_or(0, |list| list.rows);
    if rows == 0 || report.findings.len() > before {
        return;
    }
    let needed = rows.saturating_mul(PER_ADDRESS);
    report.facts.php_memory_bytes = Some(needed);
    // Half of it: sites grow, and some lists need more per row than this one.
    if needed > USUAL_LIMIT / 2 {
        let message = format!(
            "the list of all {rows} addresses needs about {} MB of PHP's memory (some 4.4 kB a row with PHP 8.2); it fits now",
            needed >> 20
        );
        let remedy = "keep PHP's memory_limit at twice that; its usual value is 128 MB";
        report.add(Finding::new(Check::SiteLarge, "addresses/all/", message, remedy));
    }
}

/// Reads a list and returns its first row.
async fn list(place: &Place, controller: &str, name: &'static str, report: &mut Report) -> Option<Value> {
    let started = Instant::now();
    let request = ApiRequest::get(Call::List, Path::new(controller).word("all"));
    let mut rows = stream::rows::<Option<Value>>(&place.client, request, None);
    let (mut count, mut first, mut failure) = (0_u64, None, None);
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => {
                count += 1;
                if first.is_none() {
                    first = row;
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    let took = started.elapsed();
    let complete = failure.is_none();
    report.facts.lists.push(ListFacts { list: name, rows: count, seconds: seconds(took), complete });
    match failure {
        None => {}
        // 1.3 has no list of all addresses.
        Some(Error::Refused(_)) if controller == "addresses" => {}
        Some(error) if ran_out_of_memory(place, &error).await => {
            let message = format!(
                "the list of all {controller} died in PHP after {:.1} s ({count} rows arrived), most likely at its memory_limit \
                 (usually 128 MB, which holds some 30 000 addresses)",
                took.as_secs_f64()
            );
            let remedy = "raise memory_limit in the php.ini of the web server, to 512 MB for 100 000 addresses; the error log of PHP \
                names the limit";
            report.add(Finding::new(Check::PhpMemory, name, message, remedy));
        }
        Some(error) => {
            let remedy = "look at the error log of the web server and of PHP";
            report.add(Finding::new(Check::ListFailed, name, error, remedy));
        }
    }
    first
}

/// Returns true for the failures of a list that PHP cannot finish: no body, its own words, a list without an end, or a
/// connection that breaks while other calls succeed.
async fn ran_out_of_memory(place: &Place, error: &Error) -> bool {
    match error {
        Error::EmptyBody(_) | Error::ServerExhausted(_) => true,
        Error::Decode(error) => error.reason.contains("ends in the middle of the list"),
        // Seen on 1.8.2 with Apache: at 160 000 addresses its process ends with PHP, and sends nothing at all.
        Error::Http(error) if error.kind() == ErrorKind::Unavailable && error.outcome() == Outcome::Unknown => {
            place.client.raw(Method::GET, "tools/tags/", None).await.is_ok()
        }
        _ => false,
    }
}

/// Finds out whether the app nests custom fields: a single subnet has the member then, whether it has any or not.
async fn nesting(place: &Place, id: &Value, report: &mut Report) {
    let id = id.to_string().replace('"', "");
    let Ok(response) = place.client.raw(Method::GET, &format!("subnets/{id}/"), None).await else { return };
    let nested = response.data.get("custom_fields").is_some();
    report.facts.nested_custom_fields = Some(nested);
    if nested {
        let message = "the app nests custom fields; lists nest only those that have a value";
        let remedy = "nothing for this library, which reads both forms; other programs may expect them flat";
        report.add(Finding::new(Check::NestedCustomFields, "app", message, remedy));
    }
}
