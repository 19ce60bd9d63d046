use super::*;
use crate::model::Role;
use crate::services::iam::tests::{Bench, refusal};
use crate::services::iam::{attach, boundary, inline, managed};
use serde_json::{Value, json};

const LIST_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:List*","Resource":"*"}]}"#;
const NOT_MINE: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::mine",
   "Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}}]}"#;

fn custom(input: Value) -> Value {
    Bench::new().read::<SimulateCustomPolicy>(input).unwrap()["EvaluationResults"].take()
}

#[test]
fn a_result_tells_what_decided() {
    let results =
        custom(json!({"PolicyInputList": [LIST_ALL], "ActionNames": ["s3:ListBucket", "s3:GetObject"]}));
    let start = json!({"Line": 1, "Column": 39});
    let end = json!({"Line": 1, "Column": LIST_ALL.len() - 1});
    assert_eq!(
        results,
        json!([
            {
                "EvalActionName": "s3:ListBucket", "EvalResourceName": "*", "EvalDecision": "allowed",
                "MatchedStatements": [{"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy",
                    "StartPosition": start, "EndPosition": end}],
                "MissingContextValues": [],
            },
            {
                "EvalActionName": "s3:GetObject", "EvalResourceName": "*", "EvalDecision": "implicitDeny",
                "MatchedStatements": [], "MissingContextValues": [],
            },
        ])
    );
}

#[test]
fn each_resource_has_its_result_and_the_strictest_is_told() {
    let entry =
        json!({"ContextKeyName": "aws:sourcevpc", "ContextKeyValues": ["vpc-1"], "ContextKeyType": "string"});
    let mut input = json!({
        "PolicyInputList": [LIST_ALL, NOT_MINE], "ActionNames": ["s3:ListBucket"],
        "ResourceArns": ["arn:aws:s3:::mine", "arn:aws:s3:::other"],
    });
    let decisions = |results: &Value| {
        let of = |place: usize| results[0]["ResourceSpecificResults"][place]["EvalResourceDecision"].clone();
        (results[0]["EvalDecision"].clone(), of(0), of(1), results[0]["MissingContextValues"].clone())
    };
    let without = custom(input.clone());
    let missing = json!(["aws:SourceVpc"]);
    assert_eq!(decisions(&without), (json!("allowed"), json!("allowed"), json!("allowed"), missing));
    input["ContextEntries"] = json!([entry]);
    let with = custom(input);
    assert_eq!(decisions(&with), (json!("explicitDeny"), json!("explicitDeny"), json!("allowed"), json!([])));
    assert_eq!(with[0]["MatchedStatements"].as_array().unwrap().len(), 1, "only what denies");
    assert_eq!(with[0]["MatchedStatements"][0]["SourcePolicyId"], "PolicyInputList.2");
    assert_eq!(with[0]["MatchedStatements"][0]["StartPosition"], json!({"Line": 2, "Column": 4}));
}

#[test]
fn the_policies_of_a_role_are_gathered() {
    let bench = Bench::new();
    bench.role("Train", json!({"Service": "sagemaker.amazonaws.com"}));
    let arn = "arn:aws:iam::111122223333:role/Train";
    let put = json!({"RoleName": "Train", "PolicyName": "deny", "PolicyDocument": NOT_MINE});
    bench.write::<inline::Put<Role>>(put).unwrap();
    let create = json!({"PolicyName": "Lists", "PolicyDocument": LIST_ALL});
    let managed = bench.write::<managed::CreatePolicy>(create).unwrap()["Policy"]["Arn"].take();
    let full = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    for policy in [&managed, &json!(full)] {
        bench.write::<attach::Attach<Role>>(json!({"RoleName": "Train", "PolicyArn": policy})).unwrap();
    }
    let simulate = |more: Value| {
        let mut input = json!({"PolicySourceArn": arn, "ActionNames": ["s3:ListBucket", "s3:PutObject"]});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.read::<SimulatePrincipalPolicy>(input).unwrap()["EvaluationResults"].take()
    };
    let ids = |results: &Value| -> Vec<_> {
        let matched = results[0]["MatchedStatements"].as_array().unwrap();
        matched.iter().map(|statement| statement["SourcePolicyId"].as_str().unwrap().to_owned()).collect()
    };
    let results = simulate(json!({}));
    assert_eq!(ids(&results), ["Lists", "AmazonS3FullAccess"]);
    assert_eq!(results[1]["EvalDecision"], "allowed");
    assert_eq!(results[0]["MissingContextValues"], json!(["aws:SourceVpc"]));

    let denied = json!({
        "ResourceArns": ["arn:aws:s3:::mine"],
        "ContextEntries": [{"ContextKeyName": "aws:SourceVpc", "ContextKeyValues": ["vpc-1"]}],
    });
    assert_eq!(ids(&simulate(denied)), ["role_Train_deny"]);
    let less = simulate(json!({"PolicyExclusionList": [{"PolicyArn": "arn:aws:iam::aws:policy/AmazonS3*"}]}));
    assert_eq!((ids(&less), &less[1]["EvalDecision"]), (vec!["Lists".to_owned()], &json!("implicitDeny")));

    // A boundary takes away; one of the request stands in for it.
    let bound = json!({"RoleName": "Train", "PermissionsBoundary": managed});
    bench.write::<boundary::PutBoundary<Role>>(bound).unwrap();
    let bounded = simulate(json!({}));
    let detail = json!({"AllowedByPermissionsBoundary": false});
    assert_eq!(bounded[0]["EvalDecision"], "allowed");
    assert_eq!(bounded[1]["EvalDecision"], "implicitDeny");
    assert_eq!(bounded[1]["PermissionsBoundaryDecisionDetail"], detail);
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    assert_eq!(simulate(json!({"PermissionsBoundaryPolicyInputList": [all]}))[1]["EvalDecision"], "allowed");

    let keys = bench.read::<GetContextKeysForPrincipalPolicy>(json!({"PolicySourceArn": arn}));
    assert_eq!(keys, Ok(json!({"ContextKeyNames": ["aws:SourceVpc"]})));
}

#[test]
fn a_policy_of_the_resource_needs_a_caller() {
    let caller = "arn:aws:iam::111122223333:user/team/ann";
    let of_bucket = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{caller}"}},"Action":"s3:GetObject","Resource":"*"}}}}"#
    );
    let input = json!({
        "PolicyInputList": [LIST_ALL], "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"],
        "ResourcePolicy": of_bucket, "ResourceOwner": "111122223333",
    });
    let bench = Bench::new();
    let (code, ..) = refusal(bench.read::<SimulateCustomPolicy>(input.clone()));
    assert_eq!(code, "InvalidInput");
    let called = |arn: &str, owner: &str| {
        let mut input = input.clone();
        input["CallerArn"] = json!(arn);
        input["ResourceOwner"] = json!(owner);
        custom(input)
    };
    let allowed = called(caller, "111122223333");
    assert_eq!(allowed[0]["EvalDecision"], "allowed");
    assert_eq!(allowed[0]["MatchedStatements"][0]["SourcePolicyId"], "ResourcePolicy");
    let other = called("arn:aws:iam::111122223333:user/bob", "111122223333");
    assert_eq!(other[0]["EvalDecision"], "implicitDeny");
    let across = called(caller, "444455556666");
    assert_eq!(across[0]["EvalDecision"], "implicitDeny", "both accounts must allow it");
}

#[test]
fn service_control_policies_are_levels() {
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let with = |account: &str| {
        custom(json!({
            "PolicyInputList": [all], "ActionNames": ["s3:PutObject"],
            "OrderedOrganizationPolicyInputList": [
                {"ServiceControlPolicyInputList": [all]}, {"ServiceControlPolicyInputList": [account]},
            ],
        }))
    };
    let allowed = |results: Value| {
        let detail = &results[0]["OrganizationsDecisionDetail"]["AllowedByOrganizations"];
        (results[0]["EvalDecision"].clone(), detail.clone())
    };
    assert_eq!(allowed(with(all)), (json!("allowed"), json!(true)));
    assert_eq!(allowed(with(LIST_ALL)), (json!("implicitDeny"), json!(false)));
}

#[test]
fn keys_are_those_of_conditions_and_variables() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*",
        "Resource":["arn:aws:s3:::b/${aws:username}/${*}"],"Condition":{
        "StringLike":{"s3:prefix":["${aws:PrincipalTag/team, 'none'}/*"]},"Bool":{"AWS:UserName":"x"}}}]}"#;
    let keys = Bench::new().read::<GetContextKeysForCustomPolicy>(json!({"PolicyInputList": [policy]}));
    let expected = json!(["s3:prefix", "aws:PrincipalTag/team", "AWS:UserName"]);
    assert_eq!(keys.unwrap()["ContextKeyNames"], expected);
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let bench = Bench::new();
    let sound = json!({"PolicyInputList": [LIST_ALL], "ActionNames": ["s3:ListBucket"]});
    for (member, value) in [
        ("PolicyInputList", json!(["{"])),
        ("ActionNames", json!(["ListBucket"])),
        ("ResourceArns", json!(["bucket"])),
        ("CallerArn", json!("arn:aws:sts::111122223333:assumed-role/r/s")),
        ("PermissionsBoundaryPolicyInputList", json!([LIST_ALL, LIST_ALL])),
    ] {
        let mut input = sound.clone();
        input[member] = value;
        let (code, _, status) = refusal(bench.read::<SimulateCustomPolicy>(input));
        assert_eq!((code.as_str(), status), ("InvalidInput", 400), "{member}");
    }
    for (arn, code) in [
        ("arn:aws:iam::111122223333:role/none", "NoSuchEntity"),
        ("arn:aws:iam::111122223333:policy/none", "InvalidInput"),
    ] {
        let input = json!({"PolicySourceArn": arn, "ActionNames": ["s3:ListBucket"]});
        assert_eq!(refusal(bench.read::<SimulatePrincipalPolicy>(input)).0, code);
    }
}

#[test]
fn results_come_in_pages() {
    let bench = Bench::new();
    let mut input =
        json!({"PolicyInputList": [LIST_ALL], "ActionNames": ["a:B", "a:C", "a:D"], "MaxItems": 2});
    let first = bench.read::<SimulateCustomPolicy>(input.clone()).unwrap();
    assert_eq!(first["EvaluationResults"].as_array().unwrap().len(), 2);
    assert_eq!(first["IsTruncated"], true);
    input["Marker"] = first["Marker"].clone();
    let rest = bench.read::<SimulateCustomPolicy>(input).unwrap();
    assert_eq!(rest["EvaluationResults"][0]["EvalActionName"], "a:D");
    assert_eq!(rest["IsTruncated"], false);
}
