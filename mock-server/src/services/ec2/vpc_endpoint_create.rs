//! VPC endpoints made and deleted.

use super::client_token;
use super::describe::{Listed, Resource, find};
use super::endpoint_policy;
use super::error::{Ec2Error, EndpointError};
use super::network_interface_create::{groups_in, not_placed};
use super::tags::{self, TagSpecification};
use super::vpc_endpoint::{
    DnsOptions, SubnetConfiguration, add_placement, add_tables, check_names, chosen_addresses,
    set_address_type, set_names,
};
use crate::kernel::Memo;
use crate::model::endpoint_service::named;
use crate::model::vpc_endpoint::VpcEndpointIndex;
use crate::model::{
    DEFAULT_GROUP, EndpointService, EndpointType, Id, PolicyDocument, State, Txn, Vpc, VpcEndpoint,
    VpcEndpointId, VpcEndpointState,
};
use crate::net::vpc_endpoint::enter;
use crate::services::{Caller, Operation, Refused, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

// === Create ===

/// Source: the page of CreateVpcEndpoint; EC2-VPCE-TYPES, EC2-VPCE-CREATE, EC2-VPCE-LIMIT, EC2-IDEM.
pub struct CreateVpcEndpoint;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateVpcEndpointIn {
    vpc_endpoint_type: WantedType,
    vpc_id: String,
    service_name: Option<String>,
    service_region: Option<String>,
    policy_document: Option<String>,
    route_table_ids: Vec<String>,
    subnet_ids: Vec<String>,
    subnet_configurations: Vec<SubnetConfiguration>,
    security_group_ids: Vec<String>,
    ip_address_type: Option<String>,
    dns_options: Option<DnsOptions>,
    private_dns_enabled: Option<bool>,
    client_token: Option<String>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize, Debug, Default, Clone, Copy)]
enum WantedType {
    #[default]
    Gateway,
    Interface,
    GatewayLoadBalancer,
    Resource,
    ServiceNetwork,
    Tunnel,
}

impl WantedType {
    fn built(self) -> Result<EndpointType, Ec2Error> {
        match self {
            WantedType::Gateway => Ok(EndpointType::Gateway),
            WantedType::Interface => Ok(EndpointType::Interface),
            WantedType::GatewayLoadBalancer => {
                Err(Ec2Error::NotBuilt("CreateVpcEndpoint of type GatewayLoadBalancer"))
            }
            WantedType::Resource => Err(Ec2Error::NotBuilt("CreateVpcEndpoint of type Resource")),
            WantedType::ServiceNetwork => Err(Ec2Error::NotBuilt("CreateVpcEndpoint of type ServiceNetwork")),
            WantedType::Tunnel => Err(Ec2Error::NotBuilt("CreateVpcEndpoint of type Tunnel")),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpcEndpointOut {
    vpc_endpoint: Listed<VpcEndpoint>,
    client_token: Option<String>,
}

impl Operation for CreateVpcEndpoint {
    const NAME: &'static str = "CreateVpcEndpoint";
    type In = CreateVpcEndpointIn;
    type Out = CreateVpcEndpointOut;
    type Error = Ec2Error;
}

impl Write for CreateVpcEndpoint {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreateVpcEndpointIn) -> Result<Self::Out, Ec2Error> {
        let token = input.client_token.take().filter(|token| !token.is_empty());
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        Ok(Self::Out { vpc_endpoint: Listed::new(&txn.state, row), client_token: token })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateVpcEndpointIn,
    client_token: Option<u128>,
) -> Result<Arc<VpcEndpoint>, Ec2Error> {
    let kind = input.vpc_endpoint_type.built()?;
    let vpc = find::<Vpc>(&txn.state, &input.vpc_id)?.clone();
    let service = service(&txn.state, kind, input.service_name, input.service_region.as_deref())?;
    if let Some(policy) = &input.policy_document {
        endpoint_policy::check(policy)?;
    }
    let interface = kind == EndpointType::Interface;
    let mut endpoint = VpcEndpoint {
        id: VpcEndpointId::mint(txn),
        vpc: vpc.id,
        service,
        state: VpcEndpointState::Available,
        outage: None,
        policy: input.policy_document.map(PolicyDocument::new),
        route_tables: Vec::new(),
        placements: Vec::new(),
        groups: Vec::new(),
        private_dns: false,
        inbound_only: None,
        ip_address_type: interface.then_some("ipv4"),
        dns_record_ip_type: interface.then_some("ipv4"),
        created: txn.now,
        client_token,
        tags: tags::given(&txn.state, VpcEndpoint::KIND, input.tag_specifications)?,
        memo: Memo::default(),
    };
    // As documented the default is `true`. That it is `false` where a service has no private name, or one that a
    // gateway endpoint serves too, is assumed: calls without it work there.
    let private_dns = input
        .private_dns_enabled
        .or_else(|| interface.then(|| !service.private_names.is_empty() && !service.has_gateway_twin()));
    set_address_type(&mut endpoint, input.ip_address_type.as_deref())?;
    set_names(&mut endpoint, private_dns, input.dns_options)?;
    check_quota(&txn.state, &endpoint)?;
    if interface {
        if !input.route_table_ids.is_empty() {
            return Err(EndpointError::RouteTablesOfInterface.into());
        }
        check_names(&txn.state, &vpc, &endpoint)?;
        let mut groups = groups_in(&txn.state, vpc.id, &input.security_group_ids)?;
        if groups.is_empty() {
            groups.extend(txn.state.group_named(vpc.id, DEFAULT_GROUP).map(|group| group.id));
        }
        endpoint.groups = txn.state.group_refs(&groups).map_err(not_placed)?;
        let addresses = chosen_addresses(&input.subnet_configurations)?;
        if let Some((stray, _)) = addresses.iter().find(|(subnet, _)| !input.subnet_ids.contains(subnet)) {
            return Err(EndpointError::NotItsSubnet(stray.clone()).into());
        }
        for subnet in &input.subnet_ids {
            let address = addresses.iter().find(|(other, _)| other == subnet).map(|(_, address)| *address);
            add_placement(txn, &mut endpoint, subnet, address)?;
        }
        Ok(enter(txn, endpoint, VpcEndpointState::Creating))
    } else {
        if !input.subnet_ids.is_empty() || !input.subnet_configurations.is_empty() {
            return Err(EndpointError::SubnetsOfGateway.into());
        }
        if !input.security_group_ids.is_empty() {
            return Err(EndpointError::GroupsOfGateway.into());
        }
        add_tables(&txn.state, &mut endpoint, &input.route_table_ids)?;
        Ok(txn.state.put_vpc_endpoint(endpoint))
    }
}

/// The service asked for, if it is offered through this type of endpoint; EC2-VPCE-SVC.
fn service(
    state: &State,
    kind: EndpointType,
    name: Option<String>,
    region: Option<&str>,
) -> Result<&'static EndpointService, Ec2Error> {
    let name = name.ok_or(Ec2Error::MissingParameter("serviceName"))?;
    if region.is_some_and(|region| region != &*state.site.region) {
        return Err(Ec2Error::NotBuilt("a VPC endpoint to a service of another region"));
    }
    let offered: Vec<_> = named(&state.site.region, &name).collect();
    match (offered.iter().find(|service| service.kind == kind), offered.first()) {
        (Some(service), _) => Ok(service),
        (None, Some(other)) => {
            let (kind, offered) = (kind.name(), other.kind.name());
            Err(EndpointError::EndpointTypeMismatch { kind, offered }.into())
        }
        (None, None) => Err(EndpointError::ServiceNotFound(name).into()),
    }
}

/// Source: VPC user guide, "Amazon VPC quotas"; EC2-VPCE-LIMIT.
fn check_quota(state: &State, endpoint: &VpcEndpoint) -> Result<(), EndpointError> {
    let (held, most) = match endpoint.kind() {
        EndpointType::Gateway => {
            let gateways = VpcEndpointIndex::Type(EndpointType::Gateway);
            (state.vpc_endpoints.count(&gateways), state.quotas.gateway_endpoints)
        }
        EndpointType::Interface => {
            let all = state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(endpoint.vpc));
            let held = all.filter(|other| other.kind() == EndpointType::Interface).count();
            (held, state.quotas.interface_endpoints_per_vpc)
        }
    };
    if held >= most { Err(EndpointError::TooManyEndpoints) } else { Ok(()) }
}

// === Delete ===

/// Deletes what it can and tells of the rest. A gateway endpoint is gone at once with its routes; the interfaces of
/// an interface endpoint go later, and the endpoint with them. Source: the page of DeleteVpcEndpoints; EC2-VPCE-DEL.
pub struct DeleteVpcEndpoints;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteVpcEndpointsIn {
    vpc_endpoint_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVpcEndpointsOut {
    unsuccessful: Vec<Unsuccessful>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unsuccessful {
    error: ItemError,
    resource_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ItemError {
    code: String,
    message: String,
}

impl Operation for DeleteVpcEndpoints {
    const NAME: &'static str = "DeleteVpcEndpoints";
    type In = DeleteVpcEndpointsIn;
    type Out = DeleteVpcEndpointsOut;
    type Error = Ec2Error;
}

impl Write for DeleteVpcEndpoints {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteVpcEndpointsIn) -> Result<Self::Out, Ec2Error> {
        let mut unsuccessful = Vec::new();
        for id in input.vpc_endpoint_ids {
            match find::<VpcEndpoint>(&txn.state, &id).map(|row| VpcEndpoint::clone(row)) {
                Ok(endpoint) => delete(txn, endpoint),
                Err(error) => {
                    let refused = Refused::from(error);
                    let message = refused.told(&txn.state.texts);
                    let error = ItemError { code: refused.code.into_owned(), message };
                    unsuccessful.push(Unsuccessful { error, resource_id: id });
                }
            }
        }
        Ok(DeleteVpcEndpointsOut { unsuccessful })
    }
}

fn delete(txn: &mut Txn<'_>, endpoint: VpcEndpoint) {
    match (endpoint.kind(), endpoint.state) {
        (EndpointType::Gateway, _) => drop(txn.state.remove_vpc_endpoint(endpoint.id)),
        // It goes at the time that was set when it was deleted first.
        (EndpointType::Interface, VpcEndpointState::Deleting) => {}
        (EndpointType::Interface, _) => drop(enter(txn, endpoint, VpcEndpointState::Deleting)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts, unknown_filters};
    use super::super::network_interface_create::DeleteNetworkInterface;
    use super::super::security_group::DeleteSecurityGroup;
    use super::super::subnet::DeleteSubnet;
    use super::super::vpc::{DeleteVpc, ModifyVpcAttribute};
    use super::*;
    use crate::model::{NetworkInterface, RouteTable, Subnet};
    use serde_json::{Value, json};
    use std::time::Duration;

    const S3: &str = "com.amazonaws.us-east-1.s3";
    const STS: &str = "com.amazonaws.us-east-1.sts";

    fn create(lab: &Lab, vpc: &str, more: Value) -> Value {
        let mut input = json!({ "VpcId": vpc });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lab.write::<CreateVpcEndpoint>(input)["VpcEndpoint"].clone()
    }

    fn described(lab: &Lab, id: &Value) -> Value {
        lab.read::<Describe<VpcEndpoint>>(json!({ "VpcEndpointIds": [id] }))["VpcEndpoints"][0].clone()
    }

    fn main_table(lab: &Lab, vpc: &str) -> String {
        let filters = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
        lab.ids::<Describe<RouteTable>>("RouteTables", "RouteTableId", filters).remove(0)
    }

    /// A VPC whose interface endpoints can have private names.
    fn named_vpc(lab: &Lab) -> String {
        let vpc = lab.vpc();
        lab.write::<ModifyVpcAttribute>(json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
        vpc
    }

    #[test]
    fn a_gateway_endpoint_is_routes() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let table = main_table(&lab, &vpc);
        let made = create(&lab, &vpc, json!({ "ServiceName": S3, "RouteTableIds": [table] }));
        let id = &made["VpcEndpointId"];
        assert_eq!((&made["State"], &made["VpcEndpointType"]), (&json!("available"), &json!("Gateway")));
        assert_eq!(
            made["PolicyDocument"],
            r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#
        );
        assert_eq!(made["RouteTableIds"], json!([table]));
        assert_eq!((&made["SubnetIds"], &made["DnsEntries"]), (&json!([]), &json!([])));
        assert!(made.get("DnsOptions").is_none() && made.get("IpAddressType").is_none());
        assert_eq!(described(&lab, id), made);
        let tables = json!({ "RouteTableIds": [table] });
        let routes = || lab.read::<Describe<RouteTable>>(tables.clone())["RouteTables"][0]["Routes"].clone();
        assert_eq!(
            routes()[1],
            json!({
                "DestinationPrefixListId": "pl-63a5400a",
                "GatewayId": id,
                "Origin": "CreateRoute",
                "State": "active",
            })
        );
        // The other service has another list, so the same table takes a route to it too.
        create(
            &lab,
            &vpc,
            json!({ "ServiceName": "com.amazonaws.us-east-1.dynamodb", "RouteTableIds": [table] }),
        );
        assert_eq!(routes().as_array().unwrap().len(), 3);
        assert!(lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc })).is_err());
        let gone = lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [id] }));
        assert_eq!(gone, json!({ "Unsuccessful": [] }));
        assert_eq!(routes().as_array().unwrap().len(), 2);
        assert!(lab.try_read::<Describe<VpcEndpoint>>(json!({ "VpcEndpointIds": [id] })).is_err());
    }

    #[test]
    fn an_interface_endpoint_is_an_interface_in_each_zone() {
        let lab = Lab::new();
        let vpc = named_vpc(&lab);
        let subnets = [lab.subnet_in(&vpc, "10.0.0.0/24", 0), lab.subnet_in(&vpc, "10.0.1.0/24", 1)];
        let group = lab.group(&vpc, "endpoints");
        let made = create(
            &lab,
            &vpc,
            json!({
                "VpcEndpointType": "Interface",
                "ServiceName": "com.amazonaws.us-east-1.ecr.dkr",
                "SubnetIds": subnets,
                "SubnetConfigurations": [{ "SubnetId": subnets[1], "Ipv4": "10.0.1.9" }],
                "SecurityGroupIds": [group],
                "TagSpecifications": [{ "ResourceType": "vpc-endpoint", "Tags": [{ "Key": "k", "Value": "v" }] }],
            }),
        );
        let id = text(&made["VpcEndpointId"]);
        assert_eq!((&made["State"], &made["PrivateDnsEnabled"]), (&json!("pending"), &json!(true)));
        assert!(made.get("PolicyDocument").is_none());
        assert_eq!(made["DnsOptions"], json!({ "DnsRecordIpType": "ipv4" }));
        assert_eq!(made["Groups"], json!([{ "GroupId": group, "GroupName": "endpoints" }]));
        assert_eq!(made["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        let names = texts(&made["DnsEntries"], "DnsName");
        let own = names[0].strip_suffix(".dkr.ecr.us-east-1.vpce.amazonaws.com").unwrap();
        assert_eq!(own.len(), id.len() + 9);
        assert_eq!(names[1], format!("{own}-us-east-1a.dkr.ecr.us-east-1.vpce.amazonaws.com"));
        assert_eq!(names[2], format!("{own}-us-east-1b.dkr.ecr.us-east-1.vpce.amazonaws.com"));
        assert_eq!(names[3..], ["dkr.ecr.us-east-1.amazonaws.com", "*.dkr.ecr.us-east-1.amazonaws.com"]);
        let zones = texts(&made["DnsEntries"], "HostedZoneId");
        assert_eq!([&zones[0], &zones[3]], ["Z7HUB22UULQXV", "ZONEIDPENDING"]);

        let ids = json!({ "NetworkInterfaceIds": made["NetworkInterfaceIds"] });
        let rows = lab.read::<Describe<NetworkInterface>>(ids)["NetworkInterfaces"].clone();
        let second = rows.as_array().unwrap().iter().find(|row| row["SubnetId"] == subnets[1]).unwrap();
        assert_eq!(second["PrivateIpAddress"], "10.0.1.9");
        assert_eq!(second["Description"], format!("VPC Endpoint Interface {id}"));
        assert_eq!((&second["InterfaceType"], &second["Status"]), (&json!("vpc_endpoint"), &json!("in-use")));
        assert_eq!((&second["RequesterManaged"], &second["Groups"]), (&json!(true), &made["Groups"]));
        let delete = json!({ "NetworkInterfaceId": second["NetworkInterfaceId"] });
        assert!(matches!(lab.try_write::<DeleteNetworkInterface>(delete), Err(Ec2Error::InterfaceInUse(_))));

        lab.settle(Duration::from_millis(1_499));
        assert_eq!(described(&lab, &json!(id))["State"], "pending");
        lab.settle(Duration::from_millis(1_500));
        let listed = described(&lab, &json!(id));
        assert_eq!(listed["State"], "available");
        assert!(text(&listed["PolicyDocument"]).starts_with("{\n  \"Statement\": ["));
        assert_eq!(texts(&listed["DnsEntries"], "HostedZoneId")[3].len(), 21);
    }

    #[test]
    fn a_deleted_interface_endpoint_holds_what_it_had_for_a_while() {
        let lab = Lab::new();
        let vpc = named_vpc(&lab);
        let subnet = lab.subnet(&vpc, "10.0.0.0/28");
        let group = lab.group(&vpc, "endpoints");
        let made = create(
            &lab,
            &vpc,
            json!({
                "VpcEndpointType": "Interface", "ServiceName": STS, "SubnetIds": [subnet],
                "SecurityGroupIds": [group],
            }),
        );
        let id = &made["VpcEndpointId"];
        let delete = json!({ "VpcEndpointIds": [id, "vpce-0123456789abcdef0"] });
        assert_eq!(
            lab.write::<DeleteVpcEndpoints>(delete.clone()),
            json!({ "Unsuccessful": [{
                "Error": {
                    "Code": "InvalidVpcEndpointId.NotFound",
                    "Message": "The Vpc Endpoint Id 'vpce-0123456789abcdef0' does not exist",
                },
                "ResourceId": "vpce-0123456789abcdef0",
            }]})
        );
        lab.write::<DeleteVpcEndpoints>(delete);
        assert_eq!(described(&lab, id)["State"], "deleting");
        let (group_in, vpc_in) = (json!({ "GroupId": group }), json!({ "VpcId": vpc }));
        let subnet_in = json!({ "SubnetId": subnet });
        assert!(matches!(lab.try_write::<DeleteSubnet>(subnet_in.clone()), Err(Ec2Error::SubnetInUse(_))));
        assert!(matches!(
            lab.try_write::<DeleteSecurityGroup>(group_in.clone()),
            Err(Ec2Error::GroupInUse(_))
        ));
        lab.settle(Duration::from_millis(2_000));
        assert_eq!(lab.state().vpc_endpoints.len(), 0);
        let free = lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [subnet] }));
        assert_eq!(free["Subnets"][0]["AvailableIpAddressCount"], 11);
        lab.write::<DeleteSubnet>(subnet_in);
        lab.write::<DeleteSecurityGroup>(group_in);
        lab.write::<DeleteVpc>(vpc_in);
    }

    #[test]
    fn an_endpoint_without_subnets_holds_its_group_and_vpc() {
        let lab = Lab::new();
        let vpc = named_vpc(&lab);
        let group = lab.group(&vpc, "endpoints");
        create(
            &lab,
            &vpc,
            json!({ "VpcEndpointType": "Interface", "ServiceName": STS, "SecurityGroupIds": [group] }),
        );
        let group = json!({ "GroupId": group });
        assert!(matches!(lab.try_write::<DeleteSecurityGroup>(group), Err(Ec2Error::GroupInUse(_))));
        assert!(matches!(lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc })), Err(Ec2Error::VpcInUse(_))));
    }

    #[test]
    fn s3_leaves_its_names_to_a_gateway_endpoint_unless_told_otherwise() {
        let lab = Lab::new();
        let vpc = named_vpc(&lab);
        let s3 = |more: Value| {
            let mut input = json!({ "VpcId": vpc, "VpcEndpointType": "Interface", "ServiceName": S3 });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            lab.try_write::<CreateVpcEndpoint>(input).map(|made| made["VpcEndpoint"].clone())
        };
        let plain = s3(json!({})).unwrap();
        assert_eq!(
            (&plain["PrivateDnsEnabled"], plain["DnsOptions"].as_object().unwrap().len()),
            (&json!(false), 1)
        );
        assert!(text(&plain["DnsEntries"][0]["DnsName"]).starts_with("*.vpce-"));
        let vpc_id = Id::parse(&vpc).unwrap();
        assert_eq!(
            s3(json!({ "PrivateDnsEnabled": true })),
            Err(EndpointError::InboundWithoutGateway(vpc_id).into())
        );
        create(&lab, &vpc, json!({ "ServiceName": S3 }));
        let inbound = s3(json!({ "PrivateDnsEnabled": true })).unwrap();
        assert_eq!(inbound["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"], true);
        let is_named = |made: &Value| {
            lab.settle(Duration::from_millis(1_500));
            lab.state()
                .vpc_endpoints
                .get(&Id::parse(&text(&made["VpcEndpointId"])).unwrap())
                .unwrap()
                .is_named_in_vpc()
        };
        assert!(!is_named(&inbound));
        lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [inbound["VpcEndpointId"]] }));
        lab.settle(Duration::from_millis(10_000));
        let all = json!({ "PrivateDnsOnlyForInboundResolverEndpoint": false });
        let named = s3(json!({ "PrivateDnsEnabled": true, "DnsOptions": all })).unwrap();
        assert!(is_named(&named));
    }

    #[test]
    fn without_time_a_state_is_over_at_once() {
        let lab = crate::services::lab::Lab::new(crate::model::Profile::Instant);
        let vpc = lab.vpc(crate::model::Tenancy::Default);
        lab.subnet(vpc, "10.0.1.0/24");
        let input = json!({
            "VpcId": vpc.to_string(), "VpcEndpointType": "Interface", "ServiceName": STS, "PrivateDnsEnabled": false,
        });
        let made = lab.write::<CreateVpcEndpoint>(input).unwrap()["VpcEndpoint"].clone();
        let index = VpcEndpointIndex::Type(EndpointType::Interface);
        let state = || lab.state().vpc_endpoints.by(&index).map(|row| row.state).next();
        lab.advance(0);
        assert_eq!(state(), Some(VpcEndpointState::Available));
        let delete = json!({ "VpcEndpointIds": [made["VpcEndpointId"]] });
        lab.write::<DeleteVpcEndpoints>(delete).unwrap();
        lab.advance(0);
        assert_eq!(state(), None);
    }

    #[test]
    fn a_client_token_makes_one_endpoint() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let input = json!({ "VpcId": vpc, "ServiceName": S3, "ClientToken": "once" });
        let first = lab.write::<CreateVpcEndpoint>(input.clone());
        assert_eq!(first["ClientToken"], "once");
        assert_eq!(lab.write::<CreateVpcEndpoint>(input.clone()), first);
        let mut other = input.clone();
        other["ServiceName"] = json!("com.amazonaws.us-east-1.dynamodb");
        assert_eq!(lab.try_write::<CreateVpcEndpoint>(other), Err(Ec2Error::TokenReused));
        let id = &first["VpcEndpoint"]["VpcEndpointId"];
        lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [id] }));
        assert_ne!(lab.write::<CreateVpcEndpoint>(input)["VpcEndpoint"]["VpcEndpointId"], *id);
    }

    #[test]
    fn filters_select_endpoints() {
        let lab = Lab::new();
        let (vpc, other) = (named_vpc(&lab), lab.vpc());
        let gateway = text(&create(&lab, &vpc, json!({ "ServiceName": S3 }))["VpcEndpointId"]);
        let interface = json!({ "VpcEndpointType": "Interface", "ServiceName": STS });
        let interface = text(&create(&lab, &vpc, interface)["VpcEndpointId"]);
        create(&lab, &other, json!({ "ServiceName": S3 }));
        let ids = |name: &str, value: &str| {
            let filters = json!([
                { "Name": name, "Values": [value] }, { "Name": "vpc-id", "Values": [vpc] },
            ]);
            lab.ids::<Describe<VpcEndpoint>>("VpcEndpoints", "VpcEndpointId", json!({ "Filters": filters }))
        };
        assert_eq!(ids("service-name", S3), [&*gateway]);
        assert_eq!(ids("vpc-endpoint-type", "Interface"), [&*interface]);
        assert_eq!(ids("vpc-endpoint-type", "interface"), Vec::<String>::new());
        assert_eq!(ids("vpc-endpoint-state", "pending"), [&*interface]);
        assert_eq!(ids("vpc-endpoint-state", "available"), [&*gateway]);
        assert_eq!(ids("ip-address-type", "ipv4"), [&*interface]);
        assert_eq!(ids("vpc-endpoint-id", &gateway), [&*gateway]);
        assert_eq!(ids("service-region", "us-east-1").len(), 2);
        let state = lab.state();
        let row = state.vpc_endpoints.iter().next().unwrap();
        assert_eq!(unknown_filters::<VpcEndpoint>(&state, row), Vec::<&str>::new());
        assert!(VpcEndpoint::FILTERS.is_sorted());
        let page = lab.read::<Describe<VpcEndpoint>>(json!({ "MaxResults": 2 }));
        assert_eq!(page["VpcEndpoints"].as_array().unwrap().len(), 2);
        let rest = json!({ "MaxResults": 5_000, "NextToken": page["NextToken"] });
        assert_eq!(lab.read::<Describe<VpcEndpoint>>(rest)["VpcEndpoints"].as_array().unwrap().len(), 1);
    }
}
