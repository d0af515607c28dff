//! `ipam vra package`: writes the package that an administrator imports into vRA.

mod checkout;
mod compile;
mod files;
// One form for the package and for the program that reads its values.
#[path = "../../../vra-plugin/form.rs"]
mod form;
mod toolchain;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};
use vra_client::package::{Package, PackageBuilder, PackageError};
use vra_client::plugin::Action;

use self::checkout::Checkout;
use self::toolchain::Toolchain;
use crate::closing::stoppable;
use crate::exit::Failure;
use crate::output::{Output, Table};
use crate::progress::Progress;

/// Largest text file, form or logo.
const MAX_PART: u64 = 1 << 20;
/// Largest program that is read; the packager refuses it with a remedy.
const MAX_PROGRAM: u64 = 64 << 20;

/// Arguments of `ipam vra package`.
#[derive(Debug, Args)]
pub(crate) struct PackageArgs {
    /// File to write. An existing file is replaced when the new one is complete.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Name of the integration in vRA, and the first part of the ids of its actions.
    #[arg(long, default_value = "phpIPAM")]
    name: String,
    /// Version of the package. vRA updates an integration of the same name if the version is higher.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// Description in vRA's list of integrations.
    #[arg(long, default_value = "Allocates addresses and on-demand networks in phpIPAM")]
    description: String,
    /// Logo, a PNG of at most 1024 x 1024 pixels [default: one of this program].
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Changes, in Markdown [default: the version].
    #[arg(long, value_name = "FILE")]
    changelog: Option<PathBuf>,
    /// Form of the endpoint, in JSON as vRA reads it (endpoint-schema.json) [default: that of phpIPAM].
    #[arg(long, value_name = "FILE")]
    form: Option<PathBuf>,
    /// Program that runs the actions, static and for x86-64 Linux [default: built with cargo from the checkout].
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Time limit of an action, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u32,
    /// Memory of an action, in MB.
    #[arg(long, value_name = "MB", default_value_t = 600)]
    memory: u32,
    /// Leave out the action that records MAC addresses and host names.
    #[arg(long)]
    without_update: bool,
    /// Leave out the actions for on-demand networks, and their fields of the form.
    #[arg(long)]
    without_networks: bool,
    /// Leave out the address spaces of ranges, and their field of the form.
    #[arg(long)]
    without_address_spaces: bool,
}

/// Program of a package, and how it was built.
struct Program {
    bytes: Vec<u8>,
    /// Target, or `given`.
    build: String,
}

/// Writes the package. All that can be checked is checked before the program is built.
pub(crate) async fn run(args: PackageArgs) -> Result<Output, Failure> {
    let builder = parts(&args)?;
    builder.check().map_err(refused)?;
    files::check_destination(&args.out)?;
    stoppable(async {
        let program = program(args.program).await?;
        let builder = builder.with_program(program.bytes.clone());
        let package = packed(builder).await?;
        package.write_to(&args.out).map_err(|error| files::unwritten(&args.out, &error))?;
        report(&args.out, &args.name, &args.version, &program, &package)
    })
    .await
}

/// Returns the parts of the package, without the program.
fn parts(args: &PackageArgs) -> Result<PackageBuilder, Failure> {
    let support = form::support();
    let support = support
        .with_address_spaces(support.address_spaces && !args.without_address_spaces)
        .with_update_record(support.update_record && !args.without_update)
        .with_on_demand_networks(support.on_demand_networks && !args.without_networks);
    let mut builder = Package::builder(&args.name, &args.version, Vec::new())
        .with_description(&args.description)
        .with_form(form::form_with(&args.name, support))
        .with_support(support)
        .with_timeout_seconds(args.timeout)
        .with_memory_mb(args.memory);
    if let Some(path) = &args.logo {
        builder = builder.with_logo(files::read("logo", path, MAX_PART)?);
    }
    if let Some(path) = &args.changelog {
        builder = builder.with_changelog(files::read_text("changelog", path, MAX_PART)?);
    }
    if let Some(path) = &args.form {
        let text = files::read_text("form", path, MAX_PART)?;
        let form = serde_json::from_str(&text)
            .map_err(|error| Failure::Usage(format!("form {}: {error}; write JSON", path.display())))?;
        builder = builder.with_form_json(form);
    }
    Ok(builder)
}

/// Returns the program that is given, or builds it.
async fn program(given: Option<PathBuf>) -> Result<Program, Failure> {
    if let Some(path) = given {
        return Ok(Program { bytes: files::read("program", &path, MAX_PROGRAM)?, build: "given".to_owned() });
    }
    let checkout = Checkout::find()?;
    let toolchain = Toolchain::find(&checkout).await?;
    let path = compile::run(&checkout, &toolchain).await?;
    Ok(Program { bytes: files::read("program", &path, MAX_PROGRAM)?, build: toolchain.target.to_owned() })
}

/// Builds the package. The program is compressed with all effort, which takes some seconds.
async fn packed(builder: PackageBuilder) -> Result<Package, Failure> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // A thread of its own, because the runtime would wait for one of its threads after a signal.
    std::thread::spawn(move || {
        // After a signal the receiver is gone.
        let _ = sender.send(builder.build());
    });
    let done = Progress::new("packing", 0).during(receiver).await;
    done.map_err(|_| Failure::Failed("the package could not be built: its thread ended early".to_owned()))?
        .map_err(refused)
}

fn refused(error: PackageError) -> Failure {
    match error {
        PackageError::Part { .. } => Failure::Usage(error.to_string()),
        PackageError::Program { .. } => Failure::Usage(format!("{error}; or pass another with --program")),
        _ => Failure::Failed(error.to_string()),
    }
}

/// Returns the figures of the package.
fn report(
    out: &std::path::Path,
    name: &str,
    version: &str,
    program: &Program,
    package: &Package,
) -> Result<Output, Failure> {
    let sha256 = hex(&Sha256::digest(package.as_bytes()));
    let entries = package.read("registration.yaml").map_err(refused)?;
    let entries = String::from_utf8_lossy(&entries).into_owned();
    let actions: Vec<String> = Action::ALL
        .into_iter()
        .map(|action| format!("{name}_{}", action.name()))
        .filter(|id| entries.contains(&format!("\"{id}\"")))
        .collect();
    let mut table = Table::new(&["FILE", ">BYTES", ">PROGRAM", "BUILD", "SHA-256"]);
    table.row([
        out.display().to_string(),
        package.as_bytes().len().to_string(),
        program.bytes.len().to_string(),
        program.build.clone(),
        sha256.clone(),
    ]);
    let json = json!({
        "file": out,
        "name": name,
        "version": version,
        "bytes": package.as_bytes().len(),
        "sha256": sha256,
        "actions": actions,
        "program": {
            "bytes": program.bytes.len(),
            "build": program.build,
            "sha256": hex(&Sha256::digest(&program.bytes)),
        },
    });
    Output::new(table.render(""), &json)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
