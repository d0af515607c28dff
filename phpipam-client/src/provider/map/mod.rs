//! Mapping between phpIPAM's objects and those of `ipam-core`. No file here sends a request.

pub(crate) mod address_row;
pub(crate) mod error;
pub(crate) mod joined;
pub(crate) mod mark;
pub(crate) mod model;
pub(crate) mod overlap;
pub(crate) mod required;
pub(crate) mod spaces;
pub(crate) mod subnet_row;
