//! Parser of the command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};

use super::{Cli, profiles};
use crate::exit::Failure;
use crate::progress;

/// Reason for which there are no arguments to run with.
#[derive(Debug)]
enum Refused {
    /// Request for help, or an error of the arguments.
    Arguments(clap::Error),
    /// Error of the profile.
    Profile(Failure),
}

/// Reads the command line. If it asks for help or has an error, prints that and returns the exit code.
pub(crate) fn read() -> Result<Cli, ExitCode> {
    read_from(std::env::args_os().collect()).map_err(|(refused, as_json)| {
        let failure = match refused {
            Refused::Arguments(error) if !error.use_stderr() => {
                // clap reports help and version as errors, but they succeed.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            Refused::Arguments(error) if !as_json => {
                let _ = error.print();
                return Failure::Usage(String::new()).exit();
            }
            Refused::Arguments(error) => Failure::Usage(message(&error)),
            Refused::Profile(failure) => failure,
        };
        match as_json {
            true => progress::print(format_args!("{:#}", failure.json())),
            false => progress::print(format_args!("error: {}", failure.text())),
        }
        failure.exit()
    })
}

/// Takes from the profile what is not on the command line. It counts more than variables: it was named for this call, and
/// they are for all.
fn apply_profile(cli: &mut Cli, found: &ArgMatches) -> Result<(), Failure> {
    // Its option of this name is a version of phpIPAM.
    #[cfg(feature = "simulate")]
    if matches!(cli.verb, super::Verb::Simulate(_)) {
        return Ok(());
    }
    let variable = || std::env::var("IPAM_PROFILE").ok().filter(|name| !name.is_empty());
    let Some(name) = cli.profile.clone().or_else(variable) else { return Ok(()) };
    let profile = profiles::read(&name)?;
    let is_given = |argument: &str| found.value_source(argument) == Some(ValueSource::CommandLine);
    if !is_given("provider") {
        cli.provider = profile.provider.or(cli.provider.take());
    }
    if !is_given("output") {
        cli.output = profile.output.unwrap_or(cli.output);
    }
    Ok(())
}

/// Returns the arguments, or the error and true if it has to be printed as JSON.
fn read_from(arguments: Vec<OsString>) -> Result<Cli, (Refused, bool)> {
    // clap gives no partial result, and the form of the error must be known even if the arguments are wrong.
    let known: Vec<&str> = arguments
        .iter()
        .skip(1)
        .map_while(|argument| argument.to_str())
        .take_while(|argument| *argument != "--")
        .collect();
    let forms = known.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]));
    let as_json =
        forms || known.iter().any(|argument| matches!(*argument, "--json" | "-ojson" | "-o=json" | "--output=json"));
    let mut command = super::command();
    let parsed =
        command.try_get_matches_from_mut(arguments).and_then(|found| Ok((Cli::from_arg_matches(&found)?, found)));
    let (mut cli, found) = parsed.map_err(|error| (Refused::Arguments(error.format(&mut command)), as_json))?;
    apply_profile(&mut cli, &found).map_err(|failure| (Refused::Profile(failure), as_json))?;
    Ok(cli)
}

/// Returns clap's message without the word `error: `, which the caller prints.
fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
    use super::*;

    fn refused(arguments: &[&str]) -> (clap::Error, bool) {
        match read_from(["ipam"].iter().chain(arguments).map(OsString::from).collect()).unwrap_err() {
            (Refused::Arguments(error), as_json) => (error, as_json),
            (Refused::Profile(failure), _) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn the_form_of_an_error_is_known_though_the_arguments_are_wrong() {
        assert!(refused(&["--json", "allocate"]).1);
        assert!(refused(&["find", "no-address", "--json"]).1);
        for form in [["-o", "json"].as_slice(), &["-ojson"], &["-o=json"], &["--output", "json"], &["--output=json"]] {
            assert!(refused(&[&["find", "no-address"], form].concat()).1, "{form:?}");
        }
        assert!(!refused(&["find", "no-address", "-o", "csv"]).1);
        assert!(refused(&["usage", "--json", "-o", "csv"]).0.to_string().contains("cannot be used with"));
        assert!(!refused(&["allocate"]).1);
        assert!(!refused(&["allocate", "--", "--json"]).1);
        assert!(message(&refused(&["find", "x"]).0).starts_with("invalid value"));
    }

    #[cfg(feature = "simulate")]
    #[test]
    fn the_version_of_a_simulated_phpipam_is_no_profile_of_the_file() {
        for arguments in [["simulate", "--profile", "1.7"], ["--profile", "1.7", "simulate"]] {
            let read = read_from(["ipam"].iter().chain(&arguments).map(OsString::from).collect()).unwrap();
            assert!(format!("{:?}", read.verb).contains("profile: \"1.7\""), "{:?}", read.verb);
        }
    }
}
