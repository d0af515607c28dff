//! Build of the program with cargo.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::checkout::{Checkout, PACKAGE};
use super::toolchain::Toolchain;
use crate::exit::Failure;
use crate::progress::{Progress, note};

/// Last lines of cargo that an error shows.
const SHOWN_LINES: usize = 40;
/// Longest line of cargo that is kept.
const MAX_LINE: u64 = 4096;

/// Builds the program and returns its path. Dropping the future stops cargo.
pub(super) async fn run(checkout: &Checkout, toolchain: &Toolchain) -> Result<PathBuf, Failure> {
    let failed = |problem: String| Failure::Failed(format!("the program of the package cannot be built: {problem}"));
    let target_directory = checkout.target_directory();
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--locked", "--color", "never", "--profile", "plugin", "--package", PACKAGE])
        .args(["--target", toolchain.target, "--target-dir"])
        .arg(&target_directory)
        .current_dir(&checkout.root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(checkout, toolchain))
        // Settings of other builds, which would change the program or its place.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_INCREMENTAL")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        failed(format!("{}: {error}; pass a program with --program FILE", Path::new(&toolchain.cargo).display()))
    })?;
    let Some(lines) = child.stderr.take() else { return Err(failed("cargo has no standard error".to_owned())) };
    let progress = Progress::new("building the program, crates", 0);
    let (last, status) = progress
        .during(async {
            let last = follow(BufReader::new(lines), &progress).await;
            (last, child.wait().await)
        })
        .await;
    let status = status.map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        let last = last.into_iter().collect::<Vec<_>>().join("\n");
        return Err(failed(format!(
            "cargo ended with {status}; mend this, or pass a program with --program FILE\n{last}"
        )));
    }
    Ok(target_directory.join(toolchain.target).join("plugin").join(PACKAGE))
}

/// Reads what cargo prints: counts the crates, and returns the last lines.
async fn follow(mut lines: impl AsyncBufRead + Unpin, progress: &Progress) -> VecDeque<String> {
    let (mut last, mut crates) = (VecDeque::new(), 0);
    loop {
        let mut line = Vec::new();
        // A line without end is read in pieces, so that memory is bounded.
        match (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return last,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line.trim_start().starts_with("Compiling ") {
            crates += 1;
            progress.set(crates);
        } else if line.trim_start().starts_with("Blocking ") {
            // Another build in the same directory: without this line, the wait looks like a build that does nothing.
            note(line.trim());
        }
        last.push_back(line);
        if last.len() > SHOWN_LINES {
            last.pop_front();
        }
    }
}

/// Returns the compiler's flags, separated as cargo reads them.
///
/// Paths of this machine are replaced: two checkouts give the same program, and the program tells nothing of the machine.
fn flags(checkout: &Checkout, toolchain: &Toolchain) -> OsString {
    let mut flags: Vec<OsString> = vec!["-Ctarget-feature=+crt-static".into()];
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let library = toolchain.sysroot.join("lib/rustlib/src/rust");
    let library_name = format!("/rustc/{}", toolchain.commit);
    // The last match counts, so the longer paths come last: cargo's home may be inside the checkout, or the reverse.
    let mut names: Vec<(&Path, &str)> = vec![(&checkout.root, "/ipam"), (&library, &library_name)];
    names.extend(home.as_deref().map(|home| (home, "/cargo")));
    names.sort_by_key(|(path, _)| path.as_os_str().len());
    for (path, name) in names {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(path);
        flag.push("=");
        flag.push(name);
        flags.push(flag);
    }
    // A panic ends the program, so its tables for unwinding are left out.
    let script = checkout.root.join("examples/vra-plugin/without-unwinding.ld");
    let mut flag = OsString::from("-Clink-arg=");
    flag.push(script);
    // Two arguments, because a path may have spaces, and `-Wl` would split it at commas.
    flags.extend(["-Clink-arg=-T".into(), flag]);
    flags.join(&OsString::from("\u{1f}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[tokio::test]
    async fn crates_are_counted_and_the_last_lines_kept() {
        let progress = Progress::new("x", 0);
        let text: String = (0..100).map(|number| format!("   Compiling a{number} v1\n")).collect();
        let last = follow(format!("{text}error: no\n{}", "x".repeat(10_000)).as_bytes(), &progress).await;
        assert_eq!(last.len(), SHOWN_LINES);
        assert!(last.iter().any(|line| line == "error: no"));
        assert!(last.iter().all(|line| line.len() <= 4096));
        assert!(format!("{progress:?}").contains("100"), "{progress:?}");
    }

    #[test]
    fn paths_of_the_machine_are_replaced_the_longest_last() {
        let checkout = Checkout { root: "/home/x/ipam".into() };
        let toolchain =
            Toolchain { cargo: "cargo".into(), target: "t", sysroot: "/home/x/.rustup/y".into(), commit: "abc".into() };
        let flags = flags(&checkout, &toolchain).into_string().unwrap();
        let flags: Vec<&str> = flags.split('\u{1f}').collect();
        assert!(flags.contains(&"--remap-path-prefix=/home/x/ipam=/ipam"), "{flags:?}");
        let library = "--remap-path-prefix=/home/x/.rustup/y/lib/rustlib/src/rust=/rustc/abc";
        let place = |flag: &str| flags.iter().position(|found| *found == flag);
        assert!(place(library) > place("--remap-path-prefix=/home/x/ipam=/ipam"), "{flags:?}");
        assert!(flags.contains(&"-Clink-arg=/home/x/ipam/examples/vra-plugin/without-unwinding.ld"), "{flags:?}");
        assert!(flags.iter().any(|flag| flag.ends_with("=/cargo")), "{flags:?}");
    }
}
