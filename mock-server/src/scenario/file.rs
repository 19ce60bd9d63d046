//! The file format: `apiVersion: mockplane/v1`, `kind: Scenario`.
//!
//! Closed: a key that is not known here is an error. What a step does and expects is free-form below `with`,
//! `expect` and `capture`; [`check`](super::check) looks into that.

use super::behaviour::Declared;
use super::fault;
use super::problem::{Place, Problem, instead_of};
use super::span::Span;
use super::tree::Node;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Options, Spanned};
use std::collections::BTreeMap;

pub const API_VERSION: &str = "mockplane/v1";
pub const KIND: &str = "Scenario";

/// One file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    pub api_version: Spanned<String>,
    pub kind: Spanned<String>,
    pub metadata: Metadata,
    #[serde(default)]
    pub settings: Settings,
    /// Values that templates name as `vars.NAME`.
    pub vars: Option<Node>,
    /// What containers do, in order; the first that is for a job is that job's.
    #[serde(default)]
    pub behaviours: Vec<Spanned<Declared>>,
    /// What goes wrong from the beginning on, in the order in which it is asked; each has an id.
    #[serde(default)]
    pub faults: Vec<Spanned<fault::Declared>>,
    pub steps: Spanned<Vec<Spanned<Step>>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// Lower-case words with dashes; unique among the scenarios that run together.
    pub name: Spanned<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it shows: ids of rules, addresses of pages.
    #[serde(default)]
    pub docs: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// Ids derive from it.
    pub seed: Option<u64>,
    /// Twelve digits; by default an account that derives from the seed and the scenario's name.
    pub account: Option<Spanned<String>>,
    pub region: Option<Spanned<String>>,
    /// How long the stages of a job take: `fast`, `realistic` or `instant`.
    pub profile: Option<Profile>,
    /// What rules count for, by their ids: `enforce`, `warn` or `off`. Those that are not listed count for what the
    /// server says.
    #[serde(default)]
    pub rules: BTreeMap<String, Spanned<String>>,
    /// Zones that have no instances of a family, by the family: `ml.g5: [us-east-1a]`.
    #[serde(default)]
    pub not_offered: BTreeMap<String, Spanned<Vec<String>>>,
    /// How many instances of a type zones have, by the type: `ml.p3.2xlarge: {us-east-1a: 0}`; or `unlimited`.
    #[serde(default)]
    pub capacity: BTreeMap<String, Spanned<BTreeMap<String, Limit>>>,
    /// How much of each thing there may be: a number, or `unlimited`.
    #[serde(default)]
    pub quotas: BTreeMap<String, Spanned<Limit>>,
    #[serde(default)]
    pub clock: ClockSettings,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    Number(usize),
    Word(String),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Number(number) => number.fmt(f),
            Limit::Word(word) => word.fmt(f),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    Fast,
    Realistic,
    Instant,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Profile::Fast => "fast",
            Profile::Realistic => "realistic",
            Profile::Instant => "instant",
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClockSettings {
    #[serde(default)]
    pub mode: Mode,
    /// The virtual time at the beginning, as `2026-01-05T09:00:00Z`.
    pub start: Option<Spanned<String>>,
    /// How many times as fast as real time, for `scaled`.
    pub scale: Option<Spanned<f64>>,
}

/// How the account's time moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// By `advance`, and as far as `waitFor` needs.
    #[default]
    Manual,
    /// Each poll of something unfinished takes it to that thing's next event.
    Poll,
    Real,
    Scaled,
}

/// One step: exactly one of `call`, `advance`, `waitFor`, `explain` and `fault`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    pub id: Option<Spanned<String>>,
    /// What happens here, for people.
    pub say: Option<String>,
    /// `service.Operation`.
    pub call: Option<Spanned<String>>,
    /// The input of the call, as SDKs take it.
    pub with: Option<Node>,
    /// Whose the call is: credentials as IAM or STS answered them. The account's root by default.
    #[serde(rename = "as")]
    pub caller: Option<Node>,
    pub advance: Option<Spanned<Span>>,
    pub wait_for: Option<WaitFor>,
    /// `kind/name`: the answer is why it is as it is, as the control API tells it.
    pub explain: Option<Spanned<String>>,
    /// Declares a fault, or clears one.
    pub fault: Option<Spanned<FaultStep>>,
    /// Repeats the call until the expectations hold.
    pub poll: Option<Spanned<Poll>>,
    pub expect: Option<Expect>,
    /// Names for parts of the answer: `name: JMESPath`.
    pub capture: Option<Node>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FaultStep {
    pub set: Option<Box<fault::Declared>>,
    /// The id of one that is there.
    pub clear: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WaitFor {
    /// `kind/name`, such as `training-job/demo`.
    pub resource: Spanned<String>,
    pub state: Spanned<String>,
    /// The longest wait in virtual time; an hour by default.
    pub within: Option<Span>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Poll {
    pub every: Span,
    pub within: Span,
}

/// What has to be true after a step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// Whether the call succeeds. True unless `error` is given.
    pub ok: Option<Spanned<bool>>,
    pub error: Option<ExpectedError>,
    /// The connection is closed before all of the answer is there.
    pub lost: Option<Spanned<bool>>,
    /// `JMESPath: matcher` for the answer.
    pub response: Option<Node>,
    /// A matcher for the state that was waited for.
    pub state: Option<Node>,
    /// A matcher for what the resource says about its failure.
    pub failure_reason: Option<Node>,
    /// A matcher for the secondary statuses in order.
    pub secondary_status: Option<Node>,
    pub blocked_by: Option<Spanned<BlockedBy>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedError {
    /// Matchers.
    pub code: Node,
    pub message: Option<Node>,
    pub status: Option<Node>,
}

/// The cause of a failure, by the rule behind it and not by a sentence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BlockedBy {
    /// Id of the rule.
    pub rule: Option<Node>,
    /// Something that the rule's evidence names.
    pub resource: Option<Node>,
}

/// Reads a scenario; YAML, which JSON is too.
///
/// # Errors
/// The first thing that does not fit the format.
pub fn parse(text: &str) -> Result<Scenario, Problem> {
    read(text)
}

/// Reads a value by itself.
///
/// # Errors
/// Why it is none.
pub fn parse_value(text: &str) -> Result<Node, Problem> {
    read(text)
}

/// Reads a file of some format.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| told(&error))
}

/// YAML 1.2: `yes` is a text, and so is `0123`.
fn options() -> Options {
    let mut options = Options::default();
    options.with_snippet = false;
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options
}

fn told(error: &Error) -> Problem {
    let place = error.location().map(Place::from).unwrap_or(Place { line: 1, column: 1 });
    let message = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`{}", instead_of(field, expected.iter().copied()))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown value `{variant}`{}", instead_of(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is there twice"),
        Error::MultipleDocuments { .. } => "one file holds one scenario".to_owned(),
        Error::Eof { .. } => "the file ends too early".to_owned(),
        other => without_place(&other.to_string()),
    };
    Problem { place, message }
}

/// The reader ends its messages with the place, which is told apart here.
fn without_place(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {name: x}\n";

    fn wrong(rest: &str) -> String {
        parse(&format!("{HEAD}{rest}")).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_is_read() {
        let scenario = parse(
            "apiVersion: mockplane/v1\nkind: Scenario\n\
             metadata: {name: x, title: t, description: d, tags: [a], docs: [SM-VPC-IP-01]}\n\
             settings: {seed: 7, account: 011122223333, region: eu-west-1, profile: realistic, clock: {mode: poll}}\n\
             vars: {a: 1}\n\
             steps:\n\
             - {id: one, say: s, call: ec2.CreateVpc, with: {CidrBlock: 10.0.0.0/16}, capture: {v: Vpc.VpcId}}\n\
             - advance: 3m\n\
             - waitFor: {resource: training-job/x, state: Failed, within: 1h}\n  \
               expect: {state: Failed, blockedBy: {rule: R}, secondaryStatus: [Starting]}\n",
        )
        .unwrap();
        let settings = &scenario.settings;
        assert_eq!(settings.account.as_ref().unwrap().value, "011122223333", "digits need no quotes");
        assert_eq!((settings.profile, settings.clock.mode), (Some(Profile::Realistic), Mode::Poll));
        let steps = &scenario.steps.value;
        assert_eq!(
            steps[0].value.with.as_ref().unwrap().get("CidrBlock").unwrap().text(),
            Some("10.0.0.0/16")
        );
        assert_eq!(steps[1].value.advance.as_ref().unwrap().value, Span::minutes(3));
        assert_eq!(steps[2].value.wait_for.as_ref().unwrap().within, Some(Span::minutes(60)));
    }

    #[test]
    fn json_is_read_too() {
        let text = "{\n\t\"apiVersion\": \"mockplane/v1\", \"kind\": \"Scenario\",\n\t\"metadata\": {\"name\": \"x\"},\n\
                    \t\"steps\": [{\"call\": \"sts.GetCallerIdentity\", \"with\": {}}]\n}\n";
        assert_eq!(parse(text).unwrap().steps.value.len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place_and_the_nearest_key() {
        for (rest, expected) in [
            ("stesp: []\n", "4:1: unknown key `stesp`; did you mean `steps`?"),
            ("steps:\n- cal: x\n", "5:3: unknown key `cal`; did you mean `call`?"),
            (
                "steps:\n- {call: x, expect: {respones: {}}}\n",
                "5:22: unknown key `respones`; did you mean `response`?",
            ),
            (
                "steps: []\nsettings: {clock: {mode: manuel}}\n",
                "5:26: unknown value `manuel`; did you mean `manual`?",
            ),
            (
                "steps: []\nsettings: {profile: slow}\n",
                "5:21: unknown value `slow`; known are fast, instant, realistic",
            ),
            ("", "3:1: `steps` is missing"),
            ("steps:\n- waitFor: {resource: a/b}\n", "5:13: `state` is missing"),
            ("steps: 3\n", "4:8: expected sequence start"),
            ("steps:\n- a\n", "5:3: expected mapping start"),
            ("steps: []\nsteps: []\n", "5:1: `steps` is there twice"),
            ("steps:\n- {call: a, with: {A: 1, A: 2}}\n", "5:26: `A` is there twice"),
            ("steps: []\n---\nsteps: []\n", "6:1: one file holds one scenario"),
            ("steps: [{advance: 3 minutes}]\n", ""),
            ("steps: [{call: *x}]\n", "4:16: alias references unknown anchor"),
        ] {
            let message = wrong(rest);
            if expected.is_empty() {
                assert!(message.contains("`3 minutes` is no stretch of time"), "{message}");
                assert!(message.starts_with("4:"), "{message}");
            } else {
                assert_eq!(message, expected, "{rest}");
            }
        }
        assert_eq!(parse("").unwrap_err().to_string(), "1:1: the file ends too early");
        assert!(parse("a: b: c").is_err());
    }
}
