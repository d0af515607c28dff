//! `ipam store`

use std::path::{Path, PathBuf};

use ipam_core::registry::ProviderUrl;
use ipam_core::{EmbeddedConfig, EmbeddedProvider, Operation};
use serde_json::json;

use crate::cli::Store;
use crate::closing::{Ended, closing, whole};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::Progress;

pub(crate) async fn run(url: Option<&str>, verb: Store) -> Result<Ended<Output>, Failure> {
    match verb {
        Store::Check { path } => {
            let path = match path {
                Some(path) => path,
                None => path_of(url)?,
            };
            let provider = open(Operation::CheckStore, &path).await?;
            closing(provider, async |provider| check(provider, &path).await).await
        }
        Store::Backup { file } => {
            let path = path_of(url)?;
            let provider = open(Operation::Backup, &path).await?;
            closing(provider, async |provider| backup(provider, &path, &file).await).await
        }
        Store::Restore { backup } => {
            let path = path_of(url)?;
            let read_only = url.map(ProviderUrl::parse).transpose()?.map(|url| url.flag("read_only")).transpose()?;
            if read_only.flatten() == Some(true) {
                let text =
                    "restore replaces the store, and the URL of the provider has read_only=true; remove this option";
                return Err(Failure::Usage(text.to_owned()));
            }
            if !backup.exists() {
                return Err(Failure::Provider(ipam_core::Error::not_found(
                    Operation::Restore,
                    "backup",
                    backup.display(),
                )));
            }
            let restoring = async { Ok(EmbeddedProvider::restore(&backup, &path).await?) };
            whole(Progress::new("restoring", 0).during(restoring)).await?;
            let json = json!({ "store": path, "backup": backup });
            let value = Output::new(format!("restored {} from {}", path.display(), backup.display()), &json)?;
            Ok(Ended { value, closing: None })
        }
    }
}

/// Returns the file of `--provider`.
fn path_of(url: Option<&str>) -> Result<PathBuf, Failure> {
    let remedy = || Failure::Usage("name the file of the store, or give --provider embedded:PATH".to_owned());
    let url = ProviderUrl::parse(url.ok_or_else(remedy)?)?;
    if url.scheme() == "embedded" { Ok(PathBuf::from(url.rest())) } else { Err(remedy()) }
}

/// Opens the store for reading only, so that a damaged store is not changed.
async fn open(operation: Operation, path: &Path) -> Result<EmbeddedProvider, Failure> {
    if !path.exists() {
        return Err(Failure::Provider(ipam_core::Error::not_found(operation, "store", path.display())));
    }
    Ok(EmbeddedProvider::open(EmbeddedConfig::new(path).with_read_only(true)).await?)
}

async fn check(provider: &EmbeddedProvider, path: &Path) -> Result<Output, Failure> {
    let report = Progress::new("checking", 0).during(provider.check_store()).await?;
    let counts = format!(
        "{} ranges, {} allocations, {} quarantined addresses",
        report.ranges, report.allocations, report.quarantined
    );
    if !report.is_sound() {
        let violations = report.violations.join("\n  ");
        let remedy = "stop all programs that use it and restore a backup";
        return Err(Failure::Failed(format!("{} has inconsistent tables; {remedy}:\n  {violations}", path.display())));
    }
    let json = json!({ "sound": true, "ranges": report.ranges, "allocations": report.allocations,
        "quarantined": report.quarantined });
    Output::new(format!("the store is consistent: {counts}"), &json)
}

async fn backup(provider: &EmbeddedProvider, path: &Path, file: &Path) -> Result<Output, Failure> {
    Progress::new("copying", 0).during(provider.backup_to(file)).await?;
    let json = json!({ "store": path, "backup": file });
    Output::new(format!("wrote {}, a copy of {}", file.display(), path.display()), &json)
}
