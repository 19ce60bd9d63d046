//! Who calls.

use super::{StsError, arn_of};
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
        let account = view.caller.account.to_string();
        let user_id = match &view.caller.principal {
            Principal::Root => account.clone(),
            Principal::User { unique_id, .. } => unique_id.clone(),
            Principal::Role { role_unique_id, session_name, .. } => {
                format!("{role_unique_id}:{session_name}")
            }
        };
        Ok(GetCallerIdentityOut { user_id, account, arn: arn_of(view.caller) })
    }
}
