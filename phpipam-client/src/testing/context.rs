//! Context of one call: app, parameters, time and user, and what controllers do with them.

use serde_json::{Map, Value};

use super::config::App;
use super::params::{Params, as_text};
use super::profile::Profile;
use super::refusal::{Handled, Refusal, fail};
use super::reply::{Kind, Reply};
use super::schema::Object;
use super::seed::column_name;
use super::store::{Change, Store};
use super::table::{Cell, Fields};

/// One call of the API, as a controller sees it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) profile: &'a Profile,
    pub(super) params: &'a Params,
    pub(super) method: Method,
    /// True if numbers from the database are sent as strings.
    pub(super) strings: bool,
    /// Local time of the server, as the database writes it.
    pub(super) now: String,
    /// Real name of the user whose token was sent. Empty for the controller `user`.
    pub(super) user: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Patch,
    Delete,
    Options,
}

impl Method {
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Post | Self::Patch | Self::Delete)
    }
}

impl Call<'_> {
    /// Returns the failure "nothing found", with the status of the version.
    pub(super) fn nothing(&self, message: &'static str) -> Refusal {
        fail(self.profile.nothing_found, message)
    }

    /// Returns a list, or "nothing found" if it is empty.
    pub(super) fn list_or(&self, kind: Kind, rows: Vec<Map<String, Value>>, message: &'static str) -> Handled<Reply> {
        Reply::list_or(kind, rows, self.profile.nothing_found, message)
    }

    /// Returns the path of a new object, for the header `Location`.
    pub(super) fn location(&self, controller: &str, id: u64) -> String {
        format!("/api/{}/{controller}/{id}/", self.params.app.as_deref().unwrap_or_default())
    }

    /// Returns the fields of a write, by column.
    ///
    /// Refuses keys that the object does not have, and those in `refused`, before anything is written (Q44). On an app
    /// that nests custom fields, the members of `custom_fields` are fields.
    pub(super) fn fields(&self, store: &Store, object: Object, refused: &[&str]) -> Handled<Fields> {
        let table = store.table(object);
        let mut fields = Fields::new();
        for (name, value) in &self.params.fields {
            if name == "custom_fields"
                && self.app.nested
                && let Value::Object(nested) = value
            {
                for (name, value) in nested {
                    if !table.custom().any(|c| c.name == *name) {
                        return Err(fail(400, format!("{name} is not a valid custom field")));
                    }
                    fields.push((name.clone(), as_text(value)));
                }
                continue;
            }
            let column = column_name(object, name);
            // The server refuses `editDate` like an unknown key, although the column exists.
            let known = table.has_column(column) && !refused.contains(&name.as_str()) && name != "editDate";
            if !known {
                return Err(fail(400, format!("Invalid request key {name}")));
            }
            let value = as_text(value);
            // Up to 1.4 an empty value is left out if the column cannot be null, and 0 is empty for a custom field.
            let custom = table.custom().any(|c| c.name == *column);
            let empty = value.as_deref().is_some_and(|v| v.is_empty() || (custom && v == "0"));
            if self.profile.lenient_json && empty && !table.is_nullable(column) {
                continue;
            }
            // Flat custom fields are columns like any other, on apps that nest them, too.
            fields.push((column.to_owned(), value));
        }
        Ok(fields)
    }

    /// Adds an entry to the changelog.
    pub(super) fn log(&self, store: &mut Store, object: Object, id: u64, action: &'static str, diff: Vec<String>) {
        let (user, date) = (self.user.clone(), self.now.clone());
        store.changes.push(Change { object, id, user, action, date, diff });
    }

    /// Returns the changelog of an object, newest entry first.
    pub(super) fn changelog(&self, store: &Store, object: Object, id: u64) -> Handled<Reply> {
        let entry = |c: &Change| {
            serde_json::json!({
                "user": c.user, "action": c.action, "result": "success", "date": c.date, "diff": c.diff,
            })
        };
        let of_this = |c: &&Change| c.object == object && c.id == id;
        let list: Vec<Value> = store.changes.iter().rev().filter(of_this).map(entry).collect();
        // Q11: an empty list is an error, here as elsewhere.
        if list.is_empty() {
            return Err(self.nothing("No changelogs found"));
        }
        Ok(Reply::plain(list))
    }

    /// Returns the custom fields of a kind of object, by name.
    pub(super) fn custom_fields(&self, store: &Store, object: Object) -> Handled<Reply> {
        let table = store.table(object);
        let mut out = Map::new();
        for column in table.custom() {
            let (sql, comment) = column.custom.clone().unwrap_or_default();
            let default = match &column.default {
                Cell::Null => Value::Null,
                // Our default is what old rows hold; the database has none.
                _ if column.must_be_given => Value::Null,
                cell => Value::String(cell.as_text()),
            };
            let nullable = if column.nullable { "YES" } else { "NO" };
            out.insert(
                column.name.clone(),
                serde_json::json!({
                    "name": column.name, "type": sql, "Comment": comment, "Null": nullable, "Default": default,
                }),
            );
        }
        // Q43: 404 from 1.5 on, 200 with `success` false before.
        if out.is_empty() {
            return Err(self.nothing("No custom fields defined"));
        }
        Ok(Reply::plain(Value::Object(out)))
    }
}

/// Returns the lines of a changelog entry for an addition.
pub(super) fn added(fields: &Fields, id: u64) -> Vec<String> {
    let mut lines = vec!["details: ".to_owned()];
    for (name, value) in fields {
        if let Some(value) = value.as_deref().filter(|v| !v.is_empty()) {
            // In entries of additions the real server writes dots for colons, also inside values: `mac. 00.11…`.
            lines.push(format!("{name}. {}", value.replace(':', ".")));
        }
    }
    lines.push(format!("id. {id}"));
    lines
}

/// Returns the lines of a changelog entry for a change.
pub(super) fn changed(store: &Store, object: Object, id: u64, fields: &Fields) -> Vec<String> {
    let line = |(name, value): &(String, Option<String>)| {
        let before = store.cell(object, id, name).as_text();
        let after = value.clone().unwrap_or_default();
        (before != after).then(|| format!("{name}: {before} => {after}"))
    };
    fields.iter().filter_map(line).collect()
}

/// Id as PHP reads it: any number, also `1.0` and `1e1`.
///
/// PHP's `is_numeric` accepts them, and the database converts them when it compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    /// Text that is no number.
    Text,
    /// Number, or `None` if it is negative or has a fraction, so that no row has it.
    Number(Option<u64>),
}

impl Id {
    pub(super) fn of(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::Text };
        if let Ok(exact) = text.parse::<u64>() {
            return Self::Number(Some(exact));
        }
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() && text.bytes().any(|b| b.is_ascii_digit()) => {
                Self::Number((n.fract() == 0.0 && n >= 0.0).then(|| format!("{n:.0}").parse().ok()).flatten())
            }
            _ => Self::Text,
        }
    }

    /// Returns the id if the text is a number and the row exists.
    pub(super) fn row(self, store: &Store, object: Object) -> Option<u64> {
        match self {
            Self::Number(Some(id)) if store.table(object).contains(id) => Some(id),
            _ => None,
        }
    }
}

/// Returns the last value of a field, or `None` if it is absent or null.
pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(n, _)| n == name)?.1.as_deref()
}

/// Returns true if the request has the field, also if it is null.
pub(super) fn has(fields: &Fields, name: &str) -> bool {
    fields.iter().any(|(n, _)| n == name)
}

/// Replaces or adds a field.
pub(super) fn put(fields: &mut Fields, name: &str, value: impl Into<Option<String>>) {
    fields.retain(|(n, _)| n != name);
    fields.push((name.to_owned(), value.into()));
}
