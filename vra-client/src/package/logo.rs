//! Check of the logo of a package.

use std::io::Cursor;

use super::PackageError;

/// Logo of packages that have none of their own.
pub(super) const DEFAULT: &[u8] = include_bytes!("logo.png");

/// Largest logo, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Largest width and height, in pixels.
const MAX_PIXELS: u32 = 1024;

/// Checks that the logo is a PNG that can be decoded to the end, so that a truncated file is refused.
///
/// # Errors
/// [`PackageError::Part`] with the part `logo` if it is no PNG, is truncated, or is too large.
pub(super) fn check(logo: &[u8]) -> Result<(), PackageError> {
    let refuse = |problem: String| Err(PackageError::part("logo", &problem, "give a PNG file of at most 1024 x 1024"));
    if logo.len() > MAX_BYTES {
        return refuse(format!("{} bytes", logo.len()));
    }
    let decoder = png::Decoder::new(Cursor::new(logo));
    let mut reader = match decoder.read_info() {
        Ok(reader) => reader,
        Err(error) => return refuse(error.to_string()),
    };
    let (width, height) = reader.info().size();
    // Looked at before decoding: a small file can describe an image of gigabytes.
    if width > MAX_PIXELS || height > MAX_PIXELS {
        return refuse(format!("{width} x {height}"));
    }
    let Some(size) = reader.output_buffer_size() else { return refuse(format!("{width} x {height}")) };
    let mut pixels = vec![0; size];
    match reader.next_frame(&mut pixels) {
        Ok(_) => Ok(()),
        Err(error) => refuse(error.to_string()),
    }
}
