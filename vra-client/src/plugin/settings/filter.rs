//! Filter of ranges or blocks in the endpoint's form.

use ipam_core::{Properties, Tag, Tags};
use regex_lite::{Regex, RegexBuilder};

use crate::plugin::{ActionError, EndpointProperties};

/// Names of the fields of a filter.
pub(super) struct FilterFields {
    pub(super) enable: &'static str,
    pub(super) field: &'static str,
    pub(super) value: &'static str,
    pub(super) mode: &'static str,
}

/// Fields of the filter of ranges.
pub(super) const RANGES: FilterFields =
    FilterFields { enable: "enableFilter", field: "filterField", value: "filterValue", mode: "filterMatch" };
/// Fields of the filter of blocks.
pub(super) const BLOCKS: FilterFields = FilterFields {
    enable: "enableBlockFilter",
    field: "blockFilterField",
    value: "blockFilterValue",
    mode: "blockFilterMatch",
};

/// Filter as the form has it. All parts must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Exact name, for the IPAM's own filter; likewise tags and properties.
    pub(super) name: Option<String>,
    pub(super) tags: Tags,
    pub(super) properties: Properties,
    /// Conditions that are checked on what the IPAM returned: its own filter compares whole values only.
    pub(super) conditions: Vec<Condition>,
    /// Names of the properties in the filter, in the order of the form.
    pub(super) names: Vec<String>,
}

/// Condition that a part of a range has to fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    subject: Subject,
    pattern: Pattern,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Name,
    Tag,
    Property(String),
}

#[derive(Debug, Clone)]
enum Pattern {
    Part(String),
    Regex(Regex),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Part(one), Self::Part(other)) => one == other,
            (Self::Regex(one), Self::Regex(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl Eq for Pattern {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Exact,
    Part,
    Regex,
}

impl Filter {
    /// Reads the filter of these fields; an empty one if it is not enabled.
    pub(super) fn read(form: &EndpointProperties, at: &FilterFields) -> Result<Self, ActionError> {
        let mut filter = Self::default();
        // A form whose filter is switched off may still have the filter's fields, half filled in.
        if !form.flag(at.enable)? {
            return Ok(filter);
        }
        let input = |name: &str, problem: &str| ActionError::input(&format!("endpointProperties.{name}"), &problem);
        let missing = |name: &str| input(name, &format!("missing, though {} is true", at.enable));
        let fields = form.get(at.field)?.ok_or_else(|| missing(at.field))?;
        let values = form.get(at.value)?.ok_or_else(|| missing(at.value))?;
        let mode = match form.get(at.mode)?.map(|mode| mode.trim().to_ascii_lowercase()).as_deref() {
            None | Some("exact" | "full") => Mode::Exact,
            Some("partial") => Mode::Part,
            Some("regex") => Mode::Regex,
            Some(_) => return Err(input(at.mode, "write exact, partial or regex")),
        };
        let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
        // The value of a single field may contain commas, as a regular expression often does.
        let values: Vec<&str> = match fields.len() {
            1 => vec![values.trim()],
            _ => values.split(',').map(str::trim).collect(),
        };
        // A missing value would match every range; listing too many would let machines be placed in the wrong networks.
        if fields.len() != values.len() {
            let remedy = match mode {
                Mode::Regex => "; give one value for each, and write a comma inside a value as \\x2c",
                Mode::Exact | Mode::Part => "; give one value for each",
            };
            let problem = format!("{} values for {} fields{remedy}", values.len(), fields.len());
            return Err(input(at.value, &problem));
        }
        for (index, (field, value)) in fields.into_iter().zip(values).enumerate() {
            if field.is_empty() {
                return Err(input(at.field, "a field without a name"));
            }
            if value.is_empty() {
                // Every text contains the empty one.
                return Err(input(at.value, &format!("value {} is empty; write the value to look for", index + 1)));
            }
            // The value is not shown: a password may have been typed into the wrong field.
            match mode {
                Mode::Exact => filter.add_exact(field, value).map_err(|problem| input(at.field, problem))?,
                Mode::Part => filter.add(field, Pattern::Part(value.to_owned())),
                Mode::Regex => {
                    let problem = |problem| format!("value {} is no regular expression: {problem}", index + 1);
                    let regex = regex(value).map_err(|error| input(at.value, &problem(error)))?;
                    filter.add(field, Pattern::Regex(regex));
                }
            }
        }
        Ok(filter)
    }

    fn add_exact(&mut self, field: &str, value: &str) -> Result<(), &'static str> {
        let known = match field {
            "name" => self.name.replace(value.to_owned()).is_some(),
            "tag" => {
                // A tag without `=` is one with an empty value, as a provider stores it.
                let (key, value) = value.split_once('=').unwrap_or((value, ""));
                self.tags.insert(Tag::new(key, value));
                // A range may have several tags.
                false
            }
            _ => {
                self.names.push(field.to_owned());
                self.properties.insert(field.to_owned(), value.to_owned()).is_some()
            }
        };
        if known {
            return Err("a field is named twice, and no range has two values of it; name it once");
        }
        Ok(())
    }

    fn add(&mut self, field: &str, pattern: Pattern) {
        let subject = match field {
            "name" => Subject::Name,
            "tag" => Subject::Tag,
            name => {
                self.names.push(name.to_owned());
                Subject::Property(name.to_owned())
            }
        };
        self.conditions.push(Condition { subject, pattern });
    }
}

impl Condition {
    /// Returns true if the part that the condition is about fulfils it. A property that is not there does not.
    pub(super) fn holds(&self, name: &str, tags: &Tags, properties: &Properties) -> bool {
        match &self.subject {
            Subject::Name => self.pattern.matches(name),
            Subject::Tag => tags.iter().any(|tag| match tag.value.as_str() {
                "" => self.pattern.matches(&tag.key),
                value => self.pattern.matches(&format!("{}={value}", tag.key)),
            }),
            Subject::Property(property) => properties.get(property).is_some_and(|value| self.pattern.matches(value)),
        }
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Part(part) => text.contains(part.as_str()),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Compiles a regular expression, with or without delimiters and modifiers, such as `/^web/i`.
fn regex(text: &str) -> Result<Regex, String> {
    const MAX_BYTES: usize = 1000;
    // Bounds the time of a match, which is the product of this and the length of the text.
    const MAX_PROGRAM: usize = 64 << 10;
    if text.len() > MAX_BYTES {
        return Err(format!("longer than {MAX_BYTES} bytes; write a shorter one"));
    }
    // phpIPAM itself wants delimiters, so that forms of other plug-ins have them.
    let (pattern, modifiers) = delimited(text).unwrap_or((text, ""));
    RegexBuilder::new(pattern)
        .case_insensitive(modifiers.contains('i'))
        .multi_line(modifiers.contains('m'))
        .dot_matches_new_line(modifiers.contains('s'))
        .ignore_whitespace(modifiers.contains('x'))
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| error.to_string())
}

/// Splits `/PATTERN/MODIFIERS`; `None` if the text has no delimiters.
fn delimited(text: &str) -> Option<(&str, &str)> {
    let delimiter = text.chars().next().filter(|first| matches!(first, '/' | '#' | '~' | '@'))?;
    let (pattern, modifiers) = text.strip_prefix(delimiter)?.rsplit_once(delimiter)?;
    modifiers.bytes().all(|modifier| b"imsxu".contains(&modifier)).then_some((pattern, modifiers))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    fn filter(form: Value) -> Result<Filter, ActionError> {
        let mut form = form;
        form["enableFilter"] = json!("true");
        Filter::read(&serde_json::from_value(form).unwrap(), &RANGES)
    }

    fn holds(filter: &Filter, name: &str, site: &str) -> bool {
        let tags = Tags::from([Tag::new("env", "prod"), Tag::new("dmz", "")]);
        let properties = Properties::from([("site".to_owned(), site.to_owned())]);
        filter.conditions.iter().all(|condition| condition.holds(name, &tags, &properties))
    }

    #[test]
    fn a_part_of_a_value_is_enough_for_partial() {
        let filter =
            filter(json!({"filterField": "site, tag", "filterValue": "rag,v=pr", "filterMatch": "PARTIAL"})).unwrap();
        assert!(holds(&filter, "", "Prague") && !holds(&filter, "", "Brno"));
        assert_eq!(filter.names, ["site"]);
        assert!(filter.properties.is_empty(), "the IPAM compares whole values");
    }

    #[test]
    fn a_regular_expression_may_have_delimiters_and_commas() {
        for pattern in ["^web", "/^web/", "#^WEB#i", "^w[a-f]{1,3}", "~WEB.lan~sxi"] {
            let read = json!({"filterField": "name", "filterValue": pattern, "filterMatch": "regex"});
            let filter = filter(read).unwrap();
            assert!(holds(&filter, "web lan", "") && !holds(&filter, "db web", ""), "{pattern}");
        }
        let filter =
            filter(json!({"filterField": "name,tag", "filterValue": "^w,^dmz$", "filterMatch": "regex"})).unwrap();
        assert!(holds(&filter, "web", "") && !holds(&filter, "db", ""));
    }

    #[test]
    fn a_property_that_is_not_there_never_matches() {
        let filter = filter(json!({"filterField": "none", "filterValue": ".*", "filterMatch": "regex"})).unwrap();
        assert!(!holds(&filter, "web", "Prague"));
    }

    #[test]
    fn a_single_field_keeps_the_commas_of_its_value() {
        let filter = filter(json!({"filterField": "site", "filterValue": "Prague, Brno"})).unwrap();
        assert_eq!(filter.properties["site"], "Prague, Brno");
    }

    #[test]
    fn mistakes_are_named_by_their_field_and_no_value_is_shown() {
        let many = "(s3cret{500}){500}";
        for (form, at, problem) in [
            (json!({"filterField": "a", "filterValue": "s3cret["}), "filterValue", "no regular expression"),
            (json!({"filterField": "a", "filterValue": "s3cret".repeat(200)}), "filterValue", "longer than 1000"),
            (json!({"filterField": "a", "filterValue": many}), "filterValue", "no regular expression"),
            (json!({"filterField": "a,b", "filterValue": "s3cret{1,2},3"}), "filterValue", "\\x2c"),
            (json!({"filterField": "a,,", "filterValue": "s3cret,2,3"}), "filterField", "without a name"),
            (json!({"filterField": "a,b", "filterValue": "s3cret,"}), "filterValue", "value 2 is empty"),
            (json!({"filterField": "a", "filterValue": "b", "filterMatch": "s3cret"}), "filterMatch", "partial"),
            (json!({"filterField": "a,a", "filterValue": "s3cret,b", "filterMatch": "full"}), "filterField", "twice"),
            (json!({"filterField": "a"}), "filterValue", "missing, though enableFilter"),
        ] {
            let mut form = form;
            if form.get("filterMatch").is_none() {
                form["filterMatch"] = json!("regex");
            }
            let error = filter(form).unwrap_err().to_string();
            assert!(error.starts_with(&format!("endpointProperties.{at}: ")), "{error}");
            assert!(error.contains(problem) && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_match_takes_no_time_that_grows_with_the_pattern_and_the_text_beyond_their_product() {
        let pattern = format!("^{}$", "(a?)".repeat(30) + &"a".repeat(30));
        let filter = filter(json!({"filterField": "name", "filterValue": pattern, "filterMatch": "regex"})).unwrap();
        assert!(holds(&filter, &"a".repeat(30), ""));
        // A matcher that tries every way would not end with this text.
        assert!(!holds(&filter, &format!("{}b", "a".repeat(59)), ""));
    }
}
