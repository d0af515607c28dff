//! Typed client of VMware vRealize Automation.

#[cfg(feature = "plugin")]
pub mod plugin;
