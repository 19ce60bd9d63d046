//! What holds whatever happens.

use super::*;
use crate::jobs::stages;
use crate::model::{
    Choices, Course, Defaults, Failure, InstanceGroup, JobStatus, Needs, Placement, Verdict, VpcConfig,
};
use crate::rules::{Case, Phase, RuleModes, evaluate};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Create { kit: usize, name: u8, instances: u32, vpc: bool },
    Stop { kit: usize, name: u8 },
    Delete { kit: usize, name: u8 },
    Advance(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0usize..4, 0u8..6, 1u32..8, any::<bool>())
            .prop_map(|(kit, name, instances, vpc)| Act::Create { kit, name, instances, vpc }),
        1 => (0usize..4, 0u8..6).prop_map(|(kit, name)| Act::Stop { kit, name }),
        2 => (0usize..4, 0u8..6).prop_map(|(kit, name)| Act::Delete { kit, name }),
        3 => (0u64..1_500).prop_map(Act::Advance),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Fast), Just(Profile::Realistic), Just(Profile::Instant)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Addresses are taken by running jobs, whatever their kind, and by nobody else, and all come back.
    #[test]
    fn addresses_are_conserved(
        profile in profile(),
        placement in prop_oneof![Just(Placement::PerJob), Just(Placement::PerInstance)],
        acts in prop::collection::vec(act(), 200..300),
    ) {
        let choices = Choices { placement, ..Choices::default() };
        let site = Site::with(Defaults { profile, choices, ..Defaults::default() });
        let kits = kits();
        for act in acts {
            // Refusals are part of life here.
            match act {
                Act::Create { kit, name, instances, vpc } => {
                    let request = site.job(kits[kit], &format!("j{name}"), instances, vpc);
                    let _ = (kits[kit].create)(&site.lab, request);
                }
                Act::Stop { kit, name } => {
                    let _ = (kits[kit].stop)(&site.lab, kits[kit].named(&format!("j{name}")));
                }
                Act::Delete { kit, name } => {
                    let _ = (kits[kit].delete)(&site.lab, kits[kit].named(&format!("j{name}")));
                }
                Act::Advance(millis) => site.lab.advance(millis),
            }
            prop_assert_eq!(site.free() as usize + site.lab.interfaces().len(), 11);
        }
        site.assert_sound();
        site.lab.advance(3_600_000);
        assert_nothing_is_left(&site);
        prop_assert!(site.lab.state().jobs.iter().all(|job| job.status.is_final()));
    }

    /// Whenever a job is stopped, or fails, nothing of it is left when it has ended.
    #[test]
    fn every_end_is_clean(
        kit in 0usize..4,
        profile in profile(),
        instances in 1u32..8,
        stop_after in 0u64..400_000,
        scale in 0u32..8,
    ) {
        let (site, kit) = (Site::new(profile), kits()[kit]);
        (kit.create)(&site.lab, site.job(kit, "j", instances, true)).unwrap();
        site.lab.advance(stop_after >> scale);
        let _ = (kit.stop)(&site.lab, kit.named("j"));
        site.assert_sound();
        site.lab.advance(3_600_000);
        assert_nothing_is_left(&site);
    }

    /// The address rules hold exactly when placement succeeds.
    #[test]
    fn the_address_rules_are_the_placement(
        kit in 0usize..3,
        placement in prop_oneof![Just(Placement::PerJob), Just(Placement::PerInstance)],
        instances in 1u32..40,
        instance_type in prop_oneof![Just("ml.m5.large"), Just("ml.p4d.24xlarge")],
        subnets in prop::collection::vec((24u8..=28, 0usize..3), 1..4),
        taken in prop::collection::vec(0u32..40, 3),
        isolated in any::<bool>(),
    ) {
        let choices = Choices { placement, ..Choices::default() };
        let (site, kit) = (Site::with(Defaults { choices, ..Defaults::default() }), kits()[kit]);
        let mut names = Vec::new();
        for (n, (prefix, zone)) in subnets.iter().enumerate() {
            let subnet = site.lab.subnet_in(site.vpc, &format!("10.0.{}.0/{prefix}", n + 1), *zone);
            names.push(subnet.to_string());
            // Jobs of another user that hold some of the addresses.
            let mut other = site.request(&format!("other-{n}"), taken[n].max(1));
            other["VpcConfig"]["Subnets"] = json!([subnet.to_string()]);
            site.create(other).unwrap();
        }
        let before = site.lab.state();
        let needs = Needs {
            instances: vec![InstanceGroup { instance_type: instance_type.into(), count: instances }],
            vpc: Some(VpcConfig { subnets: names.clone(), groups: vec![site.group.to_string()] }),
            network_isolation: isolated,
            ..Needs::default()
        };
        let account = site.lab.account.id;
        let case = Case { kind: kit.kind, name: "j", needs: &needs, state: &before, global: &before, account, elsewhere: &crate::kernel::Nowhere, now: crate::kernel::SimTime::default(), paths: None };
        let report = evaluate(Phase::Place, &case, &RuleModes::default());
        let verdicts = report.findings.iter().filter(|finding| finding.rule.starts_with("SM-VPC-IP-"));
        let holds = verdicts.clone().all(|finding| !finding.is_violation());
        prop_assert!(verdicts.clone().any(|finding| finding.verdict != Verdict::NotApplicable));

        let mut request = site.job(kit, "j", instances, false);
        let vpc = json!({ "Subnets": names, "SecurityGroupIds": [site.group.to_string()] });
        match kit.kind {
            JobKind::Training => {
                request["VpcConfig"] = vpc;
                request["EnableNetworkIsolation"] = json!(isolated);
                request["ResourceConfig"]["InstanceType"] = json!(instance_type);
            }
            JobKind::Processing => {
                request["NetworkConfig"] = json!({ "VpcConfig": vpc, "EnableNetworkIsolation": isolated });
                request["ProcessingResources"]["ClusterConfig"]["InstanceType"] = json!(instance_type);
            }
            _ => {
                request["ModelName"] = json!("special");
                request["TransformResources"]["InstanceType"] = json!(instance_type);
                let model = json!({ "ModelName": "special", "ExecutionRoleArn": ROLE_ARN, "VpcConfig": vpc,
                    "EnableNetworkIsolation": isolated, "PrimaryContainer": { "Image": IMAGE } });
                site.lab.write::<CreateModel>(model).unwrap();
            }
        }
        (kit.create)(&site.lab, request).unwrap();
        let made = site.lab.state().interfaces.len() - before.interfaces.len();
        let each = match (isolated, kit.kind, instance_type) {
            (true, ..) => 1,
            (false, JobKind::Training, "ml.p4d.24xlarge") => 5,
            _ => 2,
        };
        prop_assert_eq!(made, if holds { (instances * each) as usize } else { 0 });
        site.assert_sound();
    }
}

fn assert_nothing_is_left(site: &Site) {
    site.assert_sound();
    let state = site.lab.state();
    assert_eq!((site.free(), state.interfaces.len(), state.timers.len()), (11, 0, 0));
}

/// At every stage of a job, and one moment before and after: stop it, and see that nothing stays.
#[test]
fn a_job_can_be_stopped_in_every_stage() {
    for kit in kits() {
        for profile in [Profile::Fast, Profile::Realistic] {
            let mut at = 0;
            for stage in stages::table(kit.kind, Course::Run) {
                let lasts = stage.lasts(profile).as_millis() as u64;
                for moment in [at, at + 1, (at + lasts).saturating_sub(1)] {
                    let site = Site::new(profile);
                    (kit.create)(&site.lab, site.job(kit, "j", 5, true)).unwrap();
                    site.lab.advance(moment);
                    let running = !site.row(kit, "j").unwrap().status.is_final();
                    let stopped = (kit.stop)(&site.lab, kit.named("j"));
                    assert_eq!(stopped.is_ok(), running, "{} at {moment}", stage.message);
                    site.assert_sound();
                    site.lab.advance(3_600_000);
                    assert_nothing_is_left(&site);
                    let ended = site.row(kit, "j").unwrap().status;
                    assert_eq!(ended == JobStatus::Stopped, running, "{} at {moment}", stage.message);
                }
                at += lasts;
            }
        }
    }
}

/// A failure that is found in any stage shows when that part of the job's life ends, and leaves nothing.
#[test]
fn a_job_can_fail_in_every_stage() {
    for kit in kits() {
        let table = stages::table(kit.kind, Course::Run);
        let mut at = 0;
        for stage in &table[..table.len() - 1] {
            let site = Site::new(Profile::Fast);
            (kit.create)(&site.lab, site.job(kit, "j", 5, true)).unwrap();
            site.lab.advance(at);
            let key = site.row(kit, "j").unwrap().key.clone();
            site.lab.edit(|state| {
                let failure = Failure { reason: "ClientError: x".into(), rule: None };
                state.jobs.update(&key, |job| job.failure = Some(failure));
            });
            let told = |described: Value| described["FailureReason"].as_str().unwrap_or_default().to_owned();
            let describe = || (kit.describe)(&site.lab, kit.named("j")).unwrap();
            assert_eq!(told(describe()), "", "nothing is told yet");
            site.lab.advance(3_600_000);
            assert_eq!(told(describe()), "ClientError: x");
            let row = site.row(kit, "j").unwrap();
            let all = &row.transitions;
            assert_eq!(all[all.len() - 2].status, stage.secondary, "{}", stage.message);
            assert_eq!(all[all.len() - 1].message, stages::failed_message(kit.kind));
            assert_nothing_is_left(&site);
            at += stage.lasts(Profile::Fast).as_millis() as u64;
        }
    }
}
