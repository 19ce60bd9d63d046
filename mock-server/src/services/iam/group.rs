//! Groups of users.

use super::entity::{self, ByPath, Named, NamedPage, Rest, check_no_policies, find};
use super::error::{IamError, UserError};
use super::quota;
use super::user::UserData;
use crate::kernel::Row;
use crate::model::{Group, Txn, User};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A group as IAM tells it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupData {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    create_date: i64,
}

impl GroupData {
    pub fn of(group: &Group) -> Self {
        Self {
            path: group.path.clone(),
            group_name: group.name.clone(),
            group_id: group.unique_id.clone(),
            arn: group.arn.clone(),
            create_date: group.created.millis(),
        }
    }

    fn all(groups: Vec<&Arc<Group>>) -> Vec<Self> {
        groups.into_iter().map(|group| Self::of(group)).collect()
    }
}

pub struct CreateGroup;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroupIn {
    path: Option<String>,
    group_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroupOut {
    group: GroupData,
}

impl Operation for CreateGroup {
    const NAME: &'static str = "CreateGroup";
    const HOME: Home = Home::Account;
    type In = CreateGroupIn;
    type Out = CreateGroupOut;
    type Error = IamError;
}

impl Write for CreateGroup {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateGroupIn) -> Result<CreateGroupOut, IamError> {
        if txn.state.user_groups.contains(&Group::key_of(&input.group_name)) {
            return Err(UserError::GroupExists(input.group_name).into());
        }
        quota::room("GroupsPerAccount", txn.state.user_groups.len(), quota::GROUPS)?;
        let path = entity::path_or_root(input.path);
        let group = Group {
            unique_id: entity::unique_id::<Group>(txn),
            arn: entity::arn::<Group>(caller, &path, &input.group_name),
            name: input.group_name,
            path,
            created: txn.now,
            grants: Default::default(),
        };
        Ok(CreateGroupOut { group: GroupData::of(&txn.state.user_groups.insert(group)) })
    }
}

pub struct GetGroup;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupOut {
    group: GroupData,
    users: Vec<UserData>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for GetGroup {
    const NAME: &'static str = "GetGroup";
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = GetGroupOut;
    type Error = IamError;
}

impl Read for GetGroup {
    fn run(view: &View<'_>, input: NamedPage) -> Result<GetGroupOut, IamError> {
        let group = find::<Group>(view.state, &input.name)?;
        let (users, rest) = input.part().of(view.state.users.by(&group.key()), |user| user.key())?;
        let users = users.into_iter().map(|user| UserData::listed(user)).collect();
        Ok(GetGroupOut { group: GroupData::of(group), users, rest })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsOut {
    groups: Vec<GroupData>,
    #[serde(flatten)]
    rest: Rest,
}

pub struct ListGroups;

impl Operation for ListGroups {
    const NAME: &'static str = "ListGroups";
    const HOME: Home = Home::Account;
    type In = ByPath;
    type Out = ListGroupsOut;
    type Error = IamError;
}

impl Read for ListGroups {
    fn run(view: &View<'_>, input: ByPath) -> Result<ListGroupsOut, IamError> {
        let (groups, rest) = input.of::<Group>(view.state)?;
        Ok(ListGroupsOut { groups: GroupData::all(groups), rest })
    }
}

pub struct ListGroupsForUser;

impl Operation for ListGroupsForUser {
    const NAME: &'static str = "ListGroupsForUser";
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = ListGroupsOut;
    type Error = IamError;
}

impl Read for ListGroupsForUser {
    fn run(view: &View<'_>, input: NamedPage) -> Result<ListGroupsOut, IamError> {
        let groups = find::<User>(view.state, &input.name)?.groups.iter();
        let groups = groups.filter_map(|key| view.state.user_groups.get(key));
        let (groups, rest) = input.part().of(groups, |group| group.key())?;
        Ok(ListGroupsOut { groups: GroupData::all(groups), rest })
    }
}

pub struct UpdateGroup;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateGroupIn {
    group_name: String,
    new_path: Option<String>,
    new_group_name: Option<String>,
}

impl Operation for UpdateGroup {
    const NAME: &'static str = "UpdateGroup";
    const HOME: Home = Home::Account;
    type In = UpdateGroupIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateGroup {
    /// The ARN follows the name and the path; the unique id stays, and so do users and policies.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateGroupIn) -> Result<Done, IamError> {
        let mut group = Group::clone(find(&txn.state, &input.group_name)?);
        let old = group.key();
        group.name = input.new_group_name.unwrap_or(group.name);
        group.path = input.new_path.unwrap_or(group.path);
        group.arn = entity::arn::<Group>(caller, &group.path, &group.name);
        let new = group.key();
        if new != old {
            if txn.state.user_groups.contains(&new) {
                return Err(UserError::GroupExists(group.name).into());
            }
            txn.state.user_groups.remove(&old);
            let members: Vec<_> = txn.state.users.by(&old).map(|user| user.key()).collect();
            for user in members {
                txn.state.users.update(&user, |user| {
                    user.groups.remove(&old);
                    user.groups.insert(new.clone());
                });
            }
        }
        txn.state.user_groups.insert(group);
        Ok(Done {})
    }
}

pub struct DeleteGroup;

impl Operation for DeleteGroup {
    const NAME: &'static str = "DeleteGroup";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteGroup {
    /// In which order AWS looks at what is in the way is Assumed.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        let group = find::<Group>(&txn.state, &input.name)?;
        let key = group.key();
        if txn.state.users.count(&key) > 0 {
            return Err(IamError::MustFirst("remove users from group"));
        }
        check_no_policies(&group.grants)?;
        txn.state.user_groups.remove(&key);
        Ok(Done {})
    }
}

/// A user and a group.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Membership {
    group_name: String,
    user_name: String,
}

impl Membership {
    /// The two; the user is looked for first.
    fn of<'a>(&self, txn: &'a Txn<'_>) -> Result<(&'a Arc<User>, &'a Arc<Group>), IamError> {
        Ok((find(&txn.state, &self.user_name)?, find(&txn.state, &self.group_name)?))
    }
}

pub struct AddUserToGroup;

impl Operation for AddUserToGroup {
    const NAME: &'static str = "AddUserToGroup";
    const HOME: Home = Home::Account;
    type In = Membership;
    type Out = Done;
    type Error = IamError;
}

impl Write for AddUserToGroup {
    /// A user who is in the group already stays in it.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Membership) -> Result<Done, IamError> {
        let (user, group) = input.of(txn)?;
        let (user_key, group_key) = (user.key(), group.key());
        if !user.groups.contains(&group_key) {
            quota::room("GroupsPerUser", user.groups.len(), quota::GROUPS_PER_USER)?;
            txn.state.users.update(&user_key, |user| {
                user.groups.insert(group_key);
            });
        }
        Ok(Done {})
    }
}

pub struct RemoveUserFromGroup;

impl Operation for RemoveUserFromGroup {
    const NAME: &'static str = "RemoveUserFromGroup";
    const HOME: Home = Home::Account;
    type In = Membership;
    type Out = Done;
    type Error = IamError;
}

impl Write for RemoveUserFromGroup {
    /// To remove somebody who is not in the group is no error.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Membership) -> Result<Done, IamError> {
        let (user, group) = input.of(txn)?;
        let (user_key, group_key) = (user.key(), group.key());
        txn.state.users.update(&user_key, |user| {
            user.groups.remove(&group_key);
        });
        Ok(Done {})
    }
}
