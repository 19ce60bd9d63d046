//! Access keys of users.

use super::entity::{Part, Rest};
use super::error::{IamError, UserError};
use super::quota;
use super::user::named_or_caller;
use crate::kernel::Row;
use crate::model::iam::key::{self, KeyKind};
use crate::model::{AccessKey, State, Txn, User};
use crate::services::sts::arn_of;
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An access key as IAM tells it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyData {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    create_date: i64,
}

impl AccessKeyData {
    fn of(key: &AccessKey, user_name: &str) -> Self {
        Self {
            user_name: user_name.to_owned(),
            access_key_id: key.id.clone(),
            status: if key.active { "Active" } else { "Inactive" },
            create_date: key.created.millis(),
        }
    }
}

/// The user who is meant, who is the caller if nobody is named.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyIn {
    user_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyOut {
    access_key: NewAccessKey,
}

/// The secret is told once and never again.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewAccessKey {
    #[serde(flatten)]
    key: AccessKeyData,
    secret_access_key: String,
}

pub struct CreateAccessKey;

impl Operation for CreateAccessKey {
    const NAME: &'static str = "CreateAccessKey";
    const HOME: Home = Home::Account;
    type In = CreateAccessKeyIn;
    type Out = CreateAccessKeyOut;
    type Error = IamError;
}

impl Write for CreateAccessKey {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: CreateAccessKeyIn,
    ) -> Result<CreateAccessKeyOut, IamError> {
        let user = named_or_caller(&txn.state, caller, input.user_name.as_deref())?;
        let (user, name) = (user.map(|user| user.key()), name_of(user));
        let have = txn.state.access_keys.count(&user);
        quota::room("AccessKeysPerUser", have, quota::ACCESS_KEYS_PER_USER)?;
        let id = key::access_key(KeyKind::LongTerm, caller.account, txn.mint("access-key"));
        let key = txn.state.access_keys.insert(AccessKey {
            secret: key::secret(txn.origin, &id),
            id,
            user,
            active: true,
            created: txn.now,
        });
        let secret_access_key = key.secret.clone();
        let access_key = NewAccessKey { key: AccessKeyData::of(&key, &name), secret_access_key };
        Ok(CreateAccessKeyOut { access_key })
    }
}

pub struct ListAccessKeys;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeysIn {
    user_name: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeysOut {
    access_key_metadata: Vec<AccessKeyData>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListAccessKeys {
    const NAME: &'static str = "ListAccessKeys";
    const HOME: Home = Home::Account;
    type In = ListAccessKeysIn;
    type Out = ListAccessKeysOut;
    type Error = IamError;
}

impl Read for ListAccessKeys {
    fn run(view: &View<'_>, input: ListAccessKeysIn) -> Result<ListAccessKeysOut, IamError> {
        let user = named_or_caller(view.state, view.caller, input.user_name.as_deref())?;
        let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
        let name = name_of(user);
        let keys = view.state.access_keys.by(&user.map(|user| user.key()));
        let keys = keys.map(|key| AccessKeyData::of(key, &name));
        let (access_key_metadata, rest) = part.of(keys, |key| key.access_key_id.clone())?;
        Ok(ListAccessKeysOut { access_key_metadata, rest })
    }
}

/// How keys tell whose they are. What AWS calls the root there is Assumed.
fn name_of(user: Option<&Arc<User>>) -> String {
    user.map_or_else(|| "root".to_owned(), |user| user.name.clone())
}

/// The key with this id, if it belongs to the user who is named or else to the caller.
fn find<'a>(
    state: &'a State,
    caller: &Caller,
    user_name: Option<&str>,
    id: &str,
) -> Result<&'a Arc<AccessKey>, IamError> {
    let user = named_or_caller(state, caller, user_name)?.map(|user| user.key());
    let key = state.access_keys.get(&id.to_owned()).filter(|key| key.user == user);
    key.ok_or_else(|| UserError::NoSuchAccessKey(id.to_owned()).into())
}

pub struct UpdateAccessKey;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAccessKeyIn {
    user_name: Option<String>,
    access_key_id: String,
    status: String,
}

impl Operation for UpdateAccessKey {
    const NAME: &'static str = "UpdateAccessKey";
    const HOME: Home = Home::Account;
    type In = UpdateAccessKeyIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateAccessKey {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateAccessKeyIn) -> Result<Done, IamError> {
        find(&txn.state, caller, input.user_name.as_deref(), &input.access_key_id)?;
        if input.status == "Expired" {
            return Err(UserError::ExpiredStatus.into());
        }
        txn.state.access_keys.update(&input.access_key_id, |key| key.active = input.status == "Active");
        Ok(Done {})
    }
}

pub struct DeleteAccessKey;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccessKeyIn {
    user_name: Option<String>,
    access_key_id: String,
}

impl Operation for DeleteAccessKey {
    const NAME: &'static str = "DeleteAccessKey";
    const HOME: Home = Home::Account;
    type In = DeleteAccessKeyIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteAccessKey {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: DeleteAccessKeyIn) -> Result<Done, IamError> {
        find(&txn.state, caller, input.user_name.as_deref(), &input.access_key_id)?;
        txn.state.delete_access_key(&input.access_key_id);
        Ok(Done {})
    }
}

pub struct GetAccessKeyLastUsed;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsedIn {
    access_key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsedOut {
    user_name: String,
    access_key_last_used: LastUsed,
}

/// Uses are not written down: reads would all be writes. So every key is told as AWS tells one that was never used.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LastUsed {
    service_name: &'static str,
    region: &'static str,
}

impl Operation for GetAccessKeyLastUsed {
    const NAME: &'static str = "GetAccessKeyLastUsed";
    const HOME: Home = Home::Account;
    type In = GetAccessKeyLastUsedIn;
    type Out = GetAccessKeyLastUsedOut;
    type Error = IamError;
}

impl Read for GetAccessKeyLastUsed {
    fn run(view: &View<'_>, input: GetAccessKeyLastUsedIn) -> Result<GetAccessKeyLastUsedOut, IamError> {
        let key = view.state.access_keys.get(&input.access_key_id);
        let Some(key) = key else {
            let caller = arn_of(view.caller);
            return Err(UserError::ForeignAccessKey { caller, id: input.access_key_id }.into());
        };
        let user = key.user.as_ref().and_then(|user| view.state.users.get(user));
        let access_key_last_used = LastUsed { service_name: "N/A", region: "N/A" };
        Ok(GetAccessKeyLastUsedOut { user_name: name_of(user), access_key_last_used })
    }
}
