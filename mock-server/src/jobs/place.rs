//! A job's interfaces in the user's VPC.

use crate::model::interface::InterfaceIndex;
use crate::model::place::{InterfaceSpec, derived};
use crate::model::{
    Attachment, Job, JobKind, NetworkInterfaceId, Owner, SecurityGroupId, ServiceAttachmentId, SubnetId,
    Tags, Txn,
};
use crate::rules::{Case, room};
use std::sync::Arc;

/// Whose instances the service's interfaces are attached to. Assumed: some services show such a word, others an
/// account number of their own.
const INSTANCE_OWNER: &str = "amazon-aws";

/// Makes the interfaces of a job. Answers the subnet that they are in; `None`, and nothing is made, if no subnet
/// of the job has room for it.
pub fn place(txn: &mut Txn<'_>, job: &Job) -> Option<SubnetId> {
    let case = Case::new(txn, &job.key, &job.needs);
    let subnet = room::choose(&case)?.id;
    let groups: Vec<SecurityGroupId> = case.groups().map(|group| group.id).collect();
    let each = room::addresses_per_instance(&case);
    // The service makes interfaces in a session of the role: public recordings show `AROA…:SageMaker`.
    let requester_id: Option<Arc<str>> =
        case.role().map(|role| format!("{}:SageMaker", role.unique_id).into());
    let description: Arc<str> = description(job).into();
    let owner = Owner::Job(job.key.clone());
    for i in 0..job.needs.instance_count().saturating_mul(each) as usize {
        let spec = InterfaceSpec {
            id: derived::<NetworkInterfaceId>(txn, &job.arn, i),
            subnet,
            groups: groups.clone(),
            addresses: Vec::new(),
            description: description.clone(),
            attachment: Some(Attachment::Service {
                id: derived::<ServiceAttachmentId>(txn, &job.arn, i),
                instance_owner: INSTANCE_OWNER.into(),
                device_index: 1,
            }),
            requester_id: requester_id.clone(),
            // As recorded of interfaces that another service makes with the user's role.
            requester_managed: false,
            owner: Some(owner.clone()),
            tags: Tags::default(),
        };
        // `choose` counted the free addresses of this very state, so this does not fail; and if it did, what was
        // made so far would go again.
        if txn.state.add_interface(spec).is_err() {
            txn.state.remove_interfaces_of(&owner);
            return None;
        }
    }
    Some(subnet)
}

/// Removes the interfaces of a job and answers how many there were.
pub fn release(txn: &mut Txn<'_>, job: &Job) -> usize {
    let owner = Owner::Job(job.key.clone());
    let held = txn.state.interfaces.count(&InterfaceIndex::Owner(owner.clone()));
    txn.state.remove_interfaces_of(&owner);
    held
}

/// Assumed, after the descriptions of notebook instances, which are known.
fn description(job: &Job) -> String {
    let kind = match job.key.kind {
        JobKind::Training => "Training Job",
    };
    format!(
        "[Do not delete] Network Interface created to access resources in your VPC for SageMaker {kind} {}",
        job.key.name
    )
}
