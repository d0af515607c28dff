//! Runs the program with profiles of a configuration file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use support::{Ran, Shell, command, ran};

/// Runs the program with the configuration file of the test, and with a provider in the environment.
fn run(shell: &Shell, provider: Option<&str>, arguments: &[&str]) -> Ran {
    let mut command = command(provider, arguments);
    ran(command.env("IPAM_CONFIG", shell.path("config.toml")).env_remove("IPAM_PROFILE").output().unwrap())
}

#[test]
fn a_profile_names_the_provider_and_the_form() {
    let shell = Shell::with_lan();
    shell.file("config.toml", &format!("[profile.lab]\nprovider = {:?}\noutput = \"name\"\n", shell.url()));
    for arguments in [["--profile", "lab", "ranges", "list"], ["ranges", "list", "--profile", "lab"]] {
        let named = run(&shell, None, &arguments);
        assert_eq!((named.out.as_str(), named.code), ("lan\n", 0), "{named:?}");
        assert_eq!(run(&shell, Some("memory:"), &arguments).out, "lan\n", "it counts more than a variable");
    }
    let variable = command(None, &["ranges", "list"])
        .env("IPAM_CONFIG", shell.path("config.toml"))
        .env("IPAM_PROFILE", "lab")
        .output()
        .unwrap();
    assert_eq!(ran(variable).out, "lan\n");
    let given = run(&shell, None, &["ranges", "list", "--profile", "lab", "-p", "memory:", "-o", "csv"]);
    assert_eq!(given.out.lines().count(), 1, "the command line counts most: {given:?}");
    let json = run(&shell, None, &["ranges", "list", "--profile", "lab", "--json"]);
    assert!(json.out.starts_with('['), "{json:?}");
}

#[test]
fn a_wrong_profile_is_refused_with_the_remedy() {
    let shell = Shell::with_lan();
    let none = run(&shell, None, &["ranges", "list", "--profile", "lab"]);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(none.err.contains("config.toml") && none.err.contains("[profile.NAME]"), "{none:?}");
    shell.file("config.toml", "[profile.lab]\nprovider = \"memory:\"\npassword = \"hunter2\"\n");
    for arguments in [["check", "--profile", "lab", "--json"].as_slice(), &["check", "--profile", "lab"]] {
        let secret = run(&shell, None, arguments);
        assert_eq!(secret.code, 2, "{secret:?}");
        assert!(secret.err.contains("line 3") && secret.err.contains("IPAM_PASSWORD_FILE"), "{secret:?}");
        assert!(!secret.err.contains("hunter2"), "{secret:?}");
    }
    shell.file("config.toml", "[profile.lab]\nprovider = \"memory:\"\n");
    let other = run(&shell, None, &["check", "--profile", "lba"]);
    assert!(other.err.contains("give one of lab"), "{other:?}");
}
