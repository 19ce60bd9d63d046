//! What is wrong with the settings of a scenario.

use super::super::file::{Mode, Settings};
use super::super::problem::instead_of;
use super::Checker;
use crate::aws::{ServiceId, ServiceModel, timestamp};
use crate::kernel::AccountId;
use crate::model::{Capacities, InstanceUse, Offerings, Quotas, RuleMode};
use crate::rules;
use std::collections::BTreeSet;

impl Checker {
    pub(super) fn settings(&mut self, settings: &Settings) {
        if let Some(account) = &settings.account
            && AccountId::parse(&account.value).is_none()
        {
            self.tell(account.referenced, format!("`{}` is no account: twelve digits", account.value));
        }
        if let Some(region) = &settings.region
            && !is_region(&region.value)
        {
            self.tell(region.referenced, format!("`{}` is no region", region.value));
        }
        for (id, mode) in &settings.rules {
            if rules::get(id).is_none() {
                let known = rules::all().map(|info| info.id);
                self.tell(mode.referenced, format!("`{id}` is no rule{}", instead_of(id, known)));
            }
            if RuleMode::parse(&mode.value).is_none() {
                let message = format!("`{}` is none of enforce, warn, off", mode.value);
                self.tell(mode.referenced, message);
            }
        }
        for (family, zones) in &settings.not_offered {
            if let Err(message) = Offerings::parse(family, zones.value.iter().map(String::as_str))
                .map(drop)
                .and_then(|()| self::family(family))
            {
                self.tell(zones.referenced, message);
            }
        }
        for (name, zones) in &settings.capacity {
            let given: Vec<_> =
                zones.value.iter().map(|(zone, most)| (zone.as_str(), most.to_string())).collect();
            let given = given.iter().map(|(zone, most)| (*zone, most.as_str()));
            let known = Capacities::parse(name, given).map(drop).and_then(|()| instance_type(name));
            if let Err(message) = known {
                self.tell(zones.referenced, message);
            }
        }
        for (name, limit) in &settings.quotas {
            if let Err(message) = quota(name) {
                self.tell(limit.referenced, message);
            }
            if Quotas::parse_limit(&limit.value.to_string()).is_none() {
                let message = format!("`{}` is no limit: a number, or `unlimited`", limit.value);
                self.tell(limit.referenced, message);
            }
        }
        let clock = &settings.clock;
        if let Some(start) = &clock.start
            && timestamp::parse(&start.value).is_none()
        {
            let message = format!("`{}` is no time: write it like 2026-01-05T09:00:00Z", start.value);
            self.tell(start.referenced, message);
        }
        match (&clock.scale, clock.mode) {
            (Some(scale), Mode::Scaled) if scale.value > 0.0 && scale.value <= 1e6 => {}
            (Some(scale), Mode::Scaled) => {
                self.tell(scale.referenced, "`scale` has to be above 0, and 1000000 at most")
            }
            (Some(scale), _) => self.tell(scale.referenced, "only the clock mode `scaled` has a `scale`"),
            (None, _) => {}
        }
    }
}

/// Every instance type that SageMaker's operations take.
fn instance_types() -> BTreeSet<&'static str> {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let words = model.shapes().iter().flat_map(|shape| model.enum_values(shape));
    words.copied().filter(|word| word.starts_with("ml.") && word.matches('.').count() == 2).collect()
}

fn instance_type(name: &str) -> Result<(), String> {
    let known = instance_types();
    if known.contains(name) {
        return Ok(());
    }
    Err(format!("SageMaker has no instance type `{name}`{}", instead_of(name, known)))
}

fn family(name: &str) -> Result<(), String> {
    let of = |each: &'static str| each.rsplit_once('.').map_or(each, |(family, _)| family);
    let known: BTreeSet<_> = instance_types().into_iter().map(of).collect();
    if known.contains(name) {
        return Ok(());
    }
    Err(format!("SageMaker has no family of instance types `{name}`{}", instead_of(name, known)))
}

fn quota(name: &str) -> Result<(), String> {
    let set = Quotas::default().set(name, 0);
    match (name.split_once(" for "), set) {
        (Some((of, _)), Ok(())) if of.starts_with("ml.") => instance_type(of),
        (_, Ok(())) => Ok(()),
        (typed, Err(message)) => {
            let named = Quotas::default().all().into_iter().map(|(name, _)| name);
            let uses = InstanceUse::ALL.into_iter().filter_map(|each| Some(each.of_type(typed?.0)));
            let known: Vec<_> = named.chain(uses).collect();
            Err(match instead_of(name, known.iter().map(String::as_str)) {
                hint if hint.is_empty() => message,
                hint => format!("`{name}` is no quota{hint}"),
            })
        }
    }
}

/// Words, dashes and a number, as in `us-gov-west-1`; which regions there are is for the target to know.
fn is_region(text: &str) -> bool {
    let mut words = text.split('-').rev();
    let number =
        words.next().is_some_and(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()));
    let words: Vec<_> = words.collect();
    number
        && words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}
