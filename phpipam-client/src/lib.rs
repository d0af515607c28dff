//! Typed client of phpIPAM's REST API.

mod lenient;
pub mod models;
#[cfg(feature = "testing")]
pub mod testing;
