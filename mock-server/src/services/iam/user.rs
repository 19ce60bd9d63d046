//! Users.

use super::boundary;
use super::entity::{self, BoundaryData, ByPath, Named, Rest, check_no_policies, find};
use super::error::{IamError, UserError};
use super::quota;
use super::tags::{self, TagData};
use crate::kernel::Row;
use crate::model::{Principal, State, Txn, User};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A user as IAM tells it. Lists have fewer members than the answers about one user, as on AWS.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserData {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    user_id: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryData>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagData>,
}

impl UserData {
    pub fn listed(user: &User) -> Self {
        Self {
            path: Some(user.path.clone()),
            user_name: Some(user.name.clone()),
            user_id: user.unique_id.clone(),
            arn: user.arn.clone(),
            create_date: Some(user.created.millis()),
            permissions_boundary: None,
            tags: Vec::new(),
        }
    }

    fn full(user: &User) -> Self {
        let permissions_boundary = BoundaryData::of(&user.grants);
        Self { permissions_boundary, tags: tags::data(&user.tags), ..Self::listed(user) }
    }

    /// The root is told by the account's alias, if it has one, and has no path.
    fn root(state: &State, caller: &Caller) -> Self {
        Self {
            path: None,
            user_name: state.account.alias.as_deref().map(str::to_owned),
            user_id: caller.account.to_string(),
            arn: caller.partition.arn("iam", "", caller.account, "root"),
            create_date: None,
            permissions_boundary: None,
            tags: Vec::new(),
        }
    }
}

/// The answer of operations that tell one user.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneUser {
    user: UserData,
}

/// The user with this name or, without one, the caller; `None` if that is the account's root.
///
/// # Errors
/// There is no such user, or the caller is a session.
pub fn named_or_caller<'a>(
    state: &'a State,
    caller: &Caller,
    name: Option<&str>,
) -> Result<Option<&'a Arc<User>>, IamError> {
    match (name, &caller.principal) {
        (Some(name), _) => find(state, name).map(Some),
        (None, Principal::User { name, .. }) => find(state, name).map(Some),
        (None, Principal::Root) => Ok(None),
        (None, Principal::Role { .. } | Principal::Federated { .. }) => Err(UserError::NoUserName.into()),
    }
}

pub struct CreateUser;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserIn {
    path: Option<String>,
    user_name: String,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<TagData>,
}

impl Operation for CreateUser {
    const NAME: &'static str = "CreateUser";
    const HOME: Home = Home::Account;
    type In = CreateUserIn;
    type Out = OneUser;
    type Error = IamError;
}

impl Write for CreateUser {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateUserIn) -> Result<OneUser, IamError> {
        let tags = tags::of_new::<User>(input.tags)?;
        if txn.state.users.contains(&User::key_of(&input.user_name)) {
            return Err(UserError::UserExists(input.user_name).into());
        }
        quota::room("UsersPerAccount", txn.state.users.len(), quota::USERS)?;
        let grants = boundary::of_new(&txn.state, input.permissions_boundary)?;
        let path = entity::path_or_root(input.path);
        let user = User {
            unique_id: entity::unique_id::<User>(txn),
            arn: entity::arn::<User>(caller, &path, &input.user_name),
            name: input.user_name,
            path,
            created: txn.now,
            grants,
            groups: Default::default(),
            login: None,
            tags,
        };
        Ok(OneUser { user: UserData::full(&txn.state.users.insert(user)) })
    }
}

pub struct GetUser;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserIn {
    user_name: Option<String>,
}

impl Operation for GetUser {
    const NAME: &'static str = "GetUser";
    const HOME: Home = Home::Account;
    type In = GetUserIn;
    type Out = OneUser;
    type Error = IamError;
}

impl Read for GetUser {
    fn run(view: &View<'_>, input: GetUserIn) -> Result<OneUser, IamError> {
        let user = named_or_caller(view.state, view.caller, input.user_name.as_deref())?;
        let root = || UserData::root(view.state, view.caller);
        Ok(OneUser { user: user.map_or_else(root, |user| UserData::full(user)) })
    }
}

pub struct ListUsers;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersOut {
    users: Vec<UserData>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListUsers {
    const NAME: &'static str = "ListUsers";
    const HOME: Home = Home::Account;
    type In = ByPath;
    type Out = ListUsersOut;
    type Error = IamError;
}

impl Read for ListUsers {
    fn run(view: &View<'_>, input: ByPath) -> Result<ListUsersOut, IamError> {
        let (users, rest) = input.of::<User>(view.state)?;
        Ok(ListUsersOut { users: users.into_iter().map(|user| UserData::listed(user)).collect(), rest })
    }
}

pub struct UpdateUser;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserIn {
    user_name: String,
    new_path: Option<String>,
    new_user_name: Option<String>,
}

impl Operation for UpdateUser {
    const NAME: &'static str = "UpdateUser";
    const HOME: Home = Home::Account;
    type In = UpdateUserIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateUser {
    /// The ARN follows the name and the path; the unique id stays, and so do groups, keys and policies.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateUserIn) -> Result<Done, IamError> {
        let mut user = User::clone(find(&txn.state, &input.user_name)?);
        let old = user.key();
        user.name = input.new_user_name.unwrap_or(user.name);
        user.path = input.new_path.unwrap_or(user.path);
        user.arn = entity::arn::<User>(caller, &user.path, &user.name);
        let new = user.key();
        if new != old {
            if txn.state.users.contains(&new) {
                return Err(UserError::UserExists(user.name).into());
            }
            txn.state.users.remove(&old);
            let keys: Vec<_> = txn.state.access_keys.by(&Some(old)).map(|key| key.id.clone()).collect();
            for id in keys {
                txn.state.access_keys.update(&id, |key| key.user = Some(new.clone()));
            }
        }
        txn.state.users.insert(user);
        Ok(Done {})
    }
}

pub struct DeleteUser;

impl Operation for DeleteUser {
    const NAME: &'static str = "DeleteUser";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteUser {
    /// Source: IAM API reference, DeleteUser, which lists what must go before. In which order AWS looks is Assumed to
    /// be that of the list.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        let user = find::<User>(&txn.state, &input.name)?;
        let key = user.key();
        if user.login.is_some() {
            return Err(IamError::MustFirst("delete login profile"));
        }
        if txn.state.access_keys.count(&Some(key.clone())) > 0 {
            return Err(IamError::MustFirst("delete access keys"));
        }
        check_no_policies(&user.grants)?;
        if !user.groups.is_empty() {
            return Err(IamError::MustFirst("remove users from group"));
        }
        txn.state.users.remove(&key);
        Ok(Done {})
    }
}
