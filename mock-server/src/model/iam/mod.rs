//! Who can act in an account, and the policies that they have been given.

pub mod aws_policy;
pub mod mode;
pub mod policy;
pub mod provider;
pub mod role;
pub mod session;
pub mod user;

pub use aws_policy::AwsPolicy;
pub use mode::{Authorization, ControlPolicies, IamMode};
pub use policy::{AnyPolicy, Grants, ManagedPolicy, PolicyDocument, PolicyVersion};
pub use provider::OidcProvider;
pub use role::{InstanceProfile, Role, SERVICE_SESSION};
pub use session::Session;
pub use user::{AccessKey, Group, User};

use super::Tags;
use crate::kernel::{Row, SimTime};

/// The identity behind an access key.
#[derive(Clone, PartialEq, Debug)]
pub enum Principal {
    /// Keys that nobody made here act as the account's root.
    Root,
    User {
        name: String,
        unique_id: String,
        arn: String,
    },
    /// The session of an assumed role. The role may be gone, or be another one of the same name by now.
    Role {
        role_arn: String,
        role_name: String,
        role_unique_id: String,
        session_name: String,
    },
    /// Whoever was given credentials by a user or the root (`GetFederationToken`).
    Federated {
        name: String,
        /// The key of the user who gave them, see [`User::key_of`]; `None`: the root.
        giver: Option<String>,
    },
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
