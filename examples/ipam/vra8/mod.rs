//! `ipam vra8`: everyday operations of vRealize Automation 8, Aria Automation and VCF Automation 9.

mod addresses;
mod args;
mod deployments;
mod integrations;
mod pick;
mod ranges;
mod request;

use ipam_core::registry::{ProviderUrl, SecretRequest, Secrets};
use vra_client::v8::{CatalogItemQuery, Client};

pub(crate) use self::args::Vra8;
use self::args::{Integrations, Items, Package, Verb};
use crate::exit::Failure;
use crate::output::{Output, Table};
use crate::vra_server::{carried_out, listed, missing, not_found, some, text};
use crate::vra8_names::{self, SearchError};

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Unknown(message) => not_found(message),
            SearchError::Call(error) => error.into(),
        }
    }
}

pub(crate) async fn run(args: Vra8) -> Result<Output, Failure> {
    let client = connect(&args).await?;
    let work = async {
        match args.verb {
            Verb::Items(list) => items(&client, list).await,
            Verb::Request(wanted) => request::run(&client, wanted).await,
            Verb::Deployments(list) => deployments::list(&client, list).await,
            Verb::Resources(of) => deployments::resources(&client, &of.deployment).await,
            Verb::Addresses(of) => deployments::addresses(&client, &of.deployment).await,
            Verb::Delete(delete) => deployments::delete(&client, delete).await,
            Verb::Ranges(list) => ranges::run(&client, list).await,
            Verb::Attach(attach) => ranges::attach(&client, attach).await,
            Verb::Allocate(wanted) => addresses::allocate(&client, wanted).await,
            Verb::Release(wanted) => addresses::release(&client, wanted).await,
            Verb::Package(Package::Import(import)) => integrations::import(&client, import).await,
            Verb::Integrations(Integrations::List(list)) => integrations::list(&client, list).await,
            Verb::Integrations(Integrations::Add(add)) => integrations::add(&client, add).await,
        }
    };
    carried_out(work, client.logout()).await
}

async fn connect(args: &Vra8) -> Result<Client, Failure> {
    let url = args.connection.url()?;
    let address = ProviderUrl::parse(url)?;
    let secrets = Secrets::env("IPAM");
    let builder = Client::builder(url);
    let builder = match (&args.organization, &args.user) {
        (Some(organization), _) => {
            let token = secrets.get(&SecretRequest::new("vra-refresh-token", &address)).await?;
            builder.with_organization(organization, token)
        }
        (None, Some(user)) => {
            let password = secrets.get(&SecretRequest::new("vra-password", &address)).await?;
            builder.with_password(user, password)
        }
        (None, None) => match secrets.find(&SecretRequest::new("vra-refresh-token", &address)).await? {
            Some(token) => builder.with_refresh_token(token),
            None => {
                let variables = "IPAM_VRA_USER, or a refresh token in IPAM_VRA_REFRESH_TOKEN";
                return Err(missing("the user with --user", variables));
            }
        },
    };
    let builder = args.domain.iter().fold(builder, |builder, domain| builder.with_domain(domain));
    Ok(builder.with_http_options(args.connection.http_options()?).build()?)
}

async fn items(client: &Client, list: Items) -> Result<Output, Failure> {
    let mut query = CatalogItemQuery::new().with_projects_expanded();
    if let Some(text) = list.search {
        query = query.with_search(text);
    }
    if let Some(name) = &list.project {
        query = query.with_project(vra8_names::project(client, "--project", name).await?);
    }
    let rows = some(client.catalog().find_items(query).stream(), list.limit).await?;
    let mut table = Table::new(&["NAME", "ID", "TYPE", "PROJECTS"]);
    for row in &rows {
        let projects = row.projects.iter().flatten().filter_map(|project| project.name.as_deref());
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            text(row.item_type.as_ref().and_then(|kind| kind.name.as_ref().or(kind.id.as_ref()))),
            listed(projects),
        ]);
    }
    Output::new(table.render("no items"), &rows)
}
