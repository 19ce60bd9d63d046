//! What is said about rules and states that have nothing to say.

use super::*;
use crate::kernel::Nowhere;
use crate::model::{Evidence, Finding, JobKind, Needs, Phase, RuleMode, Verdict, VpcConfig};
use crate::rules::{self, Case};

/// A violated rule has something to do about it even where nothing of what it speaks of is there any more.
#[test]
fn no_rule_needs_what_is_gone() {
    let state = State::default();
    let vpc = Some(VpcConfig { subnets: vec!["subnet-1".into()], groups: vec!["sg-1".into()] });
    let needs = Needs { role_arn: "arn:aws:iam::123456789012:role/x".into(), vpc, ..Needs::default() };
    for info in rules::all() {
        for evidence in [
            Evidence::none(),
            Evidence::of("x").with("missing", "ec2:X").with("needed", 3).with("closed", "y"),
        ] {
            let case = Case {
                kind: JobKind::Training,
                name: "x",
                needs: &needs,
                state: &state,
                global: &state,
                account: state.site.account,
                elsewhere: &Nowhere,
                now: crate::kernel::SimTime::default(),
                paths: None,
            };
            let verdict = Verdict::Violated(evidence);
            let finding = Finding { rule: info.id, phase: Phase::Place, mode: RuleMode::Enforce, verdict };
            if let Some(fix) = for_finding(&case, &finding) {
                assert_eq!(fix.rule, info.id);
                assert!(fix.commands.iter().all(|line| !line.chars().any(char::is_control)), "{fix:?}");
            }
        }
    }
}
