//! Every policy printed in the five pages of the guide on jobs and endpoints in a VPC, and what each does by itself.

use super::*;

/// Denies the repositories of Amazon Linux; in all five pages but the one on compilation.
const REPOSITORIES: &str = r#"{
    "Statement": [
      {
        "Sid": "AmazonLinuxAMIRepositoryAccess",
        "Principal": "*",
        "Action": [
            "s3:GetObject"
        ],
        "Effect": "Deny",
        "Resource": [
            "arn:aws:s3:::packages.*.amazonaws.com/*",
            "arn:aws:s3:::repo.*.amazonaws.com/*"
        ]
      }
    ]
}"#;

/// Printed below it, as one example of two documents.
const REPOSITORIES_2: &str = r#"{
    "Statement": [
        { "Sid": "AmazonLinux2AMIRepositoryAccess",
          "Principal": "*",
          "Action": [
              "s3:GetObject"
              ],
          "Effect": "Deny",
          "Resource": [
              "arn:aws:s3:::amazonlinux.*.amazonaws.com/*"
              ]
         }
    ]
}"#;

/// The endpoint policy of the page on hosting.
const SEVEN_ACTIONS: &str = r#"{
    "Version": "2008-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": [
                "s3:GetObject",
                "s3:PutObject",
                "s3:ListBucket",
                "s3:GetBucketLocation",
                "s3:DeleteObject",
                "s3:ListMultipartUploadParts",
                "s3:AbortMultipartUpload"
            ],
            "Resource": "*"
        }
    ]
}"#;

/// The policy of the page on compilation, which lets nobody in who does not come through one endpoint.
const ONE_ENDPOINT: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": {
                "AWS": "*"
            },
            "Action": "s3:GetObject",
            "Resource": [
                "arn:aws:s3:::your-sample-bucket",
                "arn:aws:s3:::your-sample-bucket/*"
            ],
            "Condition": {
                "StringNotEquals": {
                    "aws:SourceVpce": [
                        "vpce-01234567890123456"
                    ]
                }
            }
        }
    ]
}"#;

/// What a role needs for compilation.
const COMPILATION_ROLE: &str = r#"{"Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow",
            "Action": [
                "ec2:DescribeVpcEndpoints",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeVpcs",
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:CreateNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute"
            ],
            "Resource": "*"
        }
    ]
}"#;

/// What a role needs for batch transform, as printed: a statement that nothing ends.
const TRANSFORM_ROLE: &str = r#"{
            "Effect": "Allow",
            "Action": [
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeVpcs",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups""#;

fn read(document: &str) -> Policy {
    Policy::parse(document).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A role's session that may do everything, through an endpoint with this policy and to a bucket with that.
fn get(
    action: &str,
    resource: &str,
    endpoint: Option<&Policy>,
    bucket: Option<&Policy>,
    vpce: Option<&str>,
) -> Verdict {
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let mut context = Context::new();
    if let Some(vpce) = vpce {
        context.set("aws:SourceVpce", vpce);
    }
    let who = session();
    let request =
        Request { principal: &who, action, resource, resource_account: Some(HERE), context: &context };
    let policies = Policies {
        identity: vec![named("it", &everything)],
        endpoint: endpoint.map(|policy| named("vpce", policy)),
        resource: bucket.map(|policy| named("bucket", policy)),
        ..Policies::default()
    };
    decide(&request, &policies).verdict
}

const PACKAGES: &str = "arn:aws:s3:::packages.eu-west-1.amazonaws.com/2018.03/main/x.rpm";
const PACKAGES_2: &str = "arn:aws:s3:::amazonlinux.eu-west-1.amazonaws.com/2/core/x.rpm";
const DATA: &str = "arn:aws:s3:::data/train/part-0";

/// They deny what they say, and since they allow nothing they deny everything else as well.
#[test]
fn policies_that_only_deny_let_nothing_through() {
    let denied = Verdict::ExplicitDeny(Kind::Endpoint);
    let silent = Verdict::ImplicitDeny(Kind::Endpoint);
    for (document, packages, packages_2) in [(REPOSITORIES, denied, silent), (REPOSITORIES_2, silent, denied)]
    {
        let endpoint = read(document);
        assert_eq!(get("s3:GetObject", PACKAGES, Some(&endpoint), None, None), packages);
        assert_eq!(
            get("s3:GetObject", "arn:aws:s3:::repo.us-east-1.amazonaws.com/x", Some(&endpoint), None, None),
            packages
        );
        assert_eq!(get("s3:GetObject", PACKAGES_2, Some(&endpoint), None, None), packages_2);
        assert_eq!(get("s3:GetObject", DATA, Some(&endpoint), None, None), silent);
        assert_eq!(get("s3:PutObject", PACKAGES, Some(&endpoint), None, None), silent);
    }
    // Together with the default policy they do what the pages want.
    let both = read(&format!(
        r#"{{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}, {}, {}]}}"#,
        statement(REPOSITORIES),
        statement(REPOSITORIES_2)
    ));
    assert_eq!(get("s3:GetObject", PACKAGES, Some(&both), None, None), denied);
    assert_eq!(get("s3:GetObject", PACKAGES_2, Some(&both), None, None), denied);
    assert_eq!(
        get("s3:ListBucket", "arn:aws:s3:::packages.eu-west-1.amazonaws.com", Some(&both), None, None),
        Verdict::Allowed
    );
    assert_eq!(get("s3:GetObject", DATA, Some(&both), None, None), Verdict::Allowed);
}

/// The one statement of a document.
fn statement(document: &str) -> Value {
    serde_json::from_str::<Value>(document).unwrap()["Statement"][0].clone()
}

/// The pages print the two as one example; they are no one document.
#[test]
fn two_documents_are_not_one() {
    let wrong = Policy::parse(&format!("{REPOSITORIES}\n\n{REPOSITORIES_2}")).unwrap_err();
    assert_eq!((wrong.message.as_str(), wrong.line, wrong.column), ("trailing characters", 18, 1));
}

/// It has what a model needs of its artifacts, and no more: not the versions, ACLs or heads of buckets.
#[test]
fn seven_actions_and_no_more() {
    let endpoint = read(SEVEN_ACTIONS);
    for (action, resource, expected) in [
        ("s3:GetObject", DATA, true),
        ("s3:PutObject", DATA, true),
        ("s3:ListBucket", "arn:aws:s3:::data", true),
        ("s3:GetBucketLocation", "arn:aws:s3:::data", true),
        ("s3:DeleteObject", DATA, true),
        ("s3:ListMultipartUploadParts", DATA, true),
        ("s3:AbortMultipartUpload", DATA, true),
        ("s3:getobject", PACKAGES, true),
        ("s3:GetObjectVersion", DATA, false),
        ("s3:PutObjectAcl", DATA, false),
        ("s3:ListBucketMultipartUploads", "arn:aws:s3:::data", false),
        ("s3:CreateBucket", "arn:aws:s3:::data", false),
        ("s3:ListAllMyBuckets", "*", false),
        ("ecr:GetAuthorizationToken", "*", false),
    ] {
        let expected = if expected { Verdict::Allowed } else { Verdict::ImplicitDeny(Kind::Endpoint) };
        assert_eq!(get(action, resource, Some(&endpoint), None, None), expected, "{action}");
    }
}

/// As the policy of a bucket: only who comes through that endpoint reads, and who comes through none has no such key.
#[test]
fn one_endpoint_for_a_bucket() {
    let bucket = read(ONE_ENDPOINT);
    let denied = Verdict::ExplicitDeny(Kind::Resource);
    let object = "arn:aws:s3:::your-sample-bucket/k";
    for (vpce, action, resource, expected) in [
        (Some("vpce-01234567890123456"), "s3:GetObject", object, Verdict::Allowed),
        (Some("vpce-0123456789012345"), "s3:GetObject", object, denied),
        (Some("VPCE-01234567890123456"), "s3:GetObject", object, denied),
        (None, "s3:GetObject", object, denied),
        (None, "s3:GetObject", "arn:aws:s3:::your-sample-bucket", denied),
        // It says nothing about the rest.
        (None, "s3:PutObject", object, Verdict::Allowed),
        (None, "s3:ListBucket", "arn:aws:s3:::your-sample-bucket", Verdict::Allowed),
        (None, "s3:GetObject", "arn:aws:s3:::your-sample-bucket-2/k", Verdict::Allowed),
    ] {
        assert_eq!(
            get(action, resource, None, Some(&bucket), vpce),
            expected,
            "{vpce:?} {action} {resource}"
        );
    }
    // The page calls it an endpoint policy. As one it lets nothing through, since it allows nothing.
    let through = Some("vpce-01234567890123456");
    assert_eq!(
        get("s3:GetObject", object, Some(&bucket), None, through),
        Verdict::ImplicitDeny(Kind::Endpoint)
    );
    // It denies, but gives nothing to whoever comes through the endpoint.
    let context = Context::new();
    let request = Request {
        principal: &Principal::Anonymous,
        action: "s3:PutObject",
        resource: object,
        resource_account: Some(HERE),
        context: &context,
    };
    let policies = Policies { resource: Some(named("bucket", &bucket)), ..Policies::default() };
    assert_eq!(decide(&request, &policies).verdict, Verdict::ImplicitDeny(Kind::Resource));
}

const NINE: [&str; 9] = [
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// The page on transform prints nine actions, the one on compilation two more.
#[test]
fn the_lists_of_roles() {
    let transform =
        read(&format!(r#"{{"Version": "2012-10-17", "Statement": [{TRANSFORM_ROLE}], "Resource": "*"}}]}}"#));
    let compilation = read(COMPILATION_ROLE);
    let context = Context::new();
    let interface = "arn:aws:ec2:us-east-1:111122223333:network-interface/*";
    for action in NINE {
        for resource in ["*", interface] {
            assert_eq!(alone(&transform, action, resource, &context), Verdict::Allowed, "{action}");
            assert_eq!(alone(&compilation, action, resource, &context), Verdict::Allowed, "{action}");
        }
    }
    for action in ["ec2:DescribeVpcEndpoints", "ec2:ModifyNetworkInterfaceAttribute"] {
        assert_eq!(alone(&compilation, action, "*", &context), Verdict::Allowed, "{action}");
        assert_eq!(alone(&transform, action, "*", &context), NOTHING, "{action}");
    }
    for action in [
        "ec2:CreateSubnet",
        "ec2:DescribeRouteTables",
        "s3:GetObject",
        "ec2:DescribeNetworkInterfacePermissions",
    ] {
        assert_eq!(alone(&compilation, action, "*", &context), NOTHING, "{action}");
    }
}

/// As printed it is no policy, and the refusal says where it stops.
#[test]
fn the_list_without_an_end() {
    let wrong = Policy::parse(TRANSFORM_ROLE).unwrap_err();
    let last = TRANSFORM_ROLE.lines().last().unwrap();
    assert_eq!(
        (wrong.message.as_str(), wrong.line, wrong.column),
        ("EOF while parsing a list", 12, last.len())
    );
    // Ended, it is still only a statement.
    let wrong = Policy::parse(&format!("{TRANSFORM_ROLE}]}}")).unwrap_err();
    assert!(wrong.message.starts_with("unknown field `Effect`, expected one of"), "{wrong}");
    // In a policy but without its resource, it allows nothing.
    let without = read(&format!(r#"{{"Version": "2012-10-17", "Statement": [{TRANSFORM_ROLE}]}}]}}"#));
    assert_eq!(alone(&without, "ec2:DescribeVpcs", "*", &Context::new()), NOTHING);
}
