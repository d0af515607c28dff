//! The conformance suite with faults at random: lost requests and responses, failed trackers, expired tokens.

use crate::harness::Simulated;

ipam_core::conformance::tests!(Simulated::stormy());
