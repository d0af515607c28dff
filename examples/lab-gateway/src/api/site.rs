//! Requests of the API, one by one.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use hyper::body::{Body, Bytes};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::query::Query;
use super::refusal::Refusal;
use super::reply::{Reply, reply};
use super::route::Route;
use super::{addr, auth, body, describe, health, portmap};
use crate::addresses::Addresses;
use crate::background::{Reports, note};
use crate::ddns::AddressSource;
use crate::portmaps::PortMaps;
use crate::reach::Reachability;
use crate::token::{TokenError, Tokens, User};

/// Longest time of a request. A change that takes longer goes on; a repeat of it returns its result.
const LONGEST: Duration = Duration::from_secs(60);
/// Requests that are worked on at once: a listing has all addresses of the lab in memory.
const AT_ONCE: usize = 8;
/// Looks at the health at once: each starts a program.
const LOOKS: usize = 2;
/// Longest wait for the end of another request.
const WAIT: Duration = Duration::from_secs(10);

/// Parts that the API is made of.
#[derive(Debug, Clone)]
pub struct SiteParts {
    /// Port maps.
    pub maps: PortMaps,
    /// Addresses.
    pub addresses: Arc<Addresses>,
    /// Reachability of the addresses.
    pub reachability: Reachability,
    /// Checks of tokens.
    pub tokens: Tokens,
    /// States of the other parts.
    pub reports: Reports,
    /// Source of the address that clients use.
    pub outside: AddressSource,
    /// User who owns the lab.
    pub owner: String,
    /// URL of the page where users get tokens.
    pub login_page: Option<String>,
    /// Largest body, in bytes.
    pub max_body: usize,
}

/// API of the gateway.
#[derive(Debug)]
pub struct Site {
    pub(super) parts: SiteParts,
    places: Semaphore,
    looks: Semaphore,
    summary: health::Summary,
}

impl Site {
    /// Makes the API of its parts.
    #[must_use]
    pub fn new(parts: SiteParts) -> Self {
        Self {
            parts,
            places: Semaphore::new(AT_ONCE),
            looks: Semaphore::new(LOOKS),
            summary: health::Summary::default(),
        }
    }

    /// Responds to a request from this address.
    pub async fn respond<B>(&self, peer: IpAddr, request: Request<B>) -> Reply
    where
        B: Body<Data = Bytes, Error: Display + Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin,
    {
        let (head, mut body) = request.into_parts();
        let route = Route::of(head.uri.path());
        let (query, result) = match route {
            None => {
                let routes = [Route::Addresses, Route::PortMaps, Route::Health].map(Route::path).join(", ");
                let message = format!("there is no such path; there are: {routes}");
                (Query::default(), Err(Refusal::new(StatusCode::NOT_FOUND, "no_route", message)))
            }
            Some(route) => match Query::read(head.uri.query().unwrap_or(""), route, head.method == Method::GET) {
                Err((query, refusal)) => (query, Err(refusal)),
                Ok(query) => {
                    let working = self.result(peer, route, &head, &query, &mut body);
                    let result = timeout(LONGEST, working).await.unwrap_or_else(|_| {
                        let message =
                            format!("it took longer than {} s; a change goes on, repeat it", LONGEST.as_secs());
                        Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", message))
                    });
                    (query, result)
                }
            },
        };
        if let Err(refusal) = &result {
            body::discard(&mut body).await;
            note(format_args!(
                "api: {peer}: {} {}: {} {}: {}",
                head.method,
                route.map_or("?", Route::path),
                refusal.status.as_u16(),
                refusal.kind,
                refusal.message
            ));
        }
        reply(result, &query, route, self.parts.login_page.as_deref())
    }

    async fn result<B>(
        &self,
        peer: IpAddr,
        route: Route,
        head: &http::request::Parts,
        query: &Query,
        body: &mut B,
    ) -> Result<Value, Refusal>
    where
        B: Body<Data = Bytes, Error: Display + Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin,
    {
        let method = &head.method;
        if !route.has(method) {
            return Err(Refusal::method(route.methods()));
        }
        // Without a token: a refusal for want of one links to it.
        if query.describe()? {
            return Ok(describe::of(route));
        }
        let user = auth::user(&self.parts.tokens, &head.headers, peer)?;
        if route == Route::Health && method == Method::GET {
            let owns = user.is_some_and(|user| user.name == self.parts.owner);
            // Places of its own: it tells what holds up the others.
            let _look = place(&self.looks).await?;
            return Ok(if owns { health::details(self).await } else { self.summary.get(self).await });
        }
        let user = user.ok_or(TokenError::Missing)?;
        if route != Route::Addresses {
            auth::must_own(&user, &self.parts.owner)?;
        }
        let most = self.parts.max_body;
        match (route, method.as_str()) {
            (Route::PortMaps, "POST") => {
                let new = portmap::NewBody::check(body::read(body, most).await?)?;
                let _place = place(&self.places).await?;
                self.done(&user, portmap::add(self, new).await)
            }
            (Route::PortMaps, "DELETE") => {
                let conn_port = portmap::OldBody::check(body::read(body, most).await?)?;
                // Removing and listing maps needs no provider, and does not wait for those who do.
                self.done(&user, portmap::remove(self, conn_port).await)
            }
            (Route::Health, _) => {
                health::RepairBody::check(&body::read(body, most).await?)?;
                let _place = place(&self.places).await?;
                self.done(&user, health::repair(self).await)
            }
            (Route::PortMaps, _) => portmap::list(self, query).await,
            (Route::Addresses, _) => {
                let _place = place(&self.places).await?;
                addr::list(self, query).await
            }
        }
    }

    /// Logs a change that was made, with its user.
    fn done(&self, user: &User, made: Result<(String, Value), Refusal>) -> Result<Value, Refusal> {
        let (sentence, content) = made?;
        note(format_args!("api: {:?} {sentence}", user.name));
        Ok(content)
    }
}

/// Waits for one of the places of requests that are worked on.
async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Refusal> {
    match timeout(WAIT, places.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "other requests are under way; try again")),
    }
}
