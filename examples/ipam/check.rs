//! `ipam check`

use std::fmt::Write as _;

use ipam_core::IpamProvider;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::Output;

pub(crate) async fn run(provider: &dyn IpamProvider) -> Result<Output, Failure> {
    let health = provider.check().await?;
    let capabilities = provider.capabilities();
    let json = json!({ "health": health, "capabilities": capabilities });
    let mut text = format!("{} can be used", capabilities.provider);
    if let Some(version) = &health.version {
        let _ = write!(text, ", version {version}");
    }
    let flags = json["capabilities"].as_object().into_iter().flatten();
    let can: Vec<&str> = flags.filter(|(_, can)| **can == Value::Bool(true)).map(|(name, _)| name.as_str()).collect();
    let _ = write!(
        text,
        "\ncan: {}",
        if can.is_empty() { "only what every provider can".to_owned() } else { can.join(", ") }
    );
    for warning in &health.warnings {
        let _ = write!(text, "\nwarning: {warning}");
    }
    Output::new(text, &json)
}
