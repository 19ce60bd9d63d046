//! Faults as files, scenarios and the control API declare them.
//!
//! Closed, as scenarios are: what is not known here is an error with its place and the nearest name.

use super::problem::{Flaw, Place, Problem};
use super::span::Span;
use super::{file, reader};
use crate::aws::timestamp;
use crate::kernel::SimTime;
use crate::model::{DeclaredFault, Ending, FaultEffect, FaultScope, Faults, Rate, Wildcard, Window};
use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::sync::Arc;
use std::time::Duration;

/// A file of faults, in the order in which they are asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    faults: Spanned<Vec<Spanned<Declared>>>,
}

/// One fault.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Fault")]
pub struct Declared {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Match::is_empty")]
    pub r#match: Match,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<DeclaredWindow>,
    pub effect: Effect,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde wants it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What it is for; `*` stands for any characters.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Match {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// JMESPath over the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#where: Option<String>,
}

impl Match {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// When: moments of the account's time, or spans from the declaration on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DeclaredWindow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#for: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    At(SimTime),
    After(Span),
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Moment::At(time) => serializer.serialize_str(&timestamp::iso8601(time.millis())),
            Moment::After(span) => span.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = || timestamp::parse(&text).map(|ms| Moment::At(SimTime::from_millis(ms)));
        Span::parse(&text).map(Moment::After).or_else(time).ok_or_else(|| {
            de::Error::custom(format_args!(
                "`{text}` is no moment: write it like 2026-01-05T09:00:00Z, or like 5m from the declaration on"
            ))
        })
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Effect {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// Up to so much more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<DeclaredError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<Dropped>,
    /// Bytes of the body that arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    #[serde(skip_serializing_if = "is_false")]
    pub expired_credentials: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub outage: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_interfaces: Option<Keep>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde wants it")]
fn is_false(truth: &bool) -> bool {
    !truth
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeclaredError {
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Dropped {
    /// Nothing is done.
    Request,
    /// It is done.
    Answer,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "`throttle` is `aws`, or has `burst` and `perSecond`")]
pub enum Throttle {
    Documented(Documented),
    Rate(Tokens),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Documented {
    Aws,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Tokens {
    pub burst: u64,
    pub per_second: f64,
}

/// `forever`, or for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keep(pub Option<Duration>);

const FOREVER: &str = "forever";

impl Serialize for Keep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_str(FOREVER),
            Some(span) => Span(span).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = || Span::parse(&text).map(|span| Some(span.0));
        let kept = if text == FOREVER { Some(None) } else { span() };
        kept.map(Keep).ok_or_else(|| {
            de::Error::custom(format_args!("`{text}` is no stretch of time: write it like 15m, or `forever`"))
        })
    }
}

impl Declared {
    /// As it is declared over the wire; templates stay as they are.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The fault, declared at this time. `None`: before there is an account whose time could be counted from.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fault(&self, now: Option<SimTime>) -> Result<DeclaredFault, String> {
        if let Some(flaw) = self.problem() {
            return Err(flaw.message);
        }
        let moment = |moment: Option<Moment>| match moment {
            None => Ok(None),
            Some(Moment::At(time)) => Ok(Some(time)),
            Some(Moment::After(span)) => after(now, span).map(Some),
        };
        let window = self.window.clone().unwrap_or_default();
        let from = moment(window.from)?;
        let until = match (window.r#for, from) {
            (None, _) => moment(window.until)?,
            (Some(span), Some(from)) => Some(from + span.0),
            (Some(span), None) => Some(after(now, span)?),
        };
        if from.or(now).zip(until).is_some_and(|(from, until)| until <= from) {
            return Err(check::NEVER_OPEN.into());
        }
        let scope = &self.r#match;
        let wildcard = |text: &Option<String>| text.as_deref().map(Wildcard::new);
        let scope = FaultScope {
            service: wildcard(&scope.service),
            operation: wildcard(&scope.operation),
            resource: wildcard(&scope.resource),
            principal: wildcard(&scope.principal),
            region: wildcard(&scope.region),
            condition: scope.r#where.as_deref().map(Arc::from),
        };
        Ok(DeclaredFault {
            skip: self.skip,
            times: self.times,
            probability: self.probability.unwrap_or(1.0),
            window: Window { from, until },
            ..DeclaredFault::new(self.id.as_deref().unwrap_or_default(), scope, self.effect.effect())
        })
    }
}

fn after(now: Option<SimTime>, span: Span) -> Result<SimTime, String> {
    let now = now.ok_or("a fault that accounts begin with has no moment to count from: write a time");
    Ok(now? + span.0)
}

impl Effect {
    fn effect(&self) -> FaultEffect {
        if self.outage {
            return FaultEffect::Outage;
        }
        if let Some(Keep(span)) = self.keep_interfaces {
            return FaultEffect::KeepInterfaces(span);
        }
        let ending = if let Some(DeclaredError { code, message, status }) = &self.error {
            let message = message.as_deref().map(Arc::from);
            Ending::Error { code: code.as_str().into(), message, status: *status }
        } else if let Some(dropped) = self.drop {
            match dropped {
                Dropped::Request => Ending::RequestLost,
                Dropped::Answer => Ending::AnswerLost,
            }
        } else if let Some(bytes) = self.truncate {
            Ending::Truncated(bytes)
        } else if let Some(throttle) = self.throttle {
            Ending::Throttled(throttle.rate())
        } else if self.expired_credentials {
            Ending::Expired
        } else {
            Ending::Served
        };
        let [delay, jitter] =
            [self.delay, self.jitter].map(|span| span.map_or(Duration::ZERO, |span| span.0));
        FaultEffect::Request { delay, jitter, ending }
    }
}

impl Throttle {
    fn rate(self) -> Rate {
        match self {
            Throttle::Documented(Documented::Aws) => Rate::Aws,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the bounds were checked"
            )]
            Throttle::Rate(Tokens { burst, per_second }) => {
                Rate::Bucket { burst, milli_per_second: (per_second * 1_000.0).round() as u64 }
            }
        }
    }
}

impl From<&DeclaredFault> for Declared {
    fn from(fault: &DeclaredFault) -> Self {
        let text = |wildcard: &Option<Wildcard>| wildcard.as_ref().map(|wildcard| wildcard.text().to_owned());
        let scope = &fault.scope;
        let Window { from, until } = fault.window;
        let window = DeclaredWindow { from: from.map(Moment::At), until: until.map(Moment::At), r#for: None };
        let mut effect = Effect::default();
        match &fault.effect {
            FaultEffect::Outage => effect.outage = true,
            FaultEffect::KeepInterfaces(span) => effect.keep_interfaces = Some(Keep(*span)),
            FaultEffect::Request { delay, jitter, ending } => {
                let span = |span: Duration| (!span.is_zero()).then_some(Span(span));
                (effect.delay, effect.jitter) = (span(*delay), span(*jitter));
                match ending {
                    Ending::Served => effect.delay = Some(Span(*delay)),
                    Ending::Error { code, message, status } => {
                        let message = message.as_ref().map(ToString::to_string);
                        let error = DeclaredError { code: code.to_string(), message, status: *status };
                        effect.error = Some(error);
                    }
                    Ending::RequestLost => effect.drop = Some(Dropped::Request),
                    Ending::AnswerLost => effect.drop = Some(Dropped::Answer),
                    Ending::Truncated(bytes) => effect.truncate = Some(*bytes),
                    Ending::Throttled(Rate::Aws) => {
                        effect.throttle = Some(Throttle::Documented(Documented::Aws));
                    }
                    #[expect(clippy::cast_precision_loss, reason = "the bounds are far below")]
                    Ending::Throttled(Rate::Bucket { burst, milli_per_second }) => {
                        let per_second = *milli_per_second as f64 / 1_000.0;
                        effect.throttle = Some(Throttle::Rate(Tokens { burst: *burst, per_second }));
                    }
                    Ending::Expired => effect.expired_credentials = true,
                }
            }
        }
        Self {
            id: Some(fault.id.to_string()),
            r#match: Match {
                service: text(&scope.service),
                operation: text(&scope.operation),
                resource: text(&scope.resource),
                principal: text(&scope.principal),
                region: text(&scope.region),
                r#where: scope.condition.as_ref().map(ToString::to_string),
            },
            skip: fault.skip,
            times: fault.times,
            probability: (fault.probability < 1.0).then_some(fault.probability),
            window: (window != DeclaredWindow::default()).then_some(window),
            effect,
        }
    }
}

fn is_filled_later(text: &str) -> bool {
    text.contains("${")
}

/// Reads a document of faults, in YAML or JSON.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn parse(text: &str) -> Result<Vec<Declared>, Vec<Problem>> {
    Ok(placed(text)?.into_iter().map(|declared| declared.value).collect())
}

/// The same, each with its place.
fn placed(text: &str) -> Result<Vec<Spanned<Declared>>, Vec<Problem>> {
    let file: File = file::read(text).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    for (number, declared) in file.faults.value.iter().enumerate() {
        let place = Place::from(declared.referenced);
        problems.extend(declared.value.problem().map(|flaw| Problem::with(place, flaw)));
        let id = declared.value.id.as_deref();
        let same = |other: &Spanned<Declared>| id.is_some() && other.value.id.as_deref() == id;
        if let (Some(id), true) = (id, file.faults.value.iter().take(number).any(same)) {
            problems.push(Problem::with(place, Flaw::new("id", format!("another fault has the id `{id}`"))));
        }
    }
    if file.faults.value.len() > Faults::MOST {
        let message = format!("an account has {} faults at most", Faults::MOST);
        problems.push(Problem::new(file.faults.referenced, message));
    }
    if problems.is_empty() { Ok(file.faults.value) } else { Err(reader::located(text, problems)) }
}

/// The faults that accounts begin with.
///
/// # Errors
/// Everything that is wrong with the document, each with its place where one is known.
pub fn parse_defaults(text: &str) -> Result<Faults, Vec<Problem>> {
    let mut faults = Faults::default();
    for Spanned { value: declared, referenced, .. } in placed(text)? {
        let declared = declared.fault(None).and_then(|fault| faults.declare(fault));
        declared.map_err(|message| vec![Problem::new(referenced, message)])?;
    }
    Ok(faults)
}

mod check;
#[cfg(test)]
mod tests;
