//! A package of the plug-in for phpIPAM, as `ipam vra package` writes it: each action goes through the script and the static
//! program, over HTTPS with a self-signed certificate.
//!
//! `IPAM_VRA_PACKAGE=phpIPAM.zip cargo test -p ipam-tests --test package -- --ignored --nocapture`. With the variables of
//! [`ipam_tests::live`] and a URL of HTTPS, the samples run over a real phpIPAM, too.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod kills;
mod program;
mod samples;
mod site;
#[path = "../plugin/stage.rs"]
#[allow(dead_code, reason = "the tests of the actions use more of it")]
mod stage;
mod tls;

use vra_client::package::Package;

/// Reads the package that the environment names.
fn package() -> Package {
    let path = std::env::var_os("IPAM_VRA_PACKAGE").expect("set IPAM_VRA_PACKAGE to a file of `ipam vra package`");
    Package::from_bytes(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
