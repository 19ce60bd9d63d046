//! Condition keys of what the service does as a role.

use super::mutation::{needs, verdict};
use super::*;
use crate::kernel::Scope;
use crate::model::{Needs, Role, Verdict};
use crate::rules::Phase;

/// What the service does as a role has the keys that the reference lists: a deny of all other values is in nobody's way.
#[test]
fn what_is_done_as_a_role_has_its_keys() {
    let site = Site::new(Profile::Fast);
    site.lab.edit(|state| {
        state.subnets.update(&site.subnet, |subnet| subnet.tags.set("use", "jobs"));
        state.groups.update(&site.group, |group| group.tags.set("use", "jobs"));
    });
    site.lab.edit_scope(&Scope::Global, |state| {
        state.roles.update(&Role::key_of("Trainer"), |role| role.tags.set("team", "in"));
    });
    let own = |kind: &str, id: &str| format!("arn:aws:ec2:us-east-1:{}:{kind}/{id}", site.lab.account.id);
    let (subnet, group) = (site.subnet.to_string(), site.group.to_string());
    let needs = needs(&site, &[site.subnet], 1);
    let needs = Needs { role_arn: ROLE_ARN.into(), ..needs };
    let ask = |action: &str, resource: &str, operator: &str, key: &str, value: &str| {
        site.lab.policy(json!([
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": action, "Resource": resource, "Condition": {operator: {key: value}}}]));
        let [make, look] = [("SM-ROLE-9-01", Phase::Place), ("SM-ROLE-9-02", Phase::Create)]
            .map(|(rule, phase)| verdict(&site, JobKind::Training, phase, rule, &needs))
            .map(|verdict| !matches!(verdict, Verdict::Violated(_)));
        (make, look)
    };
    let account = site.lab.account.id.to_string();
    let vpc = own("vpc", &site.vpc.to_string());
    let (in_subnets, in_groups) = ("arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:*:*:security-group/*");
    let interfaces = "arn:aws:ec2:*:*:network-interface/*";
    let (make, permit) = ("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission");
    let subnet_arn = own("subnet", &subnet);
    for (action, resource, key, value) in [
        ("*", "*", "aws:RequestedRegion", "us-east-1"),
        ("*", "*", "aws:ResourceAccount", account.as_str()),
        ("*", "*", "aws:SecureTransport", "true"),
        ("*", "*", "aws:ViaAWSService", "false"),
        ("*", "*", "aws:PrincipalTag/team", "in"),
        ("ec2:*", "*", "ec2:Region", "us-east-1"),
        (make, in_subnets, "ec2:ResourceTag/use", "jobs"),
        (make, in_subnets, "aws:ResourceTag/use", "jobs"),
        (make, in_subnets, "ec2:Vpc", &vpc),
        (make, in_subnets, "ec2:SubnetID", &subnet),
        (make, in_subnets, "ec2:AvailabilityZone", "us-east-1a"),
        (make, in_groups, "aws:ResourceTag/use", "jobs"),
        (make, in_groups, "ec2:Vpc", &vpc),
        (make, in_groups, "ec2:SecurityGroupID", &group),
        (permit, interfaces, "ec2:Subnet", &subnet_arn),
        (permit, interfaces, "ec2:Vpc", &vpc),
        (permit, interfaces, "ec2:AvailabilityZone", "us-east-1a"),
    ] {
        assert_eq!(ask(action, resource, "StringNotEquals", key, value), (true, true), "{key} of {resource}");
        let others = ask(action, resource, "StringNotEquals", key, "another");
        assert_eq!(others, (false, action != "*" && action != "ec2:*"), "{key} of {resource}");
    }
    for (action, resource, key) in [
        (make, interfaces, "ec2:Vpc"),
        (make, in_subnets, "ec2:Subnet"),
        (permit, interfaces, "ec2:SubnetID"),
    ] {
        assert!(!ask(action, resource, "Null", key, "true").0, "{key} of {resource} is not listed");
    }
    for key in ["aws:CurrentTime", "aws:TokenIssueTime"] {
        assert_eq!(ask("*", "*", "DateLessThan", key, "2020-01-01T00:00:00Z"), (true, true), "{key}");
        assert_eq!(ask("*", "*", "DateGreaterThan", key, "2020-01-01T00:00:00Z"), (false, false), "{key}");
    }
}
