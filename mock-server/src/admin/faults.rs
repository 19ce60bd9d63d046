//! What goes wrong in an account because somebody declared it.

use super::{Answer, Problem, Query, Site, asked};
use crate::clock::wall;
use crate::jobs::stuck;
use crate::kernel::{Scope, SimTime};
use crate::model::{Account, DeclaredFault, Ending, FaultEffect, FaultScope, Faults, Wildcard};
use crate::net::outage;
use crate::scenario::fault::{self, Declared};
use crate::services;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

impl Site {
    /// Every fault, in the order in which they are asked, with what became of it.
    pub(super) fn faults(&self, account: Option<&str>) -> Answer {
        let account = self.settled(account)?;
        Ok(told(&account, account.read(&Scope::Global).faults.iter()))
    }

    pub(super) fn fault(&self, account: Option<&str>, id: &str) -> Answer {
        let account = self.settled(account)?;
        let global = account.read(&Scope::Global);
        global.faults.get(id).map(|fault| one(fault)).ok_or_else(|| unknown(id))
    }

    /// Declares faults after all that are there; all of them or none.
    pub(super) fn declare_faults(&self, account: Option<&str>, body: &[u8]) -> Answer {
        let text = std::str::from_utf8(body).map_err(|error| Problem::bad(error.to_string()))?;
        let new = fault::parse(text).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Problem::bad(problems.join("\n"))
        })?;
        let account = self.settled(account)?;
        let now = account.now(wall());
        let new: Result<Vec<_>, _> = new.iter().map(|declared| declared.fault(Some(now))).collect();
        let new = new.map_err(Problem::bad)?;
        change(&account, now, |faults| new.into_iter().try_for_each(|fault| faults.declare(fault)))
            .map_err(Problem::bad)?;
        Ok(told(&account, account.read(&Scope::Global).faults.iter()))
    }

    /// Forgets one fault, or all, those that the server began with too; the answer is what became of them.
    pub(super) fn clear_faults(&self, account: Option<&str>, id: Option<&str>) -> Answer {
        let account = self.settled(account)?;
        let now = account.now(wall());
        let gone: Result<_, std::convert::Infallible> =
            change(&account, now, |faults| Ok(faults.clear(|fault| id.is_none_or(|id| *fault.id == *id))));
        let Ok(gone) = gone;
        match id {
            Some(id) if gone.is_empty() => Err(unknown(id)),
            _ => Ok(told(&account, gone.iter())),
        }
    }

    fn settled(&self, account: Option<&str>) -> Result<Arc<Account>, Problem> {
        let account = self.named(account)?;
        account.settle(account.now(wall()), services::step);
        Ok(account)
    }

    // === The chaos API of LocalStack ===

    /// `/_localstack/chaos/faults` and `/_localstack/chaos/effects`. Source: LocalStack's documentation, "Chaos API".
    pub(super) fn chaos(&self, method: &str, call: &str, query: &Query, body: &[u8]) -> Option<Answer> {
        let account = query.get("account");
        Some(match (method, call) {
            ("GET", "chaos/faults") => self.chaos_rules(account),
            ("POST", "chaos/faults") => self.change_chaos(account, body, |faults, rules| {
                faults.clear(is_rule);
                add(faults, rules)
            }),
            ("PATCH", "chaos/faults") => self.change_chaos(account, body, add),
            ("DELETE", "chaos/faults") => self.change_chaos(account, body, |faults, rules| {
                faults.clear(|fault| is_rule(fault) && rules.contains(&Rule::from(fault)));
                Ok(())
            }),
            ("GET", "chaos/effects") => self.chaos_latency(account),
            ("POST", "chaos/effects") => self.change_chaos_latency(account, body),
            _ => return None,
        })
    }

    fn chaos_rules(&self, account: Option<&str>) -> Answer {
        let account = self.settled(account)?;
        let global = account.read(&Scope::Global);
        let rules = global.faults.iter().filter(|fault| is_rule(fault));
        Ok(rules.map(|fault| json!(Rule::from(&**fault))).collect())
    }

    fn change_chaos(
        &self,
        account: Option<&str>,
        body: &[u8],
        then: impl FnOnce(&mut Faults, Vec<Rule>) -> Result<(), String>,
    ) -> Answer {
        let rules: Vec<Rule> = asked(body)?;
        let settled = self.settled(account)?;
        let now = settled.now(wall());
        change(&settled, now, |faults| then(faults, rules)).map_err(Problem::bad)?;
        self.chaos_rules(account)
    }

    fn chaos_latency(&self, account: Option<&str>) -> Answer {
        let account = self.settled(account)?;
        let delay = account.read(&Scope::Global).faults.get(LATENCY).map(|fault| match fault.effect {
            FaultEffect::Request { delay, .. } => u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            FaultEffect::Outage | FaultEffect::KeepInterfaces(_) => 0,
        });
        Ok(json!({ "latency": delay.unwrap_or(0) }))
    }

    fn change_chaos_latency(&self, account: Option<&str>, body: &[u8]) -> Answer {
        const LONGEST: u64 = 600_000;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Effects {
            /// In milliseconds.
            #[serde(default)]
            latency: u64,
        }
        let Effects { latency } = asked(body)?;
        if latency > LONGEST {
            return Err(Problem::bad(format!("`latency` is {LONGEST} at most")));
        }
        let delay = Duration::from_millis(latency);
        let effect = FaultEffect::Request { delay, jitter: Duration::ZERO, ending: Ending::Served };
        let settled = self.settled(account)?;
        change(&settled, settled.now(wall()), |faults| {
            faults.clear(|fault| &*fault.id == LATENCY);
            if latency == 0 {
                return Ok(());
            }
            // Before all rules: what is refused by one of them comes as late.
            faults.declare_first(DeclaredFault::new(LATENCY, FaultScope::default(), effect))
        })
        .map_err(Problem::bad)?;
        self.chaos_latency(account)
    }
}

/// Changes the faults of an account, and then everything in its regions that they are for.
fn change<R, E>(
    account: &Account,
    now: SimTime,
    then: impl FnOnce(&mut Faults) -> Result<R, E>,
) -> Result<R, E> {
    let done = account.write(&Scope::Global, now, true, |txn| then(&mut txn.state.faults))?;
    for scope in account.scopes().into_iter().filter(|scope| *scope != Scope::Global) {
        let looked: Result<(), std::convert::Infallible> = account.write(&scope, now, true, |txn| {
            outage::look(txn);
            stuck::look(txn);
            Ok(())
        });
        let Ok(()) = looked;
    }
    Ok(done)
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("there is no fault `{id}`"))
}

fn told<'a>(account: &Account, faults: impl Iterator<Item = &'a Arc<DeclaredFault>>) -> Value {
    let faults: Vec<_> = faults.map(|fault| one(fault)).collect();
    json!({ "account": account.id.to_string(), "faults": faults })
}

/// A fault as it was declared, with what became of it.
fn one(fault: &DeclaredFault) -> Value {
    let mut told = Declared::from(fault).to_value();
    told["hits"] = fault.hits.into();
    if matches!(fault.effect, FaultEffect::Request { .. }) {
        told["seen"] = fault.seen.into();
    }
    told
}

// === Rules of LocalStack's ===

const RULE: &str = "chaos-rule-";
const LATENCY: &str = "chaos-latency";

/// A rule of the chaos API.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RuleError>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct RuleError {
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// What a rule answers that says nothing of it.
const UNAVAILABLE: (&str, u16) = ("ServiceUnavailable", 503);

fn is_rule(fault: &DeclaredFault) -> bool {
    fault.id.starts_with(RULE)
}

fn add(faults: &mut Faults, rules: Vec<Rule>) -> Result<(), String> {
    rules.into_iter().try_for_each(|rule| {
        let free = (1u64..).map(|n| format!("{RULE}{n}")).find(|id| faults.get(id).is_none());
        faults.declare(rule.fault(&free.unwrap_or_default())?)
    })
}

impl Rule {
    fn fault(&self, id: &str) -> Result<DeclaredFault, String> {
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("`probability` is from 0 to 1".into());
        }
        let RuleError { status_code, code } = self.error.clone().unwrap_or_default();
        let status = status_code.unwrap_or(UNAVAILABLE.1);
        if !(400..600).contains(&status) {
            return Err("`statusCode` is from 400 to 599".into());
        }
        let wildcard = |text: &Option<String>| text.as_deref().map(Wildcard::new);
        let scope = FaultScope {
            service: wildcard(&self.service),
            operation: wildcard(&self.operation),
            region: wildcard(&self.region),
            ..FaultScope::default()
        };
        let code = code.as_deref().unwrap_or(UNAVAILABLE.0);
        let ending = Ending::Error { code: code.into(), message: None, status: Some(status) };
        let effect = FaultEffect::Request { delay: Duration::ZERO, jitter: Duration::ZERO, ending };
        Ok(DeclaredFault {
            probability: self.probability.unwrap_or(1.0),
            ..DeclaredFault::new(id, scope, effect)
        })
    }
}

impl From<&DeclaredFault> for Rule {
    fn from(fault: &DeclaredFault) -> Self {
        let text = |wildcard: &Option<Wildcard>| wildcard.as_ref().map(|wildcard| wildcard.text().to_owned());
        let error = match &fault.effect {
            FaultEffect::Request { ending: Ending::Error { code, status, .. }, .. }
                if (&**code, *status) != (UNAVAILABLE.0, Some(UNAVAILABLE.1)) =>
            {
                Some(RuleError { status_code: *status, code: Some(code.to_string()) })
            }
            _ => None,
        };
        Self {
            service: text(&fault.scope.service),
            region: text(&fault.scope.region),
            operation: text(&fault.scope.operation),
            probability: (fault.probability < 1.0).then_some(fault.probability),
            error,
        }
    }
}
