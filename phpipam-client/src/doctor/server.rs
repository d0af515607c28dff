//! Server: clock, time zone, form of numbers, kind of lock.

use std::time::SystemTime;

use http::Method;
use serde_json::Value;

use super::check::Check;
use super::report::{Finding, NumberForm, Report};
use super::subject::Subject;
use super::url::Place;
use super::version;
use crate::auth::Mode;
use crate::error::Result;
use crate::utc_offset::offset_of;

/// Difference of the clocks from which on it is a finding, in seconds.
const CLOCKS: i64 = 30;

/// Examines the server. A part that fails is a finding, and the others go on.
pub(super) async fn check(subject: &Subject, place: &Place, report: &mut Report) {
    clock(place, report);
    if matches!(subject.auth.0, Mode::User { .. }) {
        let zone = zone(place, report).await;
        note_failure("time zone", zone, report);
    }
    let numbers = numbers(place, report).await;
    note_failure("form of numbers", numbers, report);
    let version = version::check(place, report).await;
    note_failure("version", version, report);
    if report.facts.permission.as_deref() != Some("Read") && version::may_need_lock(report.facts.version) {
        let message = "the API does not show the app's lock type; without a lock (1.8: \"Disabled\") more than 40 % of parallel \
            allocations fail on the server and are repeated";
        let remedy = "keep the lock type Auto, File or MySQL under Administration, API, the same for all apps";
        report.add(Finding::new(Check::LockUnknown, format!("app {}", subject.app), message, remedy));
    }
}

fn note_failure(what: &str, result: Result<()>, report: &mut Report) {
    if let Err(error) = result {
        report.add(Finding::new(Check::StepFailed, what, error, "look at the error log of the web server and of PHP"));
    }
}

fn clock(place: &Place, report: &mut Report) {
    let Some(ahead) = place.client.transport().clock().ahead() else { return };
    report.facts.clock_ahead_seconds = Some(ahead);
    if ahead.abs() >= CLOCKS {
        let way = if ahead < 0 { "behind" } else { "ahead of" };
        let message = format!("its clock is {} s {way} this host's", ahead.abs());
        let remedy = "let both hosts keep their time with NTP: records of scans and people compare these times";
        report.add(Finding::new(Check::ClockDiffers, "server", message, remedy));
    }
}

/// Finds the offset of local times: right after a login its token expires in six hours, by local time.
async fn zone(place: &Place, report: &mut Report) -> Result<()> {
    let Some(expires) = place.client.user().token().await?.expires else { return Ok(()) };
    let now = place.client.transport().clock().at(SystemTime::now());
    let Ok(offset) = offset_of(expires, now) else { return Ok(()) };
    let minutes = offset.seconds() / 60;
    report.facts.utc_offset_minutes = Some(minutes);
    if minutes != 0 {
        let (sign, total) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
        let message = format!(
            "its times are local times without an offset, of UTC{sign}{:02}:{:02} six hours from now",
            total / 60,
            total % 60
        );
        let remedy = "convert times of phpIPAM with this offset; a scan agent without a login needs it as a setting (utc_offset)";
        report.add(Finding::new(Check::TimeZone, "server", message, remedy));
    }
    Ok(())
}

/// Looks at the id of a row that every server has: a tag.
async fn numbers(place: &Place, report: &mut Report) -> Result<()> {
    let response = place.client.raw(Method::GET, "tools/tags/", None).await?;
    let form = match response.data.get(0).and_then(|tag| tag.get("id")) {
        Some(Value::Number(_)) => NumberForm::Numbers,
        Some(Value::String(_)) => NumberForm::Strings,
        _ => return Ok(()),
    };
    report.facts.numbers = Some(form);
    if form == NumberForm::Strings {
        let message = "it sends numbers as strings: its PHP is 8.0 or older, or a setting asks for it";
        let remedy = "nothing for this library, which reads both; PHP before 8.1 has no security updates any more";
        report.add(Finding::new(Check::NumbersAsStrings, "server", message, remedy));
    }
    Ok(())
}
