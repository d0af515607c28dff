//! Parser of the command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use super::Cli;
use crate::exit::Failure;
use crate::progress;

/// Reads the command line. If it asks for help or has an error, prints that and returns the exit code.
pub(crate) fn read() -> Result<Cli, ExitCode> {
    read_from(std::env::args_os().collect()).map_err(|(error, as_json)| {
        if !error.use_stderr() {
            // clap reports help and version as errors, but they succeed.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        let failure = Failure::Usage(message(&error));
        if as_json {
            progress::print(format_args!("{:#}", failure.json()));
        } else {
            let _ = error.print();
        }
        failure.exit()
    })
}

/// Returns the arguments, or the error and true if it has to be printed as JSON.
fn read_from(arguments: Vec<OsString>) -> Result<Cli, (clap::Error, bool)> {
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
    let parsed = command.try_get_matches_from_mut(arguments).and_then(|found| Cli::from_arg_matches(&found));
    parsed.map_err(|error| (error.format(&mut command), as_json))
}

/// Returns clap's message without the word `error: `, which the caller prints.
fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn refused(arguments: &[&str]) -> (clap::Error, bool) {
        read_from(["ipam"].iter().chain(arguments).map(OsString::from).collect()).unwrap_err()
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
}
