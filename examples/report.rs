//! What the programs say when they fail.

use std::error::Error;
use std::process::ExitCode;

/// The error and its causes, a line each. A cause that an earlier line tells already is not repeated.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    let mut lines = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        if !lines.iter().any(|earlier| earlier.contains(&line)) {
            lines.push(line);
        }
        cause = error.source();
    }
    lines.join("\n  because: ")
}

/// The end of a program: `error: …` on standard error and exit code 1, or nothing and 0.
pub(crate) fn end(done: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", text(&*error));
            ExitCode::FAILURE
        }
    }
}
