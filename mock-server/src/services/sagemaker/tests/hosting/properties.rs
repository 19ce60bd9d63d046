//! What holds whatever happens.

use super::*;
use crate::jobs::hosting::stages::table;
use crate::model::{EndpointCourse, Failure, InstanceGroup, JobKind, Needs, Verdict, VpcConfig};
use crate::rules::{Case, Phase, RuleModes, evaluate};
use crate::services::ec2::{DeleteSecurityGroup, DeleteSubnet};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Act {
    Create { endpoint: u8, config: u8 },
    Update { endpoint: u8, config: u8 },
    Weight { endpoint: u8, weight: u8 },
    Scale { endpoint: u8, instances: u32 },
    Delete(u8),
    DeleteConfig(u8),
    DeleteModel,
    DeleteSubnet(u8),
    DeleteGroup,
    DeleteVpc,
    Advance(u64),
}

/// Endpoints and their configurations: one to four instances, and nine, which never fit twice.
const COUNTS: [u32; 4] = [1, 2, 4, 9];

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0u8..2, 0u8..4).prop_map(|(endpoint, config)| Act::Create { endpoint, config }),
        4 => (0u8..2, 0u8..4).prop_map(|(endpoint, config)| Act::Update { endpoint, config }),
        2 => (0u8..2, 0u8..3).prop_map(|(endpoint, weight)| Act::Weight { endpoint, weight }),
        4 => (0u8..2, 0u32..8).prop_map(|(endpoint, instances)| Act::Scale { endpoint, instances }),
        3 => (0u8..2).prop_map(Act::Delete),
        1 => (0u8..4).prop_map(Act::DeleteConfig),
        1 => Just(Act::DeleteModel),
        2 => (0u8..2).prop_map(Act::DeleteSubnet),
        1 => Just(Act::DeleteGroup),
        1 => Just(Act::DeleteVpc),
        6 => prop_oneof![0u64..4_000, Just(LINGER)].prop_map(Act::Advance),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Fast), Just(Profile::Realistic), Just(Profile::Instant)]
}

fn furnished(profile: Profile) -> House {
    let house = House::new(profile);
    for (n, count) in COUNTS.iter().enumerate() {
        house.config(&format!("c{n}"), "m", *count).unwrap();
    }
    house
}

/// Does it and answers the refusal, if it is one.
fn act_on(house: &House, act: Act) -> Option<Refused> {
    let lab = &house.lab;
    let done = match act {
        Act::Create { endpoint, config } => house.create(&format!("e{endpoint}"), &format!("c{config}")),
        Act::Update { endpoint, config } => house.update(&format!("e{endpoint}"), &format!("c{config}")),
        Act::Weight { endpoint, weight } => house.change(
            &format!("e{endpoint}"),
            json!([{ "VariantName": "AllTraffic", "DesiredWeight": weight }]),
        ),
        Act::Scale { endpoint, instances } => house.scale(&format!("e{endpoint}"), instances),
        Act::Delete(endpoint) => house.delete(&format!("e{endpoint}")),
        Act::DeleteConfig(config) => house.delete_config(&format!("c{config}")),
        Act::DeleteModel => house.delete_model("m"),
        Act::DeleteSubnet(n) => {
            lab.write::<DeleteSubnet>(json!({ "SubnetId": house.subnets[usize::from(n)].to_string() }))
        }
        Act::DeleteGroup => lab.write::<DeleteSecurityGroup>(json!({ "GroupId": house.group.to_string() })),
        Act::DeleteVpc => lab.delete_vpc(house.vpc),
        Act::Advance(millis) => {
            lab.advance(millis);
            Ok(json!({}))
        }
    };
    done.err()
}

/// Whether these are AWS's words for one of the reasons that there can be here.
fn is_known(refused: &Refused, house: &House) -> bool {
    let House { vpc, group, .. } = house;
    let text = refused.message.as_str();
    let held = [
        format!("The vpc '{vpc}' has dependencies and cannot be deleted."),
        format!("resource {group} has a dependent object"),
    ];
    let held_subnets =
        house.subnets.map(|subnet| format!("The subnet '{subnet}' has dependencies and cannot be deleted."));
    match &*refused.code {
        "DependencyViolation" => held.iter().chain(&held_subnets).any(|known| known == text),
        "InvalidSubnetID.NotFound" | "InvalidGroup.NotFound" | "InvalidVpcID.NotFound" => true,
        "ValidationException" => ["Could not find ", "Cannot create already existing ", "Cannot update "]
            .iter()
            .any(|known| text.starts_with(known)),
        _ => false,
    }
}

/// Takes everything away in the order that works, and sees that it does.
fn tear_down(house: &House) {
    house.lab.advance(3_600_000);
    for name in ["e0", "e1"] {
        if house.try_describe(name).is_ok() {
            house.delete(name).unwrap();
        }
    }
    house.lab.advance(3_600_000);
    house.assert_empty();
    let state = house.lab.state();
    for subnet in state.subnets.iter().filter(|subnet| subnet.vpc == house.vpc) {
        house.lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet.id.to_string() })).unwrap();
    }
    if state.groups.contains(&house.group) {
        assert!(act_on(house, Act::DeleteGroup).is_none());
    }
    if state.vpcs.contains(&house.vpc) {
        assert!(act_on(house, Act::DeleteVpc).is_none());
    }
    for config in state.endpoint_configs.iter() {
        house.delete_config(&config.name).unwrap();
    }
    let _ = house.delete_model("m");
    house.assert_empty();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever two endpoints and the user's deletions do to each other, refusals are AWS's, nothing dangles, and in
    /// the end everything can go.
    #[test]
    fn nothing_dangles(profile in profile(), acts in prop::collection::vec(act(), 0..40)) {
        let house = furnished(profile);
        for act in acts {
            if let Some(refused) = act_on(&house, act) {
                prop_assert!(is_known(&refused, &house), "{act:?}: {refused:?}");
            }
            house.assert_sound();
            for name in house.lab.state().endpoints.iter().map(|endpoint| endpoint.name.clone()) {
                let described = house.describe(&name);
                if described["EndpointStatus"] == "InService" {
                    let count = &described["ProductionVariants"][0]["CurrentInstanceCount"];
                    let serving = house.row(&name).serving.clone().unwrap();
                    prop_assert_eq!(json!(serving.interfaces().count() / 2), count.clone());
                }
            }
            for subnet in house.subnets {
                if let Some(row) = house.lab.state().subnets.get(&subnet) {
                    let held = house.lab.interfaces().iter().filter(|one| one.subnet == subnet).count();
                    prop_assert_eq!(row.addresses.free() as usize + held, 11);
                }
            }
        }
        tear_down(&house);
    }

    /// The address rule holds exactly when placement succeeds, and every instance is whole.
    #[test]
    fn the_address_rule_is_the_placement(
        instances in 1u32..40,
        subnets in prop::collection::vec((26u8..=28, 0usize..3), 1..5),
        taken in 0u32..5,
        isolated in any::<bool>(),
    ) {
        let house = House::new(Profile::Fast);
        if taken > 0 {
            house.config("other", "m", taken).unwrap();
            house.create("other", "other").unwrap();
        }
        let mut ids = house.subnets.to_vec();
        for (n, (prefix, zone)) in subnets.iter().enumerate() {
            ids.push(house.lab.subnet_in(house.vpc, &format!("10.0.{}.0/{prefix}", n + 2), *zone));
        }
        house.model("new", &ids, isolated).unwrap();
        house.config("new", "new", instances).unwrap();
        let before = house.lab.state();
        let needs = Needs {
            instances: vec![InstanceGroup { instance_type: "ml.m5.large".into(), count: instances }],
            vpc: Some(VpcConfig {
                subnets: ids.iter().map(ToString::to_string).collect(),
                groups: vec![house.group.to_string()],
            }),
            network_isolation: isolated,
            ..Needs::default()
        };
        let account = house.lab.account.id;
        let case = Case { kind: JobKind::Hosting, name: "new", needs: &needs, state: &before, global: &before, account, elsewhere: &crate::kernel::Nowhere, now: crate::kernel::SimTime::default(), paths: None };
        let report = evaluate(Phase::Place, &case, &RuleModes::default());
        let verdict = &report.findings.iter().find(|finding| finding.rule == "SM-VPC-IP-01").unwrap().verdict;
        house.create("new", "new").unwrap();
        let made = house.interfaces_of("new");
        let each = if isolated { 1 } else { 2 };
        match verdict {
            Verdict::Satisfied(_) => prop_assert_eq!(made.len(), (instances * each) as usize),
            Verdict::Violated(_) => prop_assert_eq!(made.len(), 0),
            Verdict::NotApplicable => prop_assert!(false),
        }
        for subnet in &ids {
            let here = made.iter().filter(|interface| interface.subnet == *subnet).count();
            prop_assert_eq!(here % each as usize, 0, "an instance lies in one subnet");
        }
        house.assert_sound();
    }
}

/// The begin, the middle and the last moment of every stage of a course.
fn moments(course: EndpointCourse, profile: Profile) -> Vec<u64> {
    let mut at = 0;
    let mut all = Vec::new();
    for stage in table(course) {
        let lasts = u64::try_from(stage.lasts(profile).as_millis()).unwrap();
        all.extend([at, at + lasts / 2, at + lasts - 1]);
        at += lasts;
    }
    all.push(at);
    all
}

/// At every moment of every course try everything else, and see that nothing stays.
#[test]
fn nothing_stays_whenever_an_endpoint_is_updated_or_deleted() {
    for profile in [Profile::Fast, Profile::Realistic] {
        use EndpointCourse::{Create, Delete, RollBack, Scale, Update};
        for course in [Create, Update, Scale, RollBack, Delete] {
            for moment in moments(course, profile) {
                for then in [
                    Act::Delete(0),
                    Act::Update { endpoint: 0, config: 2 },
                    Act::Create { endpoint: 1, config: 0 },
                    Act::Scale { endpoint: 0, instances: 1 },
                ] {
                    let house = furnished(profile);
                    house.create("e0", "c1").unwrap();
                    if course != EndpointCourse::Create {
                        house.lab.advance(600_000);
                        let begin = match course {
                            Delete => Act::Delete(0),
                            Scale => Act::Scale { endpoint: 0, instances: 3 },
                            RollBack => Act::Scale { endpoint: 0, instances: 12 },
                            _ => Act::Update { endpoint: 0, config: 0 },
                        };
                        assert!(act_on(&house, begin).is_none());
                        if course == RollBack {
                            house.lab.advance(moments(Scale, profile)[3]);
                            assert_eq!(house.status("e0"), "RollingBack");
                        }
                    }
                    house.lab.advance(moment);
                    let refused = act_on(&house, then);
                    assert!(refused.is_none_or(|refused| is_known(&refused, &house)));
                    house.assert_sound();
                    tear_down(&house);
                }
            }
        }
    }
}

/// A failure that is found in any stage shows when the stage ends: a new endpoint has failed, an old one serves as
/// before. Either leaves nothing.
#[test]
fn an_endpoint_can_fail_in_every_stage() {
    for course in [EndpointCourse::Create, EndpointCourse::Update, EndpointCourse::Scale] {
        let mut at = 0;
        for stage in table(course) {
            let house = furnished(Profile::Fast);
            house.create("e0", "c1").unwrap();
            if course != EndpointCourse::Create {
                house.lab.advance(READY);
            }
            match course {
                EndpointCourse::Update => drop(house.update("e0", "c2").unwrap()),
                EndpointCourse::Scale => drop(house.scale("e0", 4).unwrap()),
                _ => {}
            }
            house.lab.advance(at);
            house.lab.edit(|state| {
                let failure = Failure { reason: "x".into(), rule: None };
                state.endpoints.update(&"e0".into(), |endpoint| endpoint.failure = Some(failure));
            });
            assert!(house.describe("e0").get("FailureReason").is_none(), "nothing is told yet");
            house.lab.advance(u64::try_from(stage.lasts(Profile::Fast).as_millis()).unwrap());
            if course == EndpointCourse::Scale {
                assert_eq!(house.status("e0"), "RollingBack");
                assert!(house.describe("e0").get("FailureReason").is_none());
                house.lab.advance(GONE);
            }
            let (status, held) =
                if course == EndpointCourse::Create { ("Failed", 0) } else { ("InService", 4) };
            assert_eq!((house.status("e0").as_str(), house.interfaces_of("e0").len()), (status, held));
            assert_eq!(house.describe("e0")["FailureReason"], "x");
            house.assert_sound();
            assert_eq!(house.lab.state().timers.len(), 0);
            tear_down(&house);
            at += u64::try_from(stage.lasts(Profile::Fast).as_millis()).unwrap();
        }
    }
}

/// Two endpoints, one updated and one deleted, while the user tries to delete everything in every order: as often as
/// it takes, and each time time passes, what can go goes.
#[test]
fn everything_can_go_in_every_order() {
    let deletions =
        [Act::DeleteSubnet(0), Act::DeleteSubnet(1), Act::DeleteGroup, Act::DeleteModel, Act::DeleteVpc];
    for order in permutations(&deletions) {
        let house = furnished(Profile::Fast);
        house.create("e0", "c1").unwrap();
        house.create("e1", "c1").unwrap();
        house.lab.advance(READY);
        house.update("e0", "c0").unwrap();
        house.delete("e1").unwrap();
        let mut left = order.clone();
        for round in 0.. {
            assert!(round < 20, "{left:?} never goes");
            left.retain(|act| match act_on(&house, *act) {
                None => false,
                Some(refused) => {
                    assert_eq!(refused.code, "DependencyViolation", "{act:?}: {refused:?}");
                    assert!(is_known(&refused, &house), "{refused:?}");
                    true
                }
            });
            house.assert_sound();
            if left.is_empty() {
                break;
            }
            if round == 2 {
                assert!(left.len() >= 4, "two endpoints hold all but the model: {left:?}");
            }
            house.lab.advance(if round < 3 { 1_500 } else { LINGER });
            if round == 3 {
                house.delete("e0").unwrap();
            }
        }
        house.lab.advance(LINGER);
        house.assert_empty();
    }
}

fn permutations(of: &[Act]) -> Vec<Vec<Act>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let each = of.iter().enumerate().flat_map(|(n, first)| {
        let mut rest = of.to_vec();
        rest.remove(n);
        permutations(&rest).into_iter().map(move |rest| std::iter::once(*first).chain(rest).collect())
    });
    each.collect()
}
