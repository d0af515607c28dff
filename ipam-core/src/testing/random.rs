//! Pseudo-random numbers for faults, the same ones for the same seed.

pub use crate::splitmix::splitmix64;

/// Returns a number of at least 0 and below 1, from the upper 32 bits.
pub(super) fn unit(random: u64) -> f64 {
    // 32 of the 64 bits, because an `f64` holds them exactly, and more would be rounded up to 1 at times.
    let upper = u32::try_from(random >> 32).unwrap_or(u32::MAX);
    f64::from(upper) / (f64::from(u32::MAX) + 1.0)
}
