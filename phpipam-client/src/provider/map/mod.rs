//! Mapping between phpIPAM's terms and those of `ipam-core`. Models, address spaces and fields are pure.

pub(crate) mod around;
pub(crate) mod error;
pub(crate) mod model;
pub(crate) mod required;
pub mod spaces;
