//! Calls of the client of 8.x and of VCF Automation 9.

mod iaas;
mod logins;
mod services;

use vra_client::Error;
use vra_client::error::ServerMessage;
use vra_client::v8::Client;

use super::check::keeps;
use super::route::Route;

/// Returns the calls of the client.
pub(crate) fn routes() -> Result<Vec<Route>, Error> {
    let client = Client::builder("https://vra.example").build()?;
    let mut routes = logins::routes();
    routes.extend(iaas::routes(&client)?);
    routes.extend(services::routes(&client));
    Ok(routes)
}

/// Checks the response that refuses a call.
pub(crate) fn refusal(json: &str) -> Result<Vec<String>, String> {
    // Each service has a shape of its own; one type reads all of them. An HTML page, another text or an empty body is
    // not decoded: an error keeps a summary only.
    if json.starts_with('{') { keeps::<ServerMessage>(json) } else { Ok(Vec::new()) }
}
