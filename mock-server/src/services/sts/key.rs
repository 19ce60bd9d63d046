//! Access keys of sessions. As on AWS, the account that a key belongs to can be read from the key alone.

use crate::kernel::AccountId;
use crate::model::iam::{base32, base32_bits};

const PREFIX: &str = "ASIA";
const DIGITS: u32 = 16;
/// Of the 80 bits behind the digits: this one is set, 40 hold the account, the rest are the key's own.
const ENCODES_ACCOUNT: u128 = 1 << 79;
const ACCOUNT_SHIFT: u32 = 39;
const ACCOUNT_MASK: u128 = (1 << 40) - 1;

/// An access key of this account.
pub(super) fn access_key(account: AccountId, bits: u128) -> String {
    let own = bits & ((1 << ACCOUNT_SHIFT) - 1);
    let account = u128::from(account.number()) << ACCOUNT_SHIFT;
    format!("{PREFIX}{}", base32(ENCODES_ACCOUNT | account | own, DIGITS))
}

/// The account that the temporary access key belongs to; `None` if it is no temporary access key.
///
/// It says where to look for the session, not that there is one.
pub fn account_of(access_key: &str) -> Option<AccountId> {
    let digits = access_key.strip_prefix(PREFIX).filter(|digits| digits.len() == DIGITS as usize)?;
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
        let account = account_of("ASIAQNZGKIQY56JQ7WML").unwrap();
        assert_eq!(account.to_string(), "029608264753");
        for key in [
            "",
            "ASIA",
            "ASIAIOSFODNN7EXAMPLE",
            "AKIAQNZGKIQY56JQ7WML",
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
            let key = access_key(account, bits);
            prop_assert_eq!(key.len(), 20);
            prop_assert_eq!(account_of(&key), Some(account));
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".{0,40}") {
            let _ = account_of(&text);
        }
    }
}
