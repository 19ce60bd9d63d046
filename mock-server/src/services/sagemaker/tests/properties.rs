//! What holds whatever happens.

use super::*;
use crate::jobs::stages;
use crate::model::{Course, Failure, JobKey, JobKind, Needs, VpcConfig};
use crate::model::{InstanceGroup, Verdict};
use crate::rules::{Case, Phase, RuleModes, evaluate};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Create { name: u8, instances: u32, vpc: bool },
    Stop(u8),
    Delete(u8),
    Advance(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0u8..6, 1u32..8, any::<bool>()).prop_map(|(name, instances, vpc)| Act::Create { name, instances, vpc }),
        1 => (0u8..6).prop_map(Act::Stop),
        1 => (0u8..6).prop_map(Act::Delete),
        3 => (0u64..1_500).prop_map(Act::Advance),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Fast), Just(Profile::Realistic), Just(Profile::Instant)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Addresses are taken by running jobs and by nobody else, and all come back.
    #[test]
    fn addresses_are_conserved(profile in profile(), acts in prop::collection::vec(act(), 0..40)) {
        let site = Site::new(profile);
        for act in acts {
            // Refusals are part of life here.
            match act {
                Act::Create { name, instances, vpc: true } => {
                    let _ = site.create(site.request(&format!("j{name}"), instances));
                }
                Act::Create { name, instances, vpc: false } => {
                    let _ = site.create(request(&format!("j{name}"), instances));
                }
                Act::Stop(name) => {
                    let _ = site.stop(&format!("j{name}"));
                }
                Act::Delete(name) => {
                    let _ = site.delete(&format!("j{name}"));
                }
                Act::Advance(millis) => site.lab.advance(millis),
            }
            site.assert_sound();
            prop_assert_eq!(site.free() as usize + site.lab.interfaces().len(), 11);
        }
        site.lab.advance(3_600_000);
        let state = site.lab.state();
        prop_assert_eq!((site.free(), state.interfaces.len(), state.timers.len()), (11, 0, 0));
        prop_assert!(state.jobs.iter().all(|job| job.status.is_final()));
    }

    /// Whenever a job is stopped, or fails, nothing of it is left when it has ended.
    #[test]
    fn every_end_is_clean(profile in profile(), instances in 1u32..8, stop_after in 0u64..400_000, scale in 0u32..8) {
        let site = Site::new(profile);
        site.create(site.request("j", instances)).unwrap();
        site.lab.advance(stop_after >> scale);
        let _ = site.stop("j");
        site.assert_sound();
        site.lab.advance(3_600_000);
        site.assert_sound();
        let state = site.lab.state();
        prop_assert_eq!((site.free(), state.interfaces.len(), state.timers.len()), (11, 0, 0));
    }

    /// The address rule holds exactly when placement succeeds.
    #[test]
    fn the_address_rule_is_the_placement(
        instances in 1u32..40,
        subnets in prop::collection::vec(24u8..=28, 1..4),
        taken in prop::collection::vec(0u32..40, 3),
        isolated in any::<bool>(),
    ) {
        let site = Site::new(Profile::Fast);
        let mut names = Vec::new();
        for (n, prefix) in subnets.iter().enumerate() {
            let subnet = site.lab.subnet(site.vpc, &format!("10.0.{}.0/{prefix}", n + 1));
            names.push(subnet.to_string());
            // Jobs of another user that hold some of the addresses.
            let mut other = site.request(&format!("other-{n}"), taken[n].max(1));
            other["VpcConfig"]["Subnets"] = json!([subnet.to_string()]);
            site.create(other).unwrap();
        }
        let before = site.lab.state();
        let needs = Needs {
            instances: vec![InstanceGroup { instance_type: "ml.m5.large".into(), count: instances }],
            vpc: Some(VpcConfig { subnets: names.clone(), groups: vec![site.group.to_string()] }),
            network_isolation: isolated,
            ..Needs::default()
        };
        let account = site.lab.account.id;
        let case = Case { kind: JobKind::Training, name: "j", needs: &needs, state: &before, global: &before, account };
        let report = evaluate(Phase::Place, &case, &RuleModes::default());
        let verdict = &report.findings.iter().find(|finding| finding.rule == "SM-VPC-IP-01").unwrap().verdict;

        let mut request = site.request("j", instances);
        request["VpcConfig"]["Subnets"] = json!(names);
        request["EnableNetworkIsolation"] = json!(isolated);
        site.create(request).unwrap();
        let made = site.lab.state().interfaces.len() - before.interfaces.len();
        let each = if isolated { 1 } else { 2 };
        match verdict {
            Verdict::Satisfied(_) => prop_assert_eq!(made, (instances * each) as usize),
            Verdict::Violated(_) => prop_assert_eq!(made, 0),
            Verdict::NotApplicable => prop_assert!(false),
        }
        site.assert_sound();
    }
}

/// At every stage of a job, and one moment before and after: stop it, and see that nothing stays.
#[test]
fn a_job_can_be_stopped_in_every_stage() {
    for profile in [Profile::Fast, Profile::Realistic] {
        let mut at = 0;
        for stage in stages::table(JobKind::Training, Course::Run) {
            for moment in [at, at + 1, (at + stage.lasts(profile).as_millis() as u64).saturating_sub(1)] {
                let site = Site::new(profile);
                site.create(site.request("j", 5)).unwrap();
                site.lab.advance(moment);
                let key = JobKey { kind: JobKind::Training, name: "j".into() };
                let running = !site.lab.state().jobs.get(&key).unwrap().status.is_final();
                assert_eq!(site.stop("j").is_ok(), running, "{} at {moment}", stage.message);
                site.assert_sound();
                site.lab.advance(3_600_000);
                let state = site.lab.state();
                assert_eq!((site.free(), state.interfaces.len(), state.timers.len()), (11, 0, 0));
            }
            at += stage.lasts(profile).as_millis() as u64;
        }
    }
}

/// A failure that is found in any stage shows when the secondary status ends, and leaves nothing.
#[test]
fn a_job_can_fail_in_every_stage() {
    let table = stages::table(JobKind::Training, Course::Run);
    let mut at = 0;
    for stage in &table[..table.len() - 1] {
        let site = Site::new(Profile::Fast);
        site.create(site.request("j", 5)).unwrap();
        site.lab.advance(at);
        let key = JobKey { kind: JobKind::Training, name: "j".into() };
        site.lab.edit(|state| {
            let failure = Failure { reason: "ClientError: x".into(), rule: None };
            state.jobs.update(&key, |job| job.failure = Some(failure));
        });
        assert!(site.describe("j").get("FailureReason").is_none(), "nothing is told yet");
        site.lab.advance(3_600_000);
        let described = site.describe("j");
        let all = transitions(&described);
        assert_eq!(all[all.len() - 2].0, stage.secondary, "{}", stage.message);
        assert_eq!(all[all.len() - 1], ("Failed".into(), "Training job failed".into()));
        assert_eq!(described["FailureReason"], "ClientError: x");
        site.assert_sound();
        let state = site.lab.state();
        assert_eq!((site.free(), state.interfaces.len(), state.timers.len()), (11, 0, 0));
        at += stage.lasts(Profile::Fast).as_millis() as u64;
    }
}
