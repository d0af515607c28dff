//! What several of the tests that cross crates need.

pub mod cut;
pub mod live;
pub mod plugin_rules;
pub mod plugin_samples;
