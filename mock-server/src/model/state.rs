//! The state of one cell: every table there is, and the first state of a new region.

use super::*;
use crate::kernel::{CellState, Minter, Origin, Row, Table, Timers};

/// How long the stages of a job take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Profile {
    /// Seconds: long enough to be seen, short enough for a test.
    #[default]
    Fast,
    /// As long as on AWS.
    Realistic,
    /// No time at all: the final state is reached at once.
    Instant,
}

impl Profile {
    /// Reads the name that people use.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "fast" => Some(Profile::Fast),
            "realistic" => Some(Profile::Realistic),
            "instant" => Some(Profile::Instant),
            _ => None,
        }
    }
}

/// What the server was started with, for every account.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub profile: Profile,
    pub rule_modes: RuleModes,
}

/// What timers and interfaces belong to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Owner {
    Job(JobKey),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Owner::Job(key) => key.fmt(f),
        }
    }
}

/// What a timer does to its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// The job enters its next stage: the number is the stage's place in the job's table of stages.
    Stage(usize),
    /// The job has run as long as it may.
    Overtime,
}

/// The state of one cell. Regional tables are empty in the account's global cell and the other way round.
#[derive(Clone, Default)]
pub struct State {
    pub profile: Profile,
    pub minter: Minter,
    pub timers: Timers<Owner, Alarm>,
    // === EC2 ===
    pub vpcs: Table<Vpc>,
    pub subnets: Table<Subnet>,
    pub groups: Table<SecurityGroup>,
    pub interfaces: Table<NetworkInterface>,
    pub route_tables: Table<RouteTable>,
    pub acls: Table<NetworkAcl>,
    pub internet_gateways: Table<InternetGateway>,
    pub dhcp_options: Table<DhcpOptions>,
    // === SageMaker ===
    pub jobs: Table<Job>,
    // === Account-wide ===
    pub rule_modes: RuleModes,
    pub roles: Table<Role>,
    pub sessions: Table<Session>,
}

impl CellState for State {
    type Owner = Owner;
    type What = Alarm;
    type Defaults = Defaults;

    fn first(_origin: &Origin, defaults: &Defaults) -> Self {
        Self { profile: defaults.profile, rule_modes: defaults.rule_modes.clone(), ..Self::default() }
    }

    fn timers(&self) -> &Timers<Owner, Alarm> {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers<Owner, Alarm> {
        &mut self.timers
    }

    fn minter_mut(&mut self) -> &mut Minter {
        &mut self.minter
    }
}

impl State {
    /// What must hold in every state; the answer names what does not. For tests.
    pub fn broken_invariants(&self) -> Vec<String> {
        let mut broken = Vec::new();
        fn table<R: Row>(broken: &mut Vec<String>, name: &str, table: &Table<R>) {
            if !table.is_consistent() {
                broken.push(format!("the indexes of {name} do not match its rows"));
            }
        }
        table(&mut broken, "vpcs", &self.vpcs);
        table(&mut broken, "subnets", &self.subnets);
        table(&mut broken, "groups", &self.groups);
        table(&mut broken, "interfaces", &self.interfaces);
        table(&mut broken, "route_tables", &self.route_tables);
        table(&mut broken, "acls", &self.acls);
        table(&mut broken, "internet_gateways", &self.internet_gateways);
        table(&mut broken, "jobs", &self.jobs);
        for subnet in self.subnets.iter() {
            let index = interface::InterfaceIndex::Subnet(subnet.id);
            let mut held: Vec<_> = self
                .interfaces
                .by(&index)
                .flat_map(|eni| eni.addresses.iter().map(|a| (*a, eni.id)))
                .collect();
            held.sort();
            if !subnet.addresses.taken().eq(held) {
                broken.push(format!("the addresses of {} do not match its interfaces", subnet.id));
            }
            if !self.vpcs.contains(&subnet.vpc) {
                broken.push(format!("{} lies in no VPC", subnet.id));
            }
        }
        for interface in self.interfaces.iter() {
            if !self.subnets.contains(&interface.subnet) {
                broken.push(format!("{} lies in no subnet", interface.id));
            }
            for group in interface.groups.iter().filter(|group| !self.groups.contains(group)) {
                broken.push(format!("{} carries {group}, which does not exist", interface.id));
            }
            if let Some(Owner::Job(key)) = &interface.owner
                && self.jobs.get(key).is_none_or(|job| job.status.is_final())
            {
                broken.push(format!("{} outlives {key}", interface.id));
            }
        }
        for job in self.jobs.iter() {
            let timer = self.timers.next_of(&Owner::Job(job.key.clone()));
            if timer.is_some() == job.status.is_final() {
                broken.push(format!("{} is {:?} and has the timer {timer:?}", job.key, job.status));
            }
        }
        for group in self.groups.iter().filter(|group| !self.vpcs.contains(&group.vpc)) {
            broken.push(format!("{} lies in no VPC", group.id));
        }
        broken
    }
}
