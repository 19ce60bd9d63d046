//! What is shown of three typical failures, and of whatever users may have called their things.

use super::{Reachability, page, text};
use crate::jobs::Explanation;
use crate::jobs::explain::{
    HopReport, InterfaceReport, PathReport, PhaseReport, RefusalReport, RuleReport, VantageReport,
};
use crate::jobs::remedy::Fix;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn rule(id: &'static str, name: &'static str, verdict: &'static str, told: &str) -> RuleReport {
    RuleReport {
        id,
        name,
        mode: "enforce",
        verdict,
        basis: "documented",
        resource: Some(told.to_owned()),
        evidence: BTreeMap::from([("free", told.to_owned())]),
        hint: (verdict == "violated").then_some("Do what is right."),
        sources: vec!["https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html".to_owned()],
    }
}

fn hop(
    kind: &'static str,
    verdict: &'static str,
    decides: bool,
    rule: &'static str,
    told: &str,
) -> HopReport {
    HopReport {
        kind,
        at: told.to_owned(),
        verdict,
        decides,
        rule,
        element: Some(told.to_owned()),
        evidence: BTreeMap::from([("target", told.to_owned())]),
        sources: vec![format!("https://example.com/{told}"), "Amazon VPC User Guide".to_owned()],
    }
}

/// A job that does not get to its data; everything that users name is called `told`.
fn cut_off(told: &str) -> Explanation {
    let path = PathReport {
        from: Some(VantageReport {
            interface: Some("eni-1".into()),
            subnet: "subnet-1".into(),
            address: "10.0.0.4".into(),
            groups: vec!["sg-1".into()],
        }),
        to: format!("s3://{told}/key"),
        transport: "tcp",
        port: 443,
        reaches: false,
        hops: vec![
            hop("dns", "passed", false, "SM-S3-DNS-13", told),
            hop("route-table", "blocked", true, "SM-S3-NOPATH-01", told),
            hop("role-policy", "blocked", false, "SM-F-S3-DENIED", told),
        ],
    };
    Explanation {
        job: format!("training-job/{told}"),
        status: "Failed",
        secondary_status: Some("Failed"),
        failure_reason: Some(format!("ClientError: Data download failed: {told}")),
        decided_by: Some("SM-S3-NOPATH-01"),
        would_have_failed_next: vec!["SM-F-S3-DENIED"],
        interfaces: vec![InterfaceReport {
            id: "eni-1".into(),
            subnet: "subnet-1".into(),
            addresses: vec!["10.0.0.4".into()],
            groups: vec!["sg-1".into()],
            exists: false,
            would_exist: false,
        }],
        phases: vec![
            PhaseReport {
                phase: "place",
                rules: vec![rule("SM-VPC-IP-01", "two-addresses-per-instance", "satisfied", told)],
                paths: Vec::new(),
            },
            PhaseReport {
                phase: "input",
                rules: vec![
                    rule("SM-S3-NOPATH-01", "way-to-s3", "violated", told),
                    rule("SM-OUT-01", "way-out", "not applicable", told),
                ],
                paths: vec![path],
            },
        ],
        fixes: vec![Fix {
            rule: "SM-S3-NOPATH-01",
            words: format!("Make an endpoint for {told}."),
            commands: vec![
                "VPCE=$(aws ec2 create-vpc-endpoint --query 'VpcEndpoint.VpcEndpointId')".to_owned(),
            ],
        }],
        ..Explanation::default()
    }
}

/// A job for which there is no room.
fn no_room(told: &str) -> Explanation {
    Explanation {
        job: format!("processing-job/{told}"),
        status: "Failed",
        failure_reason: Some(format!("ClientError: no room in {told}")),
        decided_by: Some("SM-VPC-IP-01"),
        phases: vec![PhaseReport {
            phase: "place",
            rules: vec![rule("SM-VPC-IP-01", "two-addresses-per-instance", "violated", told)],
            paths: Vec::new(),
        }],
        fixes: vec![Fix {
            rule: "SM-VPC-IP-01",
            words: "Make a subnet.".into(),
            commands: vec!["SUBNET=$(aws ec2 create-subnet --cidr-block 10.0.1.0/24)".into()],
        }],
        ..Explanation::default()
    }
}

/// A call that was refused.
fn refused(told: &str) -> Explanation {
    Explanation {
        job: "ec2:CreateVpcEndpoint".into(),
        status: "Refused",
        decided_by: Some("EC2-VPCE-DUP-RT"),
        refusal: Some(RefusalReport {
            request: Some("1-2-3".into()),
            operation: "ec2:CreateVpcEndpoint".into(),
            region: "us-east-1".into(),
            code: "RouteAlreadyExists".into(),
            message: format!("route table {told} already has a route"),
            http_status: 400,
            because: None,
            summary: Some("A table takes part in one endpoint."),
            hint: Some("Use the endpoint that is there."),
            sources: vec!["answers of AWS".into()],
        }),
        fixes: vec![Fix { rule: "EC2-VPCE-DUP-RT", words: format!("Use {told}."), commands: Vec::new() }],
        ..Explanation::default()
    }
}

fn reach(told: &str) -> Reachability {
    let path = cut_off(told).phases.remove(1).paths.remove(0);
    Reachability { reaches: false, path, fixes: Vec::new() }
}

type Example = fn(&str) -> Explanation;
const EXAMPLES: [(&str, Example); 3] = [("cut-off", cut_off), ("no-room", no_room), ("refused", refused)];

#[test]
fn typical_failures_in_every_form() {
    for (name, example) in EXAMPLES {
        let shown = example("mine");
        insta::assert_snapshot!(format!("{name}-text"), text::explanation(&shown));
        insta::assert_snapshot!(format!("{name}-json"), serde_json::to_string_pretty(&shown).unwrap());
        insta::assert_snapshot!(format!("{name}-html"), page::explanation(&shown).replace('>', ">\n"));
    }
}

fn count(text: &str, what: char) -> usize {
    text.matches(what).count()
}

proptest! {
    /// Whatever things are called: it neither becomes a part of the page nor breaks the lines of the text.
    #[test]
    fn names_stay_names(told in any::<String>()) {
        let pages = EXAMPLES.map(|(_, example)| [page::explanation(&example("x")), page::explanation(&example(&told))]);
        for [plain, odd] in pages.into_iter().chain([[page::reachability(&reach("x")), page::reachability(&reach(&told))]]) {
            for mark in ['<', '>', '"', '\''] {
                prop_assert_eq!(count(&plain, mark), count(&odd, mark));
            }
        }
        let texts = EXAMPLES.map(|(_, example)| [text::explanation(&example("x")), text::explanation(&example(&told))]);
        for [plain, odd] in texts.into_iter().chain([[text::reachability(&reach("x")), text::reachability(&reach(&told))]]) {
            prop_assert_eq!(count(&plain, '\n'), count(&odd, '\n'));
            prop_assert!(!odd.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
