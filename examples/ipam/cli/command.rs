//! Command line as clap knows it, with the examples in the help.

use clap::{Command, CommandFactory as _};

use super::Cli;
use super::examples::{LOCAL, WITH_SERVER};

/// Returns the command line with the examples.
pub(crate) fn command() -> Command {
    with_examples(Cli::command(), "")
}

fn with_examples(command: Command, path: &str) -> Command {
    let lines: Vec<String> =
        LOCAL.iter().chain(WITH_SERVER).filter(|(of, _)| *of == path).map(|(_, line)| format!("  {line}")).collect();
    let command = match lines.len() {
        0 => command,
        1 => command.after_help(format!("Example:\n{}", lines.join("\n"))),
        _ => command.after_help(format!("Examples:\n{}", lines.join("\n"))),
    };
    command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        with_examples(inner, path.trim_start())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test fails by panicking")]
    use clap::FromArgMatches as _;

    use super::*;

    /// Returns the paths of the commands that run something.
    fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name()).trim_start().to_owned();
            if inner.has_subcommands() { leaves(inner, &path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn each_command_has_an_example_that_is_parsed() {
        let mut commands = Vec::new();
        leaves(&Cli::command(), "", &mut commands);
        assert!(commands.len() > 50, "{commands:?}");
        let examples = || LOCAL.iter().chain(WITH_SERVER);
        for path in &commands {
            assert!(examples().any(|(of, _)| of == path), "{path} has no example: add one to examples.rs");
        }
        for (path, line) in examples() {
            // A feature brings the simulator.
            if *path == "simulate" && !commands.iter().any(|command| command == path) {
                continue;
            }
            assert!(*path == "calc" || commands.iter().any(|command| command == path), "there is no {path}");
            assert!(line.starts_with(&format!("ipam {path}")), "{path}: {line}");
            let parsed =
                command().try_get_matches_from(line.split(' ')).and_then(|found| Cli::from_arg_matches(&found));
            if let Err(error) = parsed {
                panic!("{line}: {error}");
            }
        }
    }
}
