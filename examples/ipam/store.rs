//! `ipam store`

use std::path::PathBuf;

use ipam_core::registry::ProviderUrl;
use ipam_core::{EmbeddedConfig, EmbeddedProvider};
use serde_json::json;

use crate::cli::Store;
use crate::exit::Failure;
use crate::output::Answer;
use crate::progress::Progress;

pub(crate) async fn run(url: Option<&str>, verb: Store) -> Result<Answer, Failure> {
    let Store::Check { path } = verb;
    let path = match path {
        Some(path) => path,
        None => path_of(url)?,
    };
    if !path.exists() {
        return Err(Failure::Provider(ipam_core::Error::not_found("store check", "store", path.display())));
    }
    check(path).await
}

/// The file of `--provider`.
fn path_of(url: Option<&str>) -> Result<PathBuf, Failure> {
    let remedy = || Failure::Usage("name the store's file, or give --provider embedded:PATH".to_owned());
    let url = ProviderUrl::parse(url.ok_or_else(remedy)?)?;
    if url.scheme() == "embedded" { Ok(PathBuf::from(url.rest())) } else { Err(remedy()) }
}

async fn check(path: PathBuf) -> Result<Answer, Failure> {
    // Only read: a store that is not sound must not be made worse.
    let provider = EmbeddedProvider::open(EmbeddedConfig::new(&path).with_read_only(true)).await?;
    let report = Progress::new("checking", 0).during(provider.check_store()).await?;
    let counts = format!("{} ranges, {} allocations, {} resting", report.ranges, report.allocations, report.resting);
    if !report.is_sound() {
        let violations = report.violations.join("\n  ");
        let remedy = "stop its users and restore a backup";
        return Err(Failure::Failed(format!("{} is not sound; {remedy}:\n  {violations}", path.display())));
    }
    let json = json!({ "sound": true, "ranges": report.ranges, "allocations": report.allocations,
        "resting": report.resting });
    Answer::new(format!("nothing is wrong: {counts}"), &json)
}
