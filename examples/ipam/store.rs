//! `ipam store`

use std::path::{Path, PathBuf};

use ipam_core::registry::ProviderUrl;
use ipam_core::{EmbeddedConfig, EmbeddedProvider, Operation};
use serde_json::json;

use crate::cli::Store;
use crate::closing::{Ended, closing, whole};
use crate::exit::Failure;
use crate::output::Answer;
use crate::progress::Progress;

pub(crate) async fn run(url: Option<&str>, verb: Store) -> Result<Ended<Answer>, Failure> {
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
                    "the provider's URL says read_only=true, and restore replaces the store; leave the option out";
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
            let value = Answer::new(format!("restored {} from {}", path.display(), backup.display()), &json)?;
            Ok(Ended { value, closing: None })
        }
    }
}

/// The file of `--provider`.
fn path_of(url: Option<&str>) -> Result<PathBuf, Failure> {
    let remedy = || Failure::Usage("name the store's file, or give --provider embedded:PATH".to_owned());
    let url = ProviderUrl::parse(url.ok_or_else(remedy)?)?;
    if url.scheme() == "embedded" { Ok(PathBuf::from(url.rest())) } else { Err(remedy()) }
}

/// Opens the store for reading alone: one that is not sound must not be made worse.
async fn open(operation: Operation, path: &Path) -> Result<EmbeddedProvider, Failure> {
    if !path.exists() {
        return Err(Failure::Provider(ipam_core::Error::not_found(operation, "store", path.display())));
    }
    Ok(EmbeddedProvider::open(EmbeddedConfig::new(path).with_read_only(true)).await?)
}

async fn check(provider: &EmbeddedProvider, path: &Path) -> Result<Answer, Failure> {
    let report = Progress::new("checking", 0).during(provider.check_store()).await?;
    let counts =
        format!("{} ranges, {} allocations, {} resting", report.ranges, report.allocations, report.quarantined);
    if !report.is_sound() {
        let violations = report.violations.join("\n  ");
        let remedy = "stop its users and restore a backup";
        return Err(Failure::Failed(format!("{} is not sound; {remedy}:\n  {violations}", path.display())));
    }
    let json = json!({ "sound": true, "ranges": report.ranges, "allocations": report.allocations,
        "resting": report.quarantined });
    Answer::new(format!("nothing is wrong: {counts}"), &json)
}

async fn backup(provider: &EmbeddedProvider, path: &Path, file: &Path) -> Result<Answer, Failure> {
    Progress::new("copying", 0).during(provider.backup_to(file)).await?;
    let json = json!({ "store": path, "backup": file });
    Answer::new(format!("wrote {}, a copy of {}", file.display(), path.display()), &json)
}
