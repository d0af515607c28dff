//! SplitMix64: pseudo-random numbers for tests, simulations and benchmarks.

/// Advances the state and returns the next number of SplitMix64: the same numbers for the same state.
///
/// The numbers can be guessed, and must not become secrets.
pub fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
