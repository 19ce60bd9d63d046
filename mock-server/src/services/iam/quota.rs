//! How much of each thing of IAM an account may have: AWS's defaults. Source: IAM user guide, "IAM and AWS STS
//! quotas".

use super::error::IamError;

pub const USERS: usize = 5_000;
pub const GROUPS: usize = 300;
pub const GROUPS_PER_USER: usize = 10;
pub const ACCESS_KEYS_PER_USER: usize = 2;
pub const ROLES: usize = 1_000;
pub const INSTANCE_PROFILES: usize = 1_000;
pub const POLICIES: usize = 1_500;
pub const VERSIONS_PER_POLICY: usize = 5;
/// To a user, group or role.
pub const ATTACHED_POLICIES: usize = 10;
/// Characters, not counting white space, as all that follow.
pub const POLICY_SIZE: usize = 6_144;
/// Of all inline policies together.
pub const USER_POLICY_SIZE: usize = 2_048;
pub const GROUP_POLICY_SIZE: usize = 5_120;
pub const ROLE_POLICY_SIZE: usize = 10_240;
pub const TRUST_POLICY_SIZE: usize = 2_048;

/// Refuses one more where there are so many already.
pub fn room(quota: &'static str, have: usize, limit: usize) -> Result<(), IamError> {
    if have < limit { Ok(()) } else { Err(IamError::Quota { quota, limit }) }
}
