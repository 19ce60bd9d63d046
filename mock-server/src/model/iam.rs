//! Roles and the sessions of assumed roles.

use super::*;
use crate::kernel::{Row, SimTime};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Debug)]
pub struct Role {
    pub name: String,
    /// `AROA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: String,
    pub description: Option<String>,
    /// The trust policy, as it was given.
    pub trust: String,
    /// Inline policy documents by name, as they were given.
    pub inline: BTreeMap<String, String>,
    pub max_session_seconds: i32,
    pub created: SimTime,
    pub tags: Tags,
}

impl Role {
    /// The key of the role with this name, in whatever case.
    pub fn key_of(name: &str) -> String {
        name.to_lowercase()
    }
}

impl Row for Role {
    /// Role names are unique in an account whatever their case.
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        Self::key_of(&self.name)
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// Temporary credentials of an assumed role.
#[derive(Clone, PartialEq, Debug)]
pub struct Session {
    /// `ASIA…`; its digits encode the account.
    pub access_key: String,
    pub role_name: String,
    /// `AROA…`, of the role as it was when it was assumed.
    pub role_unique_id: String,
    pub session_name: String,
    pub expires: SimTime,
}

impl Row for Session {
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        self.access_key.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// The digits of unique ids and access keys: base32 of RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The low `5 * digits` bits, five to a digit, the highest first.
pub fn base32(bits: u128, digits: u32) -> String {
    (0..digits).rev().map(|digit| char::from(BASE32[(bits >> (5 * digit)) as usize & 31])).collect()
}

/// The bits behind base32 digits; `None` if there are other characters among them, or too many.
pub fn base32_bits(digits: &str) -> Option<u128> {
    if digits.len() > 25 {
        return None;
    }
    digits.bytes().try_fold(0, |bits, digit| {
        let value = BASE32.iter().position(|known| *known == digit)?;
        Some(bits << 5 | value as u128)
    })
}
