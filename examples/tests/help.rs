//! Runs the examples in the help of the commands, and checks what the program says about itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "examples that need a server are parsed by a test of the program")]
#[path = "../ipam/cli/examples.rs"]
mod examples;
mod support;

use std::process::Command;

use support::{command, ran, run};

#[test]
fn the_examples_in_the_help_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let run_line = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').skip(1).collect();
        ran(command(Some("embedded:ipam.db"), &arguments).current_dir(directory.path()).output().unwrap())
    };
    for (path, line) in examples::LOCAL {
        let help = run_line(&format!("ipam {path} --help"));
        assert!(help.out.contains(&format!("  {line}\n")), "{path}: {help:?}");
        if *path == "plan convert" {
            let plan = run_line("ipam plan export --to csv");
            std::fs::write(directory.path().join("plan.csv"), plan.out).unwrap();
        }
        let done = run_line(line);
        assert_eq!(done.code, 0, "{line}: {done:?}");
        assert!(!done.out.is_empty(), "{line}: {done:?}");
    }
}

#[test]
fn shells_complete_the_commands_and_systems_have_manual_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(None, &["completions", shell]);
        assert_eq!(script.code, 0, "{script:?}");
        assert!(script.out.contains("deallocate") && script.out.contains("vlsm"), "{shell}");
    }
    // The shell's own check of the syntax, where it is installed.
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), run(None, &["completions", "bash"]).out).unwrap();
    if let Ok(checked) = Command::new("bash").arg("-n").arg(script.path()).output() {
        assert!(checked.status.success(), "{checked:?}");
    }
    let page = run(None, &["man"]).out;
    assert!(page.contains(".TH ipam 1") && page.contains("phpipam+https://"), "{page}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("man1").display().to_string();
    assert_eq!(run(None, &["man", "--directory", &path]).code, 0);
    let pages: Vec<String> =
        std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    for name in ["ipam.1", "ipam-find.1", "ipam-calc-vlsm.1", "ipam-export-bind.1"] {
        assert!(pages.iter().any(|page| page == name), "{name}: {pages:?}");
    }
    let find = std::fs::read_to_string(format!("{path}/ipam-find.1")).unwrap();
    assert!(find.contains("ipam find") && find.contains("web1"), "{find}");
}
