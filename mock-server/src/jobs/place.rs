//! A job's interfaces in the user's VPC.

use crate::model::interface::InterfaceIndex;
use crate::model::place::{InterfaceSpec, derived};
use crate::model::{
    Attachment, Evidence, Job, JobKey, JobKind, Needs, NetworkInterfaceId, Owner, SecurityGroupId,
    ServiceAttachmentId, SubnetId, Tags, Texts, Txn,
};
use crate::rules::{Case, room, texts};
use std::sync::Arc;

/// Whose instances the service's interfaces are attached to. Assumed: some services show such a word, others an
/// account number of their own.
const INSTANCE_OWNER: &str = "amazon-aws";

/// Interfaces that were made together: those of a whole job, or of one instance where instances are spread.
#[derive(Debug)]
pub struct Placed {
    pub subnet: SubnetId,
    pub interfaces: Vec<NetworkInterfaceId>,
}

/// Makes the interfaces of a job; see [`make`].
pub fn place(txn: &mut Txn<'_>, job: &Job) -> Option<Vec<Placed>> {
    make(txn, &job.key, &job.needs, &job.arn, &Owner::Job(job.key.clone()))
}

/// Makes interfaces for all that something needs; their ids derive from `parent`. `None`, and nothing is made, if
/// there is no room for them.
pub fn make(
    txn: &mut Txn<'_>,
    key: &JobKey,
    needs: &Needs,
    parent: &str,
    owner: &Owner,
) -> Option<Vec<Placed>> {
    let case = Case::new(txn, key, needs);
    let plan: Vec<_> = room::plan(&case)?.iter().map(|each| (each.subnet.id, each.interfaces)).collect();
    let mut groups: Vec<SecurityGroupId> = Vec::new();
    for group in case.groups() {
        if !groups.contains(&group.id) {
            groups.push(group.id);
        }
    }
    // The service makes interfaces in a session of the role: public recordings show `AROA…:SageMaker`.
    let requester_id: Option<Arc<str>> =
        case.role().map(|role| format!("{}:SageMaker", role.unique_id).into());
    let description: Arc<str> = description(&txn.state.texts, key.kind, &key.name).into();
    let mut all: Vec<Placed> = Vec::with_capacity(plan.len());
    let mut made: Vec<NetworkInterfaceId> = Vec::new();
    let homes = plan.into_iter().enumerate();
    let homes = homes.flat_map(|(n, (subnet, count))| std::iter::repeat_n((n, subnet), count as usize));
    for (i, (n, subnet)) in homes.enumerate() {
        let id = derived::<NetworkInterfaceId>(txn, parent, i);
        let spec = InterfaceSpec {
            id,
            subnet,
            groups: groups.clone(),
            addresses: Vec::new(),
            description: description.clone(),
            attachment: Some(Attachment::Service {
                id: derived::<ServiceAttachmentId>(txn, parent, i),
                instance_owner: INSTANCE_OWNER.into(),
                device_index: 1,
            }),
            requester_id: requester_id.clone(),
            // As recorded of interfaces that another service makes with the user's role.
            requester_managed: false,
            owner: Some(owner.clone()),
            interface_type: "interface",
            client_token: None,
            tags: Tags::default(),
        };
        // The plan counted the free addresses of this very state, so this does not fail; and if it did, what was
        // made so far would go again.
        if txn.state.add_interface(spec).is_err() {
            remove(txn, made);
            return None;
        }
        made.push(id);
        match all.get_mut(n) {
            Some(placed) => placed.interfaces.push(id),
            None => all.push(Placed { subnet, interfaces: vec![id] }),
        }
    }
    Some(all)
}

/// The subnets of what was placed, for people: each once.
pub fn told(placed: &[Placed]) -> String {
    let mut subnets: Vec<SubnetId> = Vec::new();
    for subnet in placed.iter().map(|each| each.subnet) {
        if !subnets.contains(&subnet) {
            subnets.push(subnet);
        }
    }
    subnets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Removes these interfaces.
pub fn remove(txn: &mut Txn<'_>, interfaces: impl IntoIterator<Item = NetworkInterfaceId>) {
    for id in interfaces {
        txn.state.remove_interface(id);
    }
}

/// Removes the interfaces of this owner and answers how many there were.
pub fn release(txn: &mut Txn<'_>, owner: &Owner) -> usize {
    let held = txn.state.interfaces.count(&InterfaceIndex::Owner(owner.clone()));
    txn.state.remove_interfaces_of(owner);
    held
}

/// What the interfaces of something of this kind say that they are for.
pub fn description(texts: &Texts, kind: JobKind, name: &str) -> String {
    texts::fill(texts, "interface-description", &Evidence::of(name).with("what", kind.title()))
        .unwrap_or_default()
}
