//! Ids: hashes of (seed, place, kind, number), so that the same seed and the same calls give the same ids.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;

/// The hexadecimal part of an id: 17 digits, or 8 for ids of the form used before 2018.
///
/// `Copy`, and ordered like its text within one length, because maps hold many thousands of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexId(u128);

const SHORT: u128 = 1 << 127;
const LONG_DIGITS: usize = 17;
const SHORT_DIGITS: usize = 8;

impl HexId {
    /// A 17-digit id from the low 68 bits.
    pub fn long(bits: u128) -> Self {
        Self(bits & ((1 << (4 * LONG_DIGITS)) - 1))
    }

    /// An 8-digit id.
    pub fn short(bits: u32) -> Self {
        Self(u128::from(bits) | SHORT)
    }

    /// Reads exactly 17 or exactly 8 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let bits = u128::from_str_radix(text, 16).ok()?;
        match text.len() {
            LONG_DIGITS => Some(Self(bits)),
            SHORT_DIGITS => Some(Self(bits | SHORT)),
            _ => None,
        }
    }
}

impl fmt::Display for HexId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids are printed more often than anything else: by hand this is several times as fast as `{:017x}`.
        let length = if self.0 & SHORT != 0 { SHORT_DIGITS } else { LONG_DIGITS };
        let mut digits = [b'0'; LONG_DIGITS];
        let mut rest = self.0;
        for digit in digits[..length].iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest & 0xf) as usize];
            rest >>= 4;
        }
        f.write_str(std::str::from_utf8(&digits[..length]).unwrap_or_default())
    }
}

impl fmt::Debug for HexId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A 128-bit hash of a seed and some parts. Stable across runs, machines and releases of the standard library.
pub fn digest(seed: u64, parts: &[&[u8]]) -> u128 {
    let mut hasher = SipHasher13::new_with_keys(seed, 0x6d6f_636b_706c_616e);
    for part in parts {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hasher.write_u64(part.len() as u64);
        hasher.write(part);
    }
    hasher.finish128().as_u128()
}

/// Makes the ids of one cell. Its counter is part of the cell's state, so a refused call consumes no id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Minter {
    next: u64,
}

impl Minter {
    /// The next 128 bits for this kind of thing in this place.
    pub fn next(&mut self, seed: u64, place: &str, kind: &str) -> u128 {
        self.next += 1;
        digest(seed, &[place.as_bytes(), kind.as_bytes(), &self.next.to_le_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_as_they_are_read() {
        for text in ["0123456789abcdef0", "fffffffffffffffff", "63a5400a", "00000001"] {
            assert_eq!(HexId::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "0123", "0123456789ABCDEF0", "0123456789abcdefg", "+123456789abcdef0"] {
            assert_eq!(HexId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_seed_always_gives_the_same_ids() {
        let mut minter = Minter::default();
        assert_eq!(HexId::long(minter.next(7, "1/us-east-1", "vpc")).to_string(), {
            let mut again = Minter::default();
            HexId::long(again.next(7, "1/us-east-1", "vpc")).to_string()
        });
        assert_ne!(digest(7, &[b"ab", b"c"]), digest(7, &[b"a", b"bc"]));
    }
}
