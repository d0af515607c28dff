//! Ids in the form of the server's own.

/// Returns the UUID of a number.
pub(super) fn uuid(seed: u64) -> String {
    // Version 4 and variant `a`, as real ids have, so that a client that checks the form accepts them.
    let mut state = seed;
    let (high, low) = (ipam_core::testing::splitmix64(&mut state), ipam_core::testing::splitmix64(&mut state));
    let (high, low) = (format!("{high:016x}"), format!("{low:016x}"));
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    format!(
        "{}-{}-4{}-a{}-{}",
        part(&high, 0, 8),
        part(&high, 8, 12),
        part(&high, 13, 16),
        part(&low, 1, 4),
        part(&low, 4, 16)
    )
}

/// Returns the UUID of a name.
pub(super) fn uuid_of(name: &str) -> String {
    // FNV-1a: the standard library's hasher may change between releases, and ids in a test's expectations must not.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    uuid(hash)
}
