//! What of the expectations of a step does not hold.

use super::{Run, Stop};
use crate::scenario::file::Expect;
use crate::scenario::finding::{finding_of, hop_of, named};
use crate::scenario::problem::{Place, Problem};
use crate::scenario::resource::ResourceKind;
use crate::scenario::session::Answer;
use crate::scenario::target::Target;
use crate::scenario::tree::Node;
use crate::scenario::{matcher, query};
use serde_json::Value;

impl<T: Target> Run<'_, T> {
    /// What of the expectations of a call does not hold.
    pub(super) fn judge(&self, place: Place, expect: &Expect, answer: &Answer) -> Vec<Problem> {
        let mut problems = Vec::new();
        match answer {
            Answer::Lost(_) => {}
            Answer::Done(_) | Answer::Refused(_) if expect.is_lost() => {
                problems.push(Problem::new(place, "expected no answer, but there is one"));
            }
            Answer::Done(_) if expect.is_refusal() => {
                let code = expect.error.as_ref().and_then(|error| error.code.text());
                let wanted = code.map_or("a refusal".to_owned(), |code| format!("`{code}`"));
                problems.push(Problem::new(place, format!("expected {wanted}, but the call succeeded")));
            }
            Answer::Done(value) => self.judge_response(expect, value, &mut problems),
            Answer::Refused(fault) if !expect.is_refusal() => {
                problems.push(Problem::new(place, format!("refused: {fault}")));
            }
            Answer::Refused(fault) => {
                if let Some(error) = &expect.error {
                    self.hold("the code", Some(&error.code), &fault.code.as_ref().into(), &mut problems);
                    self.hold(
                        "the message",
                        error.message.as_ref(),
                        &fault.message.as_str().into(),
                        &mut problems,
                    );
                    self.hold("the status", error.status.as_ref(), &fault.status.into(), &mut problems);
                }
                if let Some(cause) = self.cause(expect) {
                    let rule = fault.because.as_deref().into();
                    self.hold("the rule", cause.value.rule.as_ref(), &rule, &mut problems);
                }
            }
        }
        problems
    }

    pub(super) fn judge_response(&self, expect: &Expect, response: &Value, problems: &mut Vec<Problem>) {
        for (path, matcher) in expect.response.iter().flat_map(Node::entries) {
            let held = self
                .scope
                .text(path.place, &path.text)
                .map_err(|problem| problem.message)
                .and_then(|path| query::find(&path, response))
                .and_then(|found| matcher::hold(matcher, &found, &self.scope));
            if let Err(message) = held {
                problems.push(Problem::new(path.place, format!("`{}`: {message}", path.text)));
            }
        }
    }

    fn hold(&self, what: &str, matcher: Option<&Node>, actual: &Value, problems: &mut Vec<Problem>) {
        if let Some(matcher) = matcher
            && let Err(message) = matcher::hold(matcher, actual, &self.scope)
        {
            problems.push(Problem::new(matcher.place, format!("{what}: {message}")));
        }
    }

    /// What of the expectations of a state that was reached does not hold.
    pub(super) async fn judge_state(
        &mut self,
        kind: &ResourceKind,
        resource: &str,
        expect: &Expect,
        description: &Value,
    ) -> Result<Vec<Problem>, Stop> {
        let mut problems = Vec::new();
        self.judge_response(expect, description, &mut problems);
        self.hold("the state", expect.state.as_ref(), &kind.state_of(description).into(), &mut problems);
        let reason = kind.reason_of(description);
        self.hold("the failure reason", expect.failure_reason.as_ref(), reason, &mut problems);
        let secondary = kind.secondary.map_or(Ok(Value::Null), |path| query::find(path, description));
        let secondary = secondary.map_err(Stop::Broken)?;
        self.hold("the secondary statuses", expect.secondary_status.as_ref(), &secondary, &mut problems);
        if let Some(cause) = self.cause(expect) {
            let explanation = self.explanation(resource, cause.referenced.into()).await?;
            let rule = &explanation["decidedBy"];
            self.hold("the rule", cause.value.rule.as_ref(), rule, &mut problems);
            let hop = hop_of(&explanation, rule);
            self.hold("the hop", cause.value.hop.as_ref(), hop, &mut problems);
            if let Some(wanted) = &cause.value.resource {
                let rule = rule.as_str().unwrap_or_default();
                let finding = finding_of(&explanation, rule).unwrap_or(&Value::Null);
                let fits = |name: &str| matcher::hold(wanted, &name.into(), &self.scope).is_ok();
                if !named(finding).any(fits) {
                    let wanted_is = matcher::shown(&self.scope.value(wanted)?);
                    let message = format!("what {rule} found has nothing to do with {wanted_is}");
                    problems.push(Problem::new(wanted.place, message));
                }
            }
        }
        Ok(problems)
    }
}
