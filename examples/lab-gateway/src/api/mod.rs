//! REST API: addresses, port maps and the health of the gateway.
//!
//! Every response is a JSON object: `error` is null or a sentence, `content` the result, and `params` the arguments of the
//! query. If there is an error, `content` has its `type`, such as `no_free_port`. The header `Link` names the description of
//! the route, `ROUTE?describe=true`, which is a JSON schema of its arguments and bodies.

mod addr;
mod auth;
mod body;
mod describe;
mod health;
mod like;
mod portmap;
mod query;
mod refusal;
mod reply;
mod route;
mod server;
mod site;
mod tls;
mod unread;

pub use like::Like;
pub use server::{Server, ServerError};
pub use site::{Site, SiteParts};
pub(crate) use tls::check as check_tls;
