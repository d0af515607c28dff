//! `ipam vra8 package import` and `integrations`

use ipam_core::registry::{ProviderUrl, SecretRequest, Secrets};
use serde_json::{Value, json};
use vra_client::odata::Filter;
use vra_client::v8::{Client, ExistingPackage, Integration, IntegrationBody};

use super::args::{AddIntegration, Import, ListIntegrations};
use crate::exit::Failure;
use crate::output::{Output, Table, or_dash};
use crate::vra_server::{some, text};

/// Largest file that is read as a package. Real ones have up to some hundred MiB.
const LARGEST: u64 = 1 << 30;

pub(super) async fn import(client: &Client, args: Import) -> Result<Output, Failure> {
    let refused = |problem: String| Failure::Usage(format!("{}: {problem}", args.file.display()));
    let size = std::fs::metadata(&args.file).map_err(|error| refused(format!("cannot be read: {error}")))?.len();
    if size > LARGEST {
        return Err(refused(format!("has {size} bytes; a package has at most {LARGEST}")));
    }
    let package = std::fs::read(&args.file).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let existing = if args.overwrite { ExistingPackage::Overwrite } else { ExistingPackage::Fail };
    let imported = match client.package_import().import(&package, existing).await {
        Err(error) if error.status() == Some(409) && !args.overwrite => {
            let remedy = "the package is there already; --overwrite replaces it";
            return Err(Failure::Failed(format!("{}: {remedy}\n  because: {error}", args.file.display())));
        }
        imported => imported?,
    };
    let text = format!(
        "package {} {} is imported; the id of its provider is {}",
        text(imported.provider_name.as_ref()),
        text(imported.provider_version.as_ref()),
        text(imported.provider_id.as_ref()),
    );
    let json = json!({
        "provider": imported.provider_id, "name": imported.provider_name, "version": imported.provider_version,
    });
    Output::new(text, &json)
}

pub(super) async fn list(client: &Client, list: ListIntegrations) -> Result<Output, Failure> {
    let mut rows = client.integrations().list();
    if let Some(kind) = &list.kind {
        rows = rows.with_filter(Filter::eq("integrationType", kind.as_str()));
    }
    let rows = some(rows.stream(), list.limit).await?;
    let mut table = Table::new(&["NAME", "ID", "TYPE", "HOST", "PACKAGE"]);
    for row in &rows {
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            text(row.integration_type.as_ref()),
            or_dash(property(row, "hostName")),
            or_dash(property(row, "providerId")),
        ]);
    }
    Output::new(table.render("no integrations"), &rows)
}

fn property<'a>(row: &'a Integration, name: &str) -> Option<&'a str> {
    row.integration_properties.as_ref()?.get(name).and_then(Value::as_str)
}

pub(super) async fn add(client: &Client, args: AddIntegration) -> Result<Output, Failure> {
    // The URL is that of the IPAM, which has the password. Some plug-ins take a whole URL as the host.
    let ipam = if args.host.contains("://") { args.host.clone() } else { format!("https://{}", args.host) };
    let ipam = ProviderUrl::parse(&ipam)?;
    let password = Secrets::env("IPAM").get(&SecretRequest::new("password", &ipam)).await?;
    let body = IntegrationBody::ipam(&args.name, &args.package, &args.host)
        .with_credentials(&args.ipam_user, password)
        .with_ipam_fields(args.fields);
    let integrations = client.integrations();
    let tracker = if args.check { integrations.validate(body).await? } else { integrations.create(body).await? };
    let done = client.request_trackers().wait_for(tracker, &args.waiting.limits()).await?;
    let name = &args.name;
    if args.check {
        let text = format!("integration {name} can be added");
        return Output::new(text, &json!({"integration": null, "name": name}));
    }
    let id = done.resource_ids().into_iter().next();
    let text = format!("integration {name} is added; its id is {}", text(id.as_ref()));
    Output::new(text, &json!({"integration": id, "name": name}))
}
