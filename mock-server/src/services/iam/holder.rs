//! Users, groups and roles as holders of policies: what is the same for all of them.

use super::entity::Entity;
use crate::model::{Grants, Group, Role, User};

/// A kind of thing that policies are given to, with the operations that give and take them.
pub trait Holder: Entity<Key = String> {
    /// As texts call it.
    const KIND: &'static str;
    /// The member of requests and answers with its name.
    const MEMBER: &'static str;
    /// Characters of all its inline policies together, not counting white space.
    /// Source: IAM user guide, "IAM and AWS STS quotas".
    const MOST_INLINE: usize;
    /// What the quota of attached policies is called.
    const ATTACHED_QUOTA: &'static str;

    const PUT: &'static str;
    const GET: &'static str;
    const LIST: &'static str;
    const DELETE: &'static str;
    const ATTACH: &'static str;
    const DETACH: &'static str;
    const LIST_ATTACHED: &'static str;

    fn name(&self) -> &str;
    fn grants(&self) -> &Grants;
    fn grants_mut(&mut self) -> &mut Grants;
}

macro_rules! holders {
    ($($Row:ident: $kind:literal, $member:literal, $inline:literal, $quota:literal,
        $put:literal $get:literal $list:literal $delete:literal $attach:literal $detach:literal $attached:literal;)*) => {$(
        impl Holder for $Row {
            const KIND: &'static str = $kind;
            const MEMBER: &'static str = $member;
            const MOST_INLINE: usize = $inline;
            const ATTACHED_QUOTA: &'static str = $quota;
            const PUT: &'static str = $put;
            const GET: &'static str = $get;
            const LIST: &'static str = $list;
            const DELETE: &'static str = $delete;
            const ATTACH: &'static str = $attach;
            const DETACH: &'static str = $detach;
            const LIST_ATTACHED: &'static str = $attached;
            fn name(&self) -> &str {
                &self.name
            }
            fn grants(&self) -> &Grants {
                &self.grants
            }
            fn grants_mut(&mut self) -> &mut Grants {
                &mut self.grants
            }
        }
    )*};
}

holders! {
    User: "user", "UserName", 2_048, "PoliciesPerUser",
        "PutUserPolicy" "GetUserPolicy" "ListUserPolicies" "DeleteUserPolicy"
        "AttachUserPolicy" "DetachUserPolicy" "ListAttachedUserPolicies";
    Group: "group", "GroupName", 5_120, "PoliciesPerGroup",
        "PutGroupPolicy" "GetGroupPolicy" "ListGroupPolicies" "DeleteGroupPolicy"
        "AttachGroupPolicy" "DetachGroupPolicy" "ListAttachedGroupPolicies";
    Role: "role", "RoleName", 10_240, "PoliciesPerRole",
        "PutRolePolicy" "GetRolePolicy" "ListRolePolicies" "DeleteRolePolicy"
        "AttachRolePolicy" "DetachRolePolicy" "ListAttachedRolePolicies";
}
