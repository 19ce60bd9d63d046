//! Why calls were refused: kept for a while, beside the state, so that whoever was refused can ask.

use super::call::Call;
use super::preflight::Planned;
use super::{Gateway, Heard};
use crate::aws::value::Value;
use crate::aws::{Fault, ServiceId};
use crate::jobs::explain::RefusalReport;
use crate::jobs::{Explanation, remedy};
use crate::kernel::{AccountId, Scope};
use crate::rules;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many refusals an account remembers.
const KEPT: usize = 100;

/// The last refusals of each account.
#[derive(Default)]
pub struct RefusalLog(Mutex<HashMap<AccountId, VecDeque<Arc<Explanation>>>>);

impl RefusalLog {
    /// Keeps a refusal; it then says where it is explained.
    pub(super) fn keep(&self, heard: &Heard, fault: Fault, host: Option<&str>) -> Fault {
        let why = heard.why.as_deref().cloned().unwrap_or_default();
        let operation = format!("{}:{}", heard.service, heard.operation);
        let known = fault.because.as_deref().and_then(rules::about);
        let refusal = RefusalReport {
            request: Some(heard.request_id.clone()),
            operation: operation.clone(),
            region: heard.region.to_string(),
            code: fault.code.to_string(),
            message: fault.message.clone(),
            http_status: fault.status,
            summary: known.as_ref().map(|about| about.summary),
            hint: known.as_ref().map(|about| about.hint),
            sources: known.as_ref().map(|about| about.sources.clone()).unwrap_or_default(),
        };
        let explanation = Explanation {
            job: if why.job.is_empty() { operation } else { why.job },
            status: "Refused",
            decided_by: known.map(|about| about.id),
            refusal: Some(refusal),
            would_complete: None,
            ..why
        };
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = log.entry(heard.account).or_default();
        if own.len() == KEPT {
            own.pop_front();
        }
        own.push_back(Arc::new(explanation));
        let host = host.unwrap_or("localhost");
        let url = format!("http://{host}/_mockplane/explain/request/{}", heard.request_id);
        fault.with_header("x-mockplane-explain", url)
    }

    /// Why this request was refused, if that is still remembered.
    pub fn get(&self, request: &str) -> Option<Arc<Explanation>> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |kept: &&Arc<Explanation>| {
            kept.refusal.as_ref().and_then(|refusal| refusal.request.as_deref()) == Some(request)
        };
        log.values().find_map(|own| own.iter().rev().find(is_it).cloned())
    }

    /// Forgets the refusals of one account, or of all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match account {
            Some(account) => drop(log.remove(&account)),
            None => log.clear(),
        }
    }
}

impl Gateway {
    /// What is known of a refusal beyond its text: of a job that a rule did not let begin, all that the rules say of it
    /// and what to do; of others, what to do, where the state knows better than the rule's own hint.
    pub(super) fn why(&self, call: &Call<'_>, input: &Value, fault: &Fault) -> Option<Explanation> {
        let rule = rules::about(fault.because.as_deref()?)?.id;
        let name = call.operation.name;
        if call.service == ServiceId::SageMaker && self.steps.knows(name) {
            let planned = [Planned { operation: call.operation, input: input.clone() }];
            return self.foresee(call.account, &call.caller, call.now, &planned).ok();
        }
        let state = call.account.read(&Scope::Region(call.caller.region.clone()));
        let tables = input.get("RouteTableIds").and_then(Value::as_list).unwrap_or_default();
        let tables: Vec<String> = tables.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let fix = remedy::for_refusal(&state, rule, &fault.message, &tables)?;
        Some(Explanation { fixes: vec![fix], ..Explanation::default() })
    }
}
