//! Capabilities of a server and an app, probed once by `connect`, and checks of configured names.

use ipam_core::{Capabilities, Operation};

use crate::models::{CustomField, Section, SectionId, Tag, TagId};
use crate::provider::config::SectionChoice;
use crate::provider::map::error::config_error;
use crate::provider::map::required::FieldValues;

/// Results of the probes.
#[derive(Debug, Clone)]
pub(crate) struct Probed {
    /// True if the app may write; `None` if the server does not say.
    pub(crate) may_write: Option<bool>,
    /// True if the server has a search over all texts (since 1.6). Otherwise all addresses are filtered.
    pub(crate) search: bool,
    /// Names of the custom fields of subnets.
    pub(crate) subnet_fields: Vec<String>,
    /// Width of the mark fields of addresses and of subnets, in characters; `None` for type text.
    pub(crate) address_width: Option<usize>,
    pub(crate) subnet_width: Option<usize>,
    /// Configured values of custom fields, and required fields without a value.
    pub(crate) address_values: FieldValues,
    pub(crate) subnet_values: FieldValues,
}

impl Probed {
    /// Returns the capabilities that the app's permission leaves.
    pub(crate) fn capabilities(&self) -> Capabilities {
        // Not known counts as allowed: a read-only app refuses the first write by itself (Q52).
        let writes = self.may_write != Some(false);
        let mut can = Capabilities::minimal("phpIPAM");
        can.preview = true;
        can.usage = true;
        can.blocks = true;
        can.contiguous = true;
        can.tags = true;
        can.durable = true;
        can.list_records = true;
        can.update = writes;
        can.allocate_ranges = writes;
        can.sweep = writes;
        // The server decides which deletion was the first, before 1.8 and without the app's lock it does not (Q74), and
        // its API shows neither the version nor the lock.
        can.exclusive_deallocate = false;
        can
    }

    /// Refuses an operation that the app's permission does not allow.
    ///
    /// # Errors
    /// `Unsupported` if the app may only read.
    pub(crate) fn must_write(&self, operation: Operation) -> ipam_core::Result<()> {
        if self.may_write == Some(false) {
            return Err(ipam_core::Error::unsupported(operation, "phpIPAM (the app is read-only)"));
        }
        Ok(())
    }
}

/// Returns the custom field of the marks, and its width in characters if it is limited.
///
/// # Errors
/// `Config` if the field does not exist, is no text, or is shorter than 255 characters.
pub(crate) fn mark_field(
    wanted: Option<&str>,
    fields: &[CustomField],
    of: &str,
) -> ipam_core::Result<(Option<String>, Option<usize>)> {
    let Some(wanted) = wanted else { return Ok((None, None)) };
    let found = fields
        .iter()
        .find(|field| field.name == wanted)
        .or_else(|| fields.iter().find(|field| field.name.strip_prefix("custom_") == Some(wanted)));
    let Some(field) = found else {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let message = format!("{of} have no custom field {wanted:?}; there are: {}", names.join(", "));
        return Err(config_error(message));
    };
    let sql = field.sql_type.to_ascii_lowercase();
    let too_small = || {
        let message =
            format!("the custom field {wanted:?} of {of} has the type {sql}; change it to text or varchar(255)");
        config_error(message)
    };
    let width = match sql.split_once('(') {
        _ if sql.contains("text") => None,
        Some((kind, width)) if kind.contains("char") => width.trim_end_matches(')').parse().ok(),
        _ => return Err(too_small()),
    };
    // A mark without key and owner has some 110 characters. 255 leaves room for usual keys and owners; `allocate`
    // refuses longer ones before it takes anything.
    if width.is_some_and(|width: usize| width < 255) {
        return Err(too_small());
    }
    Ok((Some(field.name.clone()), width))
}

/// Fields that every subnet has, by which ranges and blocks can be selected.
const SUBNET_FIELDS: [&str; 27] = [
    "id",
    "subnet",
    "mask",
    "sectionId",
    "description",
    "linked_subnet",
    "firewallAddressObject",
    "vrfId",
    "masterSubnetId",
    "allowRequests",
    "vlanId",
    "showName",
    "device",
    "pingSubnet",
    "discoverSubnet",
    "resolveDNS",
    "DNSrecursive",
    "DNSrecords",
    "nameserverId",
    "scanAgent",
    "customer_id",
    "isFull",
    "isPool",
    "tag",
    "threshold",
    "location",
    "editDate",
];

/// Refuses fields that no subnet of the server has. They would select nothing, without a message.
pub(crate) fn check_fields_exist<'a>(
    wanted: impl IntoIterator<Item = &'a (String, String)>,
    custom: &[String],
) -> ipam_core::Result<()> {
    for (name, _) in wanted {
        let is_known = SUBNET_FIELDS.contains(&name.as_str())
            || custom.iter().any(|field| field == name || field.strip_prefix("custom_") == Some(name));
        if !is_known {
            let custom = if custom.is_empty() { "none".to_owned() } else { custom.join(", ") };
            let standard = SUBNET_FIELDS.join(", ");
            let message =
                format!("subnets have no field {name:?}; custom fields: {custom}; fields of every subnet: {standard}");
            return Err(config_error(message));
        }
    }
    Ok(())
}

/// Returns the ids of the chosen sections. Names match in any case; an exact match comes first.
///
/// # Errors
/// `Config`, with all sections, if one does not exist.
pub(crate) fn section_ids(choices: &[SectionChoice], known: &[Section]) -> ipam_core::Result<Vec<SectionId>> {
    let list = || {
        let names: Vec<String> = known.iter().map(|section| format!("{} (#{})", section.name, section.id)).collect();
        if names.is_empty() { "none that the app may see".to_owned() } else { names.join(", ") }
    };
    let find = |choice: &SectionChoice| match choice {
        SectionChoice::Id(id) => {
            let found = known.iter().find(|section| section.id == *id);
            found.ok_or_else(|| config_error(format!("there is no section with the id {id}; there are: {}", list())))
        }
        SectionChoice::Name(name) => {
            let exact = known.iter().find(|section| section.name == *name);
            let found = exact.or_else(|| known.iter().find(|section| section.name.eq_ignore_ascii_case(name)));
            found.ok_or_else(|| config_error(format!("there is no section {name:?}; there are: {}", list())))
        }
    };
    choices.iter().map(|choice| find(choice).map(|section| section.id)).collect()
}

/// Returns the ids of tags by their names, in any case.
///
/// # Errors
/// `Config`, with all tags, if one does not exist.
pub(crate) fn tag_ids(names: &[String], tags: &[Tag]) -> ipam_core::Result<Vec<TagId>> {
    names
        .iter()
        .map(|name| {
            let found = tags.iter().find(|tag| tag.name.eq_ignore_ascii_case(name));
            found.map(|tag| tag.id).ok_or_else(|| {
                let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
                config_error(format!("there is no tag {name:?}; there are: {}", names.join(", ")))
            })
        })
        .collect()
}
