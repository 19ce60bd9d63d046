//! What domains, user profiles, spaces and apps do over time, and what they have in the user's VPC.
//!
//! A domain has a file system with a mount target in each zone, and two groups of which one lets apps get to it; each
//! instance that runs apps has an interface in one of the domain's subnets. Source: whitepaper "SageMaker Studio
//! Administration Best Practices", "Network management".

use super::place;
use crate::kernel::Memo;
use crate::model::place::{InterfaceSpec, derived};
use crate::model::studio::StudioIndex;
use crate::model::{
    Alarm, Direction, Evidence, Id, NetworkInterfaceId, Owner, Peer, Profile, SecurityGroup, SecurityGroupId,
    SecurityGroupRule, SecurityGroupRuleId, ServiceAttachmentId, Studio, StudioKey, StudioMember,
    StudioNetwork, StudioStatus, SubnetId, Tags, Txn, VpcId,
};
use crate::rules::texts;
use std::collections::BTreeSet;
use std::time::Duration;

/// The port of network file systems.
const NFS: i32 = 2_049;
/// How long a deleted app is told. Source: API reference, DescribeApp.
const TOLD: Duration = Duration::from_secs(24 * 3_600);
/// How long something takes, in milliseconds, in profile `fast` and in profile `realistic`: people report some minutes for
/// a domain and its deletion, and for apps.
fn lasts(row: &Studio, profile: Profile) -> Duration {
    profile.lasts(match &row.key.member {
        None => [1_500, 300_000],
        Some(StudioMember::App { .. }) => [1_000, 120_000],
        Some(_) => [300, 5_000],
    })
}

/// Begins something: a status that will pass.
pub fn begin(txn: &mut Txn<'_>, mut row: Studio, status: StudioStatus) {
    show(txn, &mut row, status);
    if txn.state.profile == Profile::Instant {
        return finish(txn, row);
    }
    let at = txn.now + lasts(&row, txn.state.profile);
    txn.state.timers.schedule(at, Owner::Studio(row.key.clone()), Alarm::Stage(1));
    txn.state.studio.insert(row);
}

/// Does what a timer says.
pub(super) fn step(txn: &mut Txn<'_>, key: &StudioKey, what: Alarm) {
    let Some(row) = txn.state.studio.get(key).map(|row| Studio::clone(row)) else { return };
    match what {
        Alarm::Release => drop(txn.state.studio.remove(key)),
        Alarm::Stage(_)
        | Alarm::Overtime
        | Alarm::WaitOver
        | Alarm::Interrupt
        | Alarm::Checkpoint
        | Alarm::Wake => finish(txn, row),
    }
}

fn show(txn: &mut Txn<'_>, row: &mut Studio, status: StudioStatus) {
    row.status = status;
    row.modified = txn.now;
    let word = status_word(status);
    let message = row.failure.as_ref().map_or(word.to_owned(), |failure| format!("{word}: {failure}"));
    txn.note("StudioStatus", row.key.to_string(), None, message);
}

fn finish(txn: &mut Txn<'_>, mut row: Studio) {
    match row.status {
        StudioStatus::Deleting => vanish(txn, row),
        _ => {
            let status = if row.failure.is_some() { StudioStatus::Failed } else { StudioStatus::InService };
            if status == StudioStatus::Failed {
                release(txn, &mut row);
            }
            show(txn, &mut row, status);
            txn.state.studio.insert(row);
        }
    }
}

fn vanish(txn: &mut Txn<'_>, mut row: Studio) {
    release(txn, &mut row);
    if matches!(row.key.member, Some(StudioMember::App { .. })) {
        let owner = Owner::Studio(row.key.clone());
        show(txn, &mut row, StudioStatus::Deleted);
        txn.state.studio.insert(row);
        txn.state.timers.schedule(txn.now + TOLD, owner, Alarm::Release);
        return;
    }
    txn.state.studio.remove(&row.key);
    // Apps that were deleted are told no longer than their domain.
    let told = txn.state.studio.by(&StudioIndex::Domain(row.key.domain.clone())).map(|row| row.key.clone());
    let told: Vec<_> = told.filter(|_| row.key.member.is_none()).collect();
    for key in told {
        txn.state.timers.cancel(&Owner::Studio(key.clone()));
        txn.state.studio.remove(&key);
    }
    let Some(network) = row.network else { return };
    for id in network.mounts {
        if network.delete_file_system {
            txn.state.remove_interface(id);
        } else {
            // The file system stays, and so do its mount targets.
            txn.state.interfaces.update(&id, |interface| interface.owner = None);
        }
    }
}

/// The interface of an app's instance goes once no other app runs on it.
fn release(txn: &mut Txn<'_>, app: &mut Studio) {
    let Some(id) = app.interface.take() else { return };
    let all = StudioIndex::Domain(app.key.domain.clone());
    let shared = txn.state.studio.by(&all).any(|other| other.key != app.key && other.interface == Some(id));
    if !shared {
        txn.state.remove_interface(id);
    }
}

/// What a new domain gets in the user's VPC; `None` if there is no room for a mount target.
pub fn network(
    txn: &mut Txn<'_>,
    domain: &StudioKey,
    vpc: VpcId,
    subnets: Vec<SubnetId>,
) -> Option<StudioNetwork> {
    let id = &domain.domain;
    let group = |txn: &mut Txn<'_>, way: &str| {
        let group = SecurityGroupId::mint(txn);
        txn.state.groups.insert(SecurityGroup {
            id: group,
            vpc,
            name: format!("security-group-for-{way}-nfs-{id}").into(),
            description: format!(
                "[DO NOT DELETE] Security Group that allows {way} NFS traffic for SageMaker Notebooks Domain [{id}]"
            ),
            rules: Vec::new(),
            peered: Vec::new(),
            tags: managed(txn, domain),
            memo: Memo::default(),
        });
        group
    };
    let (inbound, outbound) = (group(txn, "inbound"), group(txn, "outbound"));
    for (of, direction, peer) in
        [(inbound, Direction::Ingress, outbound), (outbound, Direction::Egress, inbound)]
    {
        let mut rule =
            SecurityGroupRule::all_traffic(SecurityGroupRuleId::mint(txn), direction, Peer::Group(peer));
        (rule.protocol, rule.from_port, rule.to_port) = ("tcp".into(), Some(NFS), Some(NFS));
        txn.state.groups.update(&of, |group| group.rules.push(rule));
    }
    let file_system = format!("fs-{}", SubnetId::mint(txn).hex());
    let mut network = StudioNetwork {
        vpc,
        subnets,
        file_system,
        mounts: Vec::new(),
        inbound,
        outbound,
        delete_file_system: false,
    };
    mount(txn, domain, &mut network).then_some(network)
}

/// Mount targets in the zones of the domain's subnets that have none yet, and none elsewhere. Whether there was room.
/// Source: EFS user guide, "Managing mount targets": one in each zone.
pub fn mount(txn: &mut Txn<'_>, domain: &StudioKey, network: &mut StudioNetwork) -> bool {
    let zone = |txn: &Txn<'_>, subnet: &SubnetId| txn.state.subnets.get(subnet).map(|row| row.zone.name);
    let wanted: BTreeSet<_> = network.subnets.iter().filter_map(|subnet| zone(txn, subnet)).collect();
    let mut has = BTreeSet::new();
    for id in std::mem::take(&mut network.mounts) {
        let Some(interface) = txn.state.interfaces.get(&id).cloned() else { continue };
        if wanted.contains(interface.zone.name) {
            has.insert(interface.zone.name);
            network.mounts.push(id);
        } else {
            txn.state.remove_interface(id);
        }
    }
    for subnet in network.subnets.clone() {
        let Some(zone) = zone(txn, &subnet).filter(|zone| !has.contains(zone)) else { continue };
        let target = SubnetId::mint(txn).hex();
        let description = format!("EFS mount target for {} (fsmt-{target})", network.file_system);
        let spec = interface(txn, domain, subnet, vec![network.inbound], description, Tags::default());
        let id = spec.id;
        if txn.state.add_interface(InterfaceSpec { requester_managed: true, ..spec }).is_err() {
            return false;
        }
        has.insert(zone);
        network.mounts.push(id);
    }
    true
}

/// What a domain's own things carry.
fn managed(txn: &Txn<'_>, domain: &StudioKey) -> Tags {
    let arn = txn.state.site.arn("sagemaker", domain);
    [("ManagedByAmazonSageMakerResource", arn)].into_iter().collect()
}

fn interface(
    txn: &mut Txn<'_>,
    domain: &StudioKey,
    subnet: SubnetId,
    groups: Vec<SecurityGroupId>,
    description: String,
    tags: Tags,
) -> InterfaceSpec {
    let id = NetworkInterfaceId::mint(txn);
    InterfaceSpec {
        id,
        subnet,
        groups,
        addresses: Vec::new(),
        description: description.into(),
        attachment: Some(place::attachment(derived::<ServiceAttachmentId>(txn, &id.to_string(), 0))),
        // Assumed: a role of the service in the account asks for it.
        requester_id: Some(txn.origin.account.to_string().into()),
        requester_managed: false,
        owner: Some(Owner::Studio(domain.clone())),
        interface_type: "interface",
        client_token: None,
        tags,
    }
}

/// Gives an app the interface of its instance: the one of an instance of this type that runs apps of the same owner, or a
/// new one in the first subnet with room. Without room the app will fail.
pub fn place_app(txn: &mut Txn<'_>, app: &mut Studio, network: &StudioNetwork, groups: Vec<SecurityGroupId>) {
    let Some(StudioMember::App { owner, .. }) = &app.key.member else { return };
    let instance = |row: &Studio| row.request["ResourceSpec"]["InstanceType"].clone();
    let all = txn.state.studio.by(&StudioIndex::Apps(app.key.domain.clone(), owner.clone()));
    let shared = all.filter(|other| instance(other) == instance(app)).find_map(|other| other.interface);
    if shared.is_some() {
        app.interface = shared;
        return;
    }
    let domain = StudioKey { domain: app.key.domain.clone(), member: None };
    let room = |subnet: &&SubnetId| txn.state.subnets.get(subnet).is_some_and(|row| row.addresses.free() > 0);
    let Some(subnet) = network.subnets.iter().find(room).copied() else {
        let subnets: Vec<_> = network.subnets.iter().map(ToString::to_string).collect();
        let evidence = Evidence::of(subnets.join(", "));
        app.failure = texts::fill(&txn.state.texts, "studio-no-address", &evidence);
        return;
    };
    let mut groups = groups;
    groups.push(network.outbound);
    let token = crate::kernel::digest(0, &[app.arn.as_bytes(), &txn.now.millis().to_le_bytes()]);
    let description = format!(
        "[DO NOT DELETE] ENI managed by SageMaker for Studio Domain({}) - {token:032x}",
        domain.domain
    );
    let tags = managed(txn, &domain);
    let spec = interface(txn, &domain, subnet, groups, description, tags);
    let id = spec.id;
    app.interface = txn.state.add_interface(spec).is_ok().then_some(id);
}

/// Words: API reference, DescribeDomain and DescribeApp.
pub const fn status_word(status: StudioStatus) -> &'static str {
    match status {
        StudioStatus::Pending => "Pending",
        StudioStatus::InService => "InService",
        StudioStatus::Updating => "Updating",
        StudioStatus::Deleting => "Deleting",
        StudioStatus::Failed => "Failed",
        StudioStatus::Deleted => "Deleted",
    }
}
