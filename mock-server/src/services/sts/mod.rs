//! AWS Security Token Service: who somebody is, roles that they assume, and other temporary credentials.

mod assume;
pub mod error;
mod federation;
mod identity;
mod session;
#[cfg(test)]
mod tests;
mod token;
mod web_identity;

pub use error::StsError;
pub use session::limits;

use super::{Caller, Registrar};
use crate::iam::who;
use crate::kernel::AccountId;

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.read::<identity::GetCallerIdentity>();
    registrar.read::<identity::GetAccessKeyInfo>();
    registrar.read::<identity::DecodeAuthorizationMessage>();
    registrar.write::<assume::AssumeRole>();
    registrar.write::<web_identity::AssumeRoleWithWebIdentity>();
    registrar.write::<federation::GetSessionToken>();
    registrar.write::<federation::GetFederationToken>();
}

/// The ARN of whoever calls, as AWS tells it.
pub fn arn_of(caller: &Caller) -> String {
    who::arn(caller.partition, caller.account, &caller.principal)
}

/// The account in an ARN; `None` if there is none in it.
pub fn account_in(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4).and_then(AccountId::parse)
}

/// Whether the parts that every ARN has are there; whether there is such a thing is another question.
fn is_arn(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
}
