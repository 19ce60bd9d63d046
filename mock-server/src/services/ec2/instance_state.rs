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

#[cfg(test)]
mod tests {
    use super::super::address::AllocateAddress;
    use super::super::address_association::AssociateAddress;
    use super::super::harness::{Lab, text};
    use super::super::instance_describe::{DescribeInstanceStatus, DescribeInstances};
    use super::super::network_interface_attach::AttachNetworkInterface;
    use super::super::route::CreateRoute;
    use super::super::subnet::DeleteSubnet;
    use super::super::subnet_attribute::ModifySubnetAttribute;
    use super::*;
    use crate::model::{Id, NetworkInterfaceId};
    use serde_json::{Value, json};

    fn described(lab: &Lab, id: &str) -> Value {
        let listed = lab.read::<DescribeInstances>(json!({ "InstanceIds": [id] }));
        listed["Reservations"][0]["Instances"][0].clone()
    }

    fn state(lab: &Lab, id: &str) -> String {
        text(&described(lab, id)["State"]["Name"])
    }

    #[test]
    fn an_instance_lives_stops_starts_and_ends() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        lab.write::<ModifySubnetAttribute>(
            json!({ "SubnetId": subnet, "MapPublicIpOnLaunch": { "Value": true } }),
        );
        let made = lab.instance(&subnet, json!({ "ClientToken": "t" }));
        let id = text(&made["InstanceId"]);
        let ids = json!({ "InstanceIds": [id] });
        let statuses = || lab.read::<DescribeInstanceStatus>(json!({}))["InstanceStatuses"].clone();
        assert_eq!((state(&lab, &id).as_str(), statuses()), ("pending", json!([])));
        lab.settle(std::time::Duration::from_millis(1_000));
        assert_eq!(state(&lab, &id), "running");
        assert_eq!(statuses()[0]["InstanceStatus"]["Status"], "ok");
        lab.write::<RebootInstances>(ids.clone());

        let stopped = lab.write::<StopInstances>(ids.clone());
        assert_eq!(stopped["StoppingInstances"][0]["PreviousState"]["Name"], "running");
        assert_eq!(
            stopped["StoppingInstances"][0]["CurrentState"],
            json!({ "Code": 64, "Name": "stopping" })
        );
        lab.settle(std::time::Duration::from_millis(2_000));
        let it = described(&lab, &id);
        assert_eq!(it["State"]["Name"], "stopped");
        assert_eq!(it["StateReason"]["Code"], "Client.UserInitiatedShutdown");
        assert_eq!(it["StateTransitionReason"], "User initiated (2023-11-14 22:13:20 GMT)");
        assert!(it.get("PublicIpAddress").is_none());
        assert_eq!(it["PrivateIpAddress"], made["PrivateIpAddress"]);

        lab.write::<StartInstances>(ids.clone());
        let again = described(&lab, &id);
        assert!(again.get("PublicIpAddress").is_some());
        assert_ne!(again["PublicIpAddress"], made["PublicIpAddress"]);
        lab.settle(std::time::Duration::from_millis(3_000));

        lab.write::<TerminateInstances>(ids.clone());
        assert_eq!(state(&lab, &id), "shutting-down");
        lab.settle(std::time::Duration::from_millis(4_000));
        let it = described(&lab, &id);
        assert_eq!((&it["State"]["Code"], &it["NetworkInterfaces"]), (&json!(48), &json!([])));
        assert!(it.get("PrivateIpAddress").is_none() && it.get("SubnetId").is_none());
        assert_eq!(
            lab.write::<TerminateInstances>(ids)["TerminatingInstances"][0]["CurrentState"]["Code"],
            48
        );
        lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
        lab.settle(std::time::Duration::from_secs(60 * 60 + 4));
        assert!(lab.state().instances.is_empty() && lab.state().client_tokens.is_empty());
    }

    #[test]
    fn what_outlives_an_instance_is_its_users_and_routes_to_what_does_not_lead_nowhere() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let id = text(&lab.instance(&subnet, json!({}))["InstanceId"]);
        lab.settle(std::time::Duration::from_millis(1_000));
        let primary = lab.state().interfaces_of(InstanceId::parse(&id).unwrap())[0].clone();
        let other = lab.interface(&subnet, &[]);
        let attach = json!({ "NetworkInterfaceId": other, "InstanceId": id, "DeviceIndex": 1 });
        lab.write::<AttachNetworkInterface>(attach);
        lab.internet_gateway(&vpc);
        let address = lab.write::<AllocateAddress>(json!({}));
        lab.write::<AssociateAddress>(
            json!({ "AllocationId": address["AllocationId"], "NetworkInterfaceId": other }),
        );
        let table = lab.main_table(&vpc);
        for (cidr, target) in [("1.0.0.0/8", primary.id.to_string()), ("2.0.0.0/8", other.clone())] {
            lab.write::<CreateRoute>(
                json!({ "RouteTableId": table, "DestinationCidrBlock": cidr, "NetworkInterfaceId": target }),
            );
        }
        let other = NetworkInterfaceId::parse(&other).unwrap();
        lab.write::<TerminateInstances>(json!({ "InstanceIds": [id] }));
        lab.settle(std::time::Duration::from_millis(2_000));
        let state = lab.state();
        assert!(!state.interfaces.contains(&primary.id));
        let left = state.interfaces.get(&other).unwrap();
        assert_eq!((left.attachment.as_ref(), left.public.len()), (None, 1), "an Elastic IP address stays");
        let table = state.route_tables.iter().find(|table| table.vpc == primary.vpc).unwrap();
        assert!(table.routes.iter().skip(1).all(|route| route.blackhole));
    }

    #[test]
    fn a_refused_call_stops_nothing() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        let free = text(&lab.instance(&subnet, json!({}))["InstanceId"]);
        let held = text(&lab.instance(&subnet, json!({ "DisableApiTermination": true }))["InstanceId"]);
        let both = json!({ "InstanceIds": [free, held] });
        assert!(lab.try_write::<TerminateInstances>(both).is_err());
        assert_eq!(state(&lab, &free), "pending");
    }
}
