//! Hexadecimal numbers for ids and keys.

/// Longest text in bytes: three numbers, one of them of 128 bits, and two dashes.
const ROOM: usize = 80;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Text of hexadecimal numbers in lower case, in a buffer on the stack.
// Each allocation in memory makes an id and often a key; `format!` would allocate a string for each, and the id another
// one (bars M1 to M3).
pub(crate) struct Hex {
    bytes: [u8; ROOM],
    len: usize,
}

impl Hex {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; ROOM], len: 0 }
    }

    fn digits(mut self, mut number: u128, count: usize) -> Self {
        // The buffer has room for every text that is made; a longer one would be cut rather than panic.
        let places = self.bytes.get_mut(self.len..self.len + count).unwrap_or_default();
        self.len += places.len();
        for place in places.iter_mut().rev() {
            *place = DIGITS[(number & 15) as usize];
            number >>= 4;
        }
        self
    }

    /// Adds a number without leading zeros.
    pub(crate) fn number(self, number: u128) -> Self {
        let bits = u128::BITS - number.leading_zeros();
        self.digits(number, bits.div_ceil(4).max(1) as usize)
    }

    /// Adds a number as 32 digits.
    pub(crate) fn whole(self, number: u128) -> Self {
        self.digits(number, 32)
    }

    /// Adds a dash.
    pub(crate) fn dash(mut self) -> Self {
        if let Some(to) = self.bytes.get_mut(self.len) {
            *to = b'-';
            self.len += 1;
        }
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        // The buffer holds ASCII only, so that the fallback is never taken.
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_what_format_would() {
        for number in [0, 1, 9, 10, 15, 16, 255, 0xdead_beef, 1 << 64, u128::MAX] {
            assert_eq!(Hex::new().number(number).as_str(), format!("{number:x}"));
            assert_eq!(Hex::new().whole(number).as_str(), format!("{number:032x}"));
            let text = Hex::new().number(u128::from(u64::MAX)).dash().number(7).dash().number(number);
            assert_eq!(text.as_str(), format!("{:x}-7-{number:x}", u64::MAX));
        }
    }
}
