//! Addresses from a file, without a server: `cargo run -p ipam-examples --example embedded_quickstart`.

use ipam_core::{Deallocate, DefineRange, EmbeddedProvider, IpamProvider, IpamProviderExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let ipam = EmbeddedProvider::open(directory.path().join("ipam.db")).await?;
    ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_gateway("192.0.2.1".parse()?)).await?;
    let web = ipam.allocate_one("lan", "web1").await?;
    println!("web1 has {}; {:?}", web.address, ipam.usage_of("lan").await?);
    ipam.deallocate(&Deallocate::id(web.id)).await?;
    Ok(())
}
