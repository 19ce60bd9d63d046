//! The documented rules, one small unit each.
//!
//! A rule states, in our own words, what a page of the AWS documentation states, and looks at one job to see
//! whether it holds. It decides nothing else: what a violation does follows from the rule's phase and the
//! account's mode for it, and the text that a client sees is chosen by `jobs::failure` (the job fails) or by
//! `services::sagemaker::error` (the call fails).

mod book;
pub mod capacity;
mod case;
pub mod cluster;
mod compilation;
pub mod declared;
mod dhcp;
pub mod ec2;
mod encryption;
mod groups;
mod hosting;
mod image;
pub mod isolation;
pub mod logs;
mod network;
pub mod notebook;
pub mod pages;
pub mod path;
pub mod permissions;
mod role;
pub mod room;
pub mod texts;

pub use book::{About, about, catalogue, index, page};
pub use case::{Case, role as role_with_arn};
pub use path::Paths;

use crate::model::{DataMode, IamMode, JobKind, State};
use serde::Deserialize;

pub use crate::model::{Evidence, Finding, Phase, RuleMode, RuleModes, Verdict};

/// Where the knowledge comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// AWS says so.
    Documented,
    /// AWS was seen to do so.
    Observed,
    /// It follows from other facts, or it is the best guess there is.
    Assumed,
}

impl Basis {
    pub fn name(self) -> &'static str {
        match self {
            Basis::Documented => "documented",
            Basis::Observed => "observed",
            Basis::Assumed => "assumed",
        }
    }
}

/// A place in the SageMaker developer guide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Doc {
    /// Name of the page, without `.html`.
    pub page: &'static str,
    /// Anchor in the page; empty for the page as a whole.
    pub anchor: &'static str,
}

impl Doc {
    pub fn url(self) -> String {
        let Doc { page, anchor } = self;
        let hash = if anchor.is_empty() { "" } else { "#" };
        format!("https://docs.aws.amazon.com/sagemaker/latest/dg/{page}.html{hash}{anchor}")
    }
}

/// The same anchor on the page of every kind of job: the pages are built alike.
macro_rules! five_pages {
    ($anchor:literal) => {
        &[
            Doc { page: "train-vpc", anchor: concat!("train-vpc", $anchor) },
            Doc { page: "process-vpc", anchor: concat!("process-vpc", $anchor) },
            Doc { page: "batch-vpc", anchor: concat!("batch-vpc", $anchor) },
            Doc { page: "host-vpc", anchor: concat!("host-vpc", $anchor) },
            Doc { page: "neo-vpc", anchor: concat!("neo-vpc", $anchor) },
        ]
    };
}
use five_pages;

/// The kinds of job that a rule speaks of.
pub type Kinds = &'static [JobKind];
/// Every kind of job.
pub const ALL: Kinds = JobKind::ALL;
/// Every kind of job, notebook instances and clusters.
pub const ALL_AND_OTHERS: Kinds = &[
    JobKind::Training,
    JobKind::Processing,
    JobKind::Transform,
    JobKind::Hosting,
    JobKind::Compilation,
    JobKind::Notebook,
    JobKind::Cluster,
];
/// Every kind of job, and clusters, which fetch scripts from S3.
pub const ALL_AND_CLUSTERS: Kinds = &[
    JobKind::Training,
    JobKind::Processing,
    JobKind::Transform,
    JobKind::Hosting,
    JobKind::Compilation,
    JobKind::Cluster,
];

/// What there is to know of a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// Never given to another rule.
    pub id: &'static str,
    /// Ids of texts and observations that belong to the rule; they lead to its page too.
    pub aliases: &'static [&'static str],
    pub name: &'static str,
    pub jobs: Kinds,
    /// The phases in which it is asked.
    pub phases: &'static [Phase],
    pub basis: Basis,
    /// The places that state it, one for each page that does.
    pub docs: &'static [Doc],
    /// The rule, in our own words.
    pub summary: &'static str,
    /// What to do about a violation.
    pub hint: &'static str,
}

impl RuleInfo {
    /// The names of the phases in which it is asked.
    pub fn phase_names(&self) -> String {
        self.phases.iter().map(|phase| phase.name()).collect::<Vec<_>>().join(", ")
    }
}

/// One documented rule.
pub trait Rule {
    const INFO: RuleInfo;
    /// Whether the rule holds for this job in this state.
    fn check(case: &Case<'_>) -> Verdict;
}

/// A rule as the list holds it.
#[derive(Clone, Copy)]
pub struct Entry {
    pub info: &'static RuleInfo,
    check: fn(&Case<'_>) -> Verdict,
}

macro_rules! rules {
    ($($rule:ty),* $(,)?) => {
        /// Every rule. Within a phase the first violated rule of this list decides.
        const RULES: &[Entry] = &[$(Entry { info: &<$rule>::INFO, check: <$rule>::check }),*];
    };
}

rules![
    // The order of the checks that a create call makes is assumed: role, network, images.
    role::TrustedRole,
    permissions::MayLook,
    permissions::MayLookAtEndpoints,
    permissions::MayLookForCompilation,
    network::VpcShape,
    network::KnownSubnets,
    network::KnownGroups,
    network::OneVpc,
    network::SharedTenancyOfTraining,
    network::SharedTenancyOfCompilation,
    room::ServiceVpc,
    image::InRegistry,
    image::InRegion,
    notebook::CallerMayLookAndMake,
    notebook::OneAddress,
    cluster::RoleMayMake,
    cluster::AddressesOfNodes,
    cluster::OpenToNodes,
    hosting::TwoZones,
    hosting::TwoZonesWithInstances,
    permissions::MayMake,
    permissions::MayMakeUnscoped,
    permissions::MayMakeForCompilation,
    room::TwoAddressesPerInstance,
    room::FiveAddressesWithEfa,
    room::OneSubnetAllGroups,
    capacity::EnoughInstances,
    dhcp::BothKeys,
    groups::OpenToSubnets,
    groups::OpenToMembersOfTraining,
    groups::OpenToMembersOfProcessing,
    groups::OpenToMembersOfTransform,
    groups::OpenToMembersWithEfa,
    encryption::OpenToEncryption,
    isolation::NoCalls,
    compilation::ModelIsPacked,
    logs::RoleMayWrite,
    logs::LogsGetOut,
    path::data::DataIsThere,
    path::data::ModelIsThere,
    // The order of the hops of a path; that of what blocks one decides.
    path::network::InterfacesReach,
    path::network::NamesResolve,
    path::network::GroupsLetOut,
    path::network::GroupsLetOutToNat,
    path::network::AclsLetThrough,
    path::network::WayToS3,
    path::network::WayOut,
    path::network::EndpointInTable,
    path::network::PrivateAddressesOnly,
    path::network::PublicAddress,
    path::network::NoBlackHole,
    path::network::LocalRoute,
    path::network::WayThroughEndpoint,
    path::network::NatInPublicSubnet,
    path::network::NatAvailable,
    path::network::PeeringLeadsBack,
    path::network::EndpointForService,
    path::network::EndpointGroups,
    path::data::BucketInRegion,
    path::data::RoleMay,
    path::data::EndpointPolicyAllows,
    path::data::EndpointPolicyHasAllow,
    path::data::RepositoriesDenied,
    path::data::BucketPolicyAllows,
    path::data::EntriesAreThere,
    // What was declared comes after what was found.
    declared::ServiceHolds,
    declared::ImageIsThere,
    declared::EndsWell,
    declared::AnswersPings,
];

/// Rules that tell what is, or that requests are held to before: they cannot be violated.
pub const INFORMATIONAL: &[&str] =
    &["SM-VPC-SHAPE-06", "SM-VPC-DEFAULT-01", "SM-VPC-ENI-08", "EC2-RT-LOCAL", "EC2-IGW-PUBLIC"];

/// Every rule, in the order of the list.
pub fn all() -> impl Iterator<Item = &'static RuleInfo> {
    RULES.iter().map(|entry| entry.info)
}

/// The rule with this id, or to which this id belongs; letters of either case will do.
pub fn get(id: &str) -> Option<&'static RuleInfo> {
    let named = |known: &&str| known.eq_ignore_ascii_case(id);
    all().find(|info| named(&info.id) || info.aliases.iter().any(&named))
}

/// Reads `ID=MODE`, as a user says what a rule is to count for.
pub fn parse_mode(text: &str) -> Option<(&'static str, RuleMode)> {
    let (id, mode) = text.split_once('=')?;
    Some((get(id)?.id, RuleMode::parse(mode)?))
}

/// What all rules of one phase say about one job.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// The violation that the job fails for: the first one of a rule that is enforced. No job fails for its logs, and
    /// what its containers fail for is told when they do.
    pub fn decisive(&self) -> Option<&Finding> {
        let spared = [logs::OF_LOGS, declared::OF_CONTAINERS];
        let decides = |finding: &&Finding| !spared.iter().any(|rules| rules.contains(&finding.rule));
        self.findings.iter().filter(|finding| finding.counts()).find(decides)
    }

    /// The violations of rules that only warn.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_violation() && finding.mode == RuleMode::Warn)
    }
}

/// What a rule counts for in an account. Those that look at roles count for no more than the account's `IamMode` lets
/// policies count for, those about buckets, objects and images for no more than its `DataMode` lets these count for.
pub fn mode_of(rule: &str, modes: &RuleModes, global: &State) -> RuleMode {
    let mode = modes.of(rule);
    if path::data::OF_DATA.contains(&rule) || image::OF_IMAGES.contains(&rule) {
        return match global.choices.data {
            DataMode::Audit if mode == RuleMode::Enforce => RuleMode::Warn,
            DataMode::Off => RuleMode::Off,
            _ => mode,
        };
    }
    match global.authorization.mode {
        _ if !permissions::OF_ROLES.contains(&rule) => mode,
        IamMode::Audit if mode == RuleMode::Enforce => RuleMode::Warn,
        IamMode::Off => RuleMode::Off,
        IamMode::Enforce | IamMode::Audit => mode,
    }
}

/// The kind of the event that tells of a violation without effect.
pub fn warning_kind(rule: &str, global: &State) -> &'static str {
    let audited = global.authorization.mode == IamMode::Audit && permissions::OF_ROLES.contains(&rule);
    if audited { "WouldDeny" } else { "RuleWarning" }
}

/// Asks every rule of a phase that speaks of this kind of job and is not switched off.
pub fn evaluate(phase: Phase, case: &Case<'_>, modes: &RuleModes) -> Report {
    let asked = RULES
        .iter()
        .filter(|entry| entry.info.phases.contains(&phase) && entry.info.jobs.contains(&case.kind));
    let findings = asked.filter_map(|entry| {
        let mode = mode_of(entry.info.id, modes, case.global);
        (mode != RuleMode::Off).then(|| {
            let verdict = (entry.check)(case);
            case.global.probe.rule(entry.info.id, matches!(verdict, Verdict::Violated(_)));
            Finding { rule: entry.info.id, phase, mode, verdict }
        })
    });
    let mut findings: Vec<_> = findings.collect();
    // What stops packets first decides, wherever its rule stands in the list; the service fails after that.
    findings
        .sort_by_key(|finding| (declared::OF_SERVICE.contains(&finding.rule), path::place_of(case, finding)));
    Report { findings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_and_names_are_unique() {
        let mut seen = BTreeSet::new();
        for info in all() {
            for id in [info.id, info.name].iter().chain(info.aliases) {
                assert!(seen.insert(*id), "{id} is used twice");
            }
        }
    }

    #[test]
    fn every_rule_says_all_there_is_to_say() {
        for info in all() {
            assert!(!info.jobs.is_empty() && !info.docs.is_empty(), "{}", info.id);
            for text in [info.summary, info.hint] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", info.id);
            }
            assert!(
                info.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                info.name
            );
        }
    }

    #[test]
    fn a_rule_is_found_by_its_id_and_by_what_belongs_to_it() {
        assert_eq!(get("sm-vpc-ip-01").map(|info| info.id), Some("SM-VPC-IP-01"));
        assert_eq!(get("SM-F-ROLE-SYNC").map(|info| info.id), Some("SM-ROLE-TRUST-07"));
        assert!(get("SM-NOTHING").is_none());
        assert_eq!(parse_mode("SM-F-ROLE-SYNC=warn"), Some(("SM-ROLE-TRUST-07", RuleMode::Warn)));
        assert!(parse_mode("SM-NOTHING=warn").is_none() && parse_mode("SM-VPC-IP-01=maybe").is_none());
    }
}
