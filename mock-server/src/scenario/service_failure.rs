//! Failures of the service itself, as they are declared.

use super::behaviour::Kind;
use super::problem::Flaw;
use super::span::Span;
use crate::model::Phase;
use crate::model::behaviour::{Cause, ServiceFailure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A job or an endpoint fails, whatever its containers do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fails {
    pub at: At,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<DeclaredCause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
}

/// The part of a life in which something fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum At {
    Starting,
    Downloading,
    Running,
    Uploading,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeclaredCause {
    Internal,
    Image,
}

/// What of an endpoint fails: its creation, or its updates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum On {
    Create,
    Update,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Rollback {
    Fails,
}

/// Source: service model, FailureReason.
const LONGEST_REASON: usize = 1_024;

impl Fails {
    /// What makes no sense for these kinds.
    pub fn problem(&self, kinds: &[Kind]) -> Option<Flaw> {
        let only = |all: &[Kind]| !kinds.is_empty() && kinds.iter().all(|kind| all.contains(kind));
        let lasting = kinds.contains(&Kind::Hosting) || kinds.contains(&Kind::Notebook);
        let of_endpoints =
            self.cause == Some(DeclaredCause::Image) || self.on.is_some() || self.rollback.is_some();
        let reason = self.reason.as_ref().map_or(1, |reason| reason.chars().count());
        let (way, told) = match () {
            () if kinds.contains(&Kind::Cluster) => {
                ("", "a cluster fails by its scripts: say its `exitCode`")
            }
            () if self.reason.is_some() && self.cause.is_some() => {
                ("", "`serviceFailure` has a `reason` or a `cause`, not both")
            }
            () if !(1..=LONGEST_REASON).contains(&reason) => {
                ("reason", "the `reason` of a `serviceFailure` has 1 to 1024 characters")
            }
            () if of_endpoints && !only(&[Kind::Hosting]) => {
                ("", "`cause: image`, `on` and `rollback` are for endpoints: say `kinds: [hosting]`")
            }
            () if self.rollback.is_some() && self.on == Some(On::Create) => {
                ("rollback", "an endpoint that cannot be created is not rolled back")
            }
            () if self.at == At::Uploading && lasting => {
                ("at", "neither endpoints nor notebook instances upload anything")
            }
            () if self.at != At::Starting && kinds.contains(&Kind::Notebook) => {
                ("at", "a notebook instance can fail while it is `starting`; else its scripts fail")
            }
            () => return None,
        };
        Some(Flaw::new(way, told))
    }

    pub fn failure(&self) -> ServiceFailure {
        ServiceFailure {
            at: match self.at {
                At::Starting => Phase::Start,
                At::Downloading => Phase::Input,
                At::Running => Phase::Run,
                At::Uploading => Phase::Output,
            },
            cause: match (&self.reason, self.cause) {
                (Some(reason), _) => Cause::Said(reason.clone()),
                (None, Some(DeclaredCause::Image)) => Cause::Image,
                (None, _) => Cause::Internal,
            },
            after: self.after.map(|span| span.0),
            updates: self.on.map(|on| on == On::Update),
            rollback_fails: self.rollback.is_some(),
        }
    }

    pub fn told(failure: &ServiceFailure) -> Self {
        let (reason, cause) = match &failure.cause {
            Cause::Said(reason) => (Some(reason.clone()), None),
            Cause::Image => (None, Some(DeclaredCause::Image)),
            Cause::Internal => (None, None),
        };
        Self {
            at: match failure.at {
                Phase::Input => At::Downloading,
                Phase::Run => At::Running,
                Phase::Output => At::Uploading,
                Phase::Create | Phase::Place | Phase::Start => At::Starting,
            },
            reason,
            cause,
            after: failure.after.map(Span),
            on: failure.updates.map(|updates| if updates { On::Update } else { On::Create }),
            rollback: failure.rollback_fails.then_some(Rollback::Fails),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::behaviour::{Declared, parse};

    fn one(text: &str) -> String {
        format!("behaviours: [{{{text}}}]")
    }

    #[test]
    fn what_is_declared_is_told_again() {
        for text in [
            "serviceFailure: {at: starting}",
            "serviceFailure: {at: downloading, after: 5m}",
            "serviceFailure: {at: running, reason: 'InternalServerError: no.'}, kinds: [training, compilation]",
            "serviceFailure: {at: uploading}, job: 'x*'",
            "serviceFailure: {at: starting, cause: image, on: create, after: 1h}, kinds: [hosting]",
            "serviceFailure: {at: running, on: update, rollback: fails}, kinds: [hosting]",
            "serviceFailure: {at: starting}, kinds: [notebook]",
        ] {
            let all = parse(&one(text)).unwrap();
            let told: Vec<_> = all.iter().map(Declared::from).collect();
            let told = serde_json::json!({ "behaviours": told }).to_string();
            assert_eq!(parse(&told).unwrap(), all, "{told}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (text, problem) in [
            ("serviceFailure: {at: starting, reason: x, cause: internal}", "not both"),
            ("serviceFailure: {at: starting, reason: ''}", "1 to 1024"),
            ("serviceFailure: {at: starting, cause: image}", "kinds: [hosting]"),
            ("serviceFailure: {at: starting, on: update}, kinds: [training]", "kinds: [hosting]"),
            (
                "serviceFailure: {at: starting, on: create, rollback: fails}, kinds: [hosting]",
                "not rolled back",
            ),
            ("serviceFailure: {at: uploading}, kinds: [hosting]", "upload"),
            ("serviceFailure: {at: running}, kinds: [notebook]", "scripts"),
            ("serviceFailure: {at: staring}", "did you mean `starting`?"),
            ("serviceFailure: {}", "at"),
            ("serviceFailure: {at: starting, wen: x}", "unknown key `wen`"),
        ] {
            let problems = parse(&one(text)).unwrap_err();
            assert!(problems[0].to_string().contains(problem), "{text}: {}", problems[0]);
        }
    }
}
