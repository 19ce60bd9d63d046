//! Whether a caller may do what it asks for.
//!
//! A call does one thing or more, each on a resource ([`acts`]); every one must be allowed, or the call is refused with
//! the first that is not. What an account does with that follows from its mode: it refuses, tells, or does not ask.

mod acts;
mod ec2;
mod keys;
mod launch;
mod logs;
mod named;
mod pass_role;
mod refusal;

use super::call::Call;
use crate::aws::{Fault, Value};
use crate::iam::grants::Held;
use crate::iam::{control, who};
use crate::kernel::{Event, Scope};
use crate::model::{IamMode, Principal};
use crate::policy::{Request, decide};
use crate::services::sts;
use acts::{Act, Asked};
pub(super) use keys::Sent;
use refusal::Denial;
use std::borrow::Cow;
use std::sync::Arc;

/// What a call was found to do: to be recorded once it is done.
pub(super) struct Authorised {
    deeds: Vec<Act>,
}

/// The resources that a call acts on, for whoever wants to know without deciding anything.
pub(super) fn resources(call: &Call<'_>, input: &Value) -> Vec<Arc<str>> {
    let global = call.account.read(&Scope::Global);
    let state = call.account.read(&Scope::Region(call.caller.region.clone()));
    let (service, operation, caller) = (call.service, call.operation.name, &call.caller);
    let asked = Asked { service, operation, caller, input, sent: input, state: &state, global: &global };
    acts::acts(&asked).into_iter().map(|act| act.resource).filter(|resource| &**resource != "*").collect()
}

/// Decides about a call.
///
/// # Errors
/// The refusal, in the words of the service.
pub(super) fn authorise(call: &Call<'_>, input: &Value, sent: Sent<'_>) -> Result<Authorised, Fault> {
    let global = call.account.read(&Scope::Global);
    let state = call.account.read(&Scope::Region(call.caller.region.clone()));
    let completed = launch::complete(call.service, call.model, call.operation, &state, input);
    let asked = Asked {
        service: call.service,
        operation: call.operation.name,
        caller: &call.caller,
        input: completed.as_ref().unwrap_or(input),
        sent: input,
        state: &state,
        global: &global,
    };
    let acts = acts::acts(&asked);
    let beside = [acts::assuming(&asked), acts::looking(&asked), acts::in_ec2(&asked)].concat();
    let deeds = [acts.clone(), beside].concat();
    let settings = &global.authorization;
    if settings.mode == IamMode::Off {
        return Ok(Authorised { deeds });
    }
    let control = control::levels(&global);
    let held = who::held(&global, &call.caller.principal);
    let session = sts::limits(&call.caller, &global);
    if held.is_none() && session.is_none() && control.is_empty() {
        return Ok(Authorised { deeds });
    }
    let mut policies = held.as_ref().map(Held::policies).unwrap_or_default();
    policies.session = session;
    policies.control = control;
    let caller = &call.caller;
    let principal = who::asker(caller.partition, caller.account, &caller.principal);
    for act in &acts {
        let context = keys::context(&asked, &sent, act);
        let action = act.name();
        let request = Request {
            principal: &principal,
            action: &action,
            resource: &act.resource,
            resource_account: None,
            context: &context,
        };
        let decision = decide(&request, &policies);
        if decision.allowed() {
            continue;
        }
        let denial = Denial { act, decision, principal: &principal, context };
        if settings.mode == IamMode::Enforce {
            return Err(denial.fault(&asked));
        }
        call.account.events.push([would_deny(&asked, call, &denial)]);
    }
    Ok(Authorised { deeds })
}

/// What would have been a refusal.
fn would_deny(asked: &Asked<'_>, call: &Call<'_>, denial: &Denial<'_>) -> Event {
    Event {
        at: call.now,
        kind: "WouldDeny",
        place: call.caller.region.to_string(),
        resource: denial.act.resource.to_string(),
        message: format!("{}: {}", denial.sentence(asked), denial.decision.because()),
        rule: None,
    }
}

impl Authorised {
    /// Remembers what the call did, so that policies can be written for it.
    pub(super) fn record(self, call: &Call<'_>) {
        let caller = &call.caller;
        let who: Cow<'_, str> = match &caller.principal {
            // Sessions of one role have their policies in common.
            Principal::Role { role_arn, .. } => role_arn.as_str().into(),
            principal => who::arn(caller.partition, caller.account, principal).into(),
        };
        for act in self.deeds {
            call.account.deeds.add(&who, (act.actions.prefix, act.action.name), &act.resource);
        }
    }
}

#[cfg(test)]
mod tests;
