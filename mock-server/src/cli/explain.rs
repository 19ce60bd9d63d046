//! `mockplane explain`: the control API's answer as a text.

use super::{control, fail};
use clap::Args;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

#[derive(Args)]
pub struct Explain {
    /// Such as training-job/NAME, processing-job/NAME, transform-job/NAME, compilation-job/NAME or endpoint/NAME.
    resource: String,
    /// The server to ask.
    #[arg(long, env = "MOCKPLANE_ENDPOINT", default_value_t = control::default_endpoint())]
    endpoint: String,
    /// Whose it is; unless told, the server's own account.
    #[arg(long, env = "MOCKPLANE_ACCOUNT_ID")]
    account: Option<String>,
    /// Where it is; unless told, the server's own region.
    #[arg(long, env = "MOCKPLANE_REGION")]
    region: Option<String>,
}

/// What the control API answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    job: String,
    status: String,
    secondary_status: Option<String>,
    failure_reason: Option<String>,
    decided_by: Option<String>,
    would_have_failed_next: Vec<String>,
    phases: Vec<Phase>,
}

#[derive(Deserialize)]
struct Phase {
    phase: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    name: String,
    mode: String,
    verdict: String,
    basis: String,
    resource: Option<String>,
    evidence: BTreeMap<String, String>,
    hint: Option<String>,
    sources: Vec<String>,
}

pub fn explain(args: &Explain) -> ExitCode {
    let parameters = [("account", &args.account), ("region", &args.region)];
    match control::get(&args.endpoint, &format!("explain/{}", args.resource), &parameters) {
        Ok(answer) => {
            // A reader that closes the pipe early has read what it wanted.
            let _ = std::io::stdout().write_all(render(&answer).as_bytes());
            ExitCode::SUCCESS
        }
        Err(problem) => fail(problem),
    }
}

fn render(answer: &Answer) -> String {
    let mut text = format!("{} is {}", answer.job, answer.status);
    if let Some(secondary) = &answer.secondary_status {
        let _ = write!(text, " ({secondary})");
    }
    text.push('\n');
    if let Some(reason) = &answer.failure_reason {
        let _ = writeln!(text, "\n{reason}");
    }
    let rules = || answer.phases.iter().flat_map(|phase| &phase.rules);
    let named = |id: &str| rules().find(|rule| rule.id == id);
    if let Some(rule) = answer.decided_by.as_deref().and_then(named) {
        let _ = writeln!(text, "\nDecided by {} {} ({})", rule.id, rule.name, rule.basis);
        tell(&mut text, rule);
    }
    for rule in answer.would_have_failed_next.iter().filter_map(|id| named(id)) {
        let _ = writeln!(text, "\nWould have failed next: {} {} ({})", rule.id, rule.name, rule.basis);
        tell(&mut text, rule);
    }
    for phase in &answer.phases {
        let _ = writeln!(text, "\n{}", phase.phase);
        for rule in &phase.rules {
            let mode = if rule.mode == "enforce" { String::new() } else { format!(" ({})", rule.mode) };
            let _ = writeln!(text, "  {:<16}{} {}{mode}", rule.verdict, rule.id, rule.name);
        }
    }
    text
}

/// What a rule saw, and what to do.
fn tell(text: &mut String, rule: &Rule) {
    let resource = rule.resource.iter().map(|resource| ("what", resource.as_str()));
    let facts = rule.evidence.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let hint = rule.hint.iter().map(|hint| ("to do", hint.as_str()));
    let sources = rule.sources.iter().map(|source| ("source", source.as_str()));
    for (name, value) in resource.chain(facts).chain(hint).chain(sources) {
        let _ = writeln!(text, "  {name:<14}{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_explanation_reads_from_the_outcome_to_the_details() {
        let rule = |id, verdict, hint| {
            json!({
                "id": id, "name": "a-rule", "mode": "enforce", "verdict": verdict, "basis": "documented",
                "resource": "subnet-1", "evidence": { "free": "11" }, "hint": hint, "sources": ["https://x"],
            })
        };
        let answer: Answer = serde_json::from_value(json!({
            "job": "training-job/demo", "status": "Failed", "secondaryStatus": "Failed",
            "failureReason": "ClientError: x", "decidedBy": "A", "wouldHaveFailedNext": ["B"],
            "phases": [
                { "phase": "create", "rules": [rule("C", "satisfied", None)] },
                { "phase": "place", "rules": [rule("A", "violated", Some("Do.")), rule("B", "violated", Some("Do."))] },
            ],
        }))
        .unwrap();
        let text = render(&answer);
        let told = [
            "training-job/demo is Failed (Failed)",
            "ClientError: x",
            "Decided by A a-rule (documented)",
            "  what          subnet-1",
            "  free          11",
            "  to do         Do.",
            "Would have failed next: B a-rule",
            "create",
            "  satisfied       C a-rule",
            "place",
        ];
        let mut rest = text.as_str();
        for part in told {
            let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{text}"));
            rest = &rest[at..];
        }
    }
}
