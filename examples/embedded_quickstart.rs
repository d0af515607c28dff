//! Allocates an address from a file, without a server: `cargo run -p ipam-examples --example embedded_quickstart`.

#[path = "report.rs"]
mod report;

use ipam_core::{Deallocate, DefineRange, EmbeddedProvider, IpamProvider, IpamProviderExt};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    report::end(run().await)
}

async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let directory = tempfile::tempdir()?;
    let ipam = EmbeddedProvider::open(directory.path().join("ipam.db")).await?;
    ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_gateway("192.0.2.1".parse()?)).await?;
    let web = ipam.allocate_one("lan", "web1").await?;
    let usage = ipam.usage_of("lan").await?;
    println!("web1 has {}; {} of {} addresses are free", web.address, usage.free, usage.total);
    ipam.deallocate(&Deallocate::id(web.id)).await?;
    Ok(())
}
