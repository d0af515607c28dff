//! Booleans as text.

/// Reads a boolean: `1`, `true`, `yes` or `on`, or `0`, `false`, `no` or `off`, in any case and with space around it.
/// Returns `None` for any other text.
///
/// ```
/// use ipam_core::registry::parse_flag;
///
/// assert_eq!((parse_flag("Yes"), parse_flag("off"), parse_flag("2")), (Some(true), Some(false), None));
/// ```
#[must_use]
pub fn parse_flag(text: &str) -> Option<bool> {
    // Values come from environment files, forms and URLs, whose writers are used to different words. Anything else is
    // refused, so that a misspelt `flase` is not taken for one of the two.
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
