//! Roles of services.

use super::*;
use crate::services::iam::service_linked::*;

#[test]
fn a_service_has_its_role_and_nobody_else_changes_it() {
    let bench = Bench::new();
    let make = |input: Value| bench.write::<CreateServiceLinkedRole>(input);
    let spot = json!({"AWSServiceName": "spot.amazonaws.com", "Description": "d"});
    let role = make(spot.clone()).unwrap()["Role"].take();
    let arn = "arn:aws:iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";
    assert_eq!((&role["Arn"], &role["RoleName"]), (&json!(arn), &json!("AWSServiceRoleForEC2Spot")));
    let taken = "Service role name AWSServiceRoleForEC2Spot has been taken in this account, please try a different suffix.";
    assert_eq!(refusal(make(spot)), is("InvalidInput", taken, 400));
    let suffixed = |service: &str| make(json!({"AWSServiceName": service, "CustomSuffix": "a"}));
    assert_eq!(
        refusal(suffixed("ssm.amazonaws.com")),
        is("InvalidInput", "Custom suffix is not allowed for ssm.amazonaws.com", 400)
    );
    assert_eq!(
        suffixed("autoscaling.amazonaws.com").unwrap()["Role"]["RoleName"],
        "AWSServiceRoleForAutoScaling_a"
    );
    assert_eq!(refusal(make(json!({"AWSServiceName": "x.amazonaws.com"}))).2, 501);

    let name = json!({"RoleName": "AWSServiceRoleForEC2Spot"});
    let with = |more: Value| {
        let mut input = name.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let text = "Cannot perform the operation on the protected role 'AWSServiceRoleForEC2Spot' - this role is only modifiable by AWS";
    let trust =
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}).to_string();
    for result in [
        bench.write::<DeleteRole>(name.clone()),
        bench.write::<UpdateAssumeRolePolicy>(with(json!({"PolicyDocument": trust}))),
        bench.write::<UpdateRole>(with(json!({"MaxSessionDuration": 7200}))),
        bench.write::<inline::Put<Role>>(with(json!({"PolicyName": "p", "PolicyDocument": POLICY}))),
        bench.write::<inline::Delete<Role>>(with(json!({"PolicyName": "p"}))),
    ] {
        assert_eq!(refusal(result), is("UnmodifiableEntity", text, 400));
    }
    bench.write::<UpdateRoleDescription>(with(json!({"Description": "mine"}))).unwrap();

    let task = bench.write::<DeleteServiceLinkedRole>(name.clone()).unwrap()["DeletionTaskId"].take();
    let start = "task/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot/";
    assert!(task.as_str().unwrap().starts_with(start));
    let status =
        |task: &Value| bench.read::<GetServiceLinkedRoleDeletionStatus>(json!({"DeletionTaskId": task}));
    assert_eq!(status(&task).unwrap()["Status"], "SUCCEEDED");
    assert_eq!(refusal(status(&json!("task/none"))).0, "NoSuchEntity");
    assert_eq!(refusal(bench.write::<DeleteServiceLinkedRole>(name)).0, "NoSuchEntity");
    bench.role("own", service());
    assert_eq!(refusal(bench.write::<DeleteServiceLinkedRole>(json!({"RoleName": "own"}))).0, "NoSuchEntity");
    let reserved =
        json!({"RoleName": "r", "Path": "/aws-service-role/x/", "AssumeRolePolicyDocument": trust});
    assert_eq!(refusal(bench.write::<CreateRole>(reserved)).0, "InvalidInput");
}
