//! What the rules found about a job: kept in the job, so that it can be explained later.

use crate::kernel::Rehome;
use imbl::OrdMap;

/// The part of a job's life in which a rule is asked.
///
/// A rule that is violated in `Create` makes the API call fail; in any later phase it makes the job fail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Rehome)]
pub enum Phase {
    /// The call that asks for the job.
    Create,
    /// Network interfaces are made.
    Place,
    /// Instances are prepared.
    Start,
    /// Input is read.
    Input,
    /// Containers run.
    Run,
    /// Output is written.
    Output,
}

impl Phase {
    pub const ALL: [Phase; 6] =
        [Phase::Create, Phase::Place, Phase::Start, Phase::Input, Phase::Run, Phase::Output];

    pub fn name(self) -> &'static str {
        match self {
            Phase::Create => "create",
            Phase::Place => "place",
            Phase::Start => "start",
            Phase::Input => "input",
            Phase::Run => "run",
            Phase::Output => "output",
        }
    }
}

/// What an account does with a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum RuleMode {
    /// A violation has the effect that it has on AWS.
    #[default]
    Enforce,
    /// A violation is told by an event and in the explanation, and has no effect.
    Warn,
    /// The rule is not asked.
    Off,
}

impl RuleMode {
    pub fn name(self) -> &'static str {
        match self {
            RuleMode::Enforce => "enforce",
            RuleMode::Warn => "warn",
            RuleMode::Off => "off",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [RuleMode::Enforce, RuleMode::Warn, RuleMode::Off].into_iter().find(|mode| mode.name() == name)
    }
}

/// The modes of an account's rules by rule id; a rule that is not listed is enforced.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct RuleModes(OrdMap<&'static str, RuleMode>);

impl RuleModes {
    pub fn of(&self, rule: &str) -> RuleMode {
        self.0.get(rule).copied().unwrap_or_default()
    }

    pub fn set(&mut self, rule: &'static str, mode: RuleMode) {
        self.0.insert(rule, mode);
    }

    /// The modes that were set, in the order of the rules' ids.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, RuleMode)> + '_ {
        self.0.iter().map(|(rule, mode)| (*rule, *mode))
    }
}

/// Why a rule holds or does not: the thing it is about, and facts by name.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Evidence {
    /// An id or a name.
    pub resource: Option<String>,
    pub facts: Vec<(&'static str, String)>,
}

impl Evidence {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn of(resource: impl Into<String>) -> Self {
        Self { resource: Some(resource.into()), facts: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.push((name, value.to_string()));
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A text in which `{name}` stands for the fact of that name, and `{resource}` for the resource.
    pub fn fill(&self, template: &str) -> String {
        let mut text = template.replace("{resource}", self.resource.as_deref().unwrap_or_default());
        for (name, value) in &self.facts {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// What a rule says about one job.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum Verdict {
    /// The rule does not speak of such a job.
    NotApplicable,
    Satisfied(Evidence),
    Violated(Evidence),
}

impl Verdict {
    /// Satisfied if `holds`, violated otherwise, with the same evidence.
    pub fn require(holds: bool, evidence: Evidence) -> Self {
        if holds { Verdict::Satisfied(evidence) } else { Verdict::Violated(evidence) }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Verdict::NotApplicable => "not applicable",
            Verdict::Satisfied(_) => "satisfied",
            Verdict::Violated(_) => "violated",
        }
    }

    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Verdict::NotApplicable => None,
            Verdict::Satisfied(evidence) | Verdict::Violated(evidence) => Some(evidence),
        }
    }
}

/// The verdict of one rule, and what it counted for when it was given.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    pub phase: Phase,
    pub mode: RuleMode,
    pub verdict: Verdict,
}

impl Finding {
    pub fn is_violation(&self) -> bool {
        matches!(self.verdict, Verdict::Violated(_))
    }

    /// Whether it has an effect.
    pub fn counts(&self) -> bool {
        self.is_violation() && self.mode == RuleMode::Enforce
    }
}
