//! Profiles of the configuration file: providers by name. It has no secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::PathBuf;

use serde::Deserialize;

use crate::exit::Failure;
use crate::output::Form;

/// Variable with the path of the configuration file.
const PATH: &str = "IPAM_CONFIG";
/// Longest configuration file, in bytes.
const LONGEST: u64 = 1 << 20;
/// Number of profiles that an error names.
const NAMED: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    profile: BTreeMap<String, Profile>,
}

/// Values for arguments that are not on the command line.
#[derive(Debug, PartialEq, Eq, Deserialize)]
// Refused and not ignored: a mistyped name, or a password, which does not belong here.
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) provider: Option<String>,
    pub(super) output: Option<Form>,
}

/// Returns the profile with this name from the configuration file.
pub(super) fn read(name: &str) -> Result<Profile, Failure> {
    let path = path(|variable| std::env::var_os(variable).filter(|value| !value.is_empty())).ok_or_else(|| {
        Failure::Usage(format!("the profile {name:?} has no file: name the configuration file in {PATH}, or set HOME"))
    })?;
    let mut text = String::new();
    // One byte above the limit shows that the file is too long.
    let read = std::fs::File::open(&path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    let remedy = "write it in TOML: [profile.NAME] with provider = \"URL\", and output = \"table\" if you like";
    match read {
        Ok(length) if length as u64 <= LONGEST => {}
        Ok(_) => return Err(Failure::Usage(format!("{} is longer than {LONGEST} bytes", path.display()))),
        Err(error) => {
            return Err(Failure::Usage(format!(
                "{}, in which the profile {name:?} should be, cannot be read: {error}; {remedy}",
                path.display()
            )));
        }
    }
    find(&text, name).map_err(|problem| Failure::Usage(format!("{}: {problem}", path.display())))
}

/// Returns the path of the file: that of the variable, or the usual one of the system.
fn path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(path) = variable(PATH) {
        return Some(path.into());
    }
    let directory = if cfg!(windows) {
        variable("APPDATA").map(PathBuf::from)
    } else {
        let home = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
        variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home)
    };
    directory.map(|directory| directory.join("ipam").join("config.toml"))
}

fn find(text: &str, name: &str) -> Result<Profile, String> {
    let mut config: Config = toml::from_str(text).map_err(|error| {
        // Without the line of the file that toml's text shows: it may have a secret that does not belong there.
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        format!(
            "line {line}: {}; a profile has provider and output, and secrets are in variables such as IPAM_PASSWORD_FILE",
            error.message()
        )
    })?;
    config.profile.remove(name).ok_or_else(|| {
        let names: Vec<&str> = config.profile.keys().take(NAMED).map(String::as_str).collect();
        match names.as_slice() {
            [] => format!("there is no profile {name:?}, and no other; add [profile.{name}] with provider = \"URL\""),
            names => format!("there is no profile {name:?}; give one of {}", names.join(", ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[profile.lab]\nprovider = \"memory:\"\n\n[profile.prod]\nprovider = \"memory:\"\noutput = \"wide\"\n";

    #[test]
    fn a_profile_is_found_or_the_others_are_named() {
        let lab = Profile { provider: Some("memory:".to_owned()), output: None };
        assert_eq!(find(TEXT, "lab"), Ok(lab));
        assert!(find(TEXT, "prod").is_ok_and(|prod| prod.output == Some(Form::Wide)));
        assert!(find(TEXT, "lba").is_err_and(|problem| problem.ends_with("give one of lab, prod")));
        assert!(find("", "lab").is_err_and(|problem| problem.contains("[profile.lab]")));
    }

    #[test]
    fn a_secret_is_refused_and_not_shown() {
        let text = format!("{TEXT}password = \"hunter2\"\n");
        let problem = find(&text, "lab").err().unwrap_or_default();
        assert!(problem.contains("line 7") && problem.contains("IPAM_PASSWORD_FILE"), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }

    #[test]
    fn the_file_is_where_the_system_keeps_settings() {
        let of = |set: &'static [(&str, &str)]| {
            let found = path(|name| set.iter().find(|(of, _)| *of == name).map(|(_, value)| value.into()));
            found.map(|path| path.display().to_string().replace('\\', "/"))
        };
        assert_eq!(of(&[("IPAM_CONFIG", "/a/b.toml"), ("HOME", "/h")]).as_deref(), Some("/a/b.toml"));
        if !cfg!(windows) {
            assert_eq!(of(&[("HOME", "/h")]).as_deref(), Some("/h/.config/ipam/config.toml"));
            assert_eq!(of(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]).as_deref(), Some("/x/ipam/config.toml"));
        }
        assert_eq!(of(&[]), None);
    }
}
