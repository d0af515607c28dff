//! Typed client of VMware vRealize Automation.
