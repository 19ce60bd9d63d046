//! Service control policies: what an organization lets anybody in an account do.

use crate::model::State;
use crate::policy::{Policy, Source};
use std::sync::LazyLock;

/// What every account has attached unless somebody detaches it.
static FULL_ACCESS: LazyLock<Policy> = LazyLock::new(|| {
    let text =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    Policy::parse(text).unwrap_or_default()
});
const FULL_ACCESS_ARN: &str = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";

/// The levels of policies over an account, as the policy engine takes them; none if nothing is bounded.
pub fn levels(global: &State) -> Vec<Vec<Source<'_>>> {
    let control = &global.authorization.control;
    if control.full_access && control.policies.is_empty() {
        return Vec::new();
    }
    let full = control.full_access.then(|| Source { name: FULL_ACCESS_ARN.into(), policy: &FULL_ACCESS });
    let own = control
        .policies
        .iter()
        .map(|(name, document)| Source { name: name.into(), policy: document.policy() });
    vec![full.into_iter().chain(own).collect()]
}
