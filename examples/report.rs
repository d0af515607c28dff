//! Error messages of the programs.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

/// Returns the error and its causes, one line each. A cause whose text is part of an earlier line is left out.
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

/// Ends a program: prints `error: …` to standard error and returns exit code 1, or prints nothing and returns 0.
pub(crate) fn end(done: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The exit code tells it, too, where standard error cannot be written.
            let _ = writeln!(std::io::stderr().lock(), "error: {}", text(&*error));
            ExitCode::FAILURE
        }
    }
}
