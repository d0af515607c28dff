//! Rows of phpIPAM as the records of a scan, and the marks by which the agent knows its own.

use serde_json::Value;

use super::zone::Zone;
use super::{KnownHost, Presence};
use crate::models::{Address, AddressFields, AddressId, CustomField, JsonObject, ServerTime, Tag, TagId};
use crate::provider::map::mark::{Found, Mark, State};
use crate::provider::map::model::scalar;

/// Description of addresses that a scan created; phpIPAM's own agents write the same.
const DESCRIPTION: &str = "-- autodiscovered --";

/// Row of an address.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) host: KnownHost<AddressId>,
    /// Tag, to be sent along in every change.
    pub(super) tag: TagId,
    /// True if an allocation is in progress, so that the row is left alone.
    pub(super) claimed: bool,
    /// Time of the note by which the agent knows a row that it created, and that no person has changed since.
    pub(super) noted: Option<ServerTime>,
}

/// Reader of rows, and writer of the agent's marks.
#[derive(Debug, Clone)]
pub(super) struct Records {
    pub(super) zone: Zone,
    code: String,
    /// Custom fields of new addresses.
    custom: JsonObject,
    /// Values that custom fields have by default.
    defaults: JsonObject,
}

impl Records {
    pub(super) fn new(zone: Zone, code: &str, custom: JsonObject) -> Self {
        Self { zone, code: code.to_owned(), custom, defaults: JsonObject::new() }
    }

    /// Takes over the defaults of the custom fields, which say whether a person has changed a row.
    pub(super) fn with_schema(mut self, schema: Vec<CustomField>) -> Self {
        self.defaults = schema.into_iter().filter_map(|field| Some((field.name, field.default?))).collect();
        self
    }

    /// Returns a row as a record; `None` if the server did not say which address it is.
    pub(super) fn record(&self, row: &Address) -> Option<Record> {
        // A row without a tag is shown as used, and every change makes it used: the column cannot be kept empty (Q61).
        let tag = row.tag.unwrap_or(Tag::USED);
        let presence = match tag {
            Tag::USED => Presence::Used,
            Tag::OFFLINE => Presence::Offline,
            _ => Presence::Kept,
        };
        let mut host = KnownHost::new(row.id, row.ip?, presence);
        host.hostname.clone_from(&row.hostname);
        host.mac = row.mac.as_deref().and_then(|mac| mac.parse().ok());
        host.last_seen = row.last_seen.and_then(|time| self.zone.moment(time));
        host.excluded = row.exclude_ping;
        let noted = self.noted(row).filter(|_| self.is_own(row));
        host.created_by_agent = noted.is_some();
        Some(Record { host, tag, claimed: is_claimed(row), noted })
    }

    /// Returns the fields of an address that the agent creates, without time and MAC address.
    pub(super) fn created(&self, now: ServerTime, hostname: Option<&str>) -> AddressFields {
        let mut fields = AddressFields::new().with_description(DESCRIPTION).with_note(self.note(now, hostname));
        if let Some(hostname) = hostname {
            fields = fields.with_hostname(hostname);
        }
        self.custom.iter().fold(fields, |fields, (name, value)| fields.with_custom_field(name, value.clone()))
    }

    /// Returns the note of an address that the agent created at this time. It holds the host name, so that one that a person
    /// gave is told from the agent's.
    pub(super) fn note(&self, time: ServerTime, hostname: Option<&str>) -> String {
        let name = hostname.map(|name| format!(" as {name}")).unwrap_or_default();
        format!("Found by scan agent {} at {time}{name}", self.code)
    }

    /// Returns the time of the note, if it is this agent's and has the host name of the row.
    fn noted(&self, row: &Address) -> Option<ServerTime> {
        let note = row.note.as_deref()?;
        let rest = note.strip_prefix("Found by scan agent ")?.strip_prefix(self.code.as_str())?.strip_prefix(" at ")?;
        let time = rest.split_once(" as ").map_or(rest, |(time, _)| time).parse().ok()?;
        (note == self.note(time, row.hostname.as_deref())).then_some(time)
    }

    /// Returns true if every field but those that scans write is as the agent wrote it.
    fn is_own(&self, row: &Address) -> bool {
        row.description.as_deref() == Some(DESCRIPTION)
            && row.owner.is_none()
            && row.port.is_none()
            && row.device_id.is_none()
            && row.location.is_none()
            && row.customer_id.is_none()
            && row.firewall_address_object.is_none()
            && !row.is_gateway
            && !row.exclude_ping
            && !row.ptr_ignore
            && row.extra.iter().all(|(name, value)| self.is_untouched(name, value))
    }

    /// Returns true if a custom field is as it was when the address was created.
    fn is_untouched(&self, name: &str, value: &Value) -> bool {
        let Some(text) = scalar(value) else {
            // Lists and objects are of the server, such as links; no person writes them.
            return true;
        };
        let same = |fields: &JsonObject| fields.get(name).and_then(scalar).is_some_and(|other| other == text);
        text.is_empty() || same(&self.custom) || same(&self.defaults)
    }
}

/// Returns true if an allocation of this crate's provider is in progress, or has a mark that cannot be read: a change could
/// undo what its next request writes.
fn is_claimed(row: &Address) -> bool {
    // Any text: the field of the marks is a setting of the provider.
    let texts = row.extra.values().filter_map(Value::as_str).chain(row.note.as_deref());
    texts.map(Mark::find).any(|found| match found {
        Found::None => false,
        Found::Mark(mark) => mark.state == State::Pending,
        Found::Unreadable => true,
    })
}
