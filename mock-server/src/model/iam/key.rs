//! Access keys. As on AWS, the account that a key belongs to can be read from the key alone.

use super::{base32, base32_bits};
use crate::kernel::{AccountId, Moving, Origin};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What an access key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// Of a user, until it is deleted.
    LongTerm,
    /// Of a session, until it expires.
    Temporary,
}

impl KeyKind {
    fn prefix(self) -> &'static str {
        match self {
            KeyKind::LongTerm => "AKIA",
            KeyKind::Temporary => "ASIA",
        }
    }
}

const DIGITS: u32 = 16;
/// Of the 80 bits behind the digits: this one is set, 40 hold the account, the rest are the key's own.
const ENCODES_ACCOUNT: u128 = 1 << 79;
const ACCOUNT_SHIFT: u32 = 39;
const ACCOUNT_MASK: u128 = (1 << 40) - 1;

/// An access key of this account.
pub fn access_key(kind: KeyKind, account: AccountId, bits: u128) -> String {
    let own = bits & ((1 << ACCOUNT_SHIFT) - 1);
    let account = u128::from(account.number()) << ACCOUNT_SHIFT;
    format!("{}{}", kind.prefix(), base32(ENCODES_ACCOUNT | account | own, DIGITS))
}

/// What the access key is for and the account that it belongs to; `None` if it is no access key.
///
/// It says where to look for the key, not that there is one.
pub fn read(access_key: &str) -> Option<(KeyKind, AccountId)> {
    let kinds = [KeyKind::LongTerm, KeyKind::Temporary];
    let (kind, digits) =
        kinds.into_iter().find_map(|kind| Some((kind, access_key.strip_prefix(kind.prefix())?)))?;
    let bits =
        base32_bits(digits).filter(|bits| digits.len() == DIGITS as usize && bits & ENCODES_ACCOUNT != 0)?;
    let number = u64::try_from(bits >> ACCOUNT_SHIFT & ACCOUNT_MASK).ok()?;
    Some((kind, AccountId::from_number(number)?))
}

/// The access key that stands for the same in the account that everything moves to: its digits encode the account.
pub fn rehome(access_key: &mut String, moving: &Moving) {
    if let Some((kind, account)) = read(access_key)
        && account == moving.from
        && let Some(own) = access_key.strip_prefix(kind.prefix()).and_then(base32_bits)
    {
        *access_key = self::access_key(kind, moving.to, own);
    }
}

/// What requests with this access key are signed with: forty characters.
pub fn secret(origin: &Origin, access_key: &str) -> String {
    STANDARD.encode(derived(origin, access_key, "secret", 30))
}

/// So many bytes that follow from the seed, the access key and what they are.
pub fn derived(origin: &Origin, access_key: &str, what: &str, bytes: usize) -> Vec<u8> {
    let blocks = (0..bytes.div_ceil(16)).map(|i| origin.derive(&[what, access_key, &i.to_string()]));
    blocks.flat_map(u128::to_be_bytes).take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_of_aws_are_read_too() {
        let account = AccountId::parse("029608264753").unwrap();
        assert_eq!(read("ASIAQNZGKIQY56JQ7WML"), Some((KeyKind::Temporary, account)));
        assert_eq!(read("AKIAQNZGKIQY56JQ7WML"), Some((KeyKind::LongTerm, account)));
        for key in [
            "",
            "ASIA",
            "ASIAIOSFODNN7EXAMPLE",
            "AIDAQNZGKIQY56JQ7WML",
            "ASIAQNZGKIQY56JQ7WM1",
            "AKIAQNZGKIQY56JQ7WMLA",
            "111122223333",
        ] {
            assert_eq!(read(key), None, "{key}");
        }
    }

    proptest! {
        #[test]
        fn a_key_tells_its_kind_and_account(number in 0u64..1_000_000_000_000, bits: u128, long: bool) {
            let account = AccountId::from_number(number).unwrap();
            let kind = if long { KeyKind::LongTerm } else { KeyKind::Temporary };
            let key = access_key(kind, account, bits);
            prop_assert_eq!(key.len(), 20);
            prop_assert_eq!(read(&key), Some((kind, account)));
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".{0,40}") {
            let _ = read(&text);
        }
    }
}
