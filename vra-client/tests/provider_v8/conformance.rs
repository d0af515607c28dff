//! The conformance suite.

use crate::harness::Simulated;

ipam_core::conformance::tests!(Simulated::calm());
