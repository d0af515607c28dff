//! Typed client of phpIPAM's REST API.
