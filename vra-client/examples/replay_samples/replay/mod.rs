//! Replay of recorded calls through the public types of the client that makes them.

mod body;
pub(crate) mod check;
mod report;
mod route;
mod sample;
mod v7;
mod v8;

pub(crate) use report::Report;
pub(crate) use sample::{Generation, Kind, Sample};

use check::Check;
use route::Route;

/// Calls of all clients.
pub(crate) struct Replay {
    tables: Vec<Table>,
}

/// Calls of the client of one generation.
pub(crate) struct Table {
    generation: Generation,
    routes: Vec<Route>,
    /// Check of the response that refuses a call.
    refusal: Check,
}

/// Result of one payload, if it is the same after decoding and encoding.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The members that no type has a field for, each with its type.
    Kept(Vec<String>),
    /// There is nothing to compare, and why.
    Skipped(&'static str),
    /// No method of the client makes this call, and what is known of it.
    NotServed(String),
}

impl Replay {
    /// Prepares the calls of all clients; nothing is sent.
    pub(crate) fn new() -> Result<Self, vra_client::Error> {
        let v7 = Table { generation: Generation::V7, routes: v7::routes()?, refusal: v7::refusal };
        let v8 = Table { generation: Generation::V8, routes: v8::routes()?, refusal: v8::refusal };
        Ok(Self { tables: vec![v7, v8] })
    }

    /// Replays one sample; the error is the first difference.
    pub(crate) fn replay(&self, sample: &Sample) -> Result<Outcome, String> {
        let Some((table, route)) = self.route(sample) else { return Ok(Outcome::NotServed(self.hint(sample))) };
        if sample.body.is_null() {
            return Ok(Outcome::Skipped("no body"));
        }
        let check = match sample.kind {
            Kind::Response if sample.status >= 400 => Some(table.refusal),
            kind => route.check(kind),
        };
        match (check, sample.kind) {
            (Some(check), _) => check(&sample.body.to_string()).map(Outcome::Kept),
            (None, Kind::Response) => Ok(Outcome::Skipped("the client does not read the response of this call")),
            (None, Kind::Request) => {
                Ok(Outcome::NotServed(format!("the client sends {} {} without a body", sample.method, sample.path)))
            }
        }
    }

    /// Returns the call that fits a sample best.
    pub(crate) fn route(&self, sample: &Sample) -> Option<(&Table, &Route)> {
        let tables = self.tables.iter().filter(|table| sample.generation.is_none_or(|named| named == table.generation));
        let all = tables.flat_map(|table| table.routes.iter().map(move |route| (table, route)));
        all.filter_map(|found| Some((found.1.fit(sample)?, found))).max_by_key(|(fit, _)| *fit).map(|(_, found)| found)
    }

    /// Says what is known of a call that no method makes.
    fn hint(&self, sample: &Sample) -> String {
        let Sample { method, path, generation, .. } = sample;
        let none = match generation {
            Some(generation) => format!("no method of {} makes {method} {path}", generation.client()),
            None => format!("no method makes {method} {path}"),
        };
        let elsewhere = self.route(&Sample { generation: None, ..sample.clone() });
        if let Some((table, _)) = elsewhere {
            return format!("{none}; {} has it, so check the member generation", table.generation.client());
        }
        let routes = self.tables.iter().flat_map(|table| &table.routes);
        for name in routes.filter_map(Route::query) {
            let query = vec![name.to_owned()];
            if self.route(&Sample { query, ..sample.clone() }).is_some() {
                return format!("{none}; the client makes it with the query parameter {name}");
            }
        }
        let other = |method: &str| self.route(&Sample { method: method.to_owned(), ..sample.clone() }).is_some();
        let methods: Vec<_> =
            ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|name| other(name)).collect();
        if methods.is_empty() { none } else { format!("{none}; the client makes {} of this path", methods.join(", ")) }
    }
}
