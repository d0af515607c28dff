//! The `ipam` program.
fn main() {}
