//! A job's interfaces in the user's VPC.

use super::stuck;
use crate::model::iam::SERVICE_SESSION;
use crate::model::interface::InterfaceIndex;
use crate::model::place::{InterfaceSpec, derived};
use crate::model::{
    Attachment, Evidence, Job, JobKey, JobKind, Needs, NetworkInterfaceId, Owner, Role, RuleMode,
    SecurityGroupId, ServiceAttachmentId, SubnetId, Tags, Texts, Txn,
};
use crate::rules::{Case, permissions, room, texts};
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

/// Makes the interfaces of a job; see [`make`]. Those of each attempt are others.
pub fn place(txn: &mut Txn<'_>, job: &Job) -> Option<Vec<Placed>> {
    let attempt = job.progress.interruptions.saturating_add(job.progress.retries);
    let parent = if attempt == 0 { job.arn.clone() } else { format!("{}/{attempt}", job.arn) };
    make(txn, &job.key, &job.needs, &parent, &Owner::Job(job.key.clone()))
}

/// How many interfaces each instance has, one instance after the other.
fn instances<'a>(case: &Case<'a>) -> impl Iterator<Item = u32> + use<'a> {
    let case = *case;
    let groups = case.needs.instances.iter();
    groups.flat_map(move |group| {
        std::iter::repeat_n(room::interfaces_per_instance(&case, group), group.count as usize)
    })
}

/// What the ids of interfaces may derive from: usually the first.
fn parents(parent: &str) -> impl Iterator<Item = String> + '_ {
    (0_u32..).map(move |n| if n == 0 { parent.to_owned() } else { format!("{parent}#{n}") })
}

/// Makes interfaces for all that something needs; their ids derive from `parent`, and are none of those that something
/// of the same name has left behind. `None`, and nothing is made, if there is no room for them.
pub fn make(
    txn: &mut Txn<'_>,
    key: &JobKey,
    needs: &Needs,
    parent: &str,
    owner: &Owner,
) -> Option<Vec<Placed>> {
    let case = Case::new(txn, key, needs);
    let plan: Vec<_> = room::plan(&case)?.iter().map(|each| (each.subnet.id, each.interfaces)).collect();
    let count: usize = plan.iter().map(|(_, interfaces)| *interfaces as usize).sum();
    let unused = |parent: &String| {
        (0..count).all(|i| !txn.state.interfaces.contains(&derived::<NetworkInterfaceId>(txn, parent, i)))
    };
    let parent = parents(parent).find(unused)?;
    let parent = parent.as_str();
    let mut groups: Vec<SecurityGroupId> = Vec::new();
    for group in case.groups() {
        if !groups.contains(&group.id) {
            groups.push(group.id);
        }
    }
    // The service makes interfaces in a session of the role, or in the name of somebody who called.
    let requester_id: Option<Arc<str>> = match &needs.on_behalf {
        Some(behalf) => Some(behalf.requester_id.clone()),
        None => case.role().map(|role| requester(role)),
    };
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
            attachment: Some(attachment(derived::<ServiceAttachmentId>(txn, parent, i))),
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
            made.into_iter().for_each(|id| drop(txn.state.remove_interface(id)));
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

/// Who asks EC2 for an interface: the service, in a session of a role.
pub fn requester(role: &Role) -> Arc<str> {
    format!("{}:{SERVICE_SESSION}", role.unique_id).into()
}

/// The interfaces of each instance of a job, as [`place`] makes them: those of the containers, then the service's own.
/// Which of them is which is assumed.
pub fn of_instances(txn: &Txn<'_>, job: &Job) -> Vec<Vec<NetworkInterfaceId>> {
    let case = Case::new(txn, &job.key, &job.needs);
    let mut ids = job.interfaces.iter().copied();
    let there = |id: &NetworkInterfaceId| txn.state.interfaces.contains(id);
    let all =
        instances(&case).map(|count| ids.by_ref().take(count as usize).filter(there).collect::<Vec<_>>());
    all.take_while(|ids| !ids.is_empty()).collect()
}

/// What attaches an interface to an instance of the service's.
pub fn attachment(id: ServiceAttachmentId) -> Attachment {
    Attachment::Service { id, instance_owner: INSTANCE_OWNER.into(), device_index: 1 }
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

/// Removes these interfaces of something. Answers how many there were and how many stay, because the role
/// that made them may not remove them: then nobody uses or owns them, and whoever may can delete them.
pub fn remove(
    txn: &mut Txn<'_>,
    key: &JobKey,
    interfaces: impl IntoIterator<Item = NetworkInterfaceId>,
) -> Removed {
    let (stuck, free): (Vec<_>, Vec<_>) = interfaces.into_iter().partition(|id| stuck::keeps(txn, *id, key));
    Removed { stuck: stuck.len(), ..remove_freely(txn, key.kind, free) }
}

/// The same, whatever faults were declared.
pub(super) fn remove_freely(
    txn: &mut Txn<'_>,
    kind: JobKind,
    interfaces: impl IntoIterator<Item = NetworkInterfaceId>,
) -> Removed {
    let mut done = Removed { removed: 0, left: 0, stuck: 0 };
    for id in interfaces {
        let Some(interface) = txn.state.interfaces.get(&id).cloned() else { continue };
        if let Some((action, rule, mode)) = permissions::lacks_to_remove(txn, kind, &interface) {
            let who = interface.requester_id.as_deref().unwrap_or_default();
            if leave(txn, id, (rule, mode), &format!("{who} is not allowed {action}")) {
                done.left += 1;
                continue;
            }
        }
        txn.state.remove_interface(id);
        done.removed += 1;
    }
    done
}

/// Leaves an interface to whoever may delete it, because the service may not, if the rule that says so is enforced.
pub fn leave(
    txn: &mut Txn<'_>,
    id: NetworkInterfaceId,
    (rule, mode): (&'static str, RuleMode),
    because: &str,
) -> bool {
    let leaves = mode == RuleMode::Enforce;
    let event = if leaves { "InterfaceLeft" } else { "WouldDeny" };
    txn.note(event, id.to_string(), Some(rule), because);
    if leaves {
        txn.state.interfaces.update(&id, |row| {
            row.owner = None;
            row.attachment = None;
        });
    }
    leaves
}

/// What became of interfaces.
#[derive(Clone, Copy, Debug)]
pub struct Removed {
    pub removed: usize,
    pub left: usize,
    /// A declared fault keeps them.
    pub stuck: usize,
}

impl std::fmt::Display for Removed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} interfaces removed", self.removed)?;
        let others = [(self.left, "left behind"), (self.stuck, "stuck")];
        others
            .iter()
            .filter(|(count, _)| *count > 0)
            .try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

/// Removes the interfaces of this owner.
pub fn release(txn: &mut Txn<'_>, key: &JobKey, owner: &Owner) -> Removed {
    let held = txn.state.interfaces.by(&InterfaceIndex::Owner(owner.clone()));
    let held: Vec<_> = held.map(|interface| interface.id).collect();
    remove(txn, key, held)
}

/// What the interfaces of something of this kind say that they are for.
pub fn description(texts: &Texts, kind: JobKind, name: &str) -> String {
    texts::fill(texts, "interface-description", &Evidence::of(name).with("what", kind.title()))
        .unwrap_or_default()
}
