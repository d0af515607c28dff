//! Typed client of phpIPAM's REST API.

#[cfg(feature = "testing")]
pub mod testing;
