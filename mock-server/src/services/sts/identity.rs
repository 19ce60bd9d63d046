//! Who calls, whose a key is, and what a refusal said in code.

use super::{StsError, account_of, arn_of};
use crate::iam::{message, who};
use crate::services::{Home, Operation, Principal, Read, View};
use serde::{Deserialize, Serialize};

pub struct GetCallerIdentity;

#[derive(Deserialize)]
pub struct GetCallerIdentityIn {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentityOut {
    user_id: String,
    account: String,
    arn: String,
}

impl Operation for GetCallerIdentity {
    const NAME: &'static str = "GetCallerIdentity";
    const HOME: Home = Home::Account;
    type In = GetCallerIdentityIn;
    type Out = GetCallerIdentityOut;
    type Error = StsError;
}

impl Read for GetCallerIdentity {
    fn run(view: &View<'_>, _: GetCallerIdentityIn) -> Result<GetCallerIdentityOut, StsError> {
        let caller = view.caller;
        Ok(GetCallerIdentityOut {
            user_id: who::user_id(caller.account, &caller.principal),
            account: caller.account.to_string(),
            arn: arn_of(caller),
        })
    }
}

pub struct GetAccessKeyInfo;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoIn {
    access_key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoOut {
    account: String,
}

impl Operation for GetAccessKeyInfo {
    const NAME: &'static str = "GetAccessKeyInfo";
    const HOME: Home = Home::Account;
    type In = GetAccessKeyInfoIn;
    type Out = GetAccessKeyInfoOut;
    type Error = StsError;
}

impl Read for GetAccessKeyInfo {
    /// It says nothing of whether the key is active, or still there.
    fn run(view: &View<'_>, input: GetAccessKeyInfoIn) -> Result<GetAccessKeyInfoOut, StsError> {
        check_may_inquire(view, Self::NAME)?;
        let account = account_of(&input.access_key_id).ok_or(StsError::UnknownKey)?;
        Ok(GetAccessKeyInfoOut { account: account.to_string() })
    }
}

pub struct DecodeAuthorizationMessage;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessageIn {
    encoded_message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessageOut {
    decoded_message: String,
}

impl Operation for DecodeAuthorizationMessage {
    const NAME: &'static str = "DecodeAuthorizationMessage";
    const HOME: Home = Home::Account;
    type In = DecodeAuthorizationMessageIn;
    type Out = DecodeAuthorizationMessageOut;
    type Error = StsError;
}

impl Read for DecodeAuthorizationMessage {
    fn run(
        view: &View<'_>,
        input: DecodeAuthorizationMessageIn,
    ) -> Result<DecodeAuthorizationMessageOut, StsError> {
        check_may_inquire(view, Self::NAME)?;
        let decoded_message =
            message::decode(view.caller.account, &input.encoded_message).ok_or(StsError::BadMessage)?;
        Ok(DecodeAuthorizationMessageOut { decoded_message })
    }
}

/// What `GetSessionToken` and `GetFederationToken` gave is good for hardly any operation of STS.
/// Source: IAM user guide, "Compare AWS STS credentials".
fn check_may_inquire(view: &View<'_>, operation: &'static str) -> Result<(), StsError> {
    let assumed = matches!(view.caller.principal, Principal::Role { .. });
    if view.caller.session.is_some() && !assumed {
        return Err(StsError::WithSession(operation));
    }
    Ok(())
}
