//! Calls that the client makes, with the check of their response and of their body.

use vra_client::call::{Call, Created};
use vra_client::lenient::{JsonObject, Model};
use vra_client::request::ApiRequest;
use vra_client::v7::{List, Page, Row};

use super::check::{Check, keeps, keeps_object};
use super::sample::{Kind, Sample};

/// Value of a path parameter, which stands for any other.
pub(crate) const ANY: &str = "any";

/// Call of the client.
///
/// Routes are made of prepared calls and never of texts: method and path are those that the client would send, so a
/// route cannot name a call that no method makes.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    method: String,
    /// Segments of the path; `None` stands for any value.
    segments: Vec<Option<String>>,
    /// Query parameter that the request has to have.
    query: Option<&'static str>,
    response: Option<Check>,
    body: Option<Check>,
}

impl Route {
    /// Makes the route of a request whose response the client does not read.
    pub(crate) fn of(request: &ApiRequest) -> Self {
        let operation = request.operation();
        let (method, template) = operation.split_once(' ').unwrap_or(("", &operation));
        let segment = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
        let segments = template.trim_end_matches('/').split('/').map(segment).collect();
        Self { method: method.to_owned(), segments, query: None, response: None, body: None }
    }

    /// Sets the check of the response.
    pub(crate) fn reads(mut self, check: Check) -> Self {
        self.response = Some(check);
        self
    }

    /// Sets the check of the body that is sent.
    pub(crate) fn sends(mut self, check: Check) -> Self {
        self.body = Some(check);
        self
    }

    /// Limits the route to requests with this query parameter, which makes another call of them.
    pub(crate) fn with_query(mut self, name: &'static str) -> Self {
        self.query = Some(name);
        self
    }

    /// Returns the query parameter that the request has to have.
    pub(crate) fn query(&self) -> Option<&'static str> {
        self.query
    }

    /// Returns the check of the response, or of the body that is sent; `None` if there is nothing to check.
    pub(crate) fn check(&self, kind: Kind) -> Option<Check> {
        if kind == Kind::Response { self.response } else { self.body }
    }

    /// Returns how exactly a request fits: the higher, the better; `None` if it does not.
    pub(crate) fn fit(&self, sample: &Sample) -> Option<(usize, bool)> {
        let parts: Vec<&str> = sample.path.split('/').collect();
        let same = |(segment, part): (&Option<String>, &&str)| segment.as_deref().is_none_or(|fixed| fixed == *part);
        let path = self.segments.len() == parts.len() && self.segments.iter().zip(&parts).all(same);
        let query = self.query.is_none_or(|wanted| sample.query.iter().any(|name| name == wanted));
        // Fixed parts win over values: `subtenants/membership` is no business group.
        let fits = self.method == sample.method && path && query;
        fits.then(|| (self.segments.iter().flatten().count(), self.query.is_some()))
    }
}

/// Returns the route of a call whose response is an object.
pub(crate) fn one<T: Model + Send + 'static>(call: &Call<T>) -> Route {
    Route::of(call.request()).reads(keeps::<T>)
}

/// Returns the route of a call whose response is an object or empty.
pub(crate) fn maybe<T: Model + Send + 'static>(call: &Call<Option<T>>) -> Route {
    Route::of(call.request()).reads(keeps::<T>)
}

/// Returns the route of a list.
pub(crate) fn list<T: Model + Row + Send + 'static>(list: &List<T>) -> Route
where
    Page<T>: Model,
{
    Route::of(&list.request()).reads(keeps::<Page<T>>)
}

/// Returns the route of a list that is read whole, by one call.
pub(crate) fn rows<T: Send + 'static>(call: &Call<Vec<T>>) -> Route
where
    Page<T>: Model,
{
    Route::of(call.request()).reads(keeps::<Page<T>>)
}

/// Returns the route of a list of objects whose shape is not published.
pub(crate) fn objects(list: &List<JsonObject>) -> Route {
    Route::of(&list.request()).reads(keeps::<Page<JsonObject>>)
}

/// Returns the route of a call whose response has no published shape.
pub(crate) fn object(call: &Call<JsonObject>) -> Route {
    Route::of(call.request()).reads(keeps_object)
}

/// Returns the route of a call that creates an object: of the response the id is read, and the rest is kept.
pub(crate) fn created(call: &Call<Created>) -> Route {
    Route::of(call.request()).reads(keeps_object)
}

/// Returns the route of a call whose response the client does not read.
pub(crate) fn unread<T: Send + 'static>(call: &Call<T>) -> Route {
    Route::of(call.request())
}
