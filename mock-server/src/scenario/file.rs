//! The file format: `apiVersion: mockplane/v1`, `kind: Scenario`, or `kind: Lesson` with one more block
//! ([`lesson`](super::lesson)).
//!
//! Closed: a key that is not known here is an error. What a step does and expects is free-form below `with`,
//! `expect` and `capture`; [`check`](super::check) looks into that.

use super::behaviour::Declared;
use super::fault;
use super::fixture;
use super::lesson::Lesson;
use super::matrix;
use super::problem::Problem;
pub(super) use super::reader::read;
use super::schema::one_of;
use super::span::Span;
use super::template::MATRIX;
use super::tree::{Kind, Node};
use super::wire::Wire;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

pub const API_VERSION: &str = "mockplane/v1";
pub const KIND: &str = "Scenario";
/// Of files with a `lesson`.
pub const LESSON: &str = "Lesson";

/// One file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    #[schemars(with = "String", extend("const" = API_VERSION))]
    pub api_version: Spanned<String>,
    #[schemars(with = "String", extend("enum" = [KIND, LESSON]))]
    pub kind: Spanned<String>,
    pub metadata: Metadata,
    #[serde(default)]
    pub settings: Settings,
    /// Values that templates name as `vars.NAME`.
    #[schemars(with = "Option<BTreeMap<String, Node>>")]
    pub vars: Option<Node>,
    /// What is there before the first step.
    #[serde(default)]
    #[schemars(with = "Vec<fixture::Wanted>")]
    pub fixtures: Vec<Spanned<fixture::Wanted>>,
    /// Rows by their names: the scenario runs once for each, and templates name its values as `matrix.NAME`.
    #[schemars(with = "Option<BTreeMap<String, BTreeMap<String, Node>>>")]
    pub matrix: Option<Node>,
    /// The row for which it runs.
    #[serde(skip)]
    pub row: Option<matrix::Row>,
    /// What containers do, in order; the first that is for a job is that job's.
    #[serde(default)]
    #[schemars(with = "Vec<Declared>")]
    pub behaviours: Vec<Spanned<Declared>>,
    /// What goes wrong from the beginning on, in the order in which it is asked; each has an id.
    #[serde(default)]
    #[schemars(with = "Vec<fault::Declared>")]
    pub faults: Vec<Spanned<fault::Declared>>,
    #[schemars(with = "Vec<Step>")]
    #[schemars(length(min = 1))]
    pub steps: Spanned<Vec<Spanned<Step>>>,
    /// What a learner is told, and how what they did is judged: of `kind: Lesson` only.
    #[schemars(with = "Option<Lesson>")]
    pub lesson: Option<Spanned<Lesson>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// Lower-case words with dashes; unique among the scenarios that run together.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it shows: ids of rules, addresses of pages.
    #[serde(default)]
    pub docs: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// Ids derive from it.
    pub seed: Option<u64>,
    /// Twelve digits in quotes; by default an account that derives from the seed and the scenario's name.
    #[serde(default, deserialize_with = "digits")]
    #[schemars(with = "Option<String>")]
    pub account: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub region: Option<Spanned<String>>,
    /// How long the stages of a job take: `fast`, `realistic` or `instant`.
    pub profile: Option<Profile>,
    /// What rules count for, by their ids: `enforce`, `warn` or `off`. Those that are not listed count for what the
    /// server says.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub rules: BTreeMap<String, Spanned<String>>,
    /// Zones that have no instances of a family, by the family: `ml.g5: [us-east-1a]`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub not_offered: BTreeMap<String, Spanned<Vec<String>>>,
    /// How many instances of a type zones have, by the type: `ml.p3.2xlarge: {us-east-1a: 0}`; or `unlimited`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, Limit>>")]
    pub capacity: BTreeMap<String, Spanned<BTreeMap<String, Limit>>>,
    /// How much of each thing there may be: a number, or `unlimited`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Limit>")]
    pub quotas: BTreeMap<String, Spanned<Limit>>,
    #[serde(default)]
    pub data: Data,
    /// Whether signatures of calls count; they do anyway if the server says so.
    pub signatures: Option<Signatures>,
    #[serde(default)]
    pub clock: ClockSettings,
}

/// What buckets and objects of the account have to be.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Data {
    /// Whose names of buckets must differ: those of one account, or those of all as on AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_names: Option<BucketNames>,
    /// How many bytes of objects the account may keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BucketNames {
    Account,
    Global,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Signatures {
    Verify,
}

#[derive(Clone, PartialEq, Eq, Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Limit {
    Number(usize),
    Word(String),
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number =
            |number: &serde_json::Number| Some(Limit::Number(usize::try_from(number.as_u64()?).ok()?));
        let read = match Kind::deserialize(deserializer)? {
            Kind::Number(given) => number(&given).ok_or_else(|| given.to_string()),
            Kind::Text(word) => Ok(Limit::Word(word)),
            other => Err(Value::from(other).to_string()),
        };
        read.map_err(|given| {
            D::Error::custom(format_args!("`{given}` is no limit: a number from 0 on, or `unlimited`"))
        })
    }
}

/// A text of digits. As a number it would lose its zeros, in this reader or in the next.
fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spanned<String>>, D::Error> {
    let Spanned { value, referenced, defined } = Spanned::<Kind>::deserialize(deserializer)?;
    match value {
        Kind::Null => Ok(None),
        Kind::Text(value) => Ok(Some(Spanned { value, referenced, defined })),
        other => {
            let given = Value::from(other);
            Err(D::Error::custom(format_args!("`{given}` is no account: twelve digits in quotes")))
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Number(number) => number.fmt(f),
            Limit::Word(word) => word.fmt(f),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
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

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClockSettings {
    #[serde(default)]
    pub mode: Mode,
    /// The virtual time at the beginning, as `2026-01-05T09:00:00Z`.
    #[schemars(with = "Option<String>")]
    pub start: Option<Spanned<String>>,
    /// How many times as fast as real time, for `scaled`.
    #[schemars(with = "Option<f64>")]
    pub scale: Option<Spanned<f64>>,
}

/// How the account's time moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
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

/// One step: exactly one of `call`, `advance`, `waitFor`, `explain`, `fault` and `snapshot`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = one_of(&["call", "advance", "waitFor", "explain", "fault", "snapshot"])))]
pub struct Step {
    #[schemars(with = "Option<String>")]
    pub id: Option<Spanned<String>>,
    /// What happens here, for people.
    pub say: Option<String>,
    /// `service.Operation`.
    #[schemars(with = "Option<String>")]
    pub call: Option<Spanned<String>>,
    /// The input of the call, as SDKs take it.
    pub with: Option<Node>,
    /// Whose the call is: credentials as IAM or STS answered them. The account's root by default.
    #[serde(rename = "as")]
    pub caller: Option<Node>,
    /// What of the request is other than an SDK would send it.
    #[schemars(with = "Option<Wire>")]
    pub wire: Option<Spanned<Wire>>,
    #[schemars(with = "Option<Span>")]
    pub advance: Option<Spanned<Span>>,
    pub wait_for: Option<WaitFor>,
    /// `kind/name`: the answer is why it is as it is, as the control API tells it.
    #[schemars(with = "Option<String>")]
    pub explain: Option<Spanned<String>>,
    /// Declares a fault, or clears one.
    #[schemars(with = "Option<FaultStep>")]
    pub fault: Option<Spanned<FaultStep>>,
    /// Keeps the scenario's account as it is, or makes it what it was.
    #[schemars(with = "Option<SnapshotStep>")]
    pub snapshot: Option<Spanned<SnapshotStep>>,
    /// Repeats the call until the expectations hold.
    #[schemars(with = "Option<Poll>")]
    pub poll: Option<Spanned<Poll>>,
    pub expect: Option<Expect>,
    /// Names for parts of the answer: `name: JMESPath`.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub capture: Option<Node>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = one_of(&["set", "clear"])))]
pub struct FaultStep {
    pub set: Option<Box<fault::Declared>>,
    /// The id of one that is there.
    #[schemars(with = "Option<String>")]
    pub clear: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = one_of(&["save", "restore"])))]
pub struct SnapshotStep {
    #[schemars(with = "Option<String>")]
    pub save: Option<Spanned<String>>,
    /// The name of one that was saved.
    #[schemars(with = "Option<String>")]
    pub restore: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WaitFor {
    /// `kind/name`, such as `training-job/demo`.
    #[schemars(with = "String")]
    pub resource: Spanned<String>,
    #[schemars(with = "String")]
    pub state: Spanned<String>,
    /// The longest wait in virtual time; an hour by default.
    pub within: Option<Span>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Poll {
    /// More than nothing.
    pub every: Span,
    pub within: Span,
}

impl Poll {
    /// How often a call is repeated at most: whoever wants more waits for something else.
    const MOST: u128 = 10_000;

    /// What makes it no poll.
    pub fn problem(self) -> Option<String> {
        let Self { every, within } = self;
        match within.0.as_millis().checked_div(every.0.as_millis()) {
            None => Some("`every` has to be more than nothing".into()),
            Some(times) if times > Self::MOST => {
                Some(format!("every {every} for {within} is {times} calls: at most {} are made", Self::MOST))
            }
            Some(_) => None,
        }
    }
}

/// What has to be true after a step.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// Whether the call succeeds. True unless `error` is given.
    #[schemars(with = "Option<bool>")]
    pub ok: Option<Spanned<bool>>,
    pub error: Option<ExpectedError>,
    /// The connection is closed before all of the answer is there.
    #[schemars(with = "Option<bool>")]
    pub lost: Option<Spanned<bool>>,
    /// `JMESPath: matcher` for the answer.
    #[schemars(with = "Option<BTreeMap<String, Node>>")]
    pub response: Option<Node>,
    /// A matcher for the state that was waited for.
    pub state: Option<Node>,
    /// A matcher for what the resource says about its failure.
    pub failure_reason: Option<Node>,
    /// A matcher for the secondary statuses in order.
    pub secondary_status: Option<Node>,
    #[schemars(with = "Option<BlockedBy>")]
    pub blocked_by: Option<Spanned<BlockedBy>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedError {
    /// Matchers.
    pub code: Node,
    pub message: Option<Node>,
    pub status: Option<Node>,
}

/// The cause of a failure, by the rule behind it and not by a sentence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BlockedBy {
    /// Id of the rule.
    pub rule: Option<Node>,
    /// The kind of the hop at which the way ends, such as `route-table`.
    pub hop: Option<Node>,
    /// Something that the rule's evidence names.
    pub resource: Option<Node>,
}

impl Scenario {
    /// What it is called: the name in its file, and that of the row for which it runs.
    pub fn name(&self) -> String {
        let name = &self.metadata.name.value;
        self.row.as_ref().map_or_else(|| name.clone(), |row| format!("{name}[{}]", row.name))
    }

    /// Everything that templates name as variables.
    pub fn variables(&self) -> BTreeMap<String, Node> {
        let mut all = by_name(self.vars.as_ref());
        let row = self.row.iter().flat_map(|row| row.values.entries());
        all.extend(row.map(|(key, node)| (format!("{MATRIX}.{}", key.text), node.clone())));
        all
    }
}

/// The entries of a mapping by their names.
pub(super) fn by_name(node: Option<&Node>) -> BTreeMap<String, Node> {
    let entries = node.into_iter().flat_map(Node::entries);
    entries.map(|(key, node)| (key.text.clone(), node.clone())).collect()
}

impl Expect {
    /// Whether no answer is expected.
    pub fn is_lost(&self) -> bool {
        self.lost.as_ref().is_some_and(|lost| lost.value)
    }

    /// Whether a call is expected to be refused, as one is that something blocks.
    pub fn is_refusal(&self) -> bool {
        let refused = self.ok.as_ref().map_or(self.blocked_by.is_some(), |ok| !ok.value);
        self.error.is_some() || refused
    }

    /// Every matcher but those of `response`.
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Node> {
        let error = self.error.iter().flat_map(|error| {
            [Some(&error.code), error.message.as_ref(), error.status.as_ref()].into_iter().flatten()
        });
        let state = [&self.state, &self.failure_reason, &self.secondary_status].into_iter().flatten();
        let cause = self.blocked_by.iter().flat_map(|cause| cause.value.parts());
        error.chain(state).chain(cause)
    }
}

impl BlockedBy {
    pub(super) fn parts(&self) -> impl Iterator<Item = &Node> {
        [&self.rule, &self.hop, &self.resource].into_iter().flatten()
    }
}

/// Reads a scenario; YAML, which JSON is too.
///
/// # Errors
/// The first thing that does not fit the format.
pub fn parse(text: &str) -> Result<Scenario, Problem> {
    read(text)
}

/// The `kind` that a file says it is of, if it says so.
pub(super) fn kind_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        kind: String,
    }
    read::<Head>(text).ok().map(|head| head.kind)
}

/// Reads a value by itself.
///
/// # Errors
/// Why it is none.
pub fn parse_value(text: &str) -> Result<Node, Problem> {
    read(text)
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
             settings: {seed: 7, account: '011122223333', region: eu-west-1, profile: realistic, clock: {mode: poll}}\n\
             vars: {a: 1}\n\
             steps:\n\
             - {id: one, say: s, call: ec2.CreateVpc, with: {CidrBlock: 10.0.0.0/16}, capture: {v: Vpc.VpcId}}\n\
             - advance: 3m\n\
             - waitFor: {resource: training-job/x, state: Failed, within: 1h}\n  \
               expect: {state: Failed, blockedBy: {rule: R}, secondaryStatus: [Starting]}\n",
        )
        .unwrap();
        let settings = &scenario.settings;
        assert_eq!(settings.account.as_ref().unwrap().value, "011122223333");
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
            ("steps: 3\n", "4:8: expected a list"),
            ("steps:\n- a\n", "5:3: expected a mapping"),
            ("steps: [{say: [a]}]\n", "4:15: expected a text"),
            ("steps: [{expect: {ok: maybe}}]\n", "4:23: expected true or false"),
            ("settings: {seed: two}\n", "4:18: expected a whole number from 0 on"),
            ("settings: {data: {maxBytes: -1}}\n", "4:29: expected a whole number from 0 on"),
            ("settings: {clock: {scale: fast}}\n", "4:27: expected a number"),
            (
                "settings: {quotas: {vpcs: -1}}\n",
                "4:27: `-1` is no limit: a number from 0 on, or `unlimited`",
            ),
            (
                "settings: {account: 123456789012}\n",
                "4:21: `123456789012` is no account: twelve digits in quotes",
            ),
            (
                "steps: [{call: s3.CreateBucket, with: {Bucket: ${x}}}]\n",
                "4:49: while parsing a flow mapping, did not find expected ',' or '}'; within {} and [] a text with \
                 `${..}` in it has to be in quotes",
            ),
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
