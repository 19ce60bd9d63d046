//! Which condition keys of the service authorization reference are never there, and why. The list may only shrink.

use super::*;
use crate::gateway::authz::keys::can_be_there;
use crate::policy::Context;
use std::collections::BTreeSet;

const NO_VPN: &str = "VPN connections are not built: only tags could be put on one";
const NOT_BUILT: &str =
    "resources of this type are not built: only tags could be put on one, or a launch name one";
const NO_VOLUMES: &str = "volumes and snapshots are not built: a launch alone says something of its own";

/// Keys of the operations of EC2 and SageMaker that are served.
const NEVER: &[(&str, &str)] = &[
    ("ec2:AuthenticationType", NO_VPN),
    ("ec2:AutoPlacement", NOT_BUILT),
    ("ec2:ClientRootCertificateChainArn", NOT_BUILT),
    ("ec2:CloudwatchLogGroupArn", NOT_BUILT),
    ("ec2:CloudwatchLogStreamArn", NOT_BUILT),
    ("ec2:DPDTimeoutSeconds", NO_VPN),
    ("ec2:DirectoryArn", NOT_BUILT),
    ("ec2:ElasticGpuType", NOT_BUILT),
    ("ec2:GatewayType", NO_VPN),
    ("ec2:HostRecovery", NOT_BUILT),
    ("ec2:IKEVersions", NO_VPN),
    ("ec2:InsideTunnelCidr", NO_VPN),
    ("ec2:InsideTunnelIpv6Cidr", NO_VPN),
    ("ec2:KeyPairType", NOT_BUILT),
    (
        "ec2:ManagedResourceOperator",
        "nothing here is managed by an operator: interfaces of services have a requester",
    ),
    ("ec2:ParentVolume", NO_VOLUMES),
    ("ec2:Phase1DHGroup", NO_VPN),
    ("ec2:Phase1EncryptionAlgorithms", NO_VPN),
    ("ec2:Phase1IntegrityAlgorithms", NO_VPN),
    ("ec2:Phase1LifetimeSeconds", NO_VPN),
    ("ec2:Phase2DHGroup", NO_VPN),
    ("ec2:Phase2EncryptionAlgorithms", NO_VPN),
    ("ec2:Phase2IntegrityAlgorithms", NO_VPN),
    ("ec2:Phase2LifetimeSeconds", NO_VPN),
    ("ec2:PlacementGroupStrategy", NOT_BUILT),
    ("ec2:ProductCode", "images here are none of the marketplace's"),
    ("ec2:Quantity", NOT_BUILT),
    ("ec2:RekeyFuzzPercentage", NO_VPN),
    ("ec2:RekeyMarginTimeSeconds", NO_VPN),
    ("ec2:ReplayWindowSizePackets", NO_VPN),
    ("ec2:ReservedInstancesOfferingType", NOT_BUILT),
    ("ec2:RoutingType", NO_VPN),
    ("ec2:SamlProviderArn", NOT_BUILT),
    ("ec2:ServerCertificateArn", NOT_BUILT),
    ("ec2:SnapshotTime", NO_VOLUMES),
    ("ec2:VpceMultiRegion", "what its value follows from is not documented"),
    ("ec2:VpceSupportedRegion", "listed for CreateTags alone, which names no region"),
    ("sagemaker:DirectGatedModelAccess", "what its value follows from is not documented"),
];

#[test]
fn every_key_of_the_reference_can_be_there_or_has_a_reason() {
    let operations = Operations::all();
    let mut never = BTreeSet::new();
    for service in [ServiceId::Ec2, ServiceId::SageMaker] {
        let actions = Actions::of(service.signing_name()).unwrap();
        for name in operations.names(service) {
            let action = actions.get(name).unwrap();
            let on = std::iter::once(None).chain(action.acts_on.iter().copied().map(Some));
            for acts_on in on {
                let act = Act { acts_on, ..Act::on_all(actions, action) };
                let keys = acts_on.map_or(action.keys, |on| on.keys);
                never.extend(actions.keys(keys).iter().filter(|key| !can_be_there(&act, key)));
            }
        }
    }
    let listed: BTreeSet<_> = NEVER.iter().map(|(key, _)| *key).collect();
    assert!(NEVER.iter().map(|(key, _)| key).is_sorted() && NEVER.iter().all(|(_, why)| !why.is_empty()));
    let (new, old): (Vec<_>, Vec<_>) =
        (never.difference(&listed).collect(), listed.difference(&never).collect());
    assert!(new.is_empty() && old.is_empty(), "never there: {new:#?}; there after all: {old:?}");
}

/// The keys of each act of a call, for the root.
fn contexts(state: &State, operation: &str, input: &Json) -> Vec<(String, Context)> {
    let model = ServiceModel::get(ServiceId::Ec2);
    let operation = model.operation(operation).unwrap();
    let input = Value::from_json(model, operation.input.unwrap(), input).unwrap();
    let caller = caller(Principal::Root);
    let completed = launch::complete(ServiceId::Ec2, model, operation, state, &input);
    let asked = Asked {
        service: ServiceId::Ec2,
        operation: operation.name,
        caller: &caller,
        input: completed.as_ref().unwrap_or(&input),
        sent: &input,
        state,
        global: state,
    };
    let sent = Sent {
        user_agent: None,
        from: Some([192, 0, 2, 7].into()),
        now: crate::kernel::SimTime::from_millis(0),
    };
    let own = format!("arn:aws:ec2:us-east-1:{ACCOUNT}:");
    acts::acts(&asked)
        .iter()
        .map(|act| (act.resource.replace(&own, ""), super::super::keys::context(&asked, &sent, act)))
        .collect()
}

fn one<'a>(context: &'a Context, key: &str) -> &'a str {
    context.get(key).map_or("-", |values| values[0].as_str())
}

#[test]
fn what_is_acted_on_is_of_an_account() {
    let owner = |operation: &str, input: Json| {
        let all = contexts(&State::default(), operation, &input);
        all.iter().map(|(_, context)| one(context, "aws:ResourceAccount").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(owner("DescribeVpcs", json!({})), [ACCOUNT]);
    assert_eq!(owner("DeleteVpc", json!({"VpcId": "vpc-0123456789abcdef0"})), [ACCOUNT]);
    let input = json!({"VpcId": "vpc-0123456789abcdef0", "ServiceName": "s"});
    assert!(owner("CreateVpcEndpoint", input).iter().all(|owner| owner == "-"), "it has no such key");
    let input = json!({"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1});
    let (known, unknown): (Vec<_>, Vec<_>) =
        owner("RunInstances", input).into_iter().partition(|owner| owner == ACCOUNT);
    assert!(!known.is_empty() && unknown == ["-"], "the image is of AWS: {known:?} {unknown:?}");
}

#[test]
fn what_a_call_changes_has_its_name_and_value() {
    let id = "subnet-0123456789abcdef0";
    let input = json!({"SubnetId": id, "MapPublicIpOnLaunch": {"Value": true}});
    let subnet = contexts(&State::default(), "ModifySubnetAttribute", &input);
    assert_eq!(
        (one(&subnet[0].1, "ec2:SubnetID"), one(&subnet[0].1, "ec2:Attribute")),
        (id, "MapPublicIpOnLaunch")
    );
    assert_eq!(one(&subnet[0].1, "ec2:Attribute/MapPublicIpOnLaunch"), "true");
    let input = json!({"InstanceId": "i-0123456789abcdef0", "SourceDestCheck": {"Value": false}});
    let calls = contexts(&State::default(), "ModifyInstanceAttribute", &input);
    let (_, instance) = calls.iter().find(|(name, _)| name.starts_with("instance/")).unwrap();
    assert_eq!(one(instance, "ec2:Attribute/SourceDestCheck"), "false");
    assert_eq!(instance.get("ec2:Attribute").unwrap(), ["SourceDestCheck"]);
    assert_eq!(one(instance, "aws:SourceIp"), "192.0.2.7");
    assert_eq!((one(instance, "aws:SecureTransport"), one(instance, "aws:ViaAWSService")), ("true", "false"));
    let input = json!({"InstanceId": "i-0123456789abcdef0", "Attribute": "userData", "Value": "eA=="});
    let calls = contexts(&State::default(), "ModifyInstanceAttribute", &input);
    assert_eq!(one(&calls[0].1, "ec2:Attribute"), "userData");
}

#[test]
fn a_launch_is_held_to_its_template() {
    use crate::kernel::{Memo, SimTime};
    use crate::model::{Id, LaunchTemplate, LaunchTemplateId, LaunchVersion, Tags};
    let mut state = State::default();
    let id = LaunchTemplateId::parse("lt-0123456789abcdef0").unwrap();
    let data = json!({
        "ImageId": "ami-0123456789abcdef0", "InstanceType": "m5.large", "SecurityGroupIds": ["sg-0123456789abcdef0"],
        "InstanceRequirements": {},
    });
    let now = SimTime::from_millis(0);
    let version = LaunchVersion {
        number: 1,
        description: None,
        created: now,
        created_by: "x".into(),
        data,
        client_token: None,
    };
    state.launch_templates.insert(LaunchTemplate {
        id,
        name: "fleet".into(),
        created: now,
        created_by: "x".into(),
        default_version: 1,
        last_number: 1,
        versions: [(1, version.into())].into(),
        client_token: None,
        tags: Tags::default(),
        memo: Memo::default(),
    });
    let of = |mut input: Json| {
        input["LaunchTemplate"] = json!({"LaunchTemplateName": "fleet"});
        (input["MinCount"], input["MaxCount"]) = (json!(1), json!(1));
        contexts(&state, "RunInstances", &input)
    };
    let told = |all: &[(String, Context)], kind: &str| {
        let (name, context) = all.iter().find(|(name, _)| name.contains(kind)).unwrap();
        (name.clone(), one(context, "ec2:IsLaunchTemplateResource").to_owned())
    };
    let all = of(json!({"SubnetId": "subnet-0123456789abcdef0"}));
    assert_eq!(told(&all, "security-group/"), ("security-group/sg-0123456789abcdef0".into(), "true".into()));
    assert_eq!(told(&all, "image/").1, "true");
    assert_eq!(told(&all, "subnet/").1, "false", "the call says it");
    assert_eq!(told(&all, "instance/").1, "false", "of an instance anything counts");
    assert!(all.iter().any(|(name, _)| name == "launch-template/lt-0123456789abcdef0"));
    let template = format!("arn:aws:ec2:us-east-1:{ACCOUNT}:launch-template/{id}");
    for (name, context) in &all {
        assert_eq!(one(context, "ec2:LaunchTemplate"), template, "{name}");
    }
    let (_, instance) = of(json!({})).swap_remove(0);
    assert_eq!(
        (one(&instance, "ec2:InstanceType"), one(&instance, "ec2:IsLaunchTemplateResource")),
        ("m5.large", "true")
    );
    let plain = json!({"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1});
    let plain = contexts(&state, "RunInstances", &plain);
    assert_eq!((told(&plain, "image/").1.as_str(), one(&plain[0].1, "ec2:LaunchTemplate")), ("false", "-"));
}
