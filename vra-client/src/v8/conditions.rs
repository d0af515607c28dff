//! Conditions on the rows of a list: named query parameters, some of which may be repeated.

use crate::lenient::Timestamp;
use crate::request::ApiRequest;

/// Query parameters of a list, in the order in which they were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions(Vec<(&'static str, String)>);

impl Conditions {
    /// Adds a parameter. One of the same name stays: rows that fit either are returned.
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    /// Sets a parameter that may be sent once only.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.retain(|(found, _)| *found != name);
        self.add(name, value);
    }

    /// Sets an interval of times, one side of which may be open.
    pub(crate) fn set_interval(&mut self, name: &'static str, from: Option<Timestamp>, to: Option<Timestamp>) {
        let text = |time: Option<Timestamp>| time.map(|time| time.as_str().to_owned()).unwrap_or_default();
        match (from, to) {
            // Both sides open is every row, which needs no parameter.
            (None, None) => self.0.retain(|(found, _)| *found != name),
            (from, to) => self.set(name, format!("{},{}", text(from), text(to))),
        }
    }

    /// Adds the parameters to a request.
    pub(crate) fn apply(self, request: ApiRequest) -> ApiRequest {
        self.0.into_iter().fold(request, |request, (name, value)| request.with_condition(name, value))
    }
}

/// Declares the conditions of a list: `setter = add "name"` may be called several times, `set` counts the last time.
macro_rules! conditions {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$fmeta:meta])* $setter:ident = $how:ident $wire:literal ; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[must_use]
        pub struct $name {
            conditions: $crate::v8::conditions::Conditions,
        }

        impl $name {
            /// Makes a query without conditions, which all rows satisfy.
            pub fn new() -> Self {
                Self::default()
            }

            pub(crate) fn into_conditions(self) -> $crate::v8::conditions::Conditions {
                self.conditions
            }

            $(
                $(#[$fmeta])*
                pub fn $setter(mut self, value: impl Into<String>) -> Self {
                    self.conditions.$how($wire, value);
                    self
                }
            )*
        }
    };
}

pub(crate) use conditions;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn parameters_are_repeated_or_replaced() {
        let mut conditions = Conditions::default();
        conditions.add("projects", "a");
        conditions.set("search", "x");
        conditions.add("projects", "b, c");
        conditions.set("search", "y");
        conditions.set_interval("createdAt", Some("2020-12-01T08:00:00.000Z".into()), None);
        conditions.set_interval("expiresAt", None, Some("2020-12-02T08:00:00.000Z".into()));
        conditions.set_interval("lastUpdatedAt", Some("x".into()), None);
        conditions.set_interval("lastUpdatedAt", None, None);
        let request = conditions.apply(ApiRequest::get("/rows", &[]));
        assert_eq!(
            request.target(),
            "/rows?projects=a&projects=b,%20c&search=y&createdAt=2020-12-01T08:00:00.000Z,\
             &expiresAt=,2020-12-02T08:00:00.000Z"
        );
        assert!(request.validate().is_ok());
    }

    #[test]
    fn a_blank_condition_is_refused() {
        let mut conditions = Conditions::default();
        conditions.add("projects", " ");
        let error = conditions.apply(ApiRequest::get("/rows", &[])).validate().unwrap_err().to_string();
        assert!(error.contains("GET /rows: projects"), "{error}");
    }
}
