//! What targets are and can do, and what scenarios need of them: whatever a run asks of a target besides calls is decided
//! here.

use super::file::{Data, Limit, Scenario, Step};
use crate::kernel::AccountId;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use std::fmt;

/// What a scenario may ask of its target besides calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Accounts that are as new when a scenario begins, with its seed and its profile.
    OwnAccounts,
    Faults,
    VirtualTime,
    Snapshots,
    /// Why something is as it is, and which rule is behind a refusal.
    Explanations,
    Behaviours,
    RuleModes,
    Offerings,
    Capacity,
    Quotas,
    /// Bounds of buckets and objects, and signatures that count.
    Trust,
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ability::OwnAccounts => "accounts of its own",
            Ability::Faults => "faults",
            Ability::VirtualTime => "virtual time",
            Ability::Snapshots => "snapshots",
            Ability::Explanations => "explanations",
            Ability::Behaviours => "behaviours",
            Ability::RuleModes => "modes of rules",
            Ability::Offerings => "zones without instance types",
            Ability::Capacity => "capacity by zone",
            Ability::Quotas => "quotas",
            Ability::Trust => "settings of data and signatures",
        })
    }
}

/// What signs a call, as IAM and STS answer it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Credentials {
    pub access_key_id: String,
    /// A call without it is signed, and not by whoever has the key.
    #[serde(default)]
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

/// Secrets stay out of messages.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Whose account a foreign target's is, and what its calls are signed with.
#[derive(Clone, Debug)]
pub struct Owner {
    pub account: AccountId,
    pub credentials: Credentials,
}

/// A target, as a run sees it.
#[derive(Clone, Debug)]
pub enum Plane {
    /// Accounts are there when they are named; the access key of an account's root is the account, with this secret.
    Mockplane { root_secret: String },
    /// Anything else that answers calls: one account that is there already, and time that passes by itself.
    Foreign(Owner),
}

impl Plane {
    pub fn can(&self, _ability: Ability) -> bool {
        matches!(self, Plane::Mockplane { .. })
    }

    /// The one account that there is; `None` if there is any.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Plane::Mockplane { .. } => None,
            Plane::Foreign(owner) => Some(owner.account),
        }
    }

    /// Who makes the calls of a step that does not say so.
    pub fn usual_caller(&self, account: AccountId) -> Credentials {
        match self {
            Plane::Mockplane { root_secret } => Credentials {
                access_key_id: account.to_string(),
                secret_access_key: root_secret.clone(),
                session_token: None,
            },
            Plane::Foreign(owner) => owner.credentials.clone(),
        }
    }

    /// How many scenarios run at once unless it is said: those that share an account would be in each other's way.
    pub fn at_once(&self) -> usize {
        const WITH_ACCOUNTS_OF_THEIR_OWN: usize = 8;
        if self.can(Ability::OwnAccounts) { WITH_ACCOUNTS_OF_THEIR_OWN } else { 1 }
    }

    /// Why a scenario cannot run here, if it cannot.
    pub fn lacks(&self, scenario: &Scenario) -> Option<String> {
        let needs = needs(scenario);
        let mut missing: Vec<_> = needs
            .into_iter()
            .filter(|ability| !self.can(*ability))
            .map(|ability| ability.to_string())
            .collect();
        if let (Some(account), Some(wanted)) = (self.account(), &scenario.settings.account)
            && AccountId::parse(&wanted.value) != Some(account)
        {
            missing.push(format!("account {}", wanted.value));
        }
        (!missing.is_empty()).then(|| format!("needs {}", missing.join(", ")))
    }
}

/// What a scenario cannot do without.
///
/// Its seed, profile and clock only make it the same each time. A cause that it states (`blockedBy`) is not judged where
/// there are no explanations; the rest of that step is.
pub fn needs(scenario: &Scenario) -> BTreeSet<Ability> {
    let settings = &scenario.settings;
    let fixtures = scenario.fixtures.iter().filter_map(|wanted| wanted.value.found.as_ref());
    let fixtures = fixtures.flat_map(|found| &found.fixture.steps.value);
    let lesson = scenario.lesson.as_ref().map(|lesson| &lesson.value);
    let of_lesson = lesson.into_iter().flat_map(|lesson| lesson.fix.value.iter().chain(&lesson.check.value));
    let steps: Vec<&Step> = fixtures
        .chain(&scenario.steps.value)
        .chain(of_lesson)
        .map(|step: &Spanned<Step>| &step.value)
        .collect();
    let any = |is: fn(&Step) -> bool| steps.iter().any(|step| is(step));
    let has_plenty = |limit: &Limit| matches!(limit, Limit::Word(_));
    [
        (Ability::Faults, !scenario.faults.is_empty() || any(|step| step.fault.is_some())),
        (Ability::VirtualTime, any(|step| step.advance.is_some())),
        // What a lesson's check does before the fix is undone.
        (
            Ability::Snapshots,
            lesson.is_some()
                || any(|step| step.snapshot.is_some())
                || scenario.fixtures.iter().any(|wanted| wanted.value.snapshot.is_some()),
        ),
        (Ability::Explanations, any(|step| step.explain.is_some())),
        (Ability::Behaviours, !scenario.behaviours.is_empty()),
        (Ability::RuleModes, settings.rules.values().any(|mode| mode.value != "enforce")),
        (Ability::Offerings, settings.not_offered.values().any(|zones| !zones.value.is_empty())),
        (
            Ability::Capacity,
            !settings.capacity.values().flat_map(|zones| zones.value.values()).all(has_plenty),
        ),
        // No bound is more than there is elsewhere, too.
        (Ability::Quotas, !settings.quotas.is_empty()),
        (Ability::Trust, settings.data != Data::default() || settings.signatures.is_some()),
    ]
    .into_iter()
    .filter_map(|(ability, is_needed)| is_needed.then_some(ability))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::sound;

    fn scenario(rest: &str) -> Scenario {
        let head = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {name: x}\n";
        sound("x.yaml", &format!("{head}{rest}")).unwrap()
    }

    fn foreign() -> Plane {
        let credentials = Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "very secret".into(),
            session_token: None,
        };
        Plane::Foreign(Owner { account: AccountId::parse("111122223333").unwrap(), credentials })
    }

    const CALL: &str = "{call: ec2.DescribeVpcs}";

    #[test]
    fn what_a_scenario_needs_is_told() {
        let fault = "{id: f, effect: {error: {code: InternalError}}}";
        for (rest, reason) in [
            (format!("steps: [{CALL}]"), None),
            (format!("settings: {{seed: 7, profile: instant, clock: {{mode: poll}}}}\nsteps: [{CALL}]"), None),
            (format!("settings: {{rules: {{SM-VPC-IP-01: enforce}}}}\nsteps: [{CALL}]"), None),
            ("steps: [{call: ec2.DeleteVpc, with: {VpcId: vpc-1}, expect: {error: {code: A}, blockedBy: {rule: EC2-VPC-DEL}}}]".into(), None),
            ("settings: {account: '111122223333'}\nsteps: [{call: ec2.DescribeVpcs}]".into(), None),
            ("settings: {account: '444455556666'}\nsteps: [{call: ec2.DescribeVpcs}]".into(), Some("needs account 444455556666")),
            ("steps: [{advance: 1m}]".into(), Some("needs virtual time")),
            (format!("faults: [{fault}]\nsteps: [{CALL}, {{advance: 1m}}]"), Some("needs faults, virtual time")),
            (format!("steps: [{{fault: {{set: {fault}}}}}, {CALL}]"), Some("needs faults")),
            ("steps: [{snapshot: {save: a}}, {snapshot: {restore: a}}]".into(), Some("needs snapshots")),
            ("steps: [{explain: training-job/x}]".into(), Some("needs explanations")),
            (format!("settings: {{rules: {{SM-VPC-IP-01: warn}}}}\nsteps: [{CALL}]"), Some("needs modes of rules")),
            (format!("settings: {{notOffered: {{ml.g5: [us-east-1a]}}}}\nsteps: [{CALL}]"), Some("needs zones without instance types")),
            (format!("settings: {{capacity: {{ml.p3.2xlarge: {{us-east-1a: 0}}}}}}\nsteps: [{CALL}]"), Some("needs capacity by zone")),
            (format!("settings: {{quotas: {{vpcs: unlimited}}}}\nsteps: [{CALL}]"), Some("needs quotas")),
            (format!("settings: {{quotas: {{vpcs: 1}}}}\nsteps: [{CALL}]"), Some("needs quotas")),
            (format!("behaviours: [{{image: x, exitCode: 1}}]\nsteps: [{CALL}]"), Some("needs behaviours")),
        ] {
            let scenario = scenario(&rest);
            assert_eq!(foreign().lacks(&scenario).as_deref(), reason, "{rest}");
            let here = Plane::Mockplane { root_secret: "s".into() };
            assert_eq!(here.lacks(&scenario), None, "{rest}");
        }
    }

    #[test]
    fn a_lesson_needs_to_go_back() {
        let text = include_str!("../../../scenarios/lessons/09-role-without-eni-rights.yaml");
        let lesson = sound("lesson.yaml", text).unwrap();
        assert!(needs(&lesson).contains(&Ability::Snapshots));
    }

    #[test]
    fn secrets_stay_out_of_messages() {
        assert!(!format!("{:?}", foreign()).contains("very secret"));
    }
}
