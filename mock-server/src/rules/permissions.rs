//! What the role of a job in a VPC may do: the service makes, describes and removes the job's interfaces as the role.
//!
//! The pages list what a role needs. When each permission is used is assumed: descriptions when the call that gives
//! the network is checked, the rest when interfaces are made and removed.

use super::*;
use crate::iam::{control, grants, who};
use crate::kernel::SimTime;
use crate::model::iam::SERVICE_SESSION;
use crate::model::{
    Id, JobKind, NetworkInterface, NetworkInterfaceId, Principal, Role, SecurityGroupId, State, SubnetId,
    Tags, Txn,
};
use crate::policy::actions::{Actions, ActsOn};
use crate::policy::{self, Cited, Context, Effect, Kind, Policies, Request, Sides, decide};
use std::collections::BTreeSet;

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
    These(&'a [On]),
}

/// Something that is acted on.
pub(super) struct On {
    /// An ARN.
    pub resource: String,
    /// The subnet that it is, or is in.
    pub subnet: Option<SubnetId>,
}

/// Where a role is asked about.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub state: &'a State,
    pub global: &'a State,
    pub now: SimTime,
}

impl Place<'_> {
    /// The condition keys of an action of EC2 on something, or on whatever there is: those that the service authorization
    /// reference lists for the action on such a resource. Who may use an interface, and how
    /// (`ec2:AuthorizedService`, `ec2:AuthorizedUser`, `ec2:Permission`), is told nowhere.
    fn tell(&self, action: &str, on: Option<&On>, context: &mut Context) {
        let Some(ec2) = Actions::of("ec2") else { return };
        let Some(action) = action.strip_prefix("ec2:").and_then(|name| ec2.get(name)) else { return };
        let Self { state, .. } = *self;
        let arn = |kind: &str, id: &dyn std::fmt::Display| state.site.arn("ec2", format_args!("{kind}/{id}"));
        context.set("ec2:Region", &*state.site.region);
        let name = on.and_then(|on| on.resource.rsplit(':').next()?.split_once('/'));
        let Some((on, (kind, id))) = on.zip(name) else { return };
        let of_kind = |acts_on: &&ActsOn| ec2.resource_type(acts_on).name == kind;
        let Some(acts_on) = action.acts_on.iter().find(of_kind) else { return };
        let group = || state.groups.get(&SecurityGroupId::parse(id)?);
        let interface = || state.interfaces.get(&NetworkInterfaceId::parse(id)?);
        let subnet = on.subnet.and_then(|id| state.subnets.get(&id));
        let vpc = subnet.map(|subnet| subnet.vpc).or_else(|| Some(group()?.vpc));
        for key in ec2.keys(acts_on.keys) {
            let value = match *key {
                "ec2:AvailabilityZone" => subnet.map(|subnet| subnet.zone.name.to_owned()),
                "ec2:AvailabilityZoneId" => subnet.map(|subnet| subnet.zone.id.to_owned()),
                "ec2:NetworkInterfaceID" => interface().map(|interface| interface.id.to_string()),
                "ec2:SecurityGroupID" => group().map(|group| group.id.to_string()),
                "ec2:Subnet" => subnet.map(|subnet| arn("subnet", &subnet.id)),
                "ec2:SubnetID" => subnet.map(|subnet| subnet.id.to_string()),
                "ec2:Vpc" => vpc.map(|vpc| arn("vpc", &vpc)),
                _ => None,
            };
            if let Some(value) = value {
                context.set(key, value);
            }
        }
        let tags = match kind {
            "subnet" => subnet.map(|subnet| &subnet.tags),
            "security-group" => group().map(|group| &group.tags),
            _ => interface().map(|interface| &interface.tags),
        };
        for (key, value) in tags.into_iter().flat_map(Tags::iter) {
            context.set(&format!("aws:ResourceTag/{key}"), value);
            context.set(&format!("ec2:ResourceTag/{key}"), value);
        }
    }
}

/// Asks what policies say about the service doing this as the role. `None`: on whatever there is.
fn ask<T>(
    place: &Place<'_>,
    role: &Role,
    action: &str,
    on: Option<&On>,
    decide: impl FnOnce(&Request<'_>, &Policies<'_>) -> T,
) -> T {
    let Place { state, global, now } = *place;
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
    // All of it is the account's own: subnets that others share are nowhere here.
    context.set("aws:ResourceAccount", site.account.to_string());
    place.tell(action, on, &mut context);
    let principal = who::asker(site.partition, site.account, &principal);
    let held = grants::of_role(global, role);
    let policies = Policies { control: control::levels(global), ..held.policies() };
    let resource = on.map_or("*", |on| &on.resource);
    let request =
        Request { principal: &principal, action, resource, resource_account: None, context: &context };
    decide(&request, &policies)
}

/// Whether the service may do this as the role.
pub(super) fn may(place: &Place<'_>, role: &Role, action: &str, scope: &Scope<'_>) -> bool {
    let allowed = |on| ask(place, role, action, on, decide).allowed();
    match scope {
        Scope::All => allowed(None),
        Scope::These(resources) => resources.iter().all(|on| allowed(Some(on))),
    }
}

/// The resources of an action: as the service authorization reference lists them; none if it is done to whatever there
/// is. An interface can be in any of the subnets.
fn resources(case: &Case<'_>, action: &str) -> Vec<On> {
    let arn = |resource: String| case.state.site.arn("ec2", resource);
    let interfaces = || arn("network-interface/*".into());
    let subnets = || case.subnets().map(|subnet| subnet.id);
    match action {
        "ec2:CreateNetworkInterface" => {
            let new = On { resource: interfaces(), subnet: None };
            let subnets = subnets().map(|id| On { resource: arn(format!("subnet/{id}")), subnet: Some(id) });
            let groups = case.groups();
            let groups = groups
                .map(|group| On { resource: arn(format!("security-group/{}", group.id)), subnet: None });
            std::iter::once(new).chain(subnets).chain(groups).collect()
        }
        "ec2:DescribeNetworkInterfaces" => Vec::new(),
        looks if LOOK.contains(&looks) || looks == LOOK_AT_ENDPOINTS => Vec::new(),
        logs if logs.starts_with("logs:") => logs::written(case),
        _ => subnets().map(|id| On { resource: interfaces(), subnet: Some(id) }).collect(),
    }
}

/// Holds the role of a cluster's instances to all that making and removing interfaces takes.
pub(super) fn hold_all(case: &Case<'_>) -> Verdict {
    hold(case, false, LOOK.iter().chain(MAKE).chain(REMOVE).copied())
}

/// Holds the role of a job in a VPC to a list of actions.
fn hold<'a>(case: &Case<'_>, unscoped: bool, actions: impl IntoIterator<Item = &'a str>) -> Verdict {
    let (Some(_), Some(role)) = (case.vpc_config(), case.role()) else { return Verdict::NotApplicable };
    let place = Place { state: case.state, global: case.global, now: case.now };
    let is_missing = |action: &&str| {
        let resources = resources(case, action);
        let on_all = unscoped || resources.is_empty();
        !may(&place, role, action, &if on_all { Scope::All } else { Scope::These(&resources) })
    };
    let missing: Vec<&str> = actions.into_iter().filter(is_missing).collect();
    let evidence = Evidence::of(role.arn.clone()).with("missing", missing.join(", "));
    Verdict::require(missing.is_empty(), evidence)
}

/// What stands between a role and something that the service does as it.
#[derive(Default)]
pub struct Refusing<'a> {
    /// The statements that deny it, each once.
    pub denying: Vec<Cited>,
    /// The actions that it is not allowed without those either.
    pub lacking: Vec<&'a str>,
    /// The kinds of policies that do not allow those.
    pub kinds: BTreeSet<Kind>,
}

/// What refuses the role of a job these actions as a rule asks for them: on what the job does them to, or on whatever
/// there is.
pub fn refusing<'a>(case: &Case<'_>, rule: &str, role: &Role, actions: &[&'a str]) -> Refusing<'a> {
    let place = Place { state: case.state, global: case.global, now: case.now };
    let mut all = Refusing::default();
    for action in actions {
        let on = resources(case, action);
        let on_all = rule == MayMakeUnscoped::INFO.id || on.is_empty();
        let on = if on_all { vec![None] } else { on.iter().map(Some).collect() };
        let mut lacks = false;
        for on in on {
            let Sides { asker, lacking, .. } = ask(&place, role, action, on, policy::sides);
            lacks |= !lacking.is_empty();
            all.kinds.extend(lacking);
            let denies = asker.cited.into_iter().filter(|cited| cited.effect == Effect::Deny);
            all.denying.extend(denies.filter(|cited| !all.denying.contains(cited)).collect::<Vec<_>>());
        }
        all.lacking.extend(lacks.then_some(*action));
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
    let place = Place { state: &txn.state, global: &txn.global, now: txn.now };
    let resource = site.arn("ec2", format_args!("network-interface/{}", interface.id));
    let resource = [On { resource, subnet: Some(interface.subnet) }];
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
