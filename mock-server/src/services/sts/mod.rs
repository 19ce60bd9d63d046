//! AWS Security Token Service: who somebody is, and roles that they assume.

mod assume;
pub mod error;
mod identity;
#[cfg(test)]
mod tests;

pub use error::StsError;

use super::{Caller, Principal, Registrar};

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.read::<identity::GetCallerIdentity>();
    registrar.write::<assume::AssumeRole>();
}

/// The ARN of whoever calls, as AWS tells it.
pub fn arn_of(caller: &Caller) -> String {
    match &caller.principal {
        Principal::Root => caller.partition.arn("iam", "", caller.account, "root"),
        Principal::User { arn, .. } => arn.clone(),
        Principal::Role { role_name, session_name, .. } => session_arn(caller, role_name, session_name),
    }
}

/// The ARN of a session of an assumed role. It does not tell the role's path.
fn session_arn(caller: &Caller, role: &str, session: &str) -> String {
    caller.partition.arn("sts", "", caller.account, format_args!("assumed-role/{role}/{session}"))
}
