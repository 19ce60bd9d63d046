//! Why calls were refused: kept for a while, beside the state, so that whoever was refused can ask.

use super::call::{self, Call};
use super::preflight::Planned;
use super::{Gateway, Heard, add_header};
use crate::aws::value::Value;
use crate::aws::{Fault, ServiceId};
use crate::jobs::explain::RefusalReport;
use crate::jobs::{Explanation, remedy};
use crate::kernel::{AccountId, Scope};
use crate::model::Account;
use crate::rules;
use crate::s3;
use crate::services::s3::S3Error;
use bytes::Bytes;
use hyper::header::HOST;
use hyper::{Request, Response};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many refusals an account remembers.
const KEPT: usize = 100;

/// The last refusals of each account.
#[derive(Default)]
pub struct RefusalLog(Mutex<HashMap<AccountId, Own>>);

type Refusals = VecDeque<Arc<Explanation>>;

/// Those of one account, and those that snapshots of it keep.
#[derive(Default)]
struct Own {
    now: Refusals,
    saved: HashMap<String, Refusals>,
}

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
            because: why.refusal.and_then(|known| known.because),
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
        let own = &mut log.entry(heard.account).or_default().now;
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
        log.values().find_map(|own| own.now.iter().rev().find(is_it).cloned())
    }

    /// Keeps what an account was refused, with a snapshot of it.
    pub fn save(&self, account: AccountId, snapshot: &str) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = log.entry(account).or_default();
        own.saved.insert(snapshot.to_owned(), own.now.clone());
    }

    /// Brings back what was kept with a snapshot.
    pub fn restore(&self, account: AccountId, snapshot: &str) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = log.entry(account).or_default();
        own.now = own.saved.get(snapshot).cloned().unwrap_or_default();
    }

    /// Forgets what was kept with a snapshot.
    pub fn forget_saved(&self, account: AccountId, snapshot: &str) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.get_mut(&account).and_then(|own| own.saved.remove(snapshot));
    }

    /// Forgets the refusals of one account, or of all, and those of its snapshots.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match account {
            Some(account) => drop(log.remove(&account)),
            None => log.clear(),
        }
    }
}

impl Gateway {
    /// The answer that refuses a request to S3.
    pub(super) fn refuse_s3(
        &self,
        request: &Request<Bytes>,
        error: &S3Error,
        account: &Account,
        heard: &mut Heard,
    ) -> Response<Bytes> {
        let global = account.read(&Scope::Global);
        let mut response = s3::refusal(request, error, &global.texts, &heard.request_id);
        if let S3Error::DeniedBy { because, .. } = error {
            let refusal = RefusalReport { because: Some(because.clone()), ..RefusalReport::default() };
            heard.why = Some(Box::new(Explanation { refusal: Some(refusal), ..Explanation::default() }));
        }
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let fault = self.refused.keep(heard, call::fault(&global, error.clone().into()), host);
        if let Some(rule) = &fault.because {
            add_header(&mut response, "x-mockplane-rule", rule);
        }
        fault.headers.iter().for_each(|(name, value)| add_header(&mut response, name, value));
        response
    }

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

#[cfg(feature = "s3")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock, ClockMode, SimTime};
    use crate::model::{Defaults, World};
    use serde_json::json;

    const NOW: SimTime = SimTime::from_millis(1_767_603_600_000);
    const OWNER: &str = "111122223333";

    fn gateway() -> Gateway {
        let world = World::new(7, Defaults::default(), |wall| Clock::new(ClockMode::Manual, Some(NOW), wall));
        let default = AccountId::parse("123456789012").unwrap();
        Gateway::new(Arc::new(world), default, "us-east-1".into(), true)
    }

    /// A request to S3 by the root of an account.
    fn ask(gateway: &Gateway, account: &str, line: &str, body: &str) -> Response<Bytes> {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={account}/20260105/us-east-1/s3/aws4_request, SignedHeaders=host"
        );
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).header("authorization", scope);
        let request =
            request.header("host", "localhost:4545").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        gateway.handle(&request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap())
    }

    /// The status of an answer, the rule that it names, and what is remembered of it.
    fn told(gateway: &Gateway, answer: &Response<Bytes>) -> (u16, Option<String>, Arc<Explanation>) {
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        let url = header("x-mockplane-explain").expect("refusals say where they are explained");
        let id = url.strip_prefix("http://localhost:4545/_mockplane/explain/request/").unwrap();
        assert_eq!(header("x-amz-request-id").as_deref(), Some(id));
        (answer.status().as_u16(), header("x-mockplane-rule"), gateway.refused.get(id).unwrap())
    }

    fn because(explanation: &Explanation) -> Option<&str> {
        explanation.refusal.as_ref().unwrap().because.as_deref()
    }

    #[test]
    fn refusals_of_s3_are_explained() {
        let gateway = gateway();
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": OWNER}, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data"},
            {"Sid": "Sealed", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/in/*"},
        ]});
        for (line, body, status) in [
            ("PUT /data", "", 200),
            ("PUT /data/in/a", "a", 200),
            ("PUT /data/out", "b", 200),
            ("PUT /data?policy", &*policy.to_string(), 204),
        ] {
            assert_eq!(ask(&gateway, OWNER, line, body).status().as_u16(), status, "{line}");
        }
        for method in ["GET", "HEAD"] {
            let answer = ask(&gateway, OWNER, &format!("{method} /data/in/a"), "");
            let (status, rule, why) = told(&gateway, &answer);
            assert_eq!(
                (status, rule.as_deref(), why.decided_by),
                (403, Some("SM-S3-BKT-07"), Some("SM-S3-BKT-07"))
            );
            let denied = "arn:aws:iam::111122223333:root may not do s3:GetObject on arn:aws:s3:::data/in/a: denied by \
                          statement 1 (Sealed) of arn:aws:s3:::data";
            assert_eq!(because(&why), Some(denied));
            let refusal = why.refusal.as_ref().unwrap();
            assert!(refusal.operation.starts_with("s3:"));
            // No job has anything to do with it.
            let words = [refusal.hint.unwrap(), refusal.summary.unwrap()].concat();
            assert!(words.contains("whoever asks") && !words.contains("the job"), "{words}");
        }
        // Strangers are not told in the answer.
        let answer = ask(&gateway, "444455556666", "GET /data/out", "");
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(text.contains("<Message>Access Denied</Message>") && !text.contains("arn:"), "{text}");
        let (status, rule, why) = told(&gateway, &answer);
        assert_eq!((status, rule.as_deref()), (403, Some("SM-S3-BKT-07")));
        assert!(because(&why).unwrap().ends_with("no resource-based policy allows it (arn:aws:s3:::data)"));

        let (status, rule, why) = told(&gateway, &ask(&gateway, OWNER, "GET /missing", ""));
        assert_eq!((status, rule, because(&why)), (404, None, None));
        assert_eq!(
            (why.refusal.as_ref().unwrap().code.as_str(), why.job.as_str()),
            ("NoSuchBucket", "s3:ListObjects")
        );
    }
}
