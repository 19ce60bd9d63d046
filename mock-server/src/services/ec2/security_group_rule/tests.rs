//! Rules come, change and go.

use super::super::describe::Describe;
use super::super::harness::{Lab, text, texts};
use super::super::security_group_rule_change::*;
use super::super::security_group_rule_modify::*;
use super::super::vpc_cidr::AssociateVpcCidrBlock;
use super::*;
use serde_json::{Value as Json, json};

fn web() -> (Lab, String) {
    let lab = Lab::new();
    let group = lab.group(&lab.vpc(), "web");
    (lab, group)
}

fn tcp(port: i32, cidr: &str) -> Json {
    json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": cidr }] })
}

#[test]
fn a_rule_is_authorised_described_and_revoked() {
    let (lab, group) = web();
    let permission = json!({
        "IpProtocol": "6",
        "FromPort": 80,
        "ToPort": 81,
        "IpRanges": [{ "CidrIp": "10.0.0.1/24", "Description": "ours" }],
        "Ipv6Ranges": [{ "CidrIpv6": "::/0" }],
        "UserIdGroupPairs": [{ "GroupId": group }],
        "PrefixListIds": [{ "PrefixListId": "pl-63a5400a" }],
    });
    let made = lab.write::<AuthorizeSecurityGroupIngress>(json!({
        "GroupId": group,
        "IpPermissions": [permission],
        "TagSpecifications": [
            { "ResourceType": "security-group-rule", "Tags": [{ "Key": "k", "Value": "v" }] },
        ],
    }));
    assert_eq!(made["Return"], true);
    let rules = made["SecurityGroupRules"].as_array().unwrap();
    assert_eq!(rules.len(), 4);
    assert_eq!(rules[0]["ReferencedGroupInfo"], json!({ "GroupId": group, "UserId": "123456789012" }));
    assert_eq!((&rules[1]["CidrIpv4"], &rules[1]["Description"]), (&json!("10.0.0.0/24"), &json!("ours")));
    assert_eq!((&rules[1]["IpProtocol"], &rules[1]["ToPort"]), (&json!("tcp"), &json!(81)));
    assert_eq!(rules[2]["CidrIpv6"], "::/0");
    assert_eq!(rules[3]["PrefixListId"], "pl-63a5400a");

    let listed = lab.read::<Describe<SecurityGroup>>(json!({ "GroupIds": [group] }));
    assert_eq!(
        listed["SecurityGroups"][0]["IpPermissions"],
        json!([{
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 81,
            "UserIdGroupPairs": [{ "UserId": "123456789012", "GroupId": group }],
            "IpRanges": [{ "Description": "ours", "CidrIp": "10.0.0.0/24" }],
            "Ipv6Ranges": [{ "CidrIpv6": "::/0" }],
            "PrefixListIds": [{ "PrefixListId": "pl-63a5400a" }],
        }])
    );

    let described = |input: Json| {
        let rows = lab.read::<DescribeSecurityGroupRules>(input);
        texts(&rows["SecurityGroupRules"], "SecurityGroupRuleId")
    };
    let id = text(&rules[1]["SecurityGroupRuleId"]);
    assert_eq!(described(json!({ "SecurityGroupRuleIds": [id] })), [&*id]);
    let tagged = json!({ "Filters": [{ "Name": "tag:k", "Values": ["v"] }] });
    assert_eq!(described(tagged).len(), 4);
    let of_group = json!({ "Filters": [{ "Name": "group-id", "Values": [group] }], "MaxResults": 5 });
    assert_eq!(described(of_group).len(), 5, "with the egress rule that every new group has");

    let by_id = json!({ "GroupId": group, "SecurityGroupRuleIds": [id] });
    let gone = lab.write::<RevokeSecurityGroupIngress>(by_id.clone());
    assert_eq!(gone["RevokedSecurityGroupRules"][0]["SecurityGroupRuleId"], *id);
    assert!(lab.try_write::<RevokeSecurityGroupIngress>(by_id).is_err());
    let gone = lab.write::<RevokeSecurityGroupEgress>(json!({
        "GroupId": group,
        "IpPermissions": [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }],
    }));
    assert_eq!(gone["RevokedSecurityGroupRules"][0]["IsEgress"], true);
}

#[test]
fn the_flat_form_says_the_same() {
    let (lab, group) = web();
    lab.write::<AuthorizeSecurityGroupIngress>(json!({
        "GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8",
    }));
    let input = json!({ "GroupId": group, "IpPermissions": [tcp(22, "10.0.0.0/8")] });
    lab.write::<RevokeSecurityGroupIngress>(input.clone());
    assert_eq!(lab.try_write::<RevokeSecurityGroupIngress>(input), Err(Ec2Error::NoSuchRule));
}

#[test]
fn duplicates_are_told_as_aws_tells_them() {
    let (lab, group) = web();
    let rule = |protocol: &str, peer: Json| {
        let mut permission = json!({ "IpProtocol": protocol, "FromPort": 80, "ToPort": 80 });
        permission.as_object_mut().unwrap().append(&mut peer.as_object().unwrap().clone());
        json!({ "GroupId": group, "IpPermissions": [permission] })
    };
    let any = || json!({ "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
    let own = || json!({ "UserIdGroupPairs": [{ "GroupId": group }] });
    for (input, described) in [
        (rule("tcp", any()), "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW".to_owned()),
        (rule("-1", any()), "peer: 0.0.0.0/0, ALL, ALLOW".to_owned()),
        (rule("50", any()), "peer: 0.0.0.0/0, protocol: 50, ALLOW".to_owned()),
        (rule("udp", own()), format!("peer: {group}, UDP, from port: 80, to port: 80, ALLOW")),
        (rule("icmp", any()), "peer: 0.0.0.0/0, ICMP, type: 80, code: 80, ALLOW".to_owned()),
    ] {
        lab.write::<AuthorizeSecurityGroupIngress>(input.clone());
        assert_eq!(
            lab.try_write::<AuthorizeSecurityGroupIngress>(input),
            Err(Ec2Error::DuplicateRule(described))
        );
    }
}

#[test]
fn sixty_rules_of_each_family_and_direction() {
    let (lab, group) = web();
    let ranges =
        |n: usize| -> Json { (0..n).map(|n| json!({ "CidrIp": format!("10.0.{n}.0/24") })).collect() };
    let six =
        |n: usize| -> Json { (0..n).map(|n| json!({ "CidrIpv6": format!("fd00:{n}::/32") })).collect() };
    let authorize = |v4: Json, v6: Json| {
        let permission = json!({ "IpProtocol": "-1", "IpRanges": v4, "Ipv6Ranges": v6 });
        let input = json!({ "GroupId": group, "IpPermissions": [permission] });
        lab.try_write::<AuthorizeSecurityGroupIngress>(input).map(|_| ())
    };
    assert_eq!(authorize(ranges(61), json!([])), Err(Ec2Error::TooManyRules));
    assert_eq!(authorize(ranges(60), six(60)), Ok(()));
    assert_eq!(authorize(json!([{ "CidrIp": "0.0.0.0/0" }]), json!([])), Err(Ec2Error::TooManyRules));
}

#[test]
fn filters_look_at_the_rules_of_a_group() {
    let (lab, group) = web();
    lab.write::<AuthorizeSecurityGroupIngress>(json!({
        "GroupId": group,
        "IpPermissions": [tcp(22, "10.9.0.0/16"), { "IpProtocol": "udp", "FromPort": 53, "ToPort": 54,
            "UserIdGroupPairs": [{ "GroupId": group }] }],
    }));
    for (name, value) in [
        ("ip-permission.cidr", "10.9.*"),
        ("ip-permission.from-port", "53"),
        ("ip-permission.to-port", "54"),
        ("ip-permission.protocol", "udp"),
        ("ip-permission.group-id", &*group),
        ("group-name", "w?b"),
    ] {
        let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        assert_eq!(
            lab.ids::<Describe<SecurityGroup>>("SecurityGroups", "GroupId", input),
            [&*group],
            "{name}"
        );
    }
    for (name, value) in
        [("egress.ip-permission.group-id", &*group), ("ip-permission.prefix-list-id", "pl-63a5400a")]
    {
        let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        let none = lab.ids::<Describe<SecurityGroup>>("SecurityGroups", "GroupId", input);
        assert_eq!(none, Vec::<String>::new(), "{name}");
    }
}

fn rules_of(lab: &Lab, group: &str) -> Json {
    let input = json!({ "Filters": [{ "Name": "group-id", "Values": [group] }] });
    lab.read::<DescribeSecurityGroupRules>(input)["SecurityGroupRules"].clone()
}

/// The group as the state has it.
fn row(lab: &Lab, group: &str) -> Arc<SecurityGroup> {
    lab.state().groups.get(&SecurityGroupId::parse(group).unwrap()).unwrap().clone()
}

#[test]
fn a_modified_rule_keeps_its_id_its_tags_and_its_place() {
    let (lab, group) = web();
    let made = lab.write::<AuthorizeSecurityGroupIngress>(json!({
        "GroupId": group,
        "IpPermissions": [tcp(1, "10.0.0.0/8"), tcp(2, "10.0.0.0/8")],
        "TagSpecifications": [
            { "ResourceType": "security-group-rule", "Tags": [{ "Key": "k", "Value": "v" }] },
        ],
    }));
    let ids = texts(&made["SecurityGroupRules"], "SecurityGroupRuleId");
    let before = row(&lab, &group);
    let update = |id: &str, port: i32, text: Json| {
        json!({ "SecurityGroupRuleId": id, "SecurityGroupRule": {
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIpv4": "10.0.0.9/8", "Description": text,
        } })
    };
    // Two rules change places.
    let updates = [update(&ids[0], 2, json!("was one")), update(&ids[1], 1, Json::Null)];
    let answer =
        lab.write::<ModifySecurityGroupRules>(json!({ "GroupId": group, "SecurityGroupRules": updates }));
    assert_eq!(answer, json!({ "Return": true }));
    let after = row(&lab, &group);
    let shown = |group: &SecurityGroup| {
        let rules = group.rules.iter().map(|rule| (rule.id, rule.tags.clone(), rule.peer.clone()));
        rules.collect::<Vec<_>>()
    };
    assert_eq!(shown(&after), shown(&before));
    let said: Vec<_> = after.rules.iter().map(|rule| (rule.from_port, rule.description.as_deref())).collect();
    assert_eq!(said, [(None, None), (Some(2), Some("was one")), (Some(1), None)]);
    // What is left out is gone.
    let update = json!({ "GroupId": group, "SecurityGroupRules": [update(&ids[0], 2, Json::Null)] });
    lab.write::<ModifySecurityGroupRules>(update);
    assert_eq!(row(&lab, &group).rules[1].description, None);
}

#[test]
fn descriptions_change_by_permission_and_by_id() {
    let (lab, group) = web();
    let said = |text: Json| json!([{ "IpProtocol": "-1", "Ipv6Ranges": [{ "CidrIpv6": "2001:DB8:0::1/32", "Description": text }] }]);
    let made = lab.write::<AuthorizeSecurityGroupIngress>(
        json!({ "GroupId": group, "IpPermissions": said(json!("a")) }),
    );
    assert_eq!(made["SecurityGroupRules"][0]["CidrIpv6"], "2001:db8::/32");
    let id = text(&made["SecurityGroupRules"][0]["SecurityGroupRuleId"]);
    let now =
        || row(&lab, &group).rules.iter().find(|rule| rule.id.to_string() == id).unwrap().description.clone();
    let by_permission = |text: Json| json!({ "GroupId": group, "IpPermissions": said(text) });
    let by_id = |text: Json| {
        json!({ "GroupId": group, "SecurityGroupRuleDescriptions": [
            { "SecurityGroupRuleId": id, "Description": text },
        ] })
    };
    for (input, becomes) in [
        (by_permission(json!("b")), Some("b")),
        (by_permission(Json::Null), None),
        (by_id(json!("c")), Some("c")),
        (by_id(Json::Null), None),
    ] {
        let answer = lab.write::<UpdateSecurityGroupRuleDescriptionsIngress>(input.clone());
        assert_eq!(answer, json!({ "Return": true }));
        assert_eq!(now().as_deref(), becomes);
        assert!(lab.try_write::<UpdateSecurityGroupRuleDescriptionsEgress>(input).is_err());
    }
    // A description makes no difference to what is revoked.
    lab.write::<RevokeSecurityGroupIngress>(by_permission(json!("z")));
}

#[test]
fn the_default_vpc_tells_what_it_did_not_find() {
    let lab = Lab::new();
    let vpc = lab.state().default_vpc().unwrap().id.to_string();
    let group = lab.group(&vpc, "web");
    let permissions = json!([tcp(1, "10.0.0.0/8"), tcp(2, "10.0.0.0/8")]);
    lab.write::<AuthorizeSecurityGroupIngress>(
        json!({ "GroupName": "web", "IpPermissions": [permissions[0]] }),
    );
    let answer =
        lab.write::<RevokeSecurityGroupIngress>(json!({ "GroupName": "web", "IpPermissions": permissions }));
    assert_eq!(
        (&answer["Return"], answer["RevokedSecurityGroupRules"].as_array().unwrap().len()),
        (&json!(true), 1)
    );
    assert_eq!(
        answer["UnknownIpPermissions"],
        json!([{
            "IpProtocol": "tcp", "FromPort": 2, "ToPort": 2, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }],
            "UserIdGroupPairs": [], "Ipv6Ranges": [], "PrefixListIds": [],
        }])
    );
    // The flat form can name a group of the default VPC.
    lab.write::<AuthorizeSecurityGroupIngress>(json!({
        "GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "SourceSecurityGroupName": "default", "SourceSecurityGroupOwnerId": "123456789012",
    }));
    let input = json!({ "Filters": [{ "Name": "ip-permission.group-name", "Values": ["default"] },
        { "Name": "group-name", "Values": ["web"] }] });
    assert_eq!(lab.ids::<Describe<SecurityGroup>>("SecurityGroups", "GroupId", input), [&*group]);
    // The default egress rule goes by its id.
    let rules = rules_of(&lab, &group);
    let egress = rules.as_array().unwrap().iter().find(|rule| rule["IsEgress"] == true).unwrap();
    let by_id = json!({ "GroupId": group, "SecurityGroupRuleIds": [egress["SecurityGroupRuleId"]] });
    lab.write::<RevokeSecurityGroupEgress>(by_id);
    assert!(row(&lab, &group).rules.iter().all(|rule| rule.direction == Direction::Ingress));
}

#[test]
fn icmp_has_types_and_codes() {
    let (lab, group) = web();
    let authorize = |protocol: &str, ports: Json| {
        let mut permission = json!({ "IpProtocol": protocol, "Ipv6Ranges": [{ "CidrIpv6": "::/0" }] });
        permission.as_object_mut().unwrap().extend(ports.as_object().unwrap().clone());
        let made = lab.write::<AuthorizeSecurityGroupIngress>(
            json!({ "GroupId": group, "IpPermissions": [permission] }),
        );
        let rule = &made["SecurityGroupRules"][0];
        (text(&rule["IpProtocol"]), rule["FromPort"].clone(), rule["ToPort"].clone())
    };
    let is = |protocol: &str, from: i32, to: i32| (protocol.to_owned(), json!(from), json!(to));
    assert_eq!(authorize("58", json!({})), is("icmpv6", -1, -1));
    assert_eq!(authorize("ICMP", json!({ "FromPort": 8, "ToPort": -1 })), is("icmp", 8, -1));
    assert_eq!(authorize("all", json!({ "FromPort": 8, "ToPort": 9 })), is("-1", -1, -1));
    assert_eq!(authorize("050", json!({})), is("50", -1, -1));
}

#[test]
fn a_group_of_a_vpc_with_ipv6_lets_both_families_out() {
    let lab = Lab::new();
    let vpc = lab.vpc();
    lab.write::<AssociateVpcCidrBlock>(json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true }));
    let group = lab.group(&vpc, "six  ");
    let listed = lab.read::<Describe<SecurityGroup>>(json!({ "GroupIds": [group] }));
    let listed = &listed["SecurityGroups"][0];
    assert_eq!(listed["GroupName"], "six", "trailing spaces are not kept");
    let egress = listed["IpPermissionsEgress"].as_array().unwrap();
    assert_eq!(egress.len(), 1);
    assert_eq!(egress[0]["IpRanges"], json!([{ "CidrIp": "0.0.0.0/0" }]));
    assert_eq!(egress[0]["Ipv6Ranges"], json!([{ "CidrIpv6": "::/0" }]));
}

#[test]
fn pages_go_on_where_they_stopped_though_rules_go() {
    let (lab, group) = web();
    let permissions: Json = (0..9).map(|n| tcp(n, "10.0.0.0/8")).collect();
    lab.write::<AuthorizeSecurityGroupIngress>(json!({ "GroupId": group, "IpPermissions": permissions }));
    let mine = json!([{ "Name": "group-id", "Values": [group] }]);
    let all = texts(&rules_of(&lab, &group), "SecurityGroupRuleId");
    let told: Vec<_> = row(&lab, &group).rules.iter().map(|rule| rule.id.to_string()).collect();
    assert_eq!(all, told, "in the order in which they came");
    for gone in [None, Some(2), Some(4)] {
        let first = lab.read::<DescribeSecurityGroupRules>(json!({ "Filters": mine, "MaxResults": 5 }));
        let before = texts(&rules_of(&lab, &group), "SecurityGroupRuleId");
        if let Some(n) = gone {
            let by_id = json!({ "GroupId": group, "SecurityGroupRuleIds": [before[n]] });
            lab.write::<RevokeSecurityGroupIngress>(by_id);
        }
        let token = first["NextToken"].clone();
        let second = lab.read::<DescribeSecurityGroupRules>(
            json!({ "Filters": mine, "MaxResults": 5, "NextToken": token }),
        );
        let both = [first, second].map(|page| texts(&page["SecurityGroupRules"], "SecurityGroupRuleId"));
        assert_eq!(both.concat(), before);
    }
    let one = json!({ "Filters": [{ "Name": "security-group-rule-id", "Values": [all[0]] }] });
    assert_eq!(
        texts(&lab.read::<DescribeSecurityGroupRules>(one)["SecurityGroupRules"], "SecurityGroupRuleId"),
        [&*all[0]]
    );
}
