//! Reading the command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use super::Cli;
use crate::exit::Failure;

/// Reads the command line. Otherwise prints what is to be said, which is help or an error, and returns the exit code.
pub(crate) fn read() -> Result<Cli, ExitCode> {
    read_from(std::env::args_os().collect()).map_err(|(error, as_json)| {
        if !error.use_stderr() {
            // Help and version are results, and no errors.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        let failure = Failure::Usage(message(&error));
        if as_json {
            eprintln!("{:#}", failure.json());
        } else {
            let _ = error.print();
        }
        failure.exit()
    })
}

/// The arguments, or why they cannot be read and whether the error has to be JSON.
fn read_from(arguments: Vec<OsString>) -> Result<Cli, (clap::Error, bool)> {
    // What cannot be read as a whole is looked through by hand.
    let as_json =
        arguments.iter().skip(1).take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    Cli::try_parse_from(arguments).map_err(|error| (error, as_json))
}

/// What clap says, without the word that is printed before every error.
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
        assert!(!refused(&["allocate"]).1);
        assert!(!refused(&["allocate", "--", "--json"]).1);
        assert!(message(&refused(&["find", "x"]).0).starts_with("invalid value"));
    }
}
