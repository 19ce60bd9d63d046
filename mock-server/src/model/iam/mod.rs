//! Who can act in an account, and the policies that they have been given.

pub mod account;
pub mod aws_policy;
pub mod key;
pub mod mode;
pub mod policy;
pub mod provider;
pub mod role;
pub mod session;
pub mod user;

pub use account::{AccountSettings, CredentialReport, PasswordPolicy};
pub use aws_policy::AwsPolicy;
pub use mode::{Authorization, ControlPolicies, IamMode};
pub use policy::{AnyPolicy, Grants, ManagedPolicy, PolicyDocument, PolicyVersion};
pub use provider::OidcProvider;
pub use role::{InstanceProfile, Role, SERVICE_SESSION};
pub use session::Session;
pub use user::{AccessKey, Group, LoginProfile, User};

use super::{State, Tags};
use crate::kernel::{Rehome, Row, SimTime};

/// The identity behind an access key.
#[derive(Clone, PartialEq, Debug, Rehome)]
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

/// What must hold of users, groups, roles and what belongs to them.
pub fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = policy::broken_invariants(state);
    let tables = [
        ("users", state.users.is_consistent()),
        ("user_groups", state.user_groups.is_consistent()),
        ("access_keys", state.access_keys.is_consistent()),
        ("roles", state.roles.is_consistent()),
        ("instance_profiles", state.instance_profiles.is_consistent()),
        ("policies", state.policies.is_consistent()),
    ];
    let inconsistent = tables.into_iter().filter(|(_, consistent)| !consistent);
    broken.extend(inconsistent.map(|(name, _)| format!("the indexes of {name} do not match its rows")));
    for user in state.users.iter() {
        for group in user.groups.iter().filter(|group| !state.user_groups.contains(group)) {
            broken.push(format!("user {} is in the group {group}, which does not exist", user.name));
        }
    }
    for key in state.access_keys.iter() {
        if let Some(user) = key.user.as_ref().filter(|user| !state.users.contains(user)) {
            broken.push(format!("{} is a key of {user}, who does not exist", key.id));
        }
    }
    for profile in state.instance_profiles.iter() {
        if let Some(role) = profile.role.as_ref().filter(|role| !state.roles.contains(role)) {
            broken.push(format!("{} holds the role {role}, which does not exist", profile.arn));
        }
    }
    let arns = state.users.iter().map(|user| (&user.arn, &user.path, &user.name));
    let arns = arns.chain(state.user_groups.iter().map(|group| (&group.arn, &group.path, &group.name)));
    let arns = arns.chain(state.roles.iter().map(|role| (&role.arn, &role.path, &role.name)));
    for (arn, path, name) in arns {
        if !arn.ends_with(&format!("{path}{name}")) || !path.starts_with('/') || !path.ends_with('/') {
            broken.push(format!("{arn} is not of {path}{name}"));
        }
    }
    broken
}
