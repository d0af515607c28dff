//! Rights of the process: whether a program that it starts may use raw sockets.

/// Bit of the capability `CAP_NET_RAW`.
const NET_RAW: u64 = 1 << 13;

/// Returns whether a program started by this process has raw sockets; `None` if this system does not say so.
pub(super) fn raw_sockets() -> Option<bool> {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        inherited(&status, nix::unistd::geteuid().is_root())
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Returns whether a started program has raw sockets, from `/proc/self/status`: that of root inherits what root has, within the
/// bounding set; that of another user only the ambient capabilities, such as those of systemd's `AmbientCapabilities=`.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "these capabilities exist on Linux only"))]
fn inherited(status: &str, root: bool) -> Option<bool> {
    let set = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(line.trim_start_matches(':').trim(), 16).ok()
    };
    let has = |name: &str| Some(set(name)? & NET_RAW != 0);
    if root { Some(has("CapEff")? && has("CapBnd")?) } else { has("CapAmb") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "000001ffffffffff";
    const NONE: &str = "0000000000000000";

    fn status(effective: &str, bounding: &str, ambient: &str) -> String {
        format!("Name:\tx\nCapEff:\t{effective}\nCapBnd:\t{bounding}\nCapAmb:\t{ambient}\n")
    }

    #[test]
    fn root_has_what_is_bounded_and_others_what_is_ambient() {
        assert_eq!(inherited(&status(ALL, ALL, NONE), true), Some(true));
        assert_eq!(
            inherited(&status("00000000a80405fb", "00000000a80405fb", NONE), true),
            Some(false),
            "without bit 13"
        );
        assert_eq!(inherited(&status(ALL, NONE, NONE), true), Some(false));
        assert_eq!(inherited(&status("0000000000002000", ALL, NONE), false), Some(false), "not inherited");
        assert_eq!(inherited(&status(NONE, ALL, "0000000000002000"), false), Some(true));
        assert_eq!(inherited("Name:\tx\n", true), None);
    }
}
