//! Access keys. As on AWS, the account that a key belongs to can be read from the key alone.

use crate::kernel::AccountId;
use crate::model::iam::{base32, base32_bits};

/// What a key is good for, as its first letters say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// Of a user, until it is deleted.
    LongTerm,
    /// Of a session.
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

/// The account that an access key belongs to; `None` if it does not say.
///
/// It says where to look for the key, not that there is one.
pub fn account_of(access_key: &str) -> Option<AccountId> {
    let kinds = [KeyKind::LongTerm, KeyKind::Temporary];
    let digits = kinds.iter().find_map(|kind| access_key.strip_prefix(kind.prefix()))?;
    if digits.len() != DIGITS as usize {
        return None;
    }
    let bits = base32_bits(digits).filter(|bits| bits & ENCODES_ACCOUNT != 0)?;
    let number = u64::try_from(bits >> ACCOUNT_SHIFT & ACCOUNT_MASK).ok()?;
    AccountId::from_number(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_of_aws_are_read_too() {
        for key in ["ASIAQNZGKIQY56JQ7WML", "AKIAQNZGKIQY56JQ7WML"] {
            assert_eq!(account_of(key).unwrap().to_string(), "029608264753");
        }
        for key in [
            "",
            "ASIA",
            "ASIAIOSFODNN7EXAMPLE",
            "AKIAIOSFODNN7EXAMPLE",
            "AROAQNZGKIQY56JQ7WML",
            "ASIAQNZGKIQY56JQ7WM1",
            "111122223333",
        ] {
            assert_eq!(account_of(key), None, "{key}");
        }
    }

    proptest! {
        #[test]
        fn a_key_tells_its_account(number in 0u64..1_000_000_000_000, bits: u128) {
            let account = AccountId::from_number(number).unwrap();
            for kind in [KeyKind::LongTerm, KeyKind::Temporary] {
                let key = access_key(kind, account, bits);
                prop_assert_eq!(key.len(), 20);
                prop_assert_eq!(account_of(&key), Some(account));
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".{0,40}") {
            let _ = account_of(&text);
        }
    }
}
