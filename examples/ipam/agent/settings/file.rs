//! Reading of settings files, YAML and TOML, into names and texts.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::keys::{self, Form};
use crate::exit::Failure;

/// Largest file of settings.
const MAX_BYTES: u64 = 1 << 20;
/// Largest file of certificates or keys.
pub(crate) const MAX_PEM: u64 = 4 << 20;

/// Value of a setting as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    One(String),
    List(Vec<String>),
    Map(BTreeMap<String, String>),
}

/// Setting of a file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// `None` if no setting has this name.
    pub(super) value: Option<Written>,
    /// Line of the file.
    pub(super) line: usize,
}

/// Reads a file. One whose name ends in `.toml` is TOML, any other one YAML.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Failure> {
    let refused = |reason: &dyn fmt::Display| Failure::Usage(format!("settings {}: {reason}", path.display()));
    let text = read_text(path, MAX_BYTES).map_err(|error| refused(&error))?;
    let toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let entries = if toml { from_toml(&text) } else { from_yaml(&text) };
    entries.map_err(|reason| refused(&reason))
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::FileTooLarge`] for a longer one, and [`io::ErrorKind::InvalidInput`] for a pipe
/// or a device, which may never end.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    // Looked at before it is opened: that of a named pipe waits for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut text = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() as u64 > most {
        let text = format!("it is larger than {} KiB", most >> 10);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    String::from_utf8(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Errors of both libraries may show a piece of the file, and with it a secret: only the message and the line are kept.
fn from_toml(text: &str) -> Result<Vec<Entry>, String> {
    let entries: Entries = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
        located(text, line, error.message())
    })?;
    Ok(entries.with_lines(text))
}

fn from_yaml(text: &str) -> Result<Vec<Entry>, String> {
    // A file of comments only.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let entries: Entries = serde_saphyr::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        match error.location() {
            Some(location) => located(text, usize::try_from(location.line()).unwrap_or_default(), &error.to_string()),
            None => without_contents(&error.to_string(), text),
        }
    })?;
    Ok(entries.with_lines(text))
}

/// Returns an error with its line, and the setting that the line belongs to.
fn located(text: &str, line: usize, message: &str) -> String {
    let known = |line: &str| {
        let name = line.trim_start().split([':', '=', ' ']).next().unwrap_or_default();
        keys::form(name).is_some().then(|| name.to_owned())
    };
    let lines: Vec<&str> = text.lines().take(line).collect();
    let message = without_contents(message, text);
    match lines.into_iter().rev().find_map(known).filter(|name| !message.contains(name.as_str())) {
        Some(name) => format!("line {line}: {name}: {message}"),
        None => format!("line {line}: {message}"),
    }
}

/// Returns an error's message without words of the file, which may be secrets. Names of settings stay.
fn without_contents(message: &str, text: &str) -> String {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words: Vec<&str> = lines.flat_map(|line| line.split(|c| !is_inside(c))).collect();
    let is_shown = |word: &str| {
        word.chars().count() < 3 || keys::form(word).is_some() || !words.iter().any(|other| other.starts_with(word))
    };
    let mut clean = String::new();
    for part in message.split_inclusive(|c| !is_inside(c)) {
        let word = part.trim_end_matches(|c| !is_inside(c));
        let rest = part.get(word.len()..).unwrap_or_default();
        clean.push_str(if is_shown(word) { word } else { "…" });
        clean.push_str(rest);
    }
    clean
}

struct Entries(Vec<(String, Option<Written>)>);

impl Entries {
    fn with_lines(self, text: &str) -> Vec<Entry> {
        let entry = |(name, value): (String, Option<Written>)| Entry { line: line_of(text, &name), name, value };
        self.0.into_iter().map(entry).collect()
    }
}

/// Returns the line where a name is given. The files have one level, so it is the first line that begins with it.
fn line_of(text: &str, name: &str) -> usize {
    let begins = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'', '[']);
        let rest = line.strip_prefix(name).map(|rest| rest.trim_start_matches(['"', '\'']).trim_start());
        rest.is_some_and(|rest| rest.starts_with([':', '=', ']', '.']))
    };
    text.lines().position(begins).map_or(1, |index| index + 1)
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings, one a line, such as `api_url: https://ipam.example`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries: Vec<(String, Option<Written>)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if entries.iter().any(|(earlier, _)| *earlier == name) {
                return Err(A::Error::custom(format!("{name} is given twice; remove one")));
            }
            let value = match keys::form(&name) {
                Some(Form::One | Form::Secret) => map.next_value_seed(OneText)?.map(Written::One),
                Some(Form::List) => Some(Written::List(map.next_value_seed(Texts)?)),
                Some(Form::Map) => Some(Written::Map(map.next_value_seed(Named)?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                    entries.push((name, None));
                    continue;
                }
            };
            // A name without a value is as if it were not there.
            if value.is_some() {
                entries.push((name, value));
            }
        }
        Ok(Entries(entries))
    }
}

/// Text, number or flag, as it is written: a code of digits keeps its zeros.
struct OneText;

impl<'de> DeserializeSeed<'de> for OneText {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OneText {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, or true or false")
    }

    fn visit_none<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<String>, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<String>, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<String>, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<String>, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Option<String>, E> {
        Ok(Some(flag.to_string()))
    }
}

struct Texts;

impl<'de> DeserializeSeed<'de> for Texts {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element_seed(OneText)? {
            texts.extend(text);
        }
        Ok(texts)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(split(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<String>, E> {
        Ok(vec![number.to_string()])
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<String>, E> {
        Ok(vec![number.to_string()])
    }
}

/// Returns the parts of a text with commas.
pub(super) fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

struct Named;

impl<'de> DeserializeSeed<'de> for Named {
    type Value = BTreeMap<String, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Named {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut named = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if let Some(value) = map.next_value_seed(OneText)? {
                named.insert(name, value);
            }
        }
        Ok(named)
    }
}
