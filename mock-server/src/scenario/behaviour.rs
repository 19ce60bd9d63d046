//! Behaviours of containers as files, scenarios and the control API declare them.
//!
//! Closed, as scenarios are: what is not known here is an error with its place and the nearest name.

use super::invocation::{self, Reacts};
use super::problem::{Flaw, Problem, instead_of};
use super::service_failure::Fails;
use super::span::Span;
use super::spot::Spot;
use super::{file, reader};
use crate::model::endpoint_service;
use crate::model::region::REGIONS;
use crate::model::{Behaviour, Behaviours, Connection, JobKind, Remote, Repository, Wildcard};
use schemars::JsonSchema;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A file of behaviours, in order: the first that is for a job is that job's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    behaviours: Spanned<Vec<Spanned<Declared>>>,
}

/// One behaviour.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(rename = "Behaviour")]
pub struct Declared {
    /// What images it is for; `*` stands for any characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What names of jobs and endpoints it is for; `*` stands for any characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Values>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "exit_code")]
    pub exit_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connects: Vec<Connects>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes: Option<Size>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<Span>,
    /// What becomes of the spot instances that it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invocations: Vec<Reacts>,
    /// The service fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_failure: Option<Fails>,
}

/// A byte, as systems tell of processes.
fn exit_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let wrong = |code| de::Error::custom(format_args!("`{code}` is no exit code: 0 to 255"));
    let code = Option::<i64>::deserialize(deserializer)?;
    code.map(|code| u8::try_from(code).map_err(|_| wrong(code))).transpose()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Training,
    Processing,
    Transform,
    Hosting,
    Compilation,
    Notebook,
    Cluster,
}

impl Kind {
    fn of(kind: JobKind) -> Self {
        match kind {
            JobKind::Training => Kind::Training,
            JobKind::Processing => Kind::Processing,
            JobKind::Transform => Kind::Transform,
            JobKind::Hosting => Kind::Hosting,
            JobKind::Compilation => Kind::Compilation,
            JobKind::Notebook => Kind::Notebook,
            JobKind::Cluster => Kind::Cluster,
        }
    }

    fn job_kind(self) -> JobKind {
        match self {
            Kind::Training => JobKind::Training,
            Kind::Processing => JobKind::Processing,
            Kind::Transform => JobKind::Transform,
            Kind::Hosting => JobKind::Hosting,
            Kind::Compilation => JobKind::Compilation,
            Kind::Notebook => JobKind::Notebook,
            Kind::Cluster => JobKind::Cluster,
        }
    }
}

/// A value, or all that come one after the other.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a metric has a number, or a list of numbers")]
pub enum Values {
    One(f64),
    Many(Vec<f64>),
}

impl Values {
    fn all(&self) -> &[f64] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        }
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Connects {
    /// `HOST:PORT`, `service:NAME` or `repository:NAME`.
    pub to: To,
    #[serde(default, skip_serializing_if = "OnFailure::is_fail")]
    pub on_failure: OnFailure,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// The container gives up.
    #[default]
    Fail,
    /// It says so in its log and goes on.
    Log,
    /// It waits for an answer until the job's time limit stops it.
    Hang,
}

impl OnFailure {
    fn is_fail(&self) -> bool {
        *self == OnFailure::Fail
    }
}

/// A number of bytes: `1500`, `10KB`, `2GiB`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size(u64);

impl Size {
    fn parse(text: &str) -> Option<Self> {
        const UNITS: [(&str, u64); 10] = [
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("TiB", 1 << 40),
            ("KB", 1_000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("TB", 1_000_000_000_000),
            ("B", 1),
            ("", 1),
        ];
        let (digits, unit) =
            UNITS.iter().find_map(|(name, unit)| text.strip_suffix(name).map(|digits| (digits, *unit)))?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse::<u64>().ok()?.checked_mul(unit).map(Self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, such as 1500, 10KB or 2GiB")
            }
            fn visit_u64<E>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }
            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                u64::try_from(bytes).map(Size).map_err(|_| E::custom(format_args!("`{bytes}` is no size")))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                let wrong =
                    || E::custom(format_args!("`{text}` is no size: write it like 1500, 10KB, 5MB or 2GiB"));
                Size::parse(text).ok_or_else(wrong)
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

/// Whom to connect to. One with a template in it is read when that is filled in.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(transparent)]
pub struct To(String);

impl<'de> Deserialize<'de> for To {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.contains("${") {
            remote(&text).map_err(de::Error::custom)?;
        }
        Ok(Self(text))
    }
}

fn remote(text: &str) -> Result<Remote, String> {
    let wrong = || {
        format!(
            "`{text}` is nobody to connect to: write it like HOST:PORT, service:sts or repository:amazonlinux2"
        )
    };
    match text.split_once(':').ok_or_else(wrong)? {
        ("service", name) => {
            // By the same table as endpoints; whether a region has the service is for the job's region to say.
            static NAMES: std::sync::LazyLock<BTreeSet<String>> = std::sync::LazyLock::new(|| {
                let all = REGIONS.iter().flat_map(|region| {
                    endpoint_service::services(region.name)
                        .iter()
                        .filter_map(move |service| short_name(&service.name, region.name))
                });
                all.collect()
            });
            match NAMES.contains(name) {
                true => Ok(Remote::Service(name.into())),
                false => {
                    let hint = instead_of(name, NAMES.iter().map(String::as_str));
                    Err(format!("no service is named `{name}`{hint}"))
                }
            }
        }
        ("repository", name) => {
            let known = Repository::ALL.into_iter().find(|repository| repository.name() == name);
            known.map(Remote::Repository).ok_or_else(|| {
                let hint = instead_of(name, Repository::ALL.map(Repository::name));
                format!("no repository is named `{name}`{hint}")
            })
        }
        (host, port) => {
            let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
            let label = |label: &str| {
                !label.is_empty()
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            let is_host = host.len() <= 253 && host.split('.').all(label);
            if is_host { Ok(Remote::Host(host.into(), port)) } else { Err(wrong()) }
        }
    }
}

/// `sagemaker.api` of `com.amazonaws.us-east-1.sagemaker.api`.
fn short_name(service: &str, region: &str) -> Option<String> {
    let (_, name) = service.split_once(&format!(".amazonaws.{region}."))?;
    Some(name.to_owned())
}

impl Declared {
    /// As it is declared over the wire; templates stay as they are.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn behaviour(&self) -> Result<Behaviour, Flaw> {
        let sessions = || self.of_invocations(|reacts| reacts.sessions(|_| true));
        if let Some(flaw) = self.problem().or_else(sessions) {
            return Err(flaw);
        }
        let connection = |one: &Connects| {
            let (optional, waits) = (one.on_failure == OnFailure::Log, one.on_failure == OnFailure::Hang);
            Ok(Connection { to: remote(&one.to.0)?, optional, waits })
        };
        let connects = self.connects.iter().map(connection).collect::<Result<_, String>>();
        let wildcard = |text: &Option<String>| text.as_deref().map(Wildcard::new);
        Ok(Behaviour {
            image: wildcard(&self.image),
            job: wildcard(&self.job),
            kinds: self.kinds.iter().map(|kind| kind.job_kind()).collect(),
            duration: self.duration.map(|span| span.0),
            log: self.log.clone(),
            metrics: self
                .metrics
                .iter()
                .map(|(name, values)| (name.clone(), values.all().to_vec()))
                .collect(),
            // Whoever leaves word of a failure has failed.
            exit_code: self.exit_code.unwrap_or(u8::from(self.failure.is_some())),
            failure: self.failure.clone().unwrap_or_default(),
            connects: connects.map_err(|message| Flaw::new("connects", message))?,
            reads: self.reads.map(|size| size.0),
            writes: self.writes.map(|size| size.0),
            files: self.files.iter().map(|(name, size)| (name.clone(), size.0)).collect(),
            checkpoint_every: self.checkpoint_every.map(|span| span.0),
            spot: self.spot.as_ref().map(Spot::market).unwrap_or_default(),
            invocations: self.invocations.iter().map(Reacts::reaction).collect(),
            service_failure: self.service_failure.as_ref().map(Fails::failure),
        })
    }
}

/// The texts in a declared behaviour that may have templates in them: all but its keys.
pub fn texts(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter_mut().flat_map(texts).collect(),
        Value::Object(all) => all.values_mut().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

impl From<&Behaviour> for Declared {
    fn from(behaviour: &Behaviour) -> Self {
        let text = |wildcard: &Option<Wildcard>| wildcard.as_ref().map(|wildcard| wildcard.text().to_owned());
        let connects = behaviour.connects.iter().map(|connection| Connects {
            to: To(connection.to.to_string()),
            on_failure: match (connection.optional, connection.waits) {
                (true, _) => OnFailure::Log,
                (false, true) => OnFailure::Hang,
                (false, false) => OnFailure::Fail,
            },
        });
        let values = |values: &[f64]| match values {
            [value] => Values::One(*value),
            values => Values::Many(values.to_vec()),
        };
        Self {
            image: text(&behaviour.image),
            job: text(&behaviour.job),
            kinds: behaviour.kinds.iter().map(|kind| Kind::of(*kind)).collect(),
            duration: behaviour.duration.map(Span),
            log: behaviour.log.clone(),
            metrics: behaviour.metrics.iter().map(|(name, all)| (name.clone(), values(all))).collect(),
            exit_code: (behaviour.exit_code != 0).then_some(behaviour.exit_code),
            failure: (!behaviour.failure.is_empty()).then(|| behaviour.failure.clone()),
            connects: connects.collect(),
            reads: behaviour.reads.map(Size),
            writes: behaviour.writes.map(Size),
            files: behaviour.files.iter().map(|(name, bytes)| (name.clone(), Size(*bytes))).collect(),
            checkpoint_every: behaviour.checkpoint_every.map(Span),
            spot: Spot::of(&behaviour.spot),
            invocations: behaviour.invocations.iter().map(invocation::told).collect(),
            service_failure: behaviour.service_failure.as_ref().map(Fails::told),
        }
    }
}

/// Reads `behaviours: [...]`; YAML, which JSON is too.
///
/// # Errors
/// The first thing that does not fit the format, or everything that does and makes no sense.
pub fn parse(text: &str) -> Result<Vec<Behaviour>, Vec<Problem>> {
    let File { behaviours } = file::read(text).map_err(|problem| vec![problem])?;
    if behaviours.value.len() > Behaviours::MOST {
        let message = format!("more than {} behaviours", Behaviours::MOST);
        return Err(vec![Problem::new(behaviours.referenced, message)]);
    }
    let mut problems = Vec::new();
    let mut all = Vec::new();
    for declared in &behaviours.value {
        match declared.value.behaviour() {
            Ok(behaviour) => all.push(behaviour),
            Err(flaw) => problems.push(Problem::with(declared.referenced, flaw)),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(reader::located(text, problems)) }
}

mod check;
#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ALL: &str = r#"
behaviours:
- image: "*/pip:*"
  job: nightly-*
  kinds: [training, hosting]
  duration: 1h30m
  log: ["{host} of {job}"]
  metrics: {loss: [2, 1.5], "validation:accuracy": 0.9}
  exitCode: 3
  failure: "ValueError: x"
  connects:
  - to: packages.example.com:443
  - {to: service:sagemaker.api, onFailure: log}
  - {to: "repository:amazonlinux2", onFailure: fail}
  - {to: service:sts, onFailure: hang}
  reads: 10GB
  writes: 1500
  files: {a/b.bin: 2KiB}
- {}
"#;

    #[test]
    fn what_is_declared_is_read_and_told_again() {
        let all = parse(ALL).unwrap();
        let one = &all[0];
        assert_eq!(one.kinds, [JobKind::Training, JobKind::Hosting]);
        assert_eq!(one.duration, Some(Duration::from_secs(5_400)));
        let metrics = [("loss".to_owned(), vec![2.0, 1.5]), ("validation:accuracy".to_owned(), vec![0.9])];
        assert_eq!(one.metrics, metrics);
        assert_eq!((one.exit_code, one.failure.as_str()), (3, "ValueError: x"));
        let to: Vec<_> =
            one.connects.iter().map(|each| (each.to.to_string(), each.optional, each.waits)).collect();
        let expected = [
            ("packages.example.com:443", false, false),
            ("service:sagemaker.api", true, false),
            ("repository:amazonlinux2", false, false),
            ("service:sts", false, true),
        ];
        assert_eq!(to, expected.map(|(to, optional, waits)| (to.to_owned(), optional, waits)));
        assert_eq!((one.reads, one.writes), (Some(10_000_000_000), Some(1_500)));
        assert_eq!(one.files, [("a/b.bin".to_owned(), 2_048)]);
        assert_eq!(all[1], Behaviour::default());
        let told: Vec<_> = all.iter().map(Declared::from).collect();
        let told = serde_json::json!({ "behaviours": told }).to_string();
        assert_eq!(parse(&told).unwrap(), all, "{told}");
    }

    #[test]
    fn who_leaves_word_of_a_failure_has_failed() {
        let code = |text: &str| parse(&format!("behaviours: [{text}]")).unwrap()[0].exit_code;
        assert_eq!((code("{failure: x}"), code("{failure: x, exitCode: 7}"), code("{}")), (1, 7, 0));
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place_and_the_nearest_name() {
        for (text, expected) in [
            ("behaviors: []", "1:1: unknown key `behaviors`; did you mean `behaviours`?"),
            ("behaviours:\n- imag: x", "2:3: unknown key `imag`; did you mean `image`?"),
            ("behaviours:\n- kinds: [trainig]", "2:11: unknown value `trainig`; did you mean `training`?"),
            (
                "behaviours:\n- connects: [{to: 'a:1', onFail: log}]",
                "2:26: unknown key `onFail`; known are onFailure, to",
            ),
            (
                "behaviours:\n- {exitCode: 0, failure: x}",
                "2:14: a container that exits with 0 has not failed: `failure` needs another `exitCode`",
            ),
            (
                "behaviours:\n- {kinds: [compilation], image: x}",
                "2:33: a compilation job has no image: say which by `job`",
            ),
            ("{}", "1:1: `behaviours` is missing"),
        ] {
            let problems = parse(text).unwrap_err();
            assert_eq!(problems[0].to_string(), expected, "{text}");
        }
        for (behaviour, part) in [
            ("{duration: soon}", "`soon` is no stretch of time"),
            ("{writes: 3 bytes}", "`3 bytes` is no size"),
            ("{writes: -3}", "no size"),
            ("{writes: 99999999999TB}", "no size"),
            ("{exitCode: 256}", "`256` is no exit code: 0 to 255"),
            ("{exitCode: -1}", "`-1` is no exit code: 0 to 255"),
            ("{metrics: {a: b}}", "a number, or a list of numbers"),
            ("{metrics: {a: []}}", "finite numbers"),
            ("{metrics: {a: .nan}}", "non-finite"),
            ("{connects: [{to: example.com}]}", "is nobody to connect to"),
            ("{connects: [{to: 'example.com:0'}]}", "is nobody to connect to"),
            ("{connects: [{to: 'exa mple.com:1'}]}", "is nobody to connect to"),
            ("{connects: [{to: 'service:stss'}]}", "no service is named `stss`; did you mean `sts`?"),
            ("{connects: [{to: 'repository:debian'}]}", "known are amazonlinux, amazonlinux2"),
            ("{connects: [{to: '${vars.x}:443'}]}", "is nobody to connect to"),
            ("{kinds: [compilation], connects: [{to: 'a:1'}]}", "no container of yours"),
            ("{files: {../x: 1}}", "is no name of a file"),
        ] {
            let problems = parse(&format!("behaviours: [{behaviour}]")).unwrap_err();
            let told = problems[0].to_string();
            assert!(told.contains(part) && told.starts_with("1:"), "{behaviour}: {told}");
        }
        let several = parse("behaviours: [{files: {'': 1}}, {metrics: {a: []}}]").unwrap_err();
        assert_eq!(several.len(), 2);
    }
}
