//! Base64 of tokens and of the product's configuration. Both are short, so no dependency decodes them.

/// Decodes base64 of either alphabet, with or without padding. [`None`] if the text is something else.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len().saturating_mul(3) / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim().trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        // Twelve bits at most are held; those above have become bytes.
        bits = ((bits << 6) | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., byte] = (bits >> held).to_be_bytes();
            bytes.push(byte);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_and_paddings_are_read() {
        assert_eq!(decode("OS4wLjAuMA==").as_deref(), Some(b"9.0.0.0".as_slice()));
        assert_eq!(decode("OS4wLjAuMA").as_deref(), Some(b"9.0.0.0".as_slice()));
        assert_eq!(decode("-_8"), decode("+/8="));
        assert_eq!(decode("-_8").as_deref(), Some([0xfb, 0xff].as_slice()));
        assert_eq!(decode("").as_deref(), Some([].as_slice()));
        assert_eq!(decode("9.0"), None);
    }
}
