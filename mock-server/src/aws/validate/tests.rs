//! Every row of AWS's validation texts, and what must pass.

use serde_json::json;

use super::*;
use crate::aws::Encoded;
use crate::aws::model::Protocol;

fn check(service: ServiceId, operation: &str, input: serde_json::Value) -> Result<(), Fault> {
    let model = ServiceModel::get(service);
    let operation = model.operation(operation).unwrap();
    let value = Value::from_json(model, operation.input.unwrap(), &input).unwrap();
    validate(model, operation, &value)
}

fn refused(service: ServiceId, operation: &str, input: serde_json::Value) -> (String, String) {
    let fault = check(service, operation, input).unwrap_err();
    assert_eq!(fault.status, 400);
    (fault.code.into_owned(), fault.message)
}

fn sagemaker(operation: &str, input: serde_json::Value) -> String {
    let (code, message) = refused(ServiceId::SageMaker, operation, input);
    assert_eq!(code, "ValidationException");
    message
}

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

#[test]
fn required() {
    assert_eq!(
        sagemaker("CreateEndpoint", json!({"EndpointName": "e"})),
        "1 validation error detected: Value null at 'endpointConfigName' failed to satisfy constraint: \
         Member must not be null"
    );
    assert_eq!(
        sagemaker("CreateEndpoint", json!({})),
        "2 validation errors detected: Value null at 'endpointName' failed to satisfy constraint: \
         Member must not be null; Value null at 'endpointConfigName' failed to satisfy constraint: \
         Member must not be null"
    );
}

#[test]
fn pattern_of_a_structure_in_a_list() {
    let input = json!({"EndpointConfigName": "c", "ProductionVariants": [
        {"VariantName": "v", "ModelName": "my_model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"},
        {"ModelName": "m"},
    ]});
    let pattern = "[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?";
    let found = sagemaker("CreateEndpointConfig", input);
    assert!(found.starts_with("2 validation errors detected: "), "{found}");
    let (first, second) = found.split_once("; ").unwrap();
    let pattern_begins = first.find("pattern: ").unwrap() + "pattern: ".len();
    assert!(first[pattern_begins..].starts_with("[a-zA-Z0-9]") || first.contains(pattern), "{first}");
    assert_eq!(
        &first["2 validation errors detected: ".len()..pattern_begins],
        "Value 'my_model' at 'productionVariants.1.member.modelName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: "
    );
    assert_eq!(
        second,
        "Value null at 'productionVariants.2.member.variantName' failed to satisfy constraint: \
         Member must not be null"
    );
}

#[test]
fn enums() {
    assert_eq!(
        sagemaker("ListModels", json!({"SortOrder": "Up"})),
        "1 validation error detected: Value 'Up' at 'sortOrder' failed to satisfy constraint: \
         Member must satisfy enum value set: [Ascending, Descending]"
    );
}

#[test]
fn lengths() {
    let long = "a".repeat(64);
    assert_eq!(
        sagemaker("DescribeEndpoint", json!({"EndpointName": long})),
        format!(
            "2 validation errors detected: Value '{long}' at 'endpointName' failed to satisfy constraint: \
             Member must have length less than or equal to 63; Value '{long}' at 'endpointName' failed to \
             satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){{0,62}}"
        )
    );
    let found = sagemaker("DescribeTrainingJob", json!({"TrainingJobName": ""}));
    assert!(
        found.starts_with(
            "2 validation errors detected: Value '' at 'trainingJobName' failed to satisfy constraint: \
             Member must have length greater than or equal to 1; Value '' at 'trainingJobName' failed to \
             satisfy constraint: Member must satisfy regular expression pattern: "
        ),
        "{found}"
    );
    // Characters are counted, not bytes.
    let found = check(ServiceId::SageMaker, "ListModels", json!({"NameContains": "é".repeat(63)}));
    assert!(found.is_err_and(|fault| !fault.message.contains("length")));
}

#[test]
fn lists_too_long() {
    let groups: Vec<String> = (0..6).map(|n| format!("sg-{n}")).collect();
    assert_eq!(
        sagemaker(
            "CreateModel",
            json!({"ModelName": "m", "ExecutionRoleArn": ROLE, "VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": groups}})
        ),
        "1 validation error detected: Value '[sg-0, sg-1, sg-2, sg-3, sg-4, sg-5]' at 'vpcConfig.securityGroupIds' \
         failed to satisfy constraint: Member must have length less than or equal to 5"
    );
}

#[test]
fn ranges() {
    let found = |max| sagemaker("ListModels", json!({"MaxResults": max}));
    assert_eq!(
        found(0),
        "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: \
         Member must have value greater than or equal to 1"
    );
    assert_eq!(
        found(101),
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 100"
    );
    let weight = json!({"EndpointName": "e", "DesiredWeightsAndCapacities": [{"VariantName": "v", "DesiredWeight": -0.5}]});
    assert_eq!(
        sagemaker("UpdateEndpointWeightsAndCapacities", weight),
        "1 validation error detected: Value '-0.5' at 'desiredWeightsAndCapacities.1.member.desiredWeight' \
         failed to satisfy constraint: Member must have value greater than or equal to 0"
    );
}

#[test]
fn members_of_a_list() {
    let input =
        json!({"ModelName": "m", "VpcConfig": {"Subnets": ["x y", "s"], "SecurityGroupIds": ["sg-1"]}});
    assert_eq!(
        sagemaker("CreateModel", input),
        "1 validation error detected: Value '[x y, s]' at 'vpcConfig.subnets' failed to satisfy constraint: \
         Member must satisfy constraint: [Member must have length less than or equal to 32, Member must have \
         length greater than or equal to 0, Member must satisfy regular expression pattern: [-0-9a-zA-Z]+]"
    );
}

#[test]
fn values_and_keys_of_a_map() {
    let model = |environment| json!({"ModelName": "m", "PrimaryContainer": {"Image": "i", "Environment": environment}});
    let found = sagemaker("CreateModel", model(json!({"a b": "v"})));
    assert!(
        found.starts_with(
            "1 validation error detected: Value '{a b=v}' at 'primaryContainer.environment' failed to satisfy \
             constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
        ),
        "{found}"
    );
    let found = sagemaker("CreateModel", model(json!({"a": "v".repeat(2000)})));
    assert!(
        found.contains("failed to satisfy constraint: Map value must satisfy constraint: [Member must"),
        "{found}"
    );
}

#[test]
fn codes_of_the_other_services() {
    let (code, message) =
        refused(ServiceId::Sts, "AssumeRole", json!({"RoleArn": ROLE, "RoleSessionName": "Session1:2"}));
    assert_eq!(code, "ValidationError");
    assert_eq!(
        message,
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    );
    assert_eq!(refused(ServiceId::Iam, "GetRole", json!({})).0, "ValidationError");
    let (code, message) = refused(ServiceId::Logs, "CreateLogGroup", json!({"logGroupName": "a b"}));
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("Value 'a b' at 'logGroupName' failed to satisfy constraint"), "{message}");
    let name = json!({"EndpointName": "-", "Body": ""});
    assert_eq!(refused(ServiceId::SageMakerRuntime, "InvokeEndpoint", name).0, "ValidationError");
}

#[test]
fn secrets_are_not_repeated() {
    let (_, message) =
        refused(ServiceId::Iam, "CreateLoginProfile", json!({"UserName": "u", "Password": ""}));
    assert!(message.contains("Value at 'password' failed to satisfy constraint: "), "{message}");
}

#[test]
fn ec2_texts() {
    let ec2 = |operation: &str, input| refused(ServiceId::Ec2, operation, input);
    let pair = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(
        ec2("CreateSubnet", json!({"CidrBlock": "10.0.0.0/24"})),
        pair("MissingParameter", "The request must contain the parameter vpcId")
    );
    assert_eq!(
        ec2("DescribeSubnets", json!({"MaxResults": 3})),
        pair(
            "InvalidParameterValue",
            "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5."
        )
    );
    assert_eq!(
        ec2("DescribeRouteTables", json!({"MaxResults": 101})),
        pair(
            "InvalidParameterValue",
            "Value ( 101 ) for parameter maxResults is invalid. Expecting a value less than 100."
        )
    );
    let reservation = json!({"SubnetId": "subnet-1", "Cidr": "10.0.0.0/28", "ReservationType": "loose"});
    let (code, message) = ec2("CreateSubnetCidrReservation", reservation);
    assert_eq!(code, "InvalidParameterValue");
    assert!(message.starts_with("Value (loose) for parameter reservationType is invalid."), "{message}");
    let tenancy = json!({"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"});
    assert!(
        check(ServiceId::Ec2, "CreateVpc", tenancy).is_ok(),
        "the operation has a code of its own for it"
    );
    assert!(check(ServiceId::Ec2, "DescribeSubnets", json!({"MaxResults": 5})).is_ok());
    assert!(check(ServiceId::Ec2, "CreateVpc", json!({"CidrBlock": "nonsense"})).is_ok());
}

#[test]
fn what_must_pass() {
    let arn = "arn:aws:sagemaker:eu-west-1:123456789012:model/m";
    for (service, operation, input) in [
        (ServiceId::SageMaker, "CreateModel", json!({"ModelName": "m-1", "ExecutionRoleArn": ROLE})),
        (ServiceId::SageMaker, "AddTags", json!({"ResourceArn": arn, "Tags": [{"Key": "K é", "Value": ""}]})),
        (ServiceId::SageMaker, "DescribeProcessingJob", json!({"ProcessingJobName": "p"})),
        (
            ServiceId::Iam,
            "CreateRole",
            json!({"RoleName": "r", "AssumeRolePolicyDocument": "{\n}", "Path": "/a/"}),
        ),
        (ServiceId::Sts, "GetCallerIdentity", json!({})),
        (ServiceId::Logs, "DescribeLogStreams", json!({"logGroupName": "/aws/sagemaker/TrainingJobs"})),
    ] {
        assert_eq!(check(service, operation, input), Ok(()), "{operation}");
    }
}

#[test]
fn a_million_violations_make_one_message() {
    let tags: Vec<_> = (0..100_000).map(|_| json!({})).collect();
    let found = sagemaker("AddTags", json!({"ResourceArn": "a", "Tags": tags}));
    assert!(found.len() < 8_000_000 && found.starts_with("100"), "{}", &found[..80]);
}

/// A pattern that a careless matcher would chew on for ages.
#[test]
fn long_text_takes_little_time() {
    for id in ServiceId::ALL {
        let model = ServiceModel::get(id);
        for number in 0..model.pattern_texts().len() {
            for text in
                ["a-".repeat(20_000), "a".repeat(40_000), "arn:aws:".repeat(5_000), "1.".repeat(20_000)]
            {
                let _ = model.matches(u16::try_from(number).unwrap(), &text);
            }
        }
    }
}

/// Constraints on shapes that the codec does not look at would go unnoticed.
#[test]
fn every_protocol_has_a_form() {
    for id in ServiceId::ALL {
        let model = ServiceModel::get(id);
        let operation = model.operations().iter().find(|operation| {
            model
                .input(operation)
                .is_some_and(|shape| model.members(shape).iter().any(|member| member.required))
        });
        let fault =
            operation.and_then(|operation| validate(model, operation, &Value::empty()).err()).unwrap();
        assert_eq!(fault.code == "MissingParameter", id.protocol() == Protocol::Ec2);
    }
}

#[test]
fn answers() {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let operation = model.operation("DescribeModel").unwrap();
    let told = |body: serde_json::Value| {
        let answer = Encoded { status: 200, headers: Vec::new(), body: body.to_string().into() };
        validate_answer(model, operation, &answer)
    };
    let good = json!({"ModelName": "m", "CreationTime": 1, "PrimaryContainer": {"Mode": "SingleModel"},
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"});
    assert_eq!(told(good.clone()), Ok(()));
    for (member, value, said) in [
        ("CreationTime", json!(null), "Value null at 'creationTime' failed"),
        ("PrimaryContainer", json!({"Mode": "Double"}), "Value 'Double' at 'primaryContainer.mode' failed"),
        ("ModelName", json!("-m"), "Member must satisfy regular expression pattern"),
        ("ModelName", json!("m".repeat(64)), "Member must have length less than or equal to 63"),
        ("ModelName", json!(5), "can not be converted"),
    ] {
        let mut broken = good.clone();
        broken[member] = value;
        let error = told(broken).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let vpcs = ServiceModel::get(ServiceId::Ec2).operation("DescribeVpcs").unwrap();
    let body =
        "<DescribeVpcsResponse><vpcSet><item><state>ready</state></item></vpcSet></DescribeVpcsResponse>";
    let answer = Encoded { status: 200, headers: Vec::new(), body: body.into() };
    let error = validate_answer(ServiceModel::get(ServiceId::Ec2), vpcs, &answer).unwrap_err();
    assert!(error.starts_with("Value 'ready' at 'vpcs.1.member.state' failed"), "{error}");
    // AWS answers what its model does not have.
    let gateways = ServiceModel::get(ServiceId::Ec2).operation("DescribeInternetGateways").unwrap();
    for (state, fits) in [("available", true), ("ready", false)] {
        let body = format!(
            "<DescribeInternetGatewaysResponse><internetGatewaySet><item><attachmentSet><item><state>{state}</state>\
             </item></attachmentSet></item></internetGatewaySet></DescribeInternetGatewaysResponse>"
        );
        let answer = Encoded { status: 200, headers: Vec::new(), body: body.into() };
        let told = validate_answer(ServiceModel::get(ServiceId::Ec2), gateways, &answer);
        assert_eq!(told.is_ok(), fits, "{told:?}");
    }
}
