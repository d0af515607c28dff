//! Random numbers for jitter, nonces and made-up keys; not for secrets.

use ipam_core::AllocationKey;

/// Returns a random number.
pub(crate) fn random() -> u64 {
    // If the system has no random numbers, the clock is enough: the values only have to differ between callers.
    getrandom::u64().unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::from(now.subsec_nanos()) << 32 | u64::from(std::process::id())
    })
}

/// Returns 32 random bits.
pub(crate) fn random_half() -> u32 {
    // The upper half of a random number is as good as the lower.
    u32::try_from(random() >> 32).unwrap_or(0)
}

/// Returns a key for a request that has none.
pub(crate) fn new_key() -> AllocationKey {
    AllocationKey::new(format!("auto/{:016x}{:016x}", random(), random()))
}
