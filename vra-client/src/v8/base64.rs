//! Base64 of tokens and of the product's configuration.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Reads texts with and without padding, since tokens have none and the configuration has.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 of either alphabet, with or without padding. [`None`] if the text is something else.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    // Tokens use the alphabet of URLs, which differs in two characters.
    ENGINE.decode(text.trim().replace('-', "+").replace('_', "/")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_and_paddings_are_read() {
        assert_eq!(decode("OS4wLjAuMA==\n").as_deref(), Some(b"9.0.0.0".as_slice()));
        assert_eq!(decode("OS4wLjAuMA").as_deref(), Some(b"9.0.0.0".as_slice()));
        assert_eq!(decode("-_8"), decode("+/8="));
        assert_eq!(decode("-_8").as_deref(), Some([0xfb, 0xff].as_slice()));
        assert_eq!(decode("").as_deref(), Some([].as_slice()));
        assert_eq!(decode("9.0"), None);
    }
}
