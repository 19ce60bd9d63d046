//! The refusals of route tables and of the gateways that routes lead to.

use super::Missing;
use crate::model::{
    Destination, InternetGatewayId, NetworkInterfaceId, RouteTableAssociationId, RouteTableId, SubnetId,
    TransitGatewayId, VpcId, VpcPeeringConnectionId, VpnGatewayId,
};
use crate::services::refusal::refusals;
use ipnet::IpNet;

refusals! {
    /// Why EC2 refuses to route.
    pub enum RoutingError as "ec2-route" {
        // === Route tables ===
        RouteTableNotFound(missing: Missing) = "InvalidRouteTableID.NotFound" for "EC2-RT-404",
            assumed "The routeTable ID{missing} not exist";
        RouteTableInUse(table: RouteTableId) = "DependencyViolation" for "EC2-RT-MAIN",
            text "The routeTable '{table}' has dependencies and cannot be deleted.";
        TooManyRouteTables = "RouteTableLimitExceeded" for "EC2-RT-LIMIT",
            assumed "The maximum number of route tables has been reached.";

        // === Associations ===
        AssociationNotFound(id: String) = "InvalidAssociationID.NotFound" for "EC2-RT-ASSOC-ID",
            text "The association ID '{id}' does not exist";
        OtherAssociation(table: RouteTableId) = "Resource.AlreadyAssociated" for "EC2-RT-ASSOC",
            text "the specified association for route table {table} conflicts with an existing association";
        MainAssociation(association: RouteTableAssociationId) = "InvalidParameterValue" for "EC2-RT-MAIN",
            text "cannot disassociate the main route table association {association}";
        NotAnEdge(id: String) = "InvalidParameterValue" for "EC2-RT-EDGE",
            text "invalid value for parameter gateway-id: {id}";
        NothingToAssociate = "MissingParameter" for "EC2-RT-ONE",
            assumed "The request must contain exactly one of subnetId or gatewayId";
        TwoToAssociate = "InvalidParameterCombination" for "EC2-RT-ONE",
            assumed "The request must contain exactly one of subnetId or gatewayId";
        /// Assumed: that the words are those for gateways.
        SubnetElsewhere { table: RouteTableId, subnet: SubnetId } = "InvalidParameterValue" for "EC2-RT-VPC",
            assumed "route table {table} and subnet {subnet} belong to different networks";
        /// Assumed: that the words are those for gateways.
        TableElsewhere { table: RouteTableId, other: RouteTableId } = "InvalidParameterValue" for "EC2-RT-VPC",
            assumed "route table {table} and route table {other} belong to different networks";
        NotForAnEdge { table: RouteTableId, gateway: String } = "InvalidParameterValue" for "EC2-RT-EDGE",
            assumed "route table {table} cannot be associated with {gateway}: it has a route that a gateway route \
                    table cannot have, or takes routes from a virtual private gateway";

        // === Routes ===
        RouteExists(destination: Destination) = "RouteAlreadyExists" for "EC2-RT-DUP",
            text "The route identified by {destination} already exists.";
        RouteNotFound { kind: &'static str, destination: Destination, table: RouteTableId }
            = "InvalidRoute.NotFound" for "EC2-RT-404",
            assumed "no route with {kind} {destination} in route table {table}";
        NothingToReplace(destination: Destination) = "InvalidParameterValue" for "EC2-RT-404",
            assumed "There is no route defined for '{destination}' in the route table. Use CreateRoute instead.";
        TooManyRoutes = "RouteLimitExceeded" for "EC2-RT-LIMIT",
            assumed "The maximum number of routes has been reached.";
        LocalRoute { destination: Destination, table: RouteTableId } = "InvalidParameterValue" for "EC2-RT-LOCAL",
            text "cannot remove local route {destination} in route table {table}";
        NotALocalRoute(destination: Destination) = "InvalidParameterValue" for "EC2-RT-LOCAL",
            assumed "The route for {destination} is not a local route and has no local target.";
        EndpointRoute { destination: Destination, table: RouteTableId } = "InvalidParameterValue" for "EC2-RT-VPCE",
            assumed "cannot change or remove VPC endpoint route {destination} in route table {table}";
        NotADestination { parameter: &'static str, value: String } = "InvalidParameterValue" for "EC2-RT-CIDR",
            assumed "Value ({value}) for parameter {parameter} is invalid. This is not a valid CIDR block.";
        ReservedDestination(block: IpNet) = "InvalidParameterValue" for "EC2-RT-CIDR",
            assumed "The destination CIDR block {block} is reserved and cannot be routed.";
        NoDestination = "MissingParameter" for "EC2-RT-ONE",
            assumed "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
                    destinationPrefixListId";
        TwoDestinations = "InvalidParameterCombination" for "EC2-RT-ONE",
            assumed "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
                    destinationPrefixListId";
        NoTarget = "MissingParameter" for "EC2-RT-ONE",
            assumed "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                    vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, vpcEndpointId or \
                    instanceId";
        TwoTargets = "InvalidParameterCombination" for "EC2-RT-ONE",
            assumed "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                    vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, vpcEndpointId or \
                    instanceId";
        WithinVpc(block: IpNet) = "InvalidParameterValue" for "EC2-RT-SPECIFIC",
            text "The destination CIDR block {block} is equal to or more specific than one of this VPC's CIDR \
                 blocks. This route can target only an interface or an instance.";
        NotASubnet(block: IpNet) = "InvalidParameterValue" for "EC2-RT-SPECIFIC",
            assumed "The destination CIDR block {block} is more specific than one of this VPC's CIDR blocks and \
                    does not match the CIDR block of a subnet.";
        /// Assumed: that these words are for this case.
        NotOfAnEdge = "InvalidParameterValue" for "EC2-RT-EDGE",
            assumed "Route target is not supported. This route only supports interface and instance targets.";
        WrongFamily { target: &'static str, destination: Destination } = "InvalidParameterValue" for "EC2-RT-FAMILY",
            assumed "A route to {target} does not support the destination {destination}.";

        // === Targets of routes ===
        GatewayNotFound(id: String) = "InvalidGatewayID.NotFound" for "EC2-RT-TARGET",
            text "The gateway ID '{id}' does not exist";
        GatewayElsewhere { table: RouteTableId, gateway: String } = "InvalidParameterValue" for "EC2-RT-VPC",
            text "route table {table} and network gateway {gateway} belong to different networks";
        InterfaceElsewhere { table: RouteTableId, interface: NetworkInterfaceId }
            = "InvalidParameterValue" for "EC2-RT-VPC",
            text "route table {table} and interface {interface} belong to different networks";
        NatGatewayNotFound(id: String) = "InvalidNatGatewayID.NotFound" for "EC2-RT-TARGET",
            text "The natGateway ID '{id}' does not exist";
        PeeringElsewhere { table: RouteTableId, peering: VpcPeeringConnectionId }
            = "InvalidParameterValue" for "EC2-RT-VPC",
            assumed "route table {table} and vpc peering connection {peering} belong to different networks";
        TransitGatewayNotFound(missing: Missing) = "InvalidTransitGatewayID.NotFound" for "EC2-RT-TARGET",
            text "The transitGateway ID{missing} not exist.";
        EndpointNotFound(id: String) = "InvalidVpcEndpointId.NotFound" for "EC2-RT-TARGET",
            text "The Vpc Endpoint Id '{id}' does not exist";
        UnsupportedEndpoint(id: String) = "RouteNotSupported" for "EC2-RT-VPCE",
            assumed "Route table contains unsupported route target: {id}. VPC Endpoints of this type cannot be used \
                    as route targets.";
        ManyInterfaces(id: String) = "InvalidInstanceID" for "EC2-RT-TARGET",
            assumed "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the \
                 operation instead.";

        // === Internet gateways ===
        InternetGatewayNotFound(missing: Missing) = "InvalidInternetGatewayID.NotFound" for "EC2-IGW-404",
            text "The internetGateway ID{missing} not exist";
        TooManyInternetGateways = "InternetGatewayLimitExceeded" for "EC2-IGW-LIMIT",
            text "The maximum number of internet gateways has been reached.";
        GatewayAttached { gateway: InternetGatewayId, vpc: VpcId } = "Resource.AlreadyAssociated" for "EC2-IGW-ATTACH",
            text "resource {gateway} is already attached to network {vpc}";
        HasInternetGateway(vpc: VpcId) = "InvalidParameterValue" for "EC2-IGW-ATTACH",
            text "Network {vpc} already has an internet gateway attached";
        GatewayNotAttached { gateway: String, vpc: String } = "Gateway.NotAttached" for "EC2-IGW-DETACH2",
            assumed "resource {gateway} is not attached to network {vpc}";
        MappedAddresses(vpc: VpcId) = "DependencyViolation" for "EC2-IGW-DETACH",
            text "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
                 detaching the gateway.";
        InternetGatewayInUse(gateway: InternetGatewayId) = "DependencyViolation" for "EC2-IGW-DEL",
            assumed "The internetGateway '{gateway}' has dependencies and cannot be deleted.";

        // === Egress-only internet gateways ===
        EgressOnlyGatewayNotFound(id: String) = "InvalidGatewayID.NotFound" for "EC2-EIGW-404",
            assumed "The eigw ID '{id}' does not exist";
        TooManyEgressOnlyGateways = "EgressOnlyInternetGatewayLimitExceeded" for "EC2-EIGW-LIMIT",
            assumed "The maximum number of egress-only internet gateways has been reached.";

        // === Virtual private gateways ===
        VpnGatewayNotFound(missing: Missing) = "InvalidVpnGatewayID.NotFound" for "EC2-VGW-404",
            text "The vpnGateway ID{missing} not exist";
        TooManyVpnGateways = "VpnGatewayLimitExceeded" for "EC2-VGW-LIMIT",
            assumed "The maximum number of virtual private gateways has been reached.";
        BadAsn(asn: i64) = "InvalidParameterValue" for "EC2-VGW-ASN",
            assumed "Value ({asn}) for parameter amazonSideAsn is invalid. Expecting 64512 to 65534 or 4200000000 to \
                    4294967294.";
        VpnGatewayAttached = "VpnGatewayAttachmentLimitExceeded" for "EC2-VGW-ATTACH",
            assumed "The maximum number of virtual private gateway attachments has been reached.";
        HasVpnGateway { vpc: VpcId, gateway: VpnGatewayId } = "InvalidVpcState" for "EC2-VGW-ATTACH",
            assumed "The vpc '{vpc}' already has the virtual private gateway {gateway} attached.";
        VpnAttachmentNotFound { gateway: String, vpc: String }
            = "InvalidVpnGatewayAttachment.NotFound" for "EC2-VGW-DETACH",
            text "The attachment with vpn gateway ID '{gateway}' and vpc ID '{vpc}' does not exist";
        VpnGatewayInUse = "IncorrectState" for "EC2-VGW-DEL",
            text "The VPN gateway is in use.";

        // === Transit gateways ===
        UnknownTransitGateway(id: String) = "InvalidTransitGatewayID.NotFound" for "EC2-TGW-404",
            text "Transit Gateway {id} was deleted or does not exist.";
        UnknownTransitAttachment(id: String) = "InvalidTransitGatewayAttachmentID.NotFound" for "EC2-TGW-404",
            assumed "Transit Gateway Attachment {id} was deleted or does not exist.";
        TooManyTransitGateways = "TransitGatewayLimitExceeded" for "EC2-TGW-LIMIT",
            assumed "The maximum number of transit gateways has been reached.";
        TransitState(id: String) = "IncorrectState" for "EC2-TGW-STATE",
            assumed "{id} is in invalid state";
        TransitGatewayInUse { gateway: TransitGatewayId, attachments: String } = "IncorrectState" for "EC2-TGW-DEL",
            assumed "{gateway} has non-deleted Transit Gateway Attachments: {attachments}.";
        TransitAttached(gateway: TransitGatewayId) = "DuplicateTransitGatewayAttachment" for "EC2-TGW-ATTACH",
            text "{gateway} has non-deleted Transit Gateway Attachments with same VPC ID.";
        TransitZones = "DuplicateSubnetsInSameZone" for "EC2-TGW-ATTACH",
            text "Duplicate Subnets for same AZ";
        TransitSubnetElsewhere { subnet: SubnetId, vpc: VpcId } = "InvalidParameterValue" for "EC2-TGW-ATTACH",
            assumed "subnet {subnet} does not belong to vpc {vpc}";
    }
}
