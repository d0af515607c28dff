//! `ipam store`

use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};

use ipam_core::registry::ProviderUrl;
#[cfg(feature = "postgres")]
use ipam_core::registry::{self, OpenRequest, Secrets};
use ipam_core::{EmbeddedConfig, EmbeddedProvider, Operation, StoreReport};
use serde_json::json;

use crate::cli::Store;
use crate::closing::{Ended, closing, whole};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::Progress;

pub(crate) async fn run(url: Option<&str>, verb: Store) -> Result<Ended<Output>, Failure> {
    match verb {
        Store::Check { store } => match Checked::of(url, store)? {
            Checked::File(path) => {
                let provider = open(Operation::CheckStore, &path).await?;
                let name = path.display().to_string();
                closing(provider, async |provider| report(&name, provider.check_store()).await).await
            }
            Checked::Server(url) => check_server(&url).await,
        },
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

/// Store to check.
enum Checked {
    File(PathBuf),
    /// URL of a PostgreSQL database.
    Server(String),
}

impl Checked {
    /// Returns the store that the argument names, or else `--provider`.
    fn of(url: Option<&str>, store: Option<OsString>) -> Result<Self, Failure> {
        let Some(store) = store else {
            return match url {
                Some(url) if is_server(url) => Ok(Self::Server(url.to_owned())),
                url => path_of(url).map(Self::File),
            };
        };
        // A file whose name looks like a URL can be written with ./ before it.
        match store.to_str() {
            Some(text) if is_server(text) => Ok(Self::Server(text.to_owned())),
            Some(text) if text.starts_with("embedded:") => path_of(Some(text)).map(Self::File),
            _ => Ok(Self::File(store.into())),
        }
    }
}

fn is_server(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
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

#[cfg(feature = "postgres")]
async fn check_server(url: &str) -> Result<Ended<Output>, Failure> {
    let request = OpenRequest::parse(url)?.with_option("create", "false")?.with_option("read_only", "true")?;
    let request = request.or_secrets(Secrets::env("IPAM"));
    let provider = Progress::new("opening", 0).during(registry::open_postgres(request)).await?;
    closing(provider, async |provider| report("the database", provider.check_store()).await).await
}

#[cfg(not(feature = "postgres"))]
async fn check_server(_: &str) -> Result<Ended<Output>, Failure> {
    Err(Failure::Usage("this program was built without the feature postgres; build it with that".to_owned()))
}

/// Waits for a check, and says what it found.
async fn report(store: &str, check: impl Future<Output = ipam_core::Result<StoreReport>>) -> Result<Output, Failure> {
    let report = Progress::new("checking", 0).during(check).await?;
    let counts = format!(
        "{} ranges, {} allocations, {} quarantined addresses",
        report.ranges, report.allocations, report.quarantined
    );
    if !report.is_sound() {
        let violations = report.violations.join("\n  ");
        let remedy = "stop all programs that use it and restore a backup";
        return Err(Failure::Failed(format!("{store} has inconsistent tables; {remedy}:\n  {violations}")));
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
