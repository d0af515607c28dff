//! Settings by name, from a file and the environment, with errors that name the place.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::file::{self, MAX_PEM, Written, read_text};
use super::keys::{self, Form};
use crate::exit::Failure;

/// Beginning of the names of environment variables.
const PREFIX: &str = "IPAM_AGENT_";
/// Largest file of a secret.
const MAX_SECRET: u64 = 64 << 10;

/// Settings that are given.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Given>);

/// Value and where it is given.
struct Given {
    value: Written,
    place: String,
}

/// The value may be a secret.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Hash of settings, compared and never shown, because it has passwords in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl Values {
    /// Reads a file, if there is one, and the environment, which takes precedence.
    pub(super) fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let mut values = Self::default();
        for entry in file.map(file::read).transpose()?.unwrap_or_default() {
            let place = format!("{}, line {}", file.unwrap_or(Path::new("")).display(), entry.line);
            let (Some(key), Some(value)) = (key(&entry.name), entry.value) else {
                return Err(unknown(&place, &entry.name, &keys::remedy(&entry.name)));
            };
            values.0.insert(key, Given { value, place });
        }
        values.exclusive()?;
        let mut given = Self::default();
        for (variable, text) in environment {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            let name = name.to_ascii_lowercase();
            // The one of the command line, and one that is set to nothing.
            if name == "config" || text.is_empty() {
                continue;
            }
            let place = format!("{variable} in the environment");
            let (Some(key), Some(form)) = (key(&name), keys::form(&name)) else {
                return Err(unknown(&place, &name, &keys::remedy(&name)));
            };
            let value = match form {
                Form::One | Form::Secret => Written::One(text),
                Form::List => Written::List(file::split(&text)),
                Form::Map => Written::Map(pairs(&place, &name, &text)?),
            };
            given.0.insert(key, Given { value, place });
        }
        given.exclusive()?;
        for (key, value) in given.0 {
            // One way of giving a secret replaces the other.
            if let Some(other) = other_way(key) {
                values.0.remove(other);
            }
            values.0.insert(key, value);
        }
        Ok(values)
    }

    /// Refuses a secret that is given in both ways in one place.
    fn exclusive(&self) -> Result<(), Failure> {
        let both = self.0.iter().find_map(|(key, given)| {
            let other = other_way(key)?;
            self.0.contains_key(other).then_some((key, other, given))
        });
        match both {
            Some((key, other, given)) => {
                Err(Failure::Usage(format!("{}: {key} and {other} are both given; give one", given.place)))
            }
            None => Ok(()),
        }
    }

    fn one(&self, name: &str) -> Option<(&str, &str)> {
        match self.0.get(name) {
            Some(Given { value: Written::One(text), place }) => Some((text.trim(), place)),
            _ => None,
        }
    }

    /// Returns true if a setting is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.one(name).map(|(text, _)| text.to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn required(&self, name: &str, remedy: &str) -> Result<String, Failure> {
        self.text(name).ok_or_else(|| missing(name, remedy))
    }

    /// Returns an error about a setting that is given. A secret is not shown.
    pub(super) fn wrong(&self, name: &str, remedy: impl Display) -> Failure {
        let place = self.0.get(name).map_or("settings", |given| &given.place);
        let shown = match (keys::form(name), self.0.get(name).map(|given| &given.value)) {
            (Some(Form::Secret), _) | (_, None) => "[not shown]".to_owned(),
            // A URL with a password in it.
            (_, Some(Written::One(text))) if text.contains('@') => "[not shown]".to_owned(),
            (_, Some(Written::One(text))) => format!("{text:?}"),
            (_, Some(Written::List(list))) => format!("{list:?}"),
            (_, Some(Written::Map(_))) => "a map".to_owned(),
        };
        Failure::Usage(format!("{place}: {name} is {shown}; {remedy}"))
    }

    /// Reads a setting with a parser; `None` if it is not given.
    pub(super) fn read_with<T>(
        &self,
        name: &str,
        remedy: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some((text, _)) = self.one(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| self.wrong(name, remedy))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Failure> {
        let read = self.read_with(name, "write true or false", |text| match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        });
        Ok(read?.unwrap_or(default))
    }

    /// Reads a number from `least` to `most`.
    pub(super) fn number<T: FromStr + PartialOrd + Display>(
        &self,
        name: &str,
        least: T,
        most: T,
    ) -> Result<Option<T>, Failure> {
        let remedy = format!("write a number from {least} to {most}");
        self.read_with(name, &remedy, |text| text.parse().ok().filter(|number| *number >= least && *number <= most))
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<Duration>, Failure> {
        self.read_with(name, TIME, |text| parse_time(text).ok())
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// Reads the text of a file that a setting names.
    pub(super) fn file(&self, name: &str) -> Result<Option<String>, Failure> {
        self.text_of(name, MAX_PEM, "name a file of certificates")
    }

    fn text_of(&self, name: &str, most: u64, remedy: &str) -> Result<Option<String>, Failure> {
        let Some(path) = self.path(name) else { return Ok(None) };
        read_text(&path, most).map(Some).map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => self.wrong(name, format_args!("{error}; {remedy}")),
            _ => self.wrong(name, format_args!("the file cannot be read: {error}")),
        })
    }

    /// Returns a value that is the same for the same settings and the same contents of the files that they name.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for (name, given) in &self.0 {
            hash.update(format!("{name} {:?}\n", given.value));
            let has_file = other_way(name).is_some() && name.ends_with("_file");
            if has_file || ["tls_ca", "tls_pin", "http_server_ca", "http_server_pin"].contains(name) {
                let text = self.path(name).and_then(|path| read_text(&path, MAX_PEM).ok());
                hash.update(format!("{text:?}\n"));
            }
        }
        Fingerprint(hash.finalize().into())
    }

    /// Reads a secret, or the file that is named by the setting of this name and `_file`.
    pub(super) fn secret(&self, name: &str) -> Result<Option<SecretString>, Failure> {
        if let Some((text, _)) = self.one(name) {
            return match text {
                "" => Err(self.wrong(name, "it is empty")),
                text => Ok(Some(text.to_owned().into())),
            };
        }
        let name = format!("{name}_file");
        let Some(text) = self.text_of(&name, MAX_SECRET, "name a file with the secret alone")? else { return Ok(None) };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Err(self.wrong(&name, "the file is empty; write the secret into it"));
        }
        Ok(Some(text.to_owned().into()))
    }

    pub(super) fn list(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name) {
            Some(Given { value: Written::List(list), .. }) => Some(list),
            _ => None,
        }
    }

    pub(super) fn map(&self, name: &str) -> Vec<(String, String)> {
        match self.0.get(name) {
            Some(Given { value: Written::Map(map), .. }) => map.clone().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

const TIME: &str = "write a time such as 90s, 15m, 1h or 7d; a number alone is seconds";

/// Reads a time such as `15m`; a number alone is seconds.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match text.strip_prefix(digits) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        Some("d") => 86_400,
        _ => 0,
    };
    let number = digits.parse::<u64>().ok().filter(|_| seconds > 0 && !digits.starts_with('+'));
    // A hundred years are more than any time here.
    let time = number.and_then(|number| number.checked_mul(seconds)).filter(|time| *time <= 36_500 * 86_400);
    time.map(Duration::from_secs).ok_or_else(|| TIME.to_owned())
}

fn key(name: &str) -> Option<&'static str> {
    keys::KEYS.iter().find(|(key, _)| *key == name).map(|(key, _)| *key)
}

/// Returns the other way of giving a secret: itself, or a file.
fn other_way(name: &str) -> Option<&'static str> {
    match name.strip_suffix("_file") {
        Some(secret) => key(secret),
        None => key(&format!("{name}_file")).filter(|_| keys::form(name) == Some(Form::Secret)),
    }
    .filter(|_| name != "cache_file")
}

fn pairs(place: &str, name: &str, text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |part: String| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let pairs: Option<BTreeMap<_, _>> = file::split(text).into_iter().map(pair).collect();
    pairs.ok_or_else(|| Failure::Usage(format!("{place}: {name} has a part without =; write NAME=VALUE,NAME=VALUE")))
}

fn unknown(place: &str, name: &str, remedy: &str) -> Failure {
    // A line such as `password hunter2: x` must not be shown.
    let is_plain = name.len() <= 32 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    Failure::Usage(if is_plain {
        format!("{place}: {name:?} is not a setting; {remedy}")
    } else {
        format!("{place}: what is written there is not a setting; write NAME: VALUE")
    })
}

pub(super) fn missing(name: &str, remedy: &str) -> Failure {
    let variable = format!("{PREFIX}{}", name.to_ascii_uppercase());
    Failure::Usage(format!("{name} is not set; {remedy}, in the file of --config or as {variable}"))
}
