//! Pure readers of what probe programs print.

mod nmap;

pub use nmap::{NmapError, read_nmap_xml};
