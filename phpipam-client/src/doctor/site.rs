//! Content of the site, as the provider sees it: configuration, required fields, claims, overlapping ranges.

use ipam_core::ErrorKind;

use super::check::Check;
use super::report::{Finding, Report};
use super::subject::Subject;
use super::url::Place;
use crate::provider::PhpIpamProvider;
use crate::provider::warning::Warning;

/// Connects the provider, which reads configuration and fields. It undoes no claim.
pub(super) async fn connect(subject: &Subject, place: &Place, report: &mut Report) -> Option<PhpIpamProvider> {
    let config = subject.config.clone().with_sweep_on_connect(false);
    match PhpIpamProvider::connect(place.client.clone(), config).await {
        Ok(provider) => Some(provider),
        Err(error) if error.kind() == ErrorKind::Config => {
            let remedy = "correct the options of the provider, or create on the server what they name";
            report.add(Finding::new(Check::ConfigInvalid, "provider", error.message(), remedy));
            None
        }
        Err(error) => {
            report.add(failed("provider", &error));
            None
        }
    }
}

/// Looks for required custom fields without a value.
pub(super) async fn required_fields(provider: &PhpIpamProvider, report: &mut Report) {
    match provider.inner().required_field_warnings().await {
        Ok(warnings) => add(Check::RequiredField, warnings, report),
        Err(error) => report.add(failed("custom fields", &error)),
    }
}

/// Looks for abandoned claims.
pub(super) async fn claims(provider: &PhpIpamProvider, report: &mut Report) {
    match provider.inner().abandoned_warning().await {
        Ok(warning) => add(Check::AbandonedClaims, warning, report),
        Err(error) => report.add(failed("claims", &error)),
    }
}

/// Looks for overlapping ranges, and for addresses of ranges in enclosing subnets.
pub(super) async fn ranges(provider: &PhpIpamProvider, report: &mut Report) {
    let inner = provider.inner();
    let snapshot = match inner.snapshot_to_check().await {
        Ok(snapshot) => snapshot,
        Err(error) => return report.add(failed("subnets", &error)),
    };
    add(Check::NothingServed, inner.nothing_served_warning(&snapshot), report);
    match inner.overlap_warnings(&snapshot).await {
        Ok(warnings) => add(Check::OverlappingRanges, warnings, report),
        Err(error) => report.add(failed("overlapping ranges", &error)),
    }
    match inner.enclosing_warnings(&snapshot).await {
        Ok(warnings) => add(Check::EnclosingAddresses, warnings, report),
        Err(error) => report.add(failed("enclosing subnets", &error)),
    }
}

fn add(check: Check, warnings: impl IntoIterator<Item = Warning>, report: &mut Report) {
    for Warning { what, message, remedy } in warnings {
        report.add(Finding::new(check, what, message, remedy));
    }
}

fn failed(what: &str, error: &dyn std::error::Error) -> Finding {
    Finding::new(Check::StepFailed, what, error, "look at the error log of the web server and of PHP")
}
