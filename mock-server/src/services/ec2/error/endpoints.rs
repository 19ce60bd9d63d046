//! The errors of VPC endpoints and of the services that they lead to.

use super::Missing;
use crate::model::{PrefixListId, RouteTableId, SubnetId, VpcEndpointId, VpcId};
use crate::services::refusal::refusals;

refusals! {
    /// Why EC2 refuses something about a VPC endpoint.
    pub enum EndpointError as "ec2" {
        EndpointNotFound(missing: Missing) = "InvalidVpcEndpointId.NotFound" for "EC2-VPCE-404",
            text "The Vpc Endpoint Id{missing} not exist";
        /// In the form of [`EndpointError::SubnetIdMalformed`].
        EndpointIdMalformed(id: String) = "InvalidVpcEndpointId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid Vpc Endpoint Id: '{id}' (expecting 'vpce-...; the Id may only contain lowercase \
                    alphanumeric characters and a single dash')";
        SubnetIdMalformed(id: String) = "InvalidSubnetId.Malformed" for "EC2-MALFORMED",
            text "Invalid Subnet Id: '{id}' (expecting 'subnet-...; the Id may only contain lowercase \
                 alphanumeric characters and a single dash')";
        /// In the form of [`EndpointError::SubnetIdMalformed`].
        RouteTableIdMalformed(id: String) = "InvalidRouteTableId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid Route Table Id: '{id}' (expecting 'rtb-...; the Id may only contain lowercase \
                    alphanumeric characters and a single dash')";
        /// Spelled unlike the code of other operations, as clients know.
        EndpointSubnetNotFound(id: String) = "InvalidSubnetId.NotFound" for "EC2-VPCE-PART-404",
            assumed "The subnet ID '{id}' does not exist";
        /// Spelled unlike the code of other operations, as clients know.
        EndpointRouteTableNotFound(id: String) = "InvalidRouteTableId.NotFound" for "EC2-VPCE-PART-404",
            assumed "The routeTable ID '{id}' does not exist";
        ServiceNotFound(name: String) = "InvalidServiceName" for "EC2-VPCE-SVC",
            text "The Vpc Endpoint Service '{name}' does not exist";
        EndpointTypeMismatch { kind: &'static str, offered: &'static str }
            = "InvalidParameter" for "EC2-VPCE-TYPES",
            text "Endpoint type ({kind}) does not match available service types ([{offered}]).";

        // === Gateway endpoints ===
        GatewayRouteExists { table: RouteTableId, list: PrefixListId }
            = "RouteAlreadyExists" for "EC2-VPCE-DUP-RT",
            text "route table {table} already has a route with destination-prefix-list-id {list}";
        ForeignRouteTable { table: RouteTableId, vpc: VpcId } = "InvalidParameter" for "EC2-VPCE-NET",
            assumed "route table {table} and network {vpc} belong to different networks";
        SubnetsOfGateway = "InvalidParameter" for "EC2-VPCE-TYPES",
            text "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.";
        GroupsOfGateway = "InvalidParameter" for "EC2-VPCE-TYPES",
            assumed "Security group IDs are only supported for Interface type VPC Endpoints.";
        PrivateDnsOfGateway = "InvalidParameter" for "EC2-VPCE-TYPES",
            assumed "Private DNS is only supported for Interface type VPC Endpoints.";
        InboundOfGateway = "InvalidParameter" for "EC2-VPCE-INBOUND",
            text "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC \
                 Endpoints.";

        // === Interface endpoints ===
        RouteTablesOfInterface = "InvalidParameter" for "EC2-VPCE-TYPES",
            text "Route table IDs are only supported for Gateway type VPC Endpoint.";
        ForeignSubnet { subnet: SubnetId, vpc: VpcId } = "InvalidParameter" for "EC2-VPCE-NET",
            assumed "subnet {subnet} and network {vpc} belong to different networks";
        SameZone(subnet: SubnetId) = "DuplicateSubnetsInSameZone" for "EC2-VPCE-AZ",
            text "Found another VPC endpoint subnet in the availability zone of {subnet}. VPC endpoint subnets \
                 should be in different availability zones supported by the VPC endpoint service.";
        ZoneNotServed { service: &'static str, subnet: SubnetId } = "InvalidParameter" for "EC2-VPCE-AZ2",
            text "The VPC endpoint service {service} does not support the availability zone of the subnet: \
                 {subnet}.";
        NotItsSubnet(id: String) = "InvalidParameter",
            assumed "The subnet configuration for {id} does not match any of the subnets of the VPC endpoint.";
        LastGroup(id: VpcEndpointId) = "InvalidParameter",
            assumed "The VPC endpoint {id} must have at least one security group.";

        // === Names ===
        DnsAttributes(vpc: VpcId) = "InvalidParameter" for "EC2-VPCE-DNS1",
            text "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to \
                 true for {vpc}";
        DnsConflict { host: &'static str, vpc: VpcId } = "InvalidParameter" for "EC2-VPCE-DNS2",
            text "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {host} in \
                 the VPC {vpc}";
        NoPrivateName(service: &'static str) = "InvalidParameter" for "EC2-VPCE-NONAME",
            text "Private DNS can't be enabled because the service {service} does not provide a private DNS name.";
        InboundNotSupported = "InvalidParameter" for "EC2-VPCE-INBOUND",
            text "PrivateDnsOnlyForInboundResolverEndpoint not supported for this service.";
        InboundWithoutGateway(vpc: VpcId) = "InvalidParameter" for "EC2-VPCE-INBOUND",
            text "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway \
                 endpoint for the service.";
        DnsRecordType(kind: String) = "InvalidParameter" for "EC2-VPCE-RECORD",
            assumed "The DNS record IP type {kind} is not supported for VPC Endpoints with the IP address type \
                    ipv4.";
        DnsPreference = "InvalidParameter" for "EC2-VPCE-TYPES",
            assumed "DnsOptions PrivateDnsPreference and PrivateDnsSpecifiedDomains are applicable only to \
                    Resource and ServiceNetwork VPC Endpoints.";

        // === Policies ===
        PolicySyntax { line: usize, column: usize } = "InvalidPolicyDocument" for "EC2-VPCE-POLICY",
            text "The Policy Document is not valid. Syntax error at position ({line},{column})";
        /// Assumed: what AWS says of a document that is JSON and no policy.
        PolicyElement(fault: &'static str) = "InvalidPolicyDocument" for "EC2-VPCE-POLICY",
            assumed "The Policy Document is not valid. {fault}";
        PolicyTooLong(most: usize) = "InvalidPolicyDocument" for "EC2-VPCE-POLICY",
            assumed "The Policy Document is not valid. It has more than {most} characters.";

        // === Changes ===
        /// Assumed for an endpoint that is still being created.
        ModifyInProgress = "OperationInProgress" for "EC2-VPCE-MODIFY",
            text "VpcEndpoint modify operation in progress";
        EndpointGoing(id: VpcEndpointId) = "IncorrectState" for "EC2-VPCE-MODIFY",
            assumed "The VPC endpoint {id} is being deleted.";
        NotAssociated { part: String, id: VpcEndpointId } = "InvalidParameter" for "EC2-VPCE-PART",
            assumed "{part} is not associated with the VPC endpoint {id}.";
        TooManyEndpoints = "VpcEndpointLimitExceeded" for "EC2-VPCE-LIMIT",
            assumed "The maximum number of VPC endpoints has been reached.";
    }
}
