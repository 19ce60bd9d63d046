//! VPC endpoints changed.

use super::describe::find;
use super::endpoint_policy;
use super::error::{Ec2Error, EndpointError};
use super::network_interface_create::{groups_in, not_placed};
use super::vpc_endpoint::{
    DnsOptions, SubnetConfiguration, add_placement, add_tables, check_names, chosen_addresses,
    set_address_type, set_names, subnet_in, table_in,
};
use crate::model::{
    EndpointType, PolicyDocument, SecurityGroup, SubnetId, Txn, Vpc, VpcEndpoint, VpcEndpointState,
};
use crate::net::vpc_endpoint::enter;
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};

/// A gateway endpoint is changed at once. An interface endpoint is `pending` for a while and takes no other change
/// meanwhile; EC2-VPCE-MODIFY. Source: the page of ModifyVpcEndpoint.
pub struct ModifyVpcEndpoint;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyVpcEndpointIn {
    vpc_endpoint_id: String,
    reset_policy: bool,
    policy_document: Option<String>,
    add_route_table_ids: Vec<String>,
    remove_route_table_ids: Vec<String>,
    add_subnet_ids: Vec<String>,
    remove_subnet_ids: Vec<String>,
    add_security_group_ids: Vec<String>,
    remove_security_group_ids: Vec<String>,
    ip_address_type: Option<String>,
    dns_options: Option<DnsOptions>,
    private_dns_enabled: Option<bool>,
    subnet_configurations: Vec<SubnetConfiguration>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcEndpointOut {
    r#return: bool,
}

impl Operation for ModifyVpcEndpoint {
    const NAME: &'static str = "ModifyVpcEndpoint";
    type In = ModifyVpcEndpointIn;
    type Out = ModifyVpcEndpointOut;
    type Error = Ec2Error;
}

impl Write for ModifyVpcEndpoint {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: ModifyVpcEndpointIn) -> Result<Self::Out, Ec2Error> {
        let mut endpoint = VpcEndpoint::clone(find::<VpcEndpoint>(&txn.state, &input.vpc_endpoint_id)?);
        match endpoint.state {
            VpcEndpointState::Available => {}
            VpcEndpointState::Deleting => return Err(EndpointError::EndpointGoing(endpoint.id).into()),
            VpcEndpointState::Creating | VpcEndpointState::Modifying => {
                return Err(EndpointError::ModifyInProgress.into());
            }
        }
        match (input.policy_document.take(), input.reset_policy) {
            (Some(_), true) => return Err(Ec2Error::NotTogether("policyDocument", "resetPolicy")),
            (Some(policy), false) => {
                endpoint_policy::check(&policy)?;
                endpoint.policy = Some(PolicyDocument::new(policy));
            }
            (None, true) => endpoint.policy = None,
            (None, false) => {}
        }
        let renamed = input.private_dns_enabled.is_some() || input.dns_options.is_some();
        set_address_type(&mut endpoint, input.ip_address_type.as_deref())?;
        set_names(&mut endpoint, input.private_dns_enabled, input.dns_options.take())?;
        match endpoint.kind() {
            EndpointType::Gateway => {
                gateway(txn, &mut endpoint, &input)?;
                txn.state.put_vpc_endpoint(endpoint);
            }
            EndpointType::Interface => {
                if renamed {
                    let vpc = find::<Vpc>(&txn.state, &endpoint.vpc.to_string())?;
                    check_names(&txn.state, vpc, &endpoint)?;
                }
                interface(txn, &mut endpoint, &input)?;
                enter(txn, endpoint, VpcEndpointState::Modifying);
            }
        }
        Ok(ModifyVpcEndpointOut { r#return: true })
    }
}

fn gateway(txn: &Txn<'_>, endpoint: &mut VpcEndpoint, input: &ModifyVpcEndpointIn) -> Result<(), Ec2Error> {
    let subnets = [&input.add_subnet_ids, &input.remove_subnet_ids];
    if subnets.iter().any(|ids| !ids.is_empty()) || !input.subnet_configurations.is_empty() {
        return Err(EndpointError::SubnetsOfGateway.into());
    }
    if !input.add_security_group_ids.is_empty() || !input.remove_security_group_ids.is_empty() {
        return Err(EndpointError::GroupsOfGateway.into());
    }
    for id in &input.remove_route_table_ids {
        let table = table_in(&txn.state, endpoint.vpc, id)?.id;
        remove(&mut endpoint.route_tables, |other| *other == table)
            .ok_or_else(|| not_associated("Route table", id, endpoint))?;
    }
    add_tables(&txn.state, endpoint, &input.add_route_table_ids)
}

fn interface(
    txn: &mut Txn<'_>,
    endpoint: &mut VpcEndpoint,
    input: &ModifyVpcEndpointIn,
) -> Result<(), Ec2Error> {
    if !input.add_route_table_ids.is_empty() || !input.remove_route_table_ids.is_empty() {
        return Err(EndpointError::RouteTablesOfInterface.into());
    }
    groups(txn, endpoint, input)?;
    for id in &input.remove_subnet_ids {
        let subnet = subnet_in(&txn.state, endpoint.vpc, id)?.id;
        leave(txn, endpoint, subnet).ok_or_else(|| not_associated("Subnet", id, endpoint))?;
    }
    let addresses = chosen_addresses(&input.subnet_configurations)?;
    for id in &input.add_subnet_ids {
        let subnet = subnet_in(&txn.state, endpoint.vpc, id)?.id;
        let is_there = endpoint.placements.iter().any(|at| at.subnet == subnet);
        let chosen = addresses.iter().any(|(other, _)| other == id);
        if !is_there && !chosen {
            add_placement(txn, endpoint, id, None)?;
        }
    }
    for (id, address) in &addresses {
        let subnet = subnet_in(&txn.state, endpoint.vpc, id)?.id;
        // An interface with another address takes the place of the one that is there.
        let was_there = leave(txn, endpoint, subnet).is_some();
        if !was_there && !input.add_subnet_ids.contains(id) {
            return Err(EndpointError::NotItsSubnet(id.clone()).into());
        }
        add_placement(txn, endpoint, id, Some(*address))?;
    }
    Ok(())
}

/// The endpoint carries other groups, and with it each of its interfaces.
fn groups(
    txn: &mut Txn<'_>,
    endpoint: &mut VpcEndpoint,
    input: &ModifyVpcEndpointIn,
) -> Result<(), Ec2Error> {
    let mut names: Vec<_> = endpoint.groups.iter().map(|group| group.id.to_string()).collect();
    for id in &input.remove_security_group_ids {
        find::<SecurityGroup>(&txn.state, id)?;
        remove(&mut names, |other| other == id)
            .ok_or_else(|| not_associated("Security group", id, endpoint))?;
    }
    names.extend(input.add_security_group_ids.iter().cloned());
    let groups = groups_in(&txn.state, endpoint.vpc, &names)?;
    if groups.is_empty() {
        return Err(EndpointError::LastGroup(endpoint.id).into());
    }
    endpoint.groups = txn.state.group_refs(&groups).map_err(not_placed)?;
    for at in &endpoint.placements {
        txn.state.interfaces.update(&at.interface, |row| row.groups = endpoint.groups.clone());
    }
    Ok(())
}

/// Removes the endpoint's interface in a subnet; `None` if there is none.
fn leave(txn: &mut Txn<'_>, endpoint: &mut VpcEndpoint, subnet: SubnetId) -> Option<()> {
    let placement = remove(&mut endpoint.placements, |at| at.subnet == subnet)?;
    txn.state.remove_interface(placement.interface);
    Some(())
}

/// Takes the first of these things out of a list.
fn remove<T>(list: &mut Vec<T>, is: impl FnMut(&T) -> bool) -> Option<T> {
    list.iter().position(is).map(|at| list.remove(at))
}

fn not_associated(what: &str, id: &str, endpoint: &VpcEndpoint) -> Ec2Error {
    EndpointError::NotAssociated { part: format!("{what} {id}"), id: endpoint.id }.into()
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::route_table::DeleteRouteTable;
    use super::super::vpc::ModifyVpcAttribute;
    use super::super::vpc_endpoint_create::CreateVpcEndpoint;
    use super::*;
    use crate::model::{Id, NetworkInterface};
    use serde_json::{Value, json};
    use std::time::Duration;

    fn described(lab: &Lab, id: &str) -> Value {
        lab.read::<Describe<VpcEndpoint>>(json!({ "VpcEndpointIds": [id] }))["VpcEndpoints"][0].clone()
    }

    fn modify(lab: &Lab, id: &str, mut change: Value) -> Result<Value, Ec2Error> {
        change["VpcEndpointId"] = json!(id);
        lab.try_write::<ModifyVpcEndpoint>(change)
    }

    #[test]
    fn a_gateway_endpoint_changes_at_once() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let one = lab.route_table(&vpc);
        let two = lab.route_table(&vpc);
        let input = json!({
            "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [one],
        });
        let made = lab.write::<CreateVpcEndpoint>(input.clone());
        let id = text(&made["VpcEndpoint"]["VpcEndpointId"]);
        let done = modify(&lab, &id, json!({ "AddRouteTableIds": [two, one], "RemoveRouteTableIds": [] }));
        assert_eq!(done, Ok(json!({ "Return": true })));
        assert_eq!(described(&lab, &id)["RouteTableIds"], json!([one, two]));
        modify(&lab, &id, json!({ "RemoveRouteTableIds": [one] })).unwrap();
        assert_eq!(described(&lab, &id)["RouteTableIds"], json!([two]));
        // So another endpoint can have a route there.
        lab.write::<CreateVpcEndpoint>(input);
        let refused = modify(&lab, &id, json!({ "AddRouteTableIds": [one] }));
        assert!(matches!(refused, Err(Ec2Error::Endpoint(EndpointError::GatewayRouteExists { .. }))));

        let policy = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#;
        modify(&lab, &id, json!({ "PolicyDocument": policy })).unwrap();
        assert_eq!(described(&lab, &id)["PolicyDocument"], policy);
        modify(&lab, &id, json!({ "ResetPolicy": true })).unwrap();
        assert_eq!(described(&lab, &id)["PolicyDocument"], made["VpcEndpoint"]["PolicyDocument"]);
        modify(&lab, &id, json!({ "IpAddressType": "ipv4" })).unwrap();
        assert_eq!(described(&lab, &id)["IpAddressType"], "ipv4");
    }

    #[test]
    fn a_deleted_route_table_is_forgotten() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let table = lab.route_table(&vpc);
        let input = json!({
            "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table],
        });
        let made = lab.write::<CreateVpcEndpoint>(input);
        lab.write::<DeleteRouteTable>(json!({ "RouteTableId": table }));
        let id = text(&made["VpcEndpoint"]["VpcEndpointId"]);
        assert_eq!(described(&lab, &id)["RouteTableIds"], json!([]));
        assert_eq!(lab.state().broken_invariants(), Vec::<String>::new());
    }

    #[test]
    fn an_interface_endpoint_takes_one_change_after_the_other() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        lab.write::<ModifyVpcAttribute>(json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
        let subnets: Vec<_> = (0..3).map(|n| lab.subnet_in(&vpc, &format!("10.0.{n}.0/24"), n)).collect();
        let made = lab.write::<CreateVpcEndpoint>(json!({
            "VpcId": vpc,
            "VpcEndpointType": "Interface",
            "ServiceName": "com.amazonaws.us-east-1.sagemaker.api",
            "SubnetIds": [subnets[0], subnets[1]],
            "PrivateDnsEnabled": false,
        }));
        let id = text(&made["VpcEndpoint"]["VpcEndpointId"]);
        let default = text(&made["VpcEndpoint"]["Groups"][0]["GroupId"]);
        let mut time = 0;
        let mut next = |change: Value| {
            time += 2_000;
            lab.settle(Duration::from_millis(time));
            modify(&lab, &id, change)
        };
        assert_eq!(modify(&lab, &id, json!({})), Err(EndpointError::ModifyInProgress.into()));

        next(json!({ "AddSubnetIds": [subnets[2], subnets[1]], "RemoveSubnetIds": [subnets[0]] })).unwrap();
        assert_eq!(described(&lab, &id)["State"], "pending");
        assert_eq!(described(&lab, &id)["SubnetIds"], json!([subnets[1], subnets[2]]));
        assert_eq!(modify(&lab, &id, json!({})), Err(EndpointError::ModifyInProgress.into()));

        let group = lab.group(&vpc, "endpoints");
        let groups = json!({ "AddSecurityGroupIds": [group], "RemoveSecurityGroupIds": [default] });
        next(groups).unwrap();
        let filters = json!({ "Filters": [{ "Name": "group-id", "Values": [group] }] });
        let carrying = lab.ids::<Describe<NetworkInterface>>("NetworkInterfaces", "SubnetId", filters);
        assert_eq!(carrying.len(), 2);
        assert_eq!(described(&lab, &id)["Groups"], json!([{ "GroupId": group, "GroupName": "endpoints" }]));

        let before = described(&lab, &id)["NetworkInterfaceIds"].clone();
        let chosen = json!([{ "SubnetId": subnets[2], "Ipv4": "10.0.2.77" }]);
        next(json!({ "SubnetConfigurations": chosen })).unwrap();
        assert_ne!(described(&lab, &id)["NetworkInterfaceIds"], before);
        let filters = json!({ "Filters": [{ "Name": "private-ip-address", "Values": ["10.0.2.77"] }] });
        let at = lab.ids::<Describe<NetworkInterface>>("NetworkInterfaces", "SubnetId", filters);
        assert_eq!(at, [&*subnets[2]]);
        let chosen = json!([{ "SubnetId": subnets[0], "Ipv4": "10.0.0.77" }]);
        next(json!({ "AddSubnetIds": [subnets[0]], "SubnetConfigurations": chosen })).unwrap();
        assert_eq!(described(&lab, &id)["SubnetIds"].as_array().unwrap().len(), 3);

        next(json!({ "PrivateDnsEnabled": true, "DnsOptions": { "DnsRecordIpType": "service-defined" } }))
            .unwrap();
        let told = described(&lab, &id);
        assert_eq!(
            (&told["PrivateDnsEnabled"], &told["DnsOptions"]["DnsRecordIpType"]),
            (&json!(true), &json!("service-defined"))
        );
        assert_eq!(told["DnsEntries"][4]["DnsName"], "api.sagemaker.us-east-1.amazonaws.com");

        assert_eq!(
            next(json!({ "RemoveSecurityGroupIds": [group] })),
            Err(EndpointError::LastGroup(Id::parse(&id).unwrap()).into())
        );
    }
}
