//! Instances started, stopped, rebooted and terminated.

use super::describe::Text;
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::instance::{StateView, find_instances, state_view};
use crate::model::{Instance, InstanceId, InstanceState, Txn};
use crate::net;
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstancesIn {
    instance_ids: Vec<String>,
}

/// The states of an instance before and after a call.
pub struct Changed {
    id: InstanceId,
    before: InstanceState,
    after: InstanceState,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangedView {
    current_state: StateView,
    instance_id: Text<InstanceId>,
    previous_state: StateView,
}

impl Serialize for Changed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ChangedView {
            current_state: state_view(self.after),
            instance_id: Text(self.id),
            previous_state: state_view(self.before),
        }
        .serialize(serializer)
    }
}

/// The instances that a call names.
fn named(txn: &Txn<'_>, input: &InstancesIn) -> Result<Vec<Arc<Instance>>, Ec2Error> {
    if input.instance_ids.is_empty() {
        return Err(InstanceError::NoInstances.into());
    }
    find_instances(&txn.state, &input.instance_ids)
}

/// Puts each of the instances into the state that `next` says, if it says one.
fn change(
    txn: &mut Txn<'_>,
    input: &InstancesIn,
    next: impl Fn(&Instance) -> Result<Option<InstanceState>, InstanceError>,
) -> Result<Vec<Changed>, Ec2Error> {
    let rows = named(txn, input)?;
    let mut changed = Vec::with_capacity(rows.len());
    for row in rows {
        let after = next(&row)?;
        if let Some(after) = after {
            net::instance::enter(txn, row.id, after);
        }
        changed.push(Changed { id: row.id, before: row.state, after: after.unwrap_or(row.state) });
    }
    Ok(changed)
}

// === Start ===

/// Source: the page of StartInstances; EC2-I-STATE.
pub struct StartInstances;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartOut {
    starting_instances: Vec<Changed>,
}

impl Operation for StartInstances {
    const NAME: &'static str = "StartInstances";
    type In = InstancesIn;
    type Out = StartOut;
    type Error = Ec2Error;
}

impl Write for StartInstances {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: InstancesIn) -> Result<StartOut, Ec2Error> {
        let starting_instances = change(txn, &input, |row| match row.state {
            InstanceState::Pending | InstanceState::Running => Ok(None),
            InstanceState::Stopped => Ok(Some(InstanceState::Pending)),
            InstanceState::Stopping | InstanceState::ShuttingDown | InstanceState::Terminated => {
                Err(InstanceError::NotStartable(row.id))
            }
        })?;
        Ok(StartOut { starting_instances })
    }
}

// === Stop ===

/// With or without force: nothing here is ever stuck.
/// Source: the page of StopInstances; EC2-I-STATE, EC2-I-PROTECTED.
pub struct StopInstances;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopOut {
    stopping_instances: Vec<Changed>,
}

impl Operation for StopInstances {
    const NAME: &'static str = "StopInstances";
    type In = InstancesIn;
    type Out = StopOut;
    type Error = Ec2Error;
}

impl Write for StopInstances {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: InstancesIn) -> Result<StopOut, Ec2Error> {
        let stopping_instances = change(txn, &input, |row| match row.state {
            InstanceState::Stopping | InstanceState::Stopped => Ok(None),
            InstanceState::ShuttingDown | InstanceState::Terminated => {
                Err(InstanceError::NotStoppable(row.id))
            }
            InstanceState::Pending | InstanceState::Running if row.disable_api_stop => {
                Err(InstanceError::StopProtected(row.id))
            }
            InstanceState::Pending | InstanceState::Running => Ok(Some(InstanceState::Stopping)),
        })?;
        Ok(StopOut { stopping_instances })
    }
}

// === Terminate ===

/// Source: the page of TerminateInstances; EC2-I-PROTECTED.
pub struct TerminateInstances;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TerminateOut {
    terminating_instances: Vec<Changed>,
}

impl Operation for TerminateInstances {
    const NAME: &'static str = "TerminateInstances";
    type In = InstancesIn;
    type Out = TerminateOut;
    type Error = Ec2Error;
}

impl Write for TerminateInstances {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: InstancesIn) -> Result<TerminateOut, Ec2Error> {
        let terminating_instances = change(txn, &input, |row| match row.state {
            InstanceState::ShuttingDown | InstanceState::Terminated => Ok(None),
            _ if row.disable_api_termination => Err(InstanceError::TerminationProtected(row.id)),
            _ => Ok(Some(InstanceState::ShuttingDown)),
        })?;
        Ok(TerminateOut { terminating_instances })
    }
}

// === Reboot ===

/// Nothing that can be seen changes. "Requests to reboot terminated instances are ignored."
/// Source: the page of RebootInstances.
pub struct RebootInstances;

impl Operation for RebootInstances {
    const NAME: &'static str = "RebootInstances";
    type In = InstancesIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for RebootInstances {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: InstancesIn) -> Result<Done, Ec2Error> {
        named(txn, &input)?;
        Ok(Done {})
    }
}
