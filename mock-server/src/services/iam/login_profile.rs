//! Passwords of users, and the account's policy for them.

use super::account::Nothing;
use super::entity::change;
use super::error::{IamError, UserError};
use super::user::named_or_caller;
use crate::kernel::Row;
use crate::model::{AccountSettings, LoginProfile, PasswordPolicy, Principal, State, Txn, User};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// As many passwords are remembered as a policy can forbid to come again.
const MOST_REMEMBERED: usize = 24;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginProfileData {
    user_name: String,
    create_date: i64,
    password_reset_required: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneLoginProfile {
    login_profile: LoginProfileData,
}

impl OneLoginProfile {
    fn of(user: &User) -> Result<Self, IamError> {
        let login = profile(user)?;
        let login_profile = LoginProfileData {
            user_name: user.name.clone(),
            create_date: login.created.millis(),
            password_reset_required: login.must_reset,
        };
        Ok(Self { login_profile })
    }
}

fn profile(user: &User) -> Result<&LoginProfile, IamError> {
    user.login.as_ref().ok_or_else(|| UserError::NoSuchLoginProfile(user.name.clone()).into())
}

/// The user who is named or else the caller. The password of the root is none of these operations' affairs.
fn whose<'a>(state: &'a State, caller: &Caller, name: Option<&str>) -> Result<&'a Arc<User>, IamError> {
    named_or_caller(state, caller, name)?.ok_or_else(|| UserError::NoUserName.into())
}

/// What is kept of a password. Nobody signs in here: it only has to be told apart from the others of the user.
fn digest(txn: &Txn<'_>, user: &User, password: &str) -> u128 {
    crate::kernel::digest(txn.origin.seed, &[b"password", user.unique_id.as_bytes(), password.as_bytes()])
}

/// The user's passwords after this one was set.
fn with_password(txn: &Txn<'_>, user: &User, password: &str) -> Result<Vec<u128>, IamError> {
    let new = digest(txn, user, password);
    let account = &txn.state.account;
    let mut all = user.login.as_ref().map(|login| login.passwords.clone()).unwrap_or_default();
    if !account.admits(password) || all.iter().rev().take(forbidden(account)).any(|old| *old == new) {
        return Err(UserError::PasswordPolicyViolation.into());
    }
    all.push(new);
    all.drain(..all.len().saturating_sub(MOST_REMEMBERED));
    Ok(all)
}

/// How many of the newest passwords may not come again.
fn forbidden(account: &AccountSettings) -> usize {
    let policy = account.password_policy.and_then(|policy| policy.reuse_prevention);
    policy.and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

pub struct CreateLoginProfile;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateLoginProfileIn {
    user_name: Option<String>,
    password: Option<String>,
    #[serde(default)]
    password_reset_required: bool,
}

impl Operation for CreateLoginProfile {
    const NAME: &'static str = "CreateLoginProfile";
    const HOME: Home = Home::Account;
    type In = CreateLoginProfileIn;
    type Out = OneLoginProfile;
    type Error = IamError;
}

impl Write for CreateLoginProfile {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: CreateLoginProfileIn,
    ) -> Result<OneLoginProfile, IamError> {
        let user = whose(&txn.state, caller, input.user_name.as_deref())?.clone();
        if user.login.is_some() {
            return Err(UserError::LoginProfileExists(user.name.clone()).into());
        }
        let password = input.password.ok_or(UserError::NoPassword)?;
        let login = LoginProfile {
            created: txn.now,
            changed: txn.now,
            must_reset: input.password_reset_required,
            passwords: with_password(txn, &user, &password)?,
        };
        OneLoginProfile::of(&*change::<User>(&mut txn.state, &user.name, |user| user.login = Some(login))?)
    }
}

pub struct GetLoginProfile;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MaybeNamed {
    user_name: Option<String>,
}

impl Operation for GetLoginProfile {
    const NAME: &'static str = "GetLoginProfile";
    const HOME: Home = Home::Account;
    type In = MaybeNamed;
    type Out = OneLoginProfile;
    type Error = IamError;
}

impl Read for GetLoginProfile {
    fn run(view: &View<'_>, input: MaybeNamed) -> Result<OneLoginProfile, IamError> {
        OneLoginProfile::of(whose(view.state, view.caller, input.user_name.as_deref())?)
    }
}

pub struct UpdateLoginProfile;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateLoginProfileIn {
    user_name: String,
    password: Option<String>,
    password_reset_required: Option<bool>,
}

impl Operation for UpdateLoginProfile {
    const NAME: &'static str = "UpdateLoginProfile";
    const HOME: Home = Home::Account;
    type In = UpdateLoginProfileIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateLoginProfile {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateLoginProfileIn) -> Result<Done, IamError> {
        let user = whose(&txn.state, caller, Some(&input.user_name))?.clone();
        let mut login = profile(&user)?.clone();
        if let Some(password) = input.password {
            login.passwords = with_password(txn, &user, &password)?;
            login.changed = txn.now;
        }
        login.must_reset = input.password_reset_required.unwrap_or(login.must_reset);
        change::<User>(&mut txn.state, &user.name, |user| user.login = Some(login))?;
        Ok(Done {})
    }
}

pub struct DeleteLoginProfile;

impl Operation for DeleteLoginProfile {
    const NAME: &'static str = "DeleteLoginProfile";
    const HOME: Home = Home::Account;
    type In = MaybeNamed;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteLoginProfile {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: MaybeNamed) -> Result<Done, IamError> {
        let user = whose(&txn.state, caller, input.user_name.as_deref())?;
        profile(user)?;
        let key = user.key();
        txn.state.users.update(&key, |user| user.login = None);
        Ok(Done {})
    }
}

pub struct ChangePassword;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangePasswordIn {
    old_password: String,
    new_password: String,
}

impl Operation for ChangePassword {
    const NAME: &'static str = "ChangePassword";
    const HOME: Home = Home::Account;
    type In = ChangePasswordIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for ChangePassword {
    /// Users change their own. Source: IAM API reference, ChangePassword.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: ChangePasswordIn) -> Result<Done, IamError> {
        if !matches!(caller.principal, Principal::User { .. }) {
            return Err(UserError::RootPassword.into());
        }
        let user = whose(&txn.state, caller, None)?.clone();
        let mut login = profile(&user)?.clone();
        if login.passwords.last() != Some(&digest(txn, &user, &input.old_password)) {
            return Err(UserError::WrongPassword.into());
        }
        login.passwords = with_password(txn, &user, &input.new_password)?;
        login.changed = txn.now;
        login.must_reset = false;
        change::<User>(&mut txn.state, &user.name, |user| user.login = Some(login))?;
        Ok(Done {})
    }
}

// === The account's policy ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PasswordPolicyData {
    minimum_password_length: i32,
    require_symbols: bool,
    require_numbers: bool,
    require_uppercase_characters: bool,
    require_lowercase_characters: bool,
    allow_users_to_change_password: bool,
    expire_passwords: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_password_age: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_reuse_prevention: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hard_expiry: Option<bool>,
}

pub struct GetAccountPasswordPolicy;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountPasswordPolicyOut {
    password_policy: PasswordPolicyData,
}

impl Operation for GetAccountPasswordPolicy {
    const NAME: &'static str = "GetAccountPasswordPolicy";
    const HOME: Home = Home::Account;
    type In = Nothing;
    type Out = GetAccountPasswordPolicyOut;
    type Error = IamError;
}

impl Read for GetAccountPasswordPolicy {
    fn run(view: &View<'_>, _: Nothing) -> Result<GetAccountPasswordPolicyOut, IamError> {
        let policy = view.state.account.password_policy;
        let policy = policy.ok_or(UserError::NoPasswordPolicy(view.caller.account))?;
        let password_policy = PasswordPolicyData {
            minimum_password_length: policy.least_length,
            require_symbols: policy.symbols,
            require_numbers: policy.numbers,
            require_uppercase_characters: policy.upper_case,
            require_lowercase_characters: policy.lower_case,
            allow_users_to_change_password: policy.users_may_change,
            expire_passwords: policy.most_age.is_some(),
            max_password_age: policy.most_age,
            password_reuse_prevention: policy.reuse_prevention,
            hard_expiry: policy.hard_expiry,
        };
        Ok(GetAccountPasswordPolicyOut { password_policy })
    }
}

pub struct UpdateAccountPasswordPolicy;

/// What is not given takes its default: nothing stays as it was.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdateAccountPasswordPolicyIn {
    minimum_password_length: i32,
    require_symbols: bool,
    require_numbers: bool,
    require_uppercase_characters: bool,
    require_lowercase_characters: bool,
    allow_users_to_change_password: bool,
    max_password_age: Option<i32>,
    password_reuse_prevention: Option<i32>,
    hard_expiry: Option<bool>,
}

impl Default for UpdateAccountPasswordPolicyIn {
    fn default() -> Self {
        Self {
            minimum_password_length: 6,
            require_symbols: false,
            require_numbers: false,
            require_uppercase_characters: false,
            require_lowercase_characters: false,
            allow_users_to_change_password: false,
            max_password_age: None,
            password_reuse_prevention: None,
            hard_expiry: None,
        }
    }
}

impl Operation for UpdateAccountPasswordPolicy {
    const NAME: &'static str = "UpdateAccountPasswordPolicy";
    const HOME: Home = Home::Account;
    type In = UpdateAccountPasswordPolicyIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateAccountPasswordPolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateAccountPasswordPolicyIn) -> Result<Done, IamError> {
        txn.state.account.password_policy = Some(PasswordPolicy {
            least_length: input.minimum_password_length,
            symbols: input.require_symbols,
            numbers: input.require_numbers,
            upper_case: input.require_uppercase_characters,
            lower_case: input.require_lowercase_characters,
            users_may_change: input.allow_users_to_change_password,
            most_age: input.max_password_age,
            reuse_prevention: input.password_reuse_prevention,
            hard_expiry: input.hard_expiry,
        });
        Ok(Done {})
    }
}

pub struct DeleteAccountPasswordPolicy;

impl Operation for DeleteAccountPasswordPolicy {
    const NAME: &'static str = "DeleteAccountPasswordPolicy";
    const HOME: Home = Home::Account;
    type In = Nothing;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteAccountPasswordPolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, _: Nothing) -> Result<Done, IamError> {
        let gone = txn.state.account.password_policy.take();
        gone.map(|_| Done {}).ok_or_else(|| UserError::NoPasswordPolicyToDelete.into())
    }
}
