//! Helpers of the tests that use several crates.

pub mod cut;
#[cfg(target_os = "linux")]
pub mod lab;
pub mod live;
pub mod plugin_rules;
pub mod plugin_samples;

/// Compiles the examples of the workspace's front page.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;
