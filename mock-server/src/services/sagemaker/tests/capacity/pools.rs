//! Instances that are kept: those of clusters and of warm pools; and all of them at once.

use super::*;
use proptest::prelude::*;

/// A cluster in the service's network, with groups of so many instances.
fn cluster(name: &str, groups: &[u32]) -> Value {
    let group = |(n, count): (usize, &u32)| {
        json!({ "InstanceGroupName": format!("g{n}"), "InstanceType": TYPE, "InstanceCount": count,
            "ExecutionRole": ROLE_ARN,
            "LifeCycleConfig": { "SourceS3Uri": "s3://sagemaker-scripts/base", "OnCreate": "on_create.sh" } })
    };
    json!({ "ClusterName": name, "InstanceGroups": groups.iter().enumerate().map(group).collect::<Vec<_>>() })
}

#[test]
fn clusters_have_quotas_of_their_own() {
    let typed = format!("{TYPE} for cluster usage");
    let total = "Total number of instances allowed across SageMaker HyperPod clusters";
    let of_one = "Maximum number instances allowed per SageMaker HyperPod cluster";
    let site = limited(&[(&typed, 6), (total, 5), (of_one, 4)]);
    let create = |name: &str, groups: &[u32]| site.lab.write::<CreateCluster>(cluster(name, groups));
    assert_eq!(refusal(create("c", &[4, 3]).unwrap_err()), exceeded(&typed, 6, 0, 7));
    assert_eq!(refusal(create("c", &[3, 3]).unwrap_err()), exceeded(total, 5, 0, 6));
    assert_eq!(refusal(create("c", &[3, 2]).unwrap_err()), exceeded(of_one, 4, 0, 5));
    create("c", &[2, 1]).unwrap();
    assert_eq!(used(&site, InstanceUse::Cluster), 3);
    site.lab.advance(5_000);
    assert_eq!(refusal(create("d", &[3]).unwrap_err()), exceeded(total, 5, 3, 3));
    let grow = |groups: &[u32]| site.lab.write::<UpdateCluster>(cluster("c", groups));
    assert_eq!(refusal(grow(&[4, 1]).unwrap_err()), exceeded(of_one, 4, 0, 5));
    assert_eq!(used(&site, InstanceUse::Cluster), 3);
    grow(&[3, 1]).unwrap();
    site.lab.advance(5_000);
    assert_eq!(used(&site, InstanceUse::Cluster), 4);
    site.lab.write::<DeleteCluster>(json!({ "ClusterName": "c" })).unwrap();
    site.lab.advance(5_000);
    assert_eq!(used(&site, InstanceUse::Cluster), 0);
    site.assert_sound();
}

#[test]
fn a_cluster_finds_no_instances() {
    let site = Site::new(Profile::Fast);
    for zone in site.lab.state().site.info().unwrap().zones {
        supply(&site, zone.name, Some(0));
    }
    supply(&site, "us-east-1b", Some(3));
    let told = |name: &str| site.lab.read::<DescribeCluster>(json!({ "ClusterName": name })).unwrap();
    site.lab.write::<CreateCluster>(cluster("c", &[2])).unwrap();
    site.lab.advance(5_000);
    assert_eq!(told("c")["ClusterStatus"], "InService");
    let taken = |zone| site.lab.state().instances_used(&Usage::In(zone, TYPE.into()));
    assert_eq!((taken("us-east-1a"), taken("us-east-1b")), (0, 2));
    // There is one left.
    site.lab.write::<CreateCluster>(cluster("d", &[2])).unwrap();
    site.lab.advance(5_000);
    let failed = told("d");
    assert_eq!(failed["ClusterStatus"], "Failed");
    assert_eq!(
        failed["FailureMessage"],
        "We currently do not have sufficient capacity for the requested instance type(s). Please try again."
    );
    assert_eq!(taken("us-east-1b"), 2);
    // One that grows goes back to what it had.
    site.lab.write::<UpdateCluster>(cluster("c", &[4])).unwrap();
    site.lab.advance(9_000);
    assert_eq!(told("c")["ClusterStatus"], "InService");
    assert_eq!((told("c")["InstanceGroups"][0]["CurrentCount"].as_u64(), taken("us-east-1b")), (Some(2), 2));
    site.assert_sound();
}

#[test]
fn instances_of_warm_pools_count_and_are_kept_as_far_as_quotas_go() {
    let pools = format!("{TYPE} for training warm pool usage");
    let jobs = format!("{TYPE} for training job usage");
    let site = limited(&[(&pools, 2), (&jobs, 3)]);
    let train = |name: &str, count: u32, keep: u64| {
        let mut request = site.request(name, count);
        request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = json!(keep);
        site.create(request)
    };
    let status = |name: &str| site.describe(name)["WarmPoolStatus"]["Status"].clone();
    // More than may be kept: nothing is.
    train("large", 3, 600).unwrap();
    assert_eq!((used(&site, InstanceUse::Training), used(&site, InstanceUse::WarmPool)), (3, 0));
    site.lab.advance(5_000);
    assert_eq!((status("large"), used(&site, InstanceUse::WarmPool)), (json!("Terminated"), 0));
    train("kept", 2, 600).unwrap();
    site.lab.advance(5_000);
    assert_eq!(status("kept"), "Available");
    assert_eq!((used(&site, InstanceUse::Training), used(&site, InstanceUse::WarmPool)), (2, 2));
    // What is kept counts as what trains does, but not twice.
    assert_eq!(refusal(train("other", 3, 0).unwrap_err()), exceeded(&jobs, 3, 2, 3));
    train("like", 2, 600).unwrap();
    assert_eq!((status("kept"), used(&site, InstanceUse::WarmPool)), (json!("Reused"), 0));
    assert_eq!(used(&site, InstanceUse::Training), 2);
    site.lab.advance(700_000);
    assert_eq!((used(&site, InstanceUse::Training), used(&site, InstanceUse::WarmPool)), (0, 0));
    site.assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever starts and stops: no zone ever has more instances than there are, jobs that wait hold no address, and in
    /// the end all is as it was.
    #[test]
    fn there_are_never_more_instances_than_there_are(
        steps in prop::collection::vec((0u8..4, 1u32..4, 0u64..4), 1..20),
    ) {
        let site = Site::new(Profile::Fast);
        let other = site.lab.subnet_in(site.vpc, "10.0.1.0/28", 1);
        let mut most = [2, 3];
        supply(&site, "us-east-1a", Some(most[0]));
        supply(&site, "us-east-1b", Some(most[1]));
        for (n, (what, instances, supplied)) in steps.into_iter().enumerate() {
            match what {
                0 | 1 => {
                    let mut request = site.request(&format!("job-{n}"), instances);
                    let subnets = [site.subnet.to_string(), other.to_string()];
                    request["VpcConfig"]["Subnets"] = json!(subnets);
                    site.create(request).unwrap();
                }
                2 => {
                    let running = site.lab.state().jobs.iter().find(|job| job.status.is_under_way()).cloned();
                    if let Some(job) = running {
                        site.stop(&job.key.name).unwrap();
                    }
                }
                _ => {
                    // Nobody loses an instance that is there.
                    most = most.map(|was| was.max(supplied));
                    supply(&site, "us-east-1a", Some(most[0]));
                    supply(&site, "us-east-1b", Some(most[1]));
                }
            }
            site.lab.advance(u64::from(instances) * 400);
            let state = site.lab.state();
            for job in state.jobs.iter().filter(|job| job.short_for.is_some()) {
                let owner = crate::model::Owner::Job(job.key.clone());
                prop_assert!(job.held.is_empty());
                prop_assert!(state.interfaces.iter().all(|row| row.owner.as_ref() != Some(&owner)));
            }
            for (zone, most) in ["us-east-1a", "us-east-1b"].into_iter().zip(most) {
                prop_assert!(state.instances_used(&Usage::In(zone, TYPE.into())) <= most);
            }
            let running: u64 = state.jobs.iter().filter(|job| !job.status.is_final())
                .map(|job| u64::from(job.needs.instance_count())).sum();
            prop_assert_eq!(used(&site, InstanceUse::Training), running);
            site.assert_sound();
        }
        site.lab.advance(60_000);
        prop_assert_eq!((site.free(), site.lab.free(other)), (11, 11));
        prop_assert_eq!(used(&site, InstanceUse::Training), 0);
        for zone in ["us-east-1a", "us-east-1b"] {
            prop_assert_eq!(site.lab.state().instances_used(&Usage::In(zone, TYPE.into())), 0);
        }
    }
}
