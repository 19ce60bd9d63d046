//! What a rule looks at.

use super::path::{Followed, Paths};
use crate::kernel::{AccountId, Elsewhere, SimTime};
use crate::model::{
    Id, JobKey, JobKind, Needs, Phase, Role, RuleModes, SecurityGroup, SecurityGroupId, State, Subnet,
    SubnetId, Txn, Vpc, VpcConfig,
};
use std::sync::Arc;

/// One job in one state of the world.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub kind: JobKind,
    /// The job's name.
    pub name: &'a str,
    pub needs: &'a Needs,
    /// The job's region.
    pub state: &'a State,
    /// The account-wide state.
    pub global: &'a State,
    pub account: AccountId,
    /// The account's time, which policies may ask about.
    pub now: SimTime,
    /// Other accounts and regions.
    pub elsewhere: &'a dyn Elsewhere<State>,
    /// Where the job's instances are, and the ways from there. `None`: nobody asks for any.
    pub paths: Option<&'a Paths>,
}

impl<'a> Case<'a> {
    pub fn new(txn: &'a Txn<'_>, key: &'a JobKey, needs: &'a Needs) -> Self {
        Self {
            kind: key.kind,
            name: &key.name,
            needs,
            state: &txn.state,
            global: &txn.global,
            account: txn.origin.account,
            now: txn.now,
            elsewhere: txn.elsewhere(),
            paths: None,
        }
    }

    /// What rules count for.
    pub(super) fn modes(&self) -> &'a RuleModes {
        &self.global.rule_modes
    }

    /// The phase in which paths are taken.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.paths?.phase()
    }

    /// The paths that the job takes in the phase that is asked about, in the order in which it takes them.
    pub fn paths(&self) -> &'a [Followed] {
        self.paths.map_or(&[], |paths| paths.follow(self))
    }

    pub fn vpc_config(&self) -> Option<&'a VpcConfig> {
        self.needs.vpc.as_ref()
    }

    /// The subnets that the job names, with those that exist.
    pub fn named_subnets(&self) -> impl Iterator<Item = (&'a str, Option<&'a Arc<Subnet>>)> + use<'a> {
        let state = self.state;
        let names = self.vpc_config().map_or(&[][..], |config| &config.subnets);
        names.iter().map(|name| (name.as_str(), SubnetId::parse(name).and_then(|id| state.subnets.get(&id))))
    }

    /// The subnets of the job that exist, in the order given.
    pub fn subnets(&self) -> impl Iterator<Item = &'a Arc<Subnet>> + use<'a> {
        self.named_subnets().filter_map(|(_, subnet)| subnet)
    }

    /// The security groups that the job names, with those that exist.
    pub fn named_groups(&self) -> impl Iterator<Item = (&'a str, Option<&'a Arc<SecurityGroup>>)> + use<'a> {
        let state = self.state;
        let names = self.vpc_config().map_or(&[][..], |config| &config.groups);
        names
            .iter()
            .map(|name| (name.as_str(), SecurityGroupId::parse(name).and_then(|id| state.groups.get(&id))))
    }

    /// The security groups of the job that exist, in the order given.
    pub fn groups(&self) -> impl Iterator<Item = &'a Arc<SecurityGroup>> + use<'a> {
        self.named_groups().filter_map(|(_, group)| group)
    }

    /// The VPC of a subnet of the job.
    pub fn vpc_of(&self, subnet: &Subnet) -> Option<&'a Arc<Vpc>> {
        self.state.vpcs.get(&subnet.vpc)
    }

    /// The job's role, if there is one with exactly this ARN.
    pub fn role(&self) -> Option<&'a Arc<Role>> {
        role(self.global, &self.needs.role_arn)
    }
}

/// The role with this ARN.
pub fn role<'a>(global: &'a State, arn: &str) -> Option<&'a Arc<Role>> {
    let (_, name) = arn.rsplit_once('/')?;
    global.roles.get(&Role::key_of(name)).filter(|role| role.arn == arn)
}
