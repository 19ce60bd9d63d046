//! What is wrong with the settings of a scenario.

use super::super::file::{Mode, Settings};
use super::super::problem::instead_of;
use super::Checker;
use crate::aws::timestamp;
use crate::kernel::AccountId;
use crate::model::{Quotas, RuleMode};
use crate::rules;
use crate::scenario::supply;

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
            if let Err(message) = supply::offering(family, zones.value.iter().map(String::as_str)) {
                self.tell(zones.referenced, message);
            }
        }
        for (name, zones) in &settings.capacity {
            let given: Vec<_> =
                zones.value.iter().map(|(zone, most)| (zone.as_str(), most.to_string())).collect();
            let given = given.iter().map(|(zone, most)| (*zone, most.as_str()));
            if let Err(message) = supply::capacity(name, given) {
                self.tell(zones.referenced, message);
            }
        }
        for (name, limit) in &settings.quotas {
            if let Err(message) = supply::quota(name) {
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
