//! What a controller knows of the call it answers.

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

/// One call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) profile: &'a Profile,
    pub(super) params: &'a Params,
    pub(super) method: Method,
    /// Numbers from the database are strings.
    pub(super) strings: bool,
    /// The server's local time.
    pub(super) now: String,
    /// Real name of the token's user.
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
    /// The status of "nothing found".
    pub(super) fn nothing(&self, message: &'static str) -> Refusal {
        fail(self.profile.nothing_found, message)
    }

    /// A list, or "nothing found".
    pub(super) fn list_or(&self, kind: Kind, rows: Vec<Map<String, Value>>, message: &'static str) -> Handled<Reply> {
        Reply::list_or(kind, rows, self.profile.nothing_found, message)
    }

    /// Where a new object is.
    pub(super) fn location(&self, controller: &str, id: u64) -> String {
        format!("/api/{}/{controller}/{id}/", self.params.app.as_deref().unwrap_or_default())
    }

    /// The fields of a write, by column. Refuses keys that the object does not have; on nesting apps `custom_fields` is opened.
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
            let known = table.has_column(column) && !refused.contains(&name.as_str()) && name != "editDate";
            if !known {
                return Err(fail(400, format!("Invalid request key {name}")));
            }
            fields.push((column.to_owned(), as_text(value)));
        }
        Ok(fields)
    }

    /// Writes an entry of the changelog.
    pub(super) fn log(&self, store: &mut Store, object: Object, id: u64, action: &'static str, diff: Vec<String>) {
        let (user, date) = (self.user.clone(), self.now.clone());
        store.changes.push(Change { object, id, user, action, date, diff });
    }

    /// The changelog of an object, newest first.
    pub(super) fn changelog(&self, store: &Store, object: Object, id: u64) -> Handled<Reply> {
        let entry = |c: &Change| {
            serde_json::json!({
                "user": c.user, "action": c.action, "result": "success", "date": c.date, "diff": c.diff,
            })
        };
        let of_this = |c: &&Change| c.object == object && c.id == id;
        let list: Vec<Value> = store.changes.iter().rev().filter(of_this).map(entry).collect();
        if list.is_empty() {
            return Err(self.nothing("No changelogs found"));
        }
        Ok(Reply::plain(list))
    }

    /// The schema of an object's custom fields.
    pub(super) fn custom_fields(&self, store: &Store, object: Object) -> Handled<Reply> {
        let table = store.table(object);
        let mut out = Map::new();
        for column in table.custom() {
            let (sql, comment) = column.custom.clone().unwrap_or_default();
            let default = match &column.default {
                Cell::Null => Value::Null,
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
        if out.is_empty() {
            return Err(self.nothing("No custom fields defined"));
        }
        Ok(Reply::plain(Value::Object(out)))
    }
}

/// The lines of a changelog entry for an addition.
pub(super) fn added(fields: &Fields, id: u64) -> Vec<String> {
    let mut lines = vec!["details: ".to_owned()];
    for (name, value) in fields {
        if let Some(value) = value.as_deref().filter(|v| !v.is_empty()) {
            lines.push(format!("{name}. {}", value.replace(':', ".")));
        }
    }
    lines.push(format!("id. {id}"));
    lines
}

/// The lines of a changelog entry for a change.
pub(super) fn changed(store: &Store, object: Object, id: u64, fields: &Fields) -> Vec<String> {
    let line = |(name, value): &(String, Option<String>)| {
        let before = store.cell(object, id, name).as_text();
        let after = value.clone().unwrap_or_default();
        (before != after).then(|| format!("{name}: {before} => {after}"))
    };
    fields.iter().filter_map(line).collect()
}

/// An id as PHP reads it: any number will do, also `1.0` and `1e1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    /// Not a number.
    Text,
    /// A number; `None` if no row can have it.
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

    /// The row with this id, if the text is a number and the row exists.
    pub(super) fn row(self, store: &Store, object: Object) -> Option<u64> {
        match self {
            Self::Number(Some(id)) if store.table(object).contains(id) => Some(id),
            _ => None,
        }
    }
}

pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(n, _)| n == name)?.1.as_deref()
}

pub(super) fn has(fields: &Fields, name: &str) -> bool {
    fields.iter().any(|(n, _)| n == name)
}

pub(super) fn put(fields: &mut Fields, name: &str, value: impl Into<Option<String>>) {
    fields.retain(|(n, _)| n != name);
    fields.push((name.to_owned(), value.into()));
}
