//! Compiler and target of a static program.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::checkout::Checkout;
use crate::exit::Failure;

/// Target whose C library is part of the toolchain and made for static programs.
const MUSL: &str = "x86_64-unknown-linux-musl";
/// Target of common Linux systems.
const GLIBC: &str = "x86_64-unknown-linux-gnu";
/// Longest time for the first words of a compiler. rustup may load a toolchain at its first use.
const START_LIMIT: Duration = Duration::from_secs(300);

/// Compiler and target with which the program is built.
#[derive(Debug)]
pub(super) struct Toolchain {
    pub(super) cargo: OsString,
    pub(super) target: &'static str,
    /// Directory of the compiler's libraries.
    pub(super) sysroot: PathBuf,
    /// Commit of the compiler, which stands for the path of the standard library.
    pub(super) commit: String,
}

impl Toolchain {
    /// Finds cargo and a usable target: musl if it is installed, otherwise static glibc.
    pub(super) async fn find(checkout: &Checkout) -> Result<Self, Failure> {
        // A static program links to the C library of its target, which other systems do not have.
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Failure::Usage(format!(
                "the program of the package is for x86-64 Linux and cannot be built on {} {}; build {} on x86-64 Linux \
                 after `rustup target add {MUSL}`, and pass it with --program FILE",
                env::consts::ARCH,
                env::consts::OS,
                super::checkout::PACKAGE
            )));
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        ask(&cargo, &["--version"], checkout).await?;
        let sysroot = PathBuf::from(ask(&rustc, &["--print", "sysroot"], checkout).await?.trim());
        let version = ask(&rustc, &["-vV"], checkout).await?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        let target = choose(&sysroot, checkout).await?;
        Ok(Self { cargo, target, sysroot, commit: commit.to_owned() })
    }
}

/// Runs a tool and returns what it prints.
async fn ask(tool: &OsString, arguments: &[&str], checkout: &Checkout) -> Result<String, Failure> {
    let name = Path::new(tool).display();
    let remedy = "install Rust from https://rustup.rs, or pass a program with --program FILE";
    let failed = |problem: String| Failure::Usage(format!("{name} {}: {problem}; {remedy}", arguments.join(" ")));
    // In the checkout, because the directory can choose the toolchain.
    let run = Command::new(tool).args(arguments).current_dir(&checkout.root).kill_on_drop(true).output();
    let done = match tokio::time::timeout(START_LIMIT, run).await {
        Ok(done) => done.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("did not end within {} s", START_LIMIT.as_secs()))),
    };
    if !done.status.success() {
        return Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Returns the target to build for.
async fn choose(sysroot: &Path, checkout: &Checkout) -> Result<&'static str, Failure> {
    let installed = |target: &str| sysroot.join("lib/rustlib").join(target).join("lib").is_dir();
    let (musl, glibc) = (installed(MUSL), installed(GLIBC));
    if musl && has_musl_compiler() {
        return Ok(MUSL);
    }
    // Debian has the static library beside the headers, other distributions in a package of its own.
    if glibc && has_static_glibc(checkout).await {
        return Ok(GLIBC);
    }
    let missing = match (musl, glibc) {
        (true, _) => format!("{MUSL} is installed, but its C compiler musl-gcc is not; install musl-tools"),
        (false, true) => "the static C library libc.a is missing; install libc6-dev or glibc-static".to_owned(),
        (false, false) => format!("neither {MUSL} nor {GLIBC} is installed"),
    };
    Err(Failure::Usage(format!(
        "the program of the package cannot be built: {missing}; or run `rustup target add {MUSL}` and install musl-tools; \
         or pass a program with --program FILE"
    )))
}

/// Returns true if the C parts of the program can be compiled for musl.
fn has_musl_compiler() -> bool {
    let named = ["CC_x86_64_unknown_linux_musl", "CC_x86_64-unknown-linux-musl", "TARGET_CC"];
    if named.iter().any(|name| env::var_os(name).is_some()) {
        return true;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .any(|directory| ["musl-gcc", "x86_64-linux-musl-gcc"].iter().any(|name| directory.join(name).is_file()))
}

/// Returns true if the linker finds the static C library. Without it the link fails after minutes.
async fn has_static_glibc(checkout: &Checkout) -> bool {
    let cc = OsString::from("cc");
    // A file that is not found is printed as it was named.
    ask(&cc, &["-print-file-name=libc.a"], checkout).await.is_ok_and(|found| Path::new(found.trim()).is_absolute())
}
