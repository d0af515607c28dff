//! SplitMix64: pseudo-random numbers for tests, simulations and benchmarks.

/// Advances the state and returns the next number of SplitMix64.
///
/// The same state gives the same numbers. They can be predicted: do not use them for secrets.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # {
/// use ipam_core::testing::splitmix64;
///
/// let (mut one, mut other) = (7, 7);
/// assert_eq!(splitmix64(&mut one), splitmix64(&mut other));
/// assert_ne!(splitmix64(&mut one), splitmix64(&mut one));
/// # }
/// ```
pub fn splitmix64(state: &mut u64) -> u64 {
    // Constants of the reference implementation (Steele, Lea, Flood 2014): recorded sequences depend on them.
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
