//! What the role of a job in a VPC may do: the service makes, describes and removes the job's interfaces as the role.
//!
//! The pages list what a role needs. When each permission is used is assumed: descriptions when the call that gives
//! the network is checked, the rest when interfaces are made and removed.

use super::*;
use crate::iam::{control, grants, who};
use crate::kernel::SimTime;
use crate::model::iam::SERVICE_SESSION;
use crate::model::{
    Id, JobKind, NetworkInterface, Principal, Role, SecurityGroupId, State, SubnetId, Tags, Txn, VpcId,
};
use crate::net::Terrain;
use crate::policy::{Cited, Context, Decision, Effect, Policies, Request, decide};

/// What the description of a network takes.
const LOOK: &[&str] =
    &["ec2:DescribeVpcs", "ec2:DescribeDhcpOptions", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
const LOOK_AT_ENDPOINTS: &str = "ec2:DescribeVpcEndpoints";
/// What making interfaces takes.
const MAKE: &[&str] =
    &["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DescribeNetworkInterfaces"];
const MODIFY: &str = "ec2:ModifyNetworkInterfaceAttribute";
/// What removing them takes.
const REMOVE: &[&str] = &["ec2:DeleteNetworkInterfacePermission", "ec2:DeleteNetworkInterface"];

/// The managed policy that the pages say suffices, whatever it holds.
const FULL_ACCESS: &str = ":policy/AmazonSageMakerFullAccess";

/// The rules that look at roles: none of them has an effect where nothing is enforced.
pub const OF_ROLES: &[&str] = &[
    role::TrustedRole::INFO.id,
    MayLook::INFO.id,
    MayLookAtEndpoints::INFO.id,
    MayMake::INFO.id,
    MayMakeUnscoped::INFO.id,
    MayLookForCompilation::INFO.id,
    MayMakeForCompilation::INFO.id,
    cluster::RoleMayMake::INFO.id,
    logs::RoleMayWrite::INFO.id,
    notebook::CallerMayLookAndMake::INFO.id,
    path::data::RoleMay::INFO.id,
];

/// All that a role needs for jobs of a kind.
pub fn needed(kind: JobKind) -> Vec<&'static str> {
    let endpoints = matches!(kind, JobKind::Hosting | JobKind::Compilation).then_some(LOOK_AT_ENDPOINTS);
    let modify = (kind == JobKind::Compilation).then_some(MODIFY);
    LOOK.iter().chain(MAKE).chain(REMOVE).copied().chain(endpoints).chain(modify).collect()
}

/// What an action is asked about.
pub(super) enum Scope<'a> {
    /// Whatever there is: a statement with resources of its own, or conditions about them, does not count.
    All,
    /// These resources; each must be allowed.
    These(&'a [String]),
}

/// Where a role is asked about.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub state: &'a State,
    pub global: &'a State,
    pub now: SimTime,
    /// The VPC of the interfaces.
    pub vpc: Option<VpcId>,
}

impl Place<'_> {
    /// The tags of a subnet or a security group.
    fn tags(&self, resource: &str) -> Tags {
        let id = resource.rsplit('/').next().unwrap_or_default();
        let subnet = || Some(self.state.subnets.get(&SubnetId::parse(id)?)?.tags.clone());
        let group = || Some(self.state.groups.get(&SecurityGroupId::parse(id)?)?.tags.clone());
        subnet().or_else(group).unwrap_or_default()
    }
}

/// What policies say about the service doing this as the role. `within`: about something in the VPC.
fn weigh(place: &Place<'_>, role: &Role, action: &str, resource: &str, within: bool) -> Decision {
    let Place { state, global, now, vpc } = *place;
    let site = &state.site;
    let principal = Principal::Role {
        role_arn: role.arn.clone(),
        role_name: role.name.clone(),
        role_unique_id: role.unique_id.clone(),
        session_name: SERVICE_SESSION.to_owned(),
    };
    let mut context = Context::new();
    who::of_service(global, &principal, now, &mut context);
    context.set("aws:RequestedRegion", &*site.region);
    if action.starts_with("ec2:") {
        context.set("ec2:Region", &*site.region);
    }
    if let Some(vpc) = vpc.filter(|_| within) {
        context.set("ec2:Vpc", site.arn("ec2", format_args!("vpc/{vpc}")));
    }
    for (key, value) in place.tags(resource).iter() {
        context.set(&format!("aws:ResourceTag/{key}"), value);
        context.set(&format!("ec2:ResourceTag/{key}"), value);
    }
    let principal = who::asker(site.partition, site.account, &principal);
    let held = grants::of_role(global, role);
    let policies = Policies { control: control::levels(global), ..held.policies() };
    let request =
        Request { principal: &principal, action, resource, resource_account: None, context: &context };
    decide(&request, &policies)
}

/// Whether the service may do this as the role.
pub(super) fn may(place: &Place<'_>, role: &Role, action: &str, scope: &Scope<'_>) -> bool {
    let allowed = |resource: &str, within| weigh(place, role, action, resource, within).allowed();
    match scope {
        Scope::All => allowed("*", false),
        Scope::These(resources) => resources.iter().all(|resource| allowed(resource, true)),
    }
}

/// The resources of an action: as the service authorization reference lists them.
fn resources(case: &Case<'_>, action: &str) -> Vec<String> {
    let arn = |resource: String| case.state.site.arn("ec2", resource);
    match action {
        "ec2:CreateNetworkInterface" => {
            let subnets = case.subnets().map(|subnet| arn(format!("subnet/{}", subnet.id)));
            let groups = case.groups().map(|group| arn(format!("security-group/{}", group.id)));
            std::iter::once(arn("network-interface/*".into())).chain(subnets).chain(groups).collect()
        }
        "ec2:DescribeNetworkInterfaces" => vec!["*".into()],
        _ => vec![arn("network-interface/*".into())],
    }
}

/// Holds the role of a cluster's instances to all that making and removing interfaces takes.
pub(super) fn hold_all(case: &Case<'_>) -> Verdict {
    hold(case, false, LOOK.iter().chain(MAKE).chain(REMOVE).copied())
}

/// Holds the role of a job in a VPC to a list of actions.
fn hold<'a>(case: &Case<'_>, unscoped: bool, actions: impl IntoIterator<Item = &'a str>) -> Verdict {
    let (Some(_), Some(role)) = (case.vpc_config(), case.role()) else { return Verdict::NotApplicable };
    let vpc = case.subnets().next().map(|subnet| subnet.vpc);
    let place = Place { state: case.state, global: case.global, now: case.now, vpc };
    let is_missing = |action: &&str| {
        let looks = LOOK.contains(action) || *action == LOOK_AT_ENDPOINTS;
        let resources = resources(case, action);
        let scope = if unscoped || looks { Scope::All } else { Scope::These(&resources) };
        !may(&place, role, action, &scope)
    };
    let missing: Vec<&str> = actions.into_iter().filter(is_missing).collect();
    let evidence = Evidence::of(role.arn.clone()).with("missing", missing.join(", "));
    Verdict::require(missing.is_empty(), evidence)
}

/// The statements that deny a role some of these actions on all resources, each once.
pub fn denying(terrain: &Terrain<'_>, role: &Role, actions: &[&str]) -> Vec<Cited> {
    let Terrain { state, global, now, .. } = *terrain;
    let place = Place { state, global, now, vpc: None };
    let mut all = Vec::new();
    for action in actions {
        let decision = weigh(&place, role, action, "*", false);
        let denies = decision.cited.into_iter().filter(|cited| cited.effect == Effect::Deny);
        all.extend(denies.filter(|cited| !all.contains(cited)).collect::<Vec<_>>());
    }
    all
}

/// The action that the service lacks to remove an interface that it made as a role for a job of this kind, with the
/// rule that says so and what that rule counts for. What may not be removed stays.
pub fn lacks_to_remove(
    txn: &Txn<'_>,
    kind: JobKind,
    interface: &NetworkInterface,
) -> Option<(&'static str, &'static str, RuleMode)> {
    let rule = match kind {
        JobKind::Processing => MayMakeUnscoped::INFO.id,
        JobKind::Compilation => MayMakeForCompilation::INFO.id,
        JobKind::Cluster => cluster::RoleMayMake::INFO.id,
        _ => MayMake::INFO.id,
    };
    let mode = mode_of(rule, &txn.global.rule_modes, &txn.global);
    let id = interface.requester_id.as_deref()?.split(':').next().filter(|_| mode != RuleMode::Off)?;
    let role = txn.global.roles.iter().find(|role| role.unique_id == id)?;
    let site = &txn.state.site;
    let place = Place { state: &txn.state, global: &txn.global, now: txn.now, vpc: Some(interface.vpc) };
    let resource = [site.arn("ec2", format_args!("network-interface/{}", interface.id))];
    let scope = if kind == JobKind::Processing { Scope::All } else { Scope::These(&resource) };
    let missing = REMOVE.iter().find(|action| !may(&place, role, action, &scope))?;
    Some((missing, rule, mode))
}

const ROLES: Doc = Doc { page: "sagemaker-roles", anchor: "" };
const BATCH: Doc = Doc { page: "batch-vpc", anchor: "batch-vpc-configure" };
const NEO: Doc = Doc { page: "neo-vpc", anchor: "neo-vpc-custom-iam" };
const HOST: Doc = Doc { page: "host-vpc", anchor: "host-vpc-configure" };

/// Descriptions, when the call that gives the network is checked.
pub struct MayLook;
impl Rule for MayLook {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-9-02",
        aliases: &[],
        name: "role-describes-network",
        jobs: &[JobKind::Training, JobKind::Processing, JobKind::Hosting],
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: &[ROLES, BATCH],
        summary: "The execution role of a job or model in a VPC is allowed to describe VPCs, DHCP options, subnets and \
                  security groups. That the create call checks it is assumed.",
        hint: "Allow the role the four Describe actions on Resource *, or attach AmazonSageMakerFullAccess.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        hold(case, true, LOOK.iter().copied())
    }
}

/// The tenth action of endpoints, which a model for batch transform does not need.
pub struct MayLookAtEndpoints;
impl Rule for MayLookAtEndpoints {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-10-04",
        aliases: &[],
        name: "hosting-role-describes-endpoints",
        jobs: &[JobKind::Hosting],
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: &[HOST],
        summary: "The execution role of a model that is hosted in a VPC is allowed to describe VPC endpoints, besides \
                  the nine actions that every role needs. The page of 2023 says so. That the endpoint fails is \
                  assumed.",
        hint: "Allow the role ec2:DescribeVpcEndpoints on Resource *, or attach AmazonSageMakerFullAccess.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        // What asks without instances is a model, and nobody knows yet what it is for.
        if case.needs.instances.is_empty() {
            return Verdict::NotApplicable;
        }
        hold(case, true, [LOOK_AT_ENDPOINTS])
    }
}

/// Interfaces are made as the role.
pub struct MayMake;
impl Rule for MayMake {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-9-01",
        aliases: &["SM-F-ENI-PERM"],
        name: "role-makes-interfaces",
        jobs: &[JobKind::Training, JobKind::Transform, JobKind::Hosting],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[BATCH, ROLES],
        summary: "The execution role of a job in a VPC is allowed to create network interfaces and permissions for \
                  them, and to describe interfaces; a transform job acts as the role of its model. To remove them \
                  it is allowed to delete both, or they stay. That the job fails when its interfaces are made is \
                  assumed.",
        hint: "Allow the role the actions that are missing, or attach AmazonSageMakerFullAccess.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        // Nothing is made for a job that takes over what is there.
        if case.needs.takes_over {
            return Verdict::NotApplicable;
        }
        hold(case, false, MAKE.iter().copied())
    }
}

/// The role of a processing job has its permissions without bounds.
pub struct MayMakeUnscoped;
impl Rule for MayMakeUnscoped {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-9-03",
        aliases: &["SM-F-ENI-PERM-PROC"],
        name: "processing-role-is-unscoped",
        jobs: &[JobKind::Processing],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[ROLES],
        summary: "The execution role of a processing job in a VPC is allowed to create network interfaces and \
                  permissions for them, and to describe interfaces, on all resources and without conditions. That \
                  the job fails when its interfaces are made is assumed.",
        hint: "Allow the role these actions with Resource * and without Condition.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        hold(case, true, MAKE.iter().copied())
    }
}

pub struct MayLookForCompilation;
impl Rule for MayLookForCompilation {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-11-05",
        aliases: &[],
        name: "compilation-role-describes-network",
        jobs: &[JobKind::Compilation],
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: &[NEO],
        summary: "The execution role of a compilation job in a VPC is allowed to describe VPCs, DHCP options, subnets, \
                  security groups and VPC endpoints. That the create call checks it is assumed.",
        hint: "Allow the role the five Describe actions on Resource *, or attach AmazonSageMakerFullAccess.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        hold(case, true, LOOK.iter().copied().chain([LOOK_AT_ENDPOINTS]))
    }
}

pub struct MayMakeForCompilation;
impl Rule for MayMakeForCompilation {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-11-ENI",
        aliases: &[],
        name: "compilation-role-makes-interfaces",
        jobs: &[JobKind::Compilation],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[NEO],
        summary: "The execution role of a compilation job in a VPC is allowed to create network interfaces and \
                  permissions for them, to describe interfaces and to modify their attributes. A role with \
                  AmazonSageMakerFullAccess need not have the last one: the page says that it suffices, and it does \
                  not hold it. That the job fails when its interfaces are made is assumed.",
        hint: "Allow the role the actions that are missing, or attach AmazonSageMakerFullAccess.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let attached = |role: &Role| role.grants.attached.iter().any(|arn| arn.ends_with(FULL_ACCESS));
        let modify = case.role().is_none_or(|role| !attached(role)).then_some(MODIFY);
        hold(case, false, MAKE.iter().copied().chain(modify))
    }
}
