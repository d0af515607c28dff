//! `ipam completions` and `ipam man`: scripts for shells, and manual pages.

use std::path::Path;

use clap_complete::Shell;
use serde_json::json;

use crate::cli;
use crate::exit::Failure;
use crate::output::Output;

/// Returns the script with which a shell completes the arguments of the program.
pub(crate) fn completions(shell: Shell) -> Result<Output, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "ipam", &mut text);
    let text = String::from_utf8_lossy(&text);
    Output::new(text.clone(), &json!({ "shell": shell.to_string(), "text": text }))
}

/// Returns the manual page of the program, or writes the pages of all its commands to a directory.
pub(crate) fn man(directory: Option<&Path>) -> Result<Output, Failure> {
    let Some(directory) = directory else {
        let mut text = Vec::new();
        let rendered = clap_mangen::Man::new(cli::command()).render(&mut text);
        rendered.map_err(|error| Failure::Failed(format!("the manual page cannot be written: {error}")))?;
        let text = String::from_utf8_lossy(&text);
        return Output::new(text.clone(), &json!({ "text": text }));
    };
    let written = std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(cli::command(), directory));
    written.map_err(|error| {
        Failure::Failed(format!("{} cannot be written: {error}; name a directory of yours", directory.display()))
    })?;
    Output::new(format!("the manual pages are in {}", directory.display()), &json!({ "directory": directory }))
}
