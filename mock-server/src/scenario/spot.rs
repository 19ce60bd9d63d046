//! What becomes of spot instances, as behaviours declare it.

use super::span::Span;
use crate::model::{SpotMarket, Wait};
use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

/// The spot market that a training job's instances come from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Spot {
    /// How long the first instances are waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    launches: Option<Delay>,
    /// How long each attempt runs before it is interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted_after: Option<Span>,
    /// How many attempts are interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    /// How long there are no instances after an interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumes: Option<Delay>,
}

/// A stretch of time, or `never`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Delay {
    For(Span),
    Never,
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Delay::For(span) => span.serialize(serializer),
            Delay::Never => serializer.serialize_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong =
            || D::Error::custom(format_args!("`{text}` is no delay: write it like 90s or 1h30m, or never"));
        if text == "never" { Ok(Delay::Never) } else { Span::parse(&text).map(Delay::For).ok_or_else(wrong) }
    }
}

impl Delay {
    fn wait(delay: Option<Self>) -> Wait {
        match delay {
            None => Wait::Usual,
            Some(Delay::For(span)) => Wait::For(span.0),
            Some(Delay::Never) => Wait::Never,
        }
    }

    fn of(wait: Wait) -> Option<Self> {
        match wait {
            Wait::Usual => None,
            Wait::For(span) => Some(Delay::For(Span(span))),
            Wait::Never => Some(Delay::Never),
        }
    }
}

impl Spot {
    const MOST_TIMES: u32 = 100;

    /// What is wrong with it beyond its form.
    pub fn problem(&self) -> Option<String> {
        let most = Self::MOST_TIMES;
        (self.times > Some(most)).then(|| format!("`spot.times` is {most} at most"))
    }

    /// Where interruptions are spoken of and not counted, there is one.
    pub fn market(&self) -> SpotMarket {
        let spoken_of = self.interrupted_after.is_some() || self.resumes.is_some();
        SpotMarket {
            launches: Delay::wait(self.launches),
            interrupted_after: self.interrupted_after.map(|span| span.0),
            times: self.times.unwrap_or(u32::from(spoken_of)),
            resumes: Delay::wait(self.resumes),
        }
    }

    pub fn of(market: &SpotMarket) -> Option<Self> {
        (*market != SpotMarket::default()).then(|| Self {
            launches: Delay::of(market.launches),
            interrupted_after: market.interrupted_after.map(Span),
            times: Some(market.times),
            resumes: Delay::of(market.resumes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::behaviour::{Declared, parse};
    use super::*;
    use std::time::Duration;

    fn market(text: &str) -> Result<SpotMarket, String> {
        let read = parse(&format!("behaviours: [{{spot: {text}}}]"));
        read.map(|mut all| all.remove(0).spot).map_err(|problems| format!("{problems:?}"))
    }

    #[test]
    fn where_interruptions_are_spoken_of_there_is_one() {
        for (text, times) in [
            ("{}", 0),
            ("{launches: never}", 0),
            ("{resumes: 5m}", 1),
            ("{interruptedAfter: 5m}", 1),
            ("{interruptedAfter: 5m, times: 0}", 0),
            ("{times: 7}", 7),
        ] {
            assert_eq!(market(text).unwrap().times, times, "{text}");
        }
        let market = market("{launches: 90s, resumes: never}").unwrap();
        assert_eq!(market.launches, Wait::For(Duration::from_secs(90)));
        assert_eq!((market.resumes, market.interrupted_after), (Wait::Never, None));
    }

    #[test]
    fn what_is_declared_is_told() {
        let text = "behaviours: [{checkpointEvery: 4m, spot: {launches: never, interruptedAfter: 90s, times: 2, resumes: 1h}}]";
        let all = parse(text).unwrap();
        let told = serde_json::to_string(&[Declared::from(&all[0])]).unwrap();
        assert_eq!(parse(&format!("{{\"behaviours\": {told}}}")).unwrap(), all);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, problem) in [
            ("{times: 101}", "100 at most"),
            ("{launches: soon}", "no delay"),
            ("{lunches: never}", "launches"),
        ] {
            let said = market(text).unwrap_err();
            assert!(said.contains(problem), "{said}");
        }
        assert!(parse("behaviours: [{kinds: [processing], spot: {times: 1}}]").is_err());
    }
}
