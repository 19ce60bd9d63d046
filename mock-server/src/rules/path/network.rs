//! What the network does to what a job sends.

use super::*;

/// The same section on the pages that have it: the one on compilation says nothing of resources outside.
const NAT: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "train-vpc-nat" },
    Doc { page: "process-vpc", anchor: "process-vpc-nat" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-nat" },
    Doc { page: "host-vpc", anchor: "host-vpc-nat" },
];
/// The pages as a whole, and what they say of the interfaces.
const NETWORK: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "" },
    Doc { page: "process-vpc", anchor: "" },
    Doc { page: "batch-vpc", anchor: "" },
    Doc { page: "host-vpc", anchor: "" },
    Doc { page: "neo-vpc", anchor: "" },
];
const STEPS: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "train-vpc-s3" },
    Doc { page: "process-vpc", anchor: "process-vpc-s3" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-s3" },
    Doc { page: "neo-vpc", anchor: "neo-vpc-s3" },
];
const NAMES: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "train-vpc-route-table" },
    Doc { page: "process-vpc", anchor: "process-vpc-route-table" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-route-table" },
    Doc { page: "host-vpc", anchor: "host-vpc-s3" },
    Doc { page: "neo-vpc", anchor: "neo-vpc-route-table" },
];
/// Through its interfaces a job reaches what is in the VPC.
const INTERFACES: &[Doc] = five_pages!("-configure");

hops!(
    /// Whatever no other rule speaks of.
    InterfacesReach, "SM-VPC-ENI-09", "interfaces-reach-the-vpc", Documented, NETWORK,
    "Through its interfaces a job reaches what the routes of its subnet lead to. What lies behind a transit gateway, a \
     virtual private gateway or an instance that checks addresses is not known to lead to S3: that it does not is \
     assumed.",
    "Route what the job needs to a gateway endpoint, a NAT gateway or an interface endpoint.",
);

hops!(
    /// Names.
    NamesResolve, "SM-S3-DNS-13", "names-resolve", Documented, NAMES,
    "The usual URLs of S3 resolve in the job's VPC: it has DNS support, and DHCP options that name a resolver. Of \
     resolvers other than Amazon's it is assumed that they do not resolve names of AWS.",
    "Switch enableDnsSupport on, and associate DHCP options that name AmazonProvidedDNS.",
);

hops!(
    /// Security groups on the way out.
    GroupsLetOut, "EC2-SG-EVAL", "groups-let-out", Documented, INTERFACES,
    "What a job sends is let out by a rule of one of its security groups; a group without egress rules lets nothing \
     out. Answers are let in without a rule.",
    "Add an egress rule for TCP port 443 to the prefix list of S3, or to all addresses.",
);

hops!(
    /// Security groups on the way to a NAT gateway.
    GroupsLetOutToNat, "SM-SG-NAT-07", "groups-let-out-to-nat", Documented, NAT,
    "Where a NAT gateway is the way out of the VPC, or there is none, the security groups of a job allow the outbound \
     connection.",
    "Add an egress rule for what the job connects to, or for all addresses.",
);

hops!(
    /// Network ACLs, both ways.
    AclsLetThrough, "EC2-NACL-EVAL", "acls-let-through", Documented, INTERFACES,
    "The network ACLs on the way let through what a job sends, and what comes back: they remember no connection, and \
     their first entry that matches decides.",
    "Allow TCP port 443 outbound and ports 1024 to 65535 inbound in the network ACL of the subnet.",
);

hops!(
    /// A way to S3.
    WayToS3, "SM-S3-NOPATH-01", "way-to-s3", Documented, five_pages!("-s3"),
    "The subnet of a job has a route to S3: to a gateway endpoint, or to a NAT gateway.",
    "Make a gateway endpoint for S3 with the subnet's route table, or route the subnet to a NAT gateway.",
);

hops!(
    /// A way out.
    WayOut, "SM-OUT-01", "way-out", Documented, NAT,
    "What is outside of the VPC is in reach only if a route of the subnet leads there.",
    "Route the subnet to a NAT gateway in a public subnet; for services of AWS make an interface endpoint.",
);

hops!(
    /// The endpoint is in the subnet's table.
    EndpointInTable, "SM-S3-RTB-03", "endpoint-in-the-subnets-table", Documented, STEPS,
    "A gateway endpoint leads to S3 from those subnets alone whose route table was chosen for it.",
    "Add the subnet's route table to the endpoint.",
);

hops!(
    /// An internet gateway is no way out.
    PrivateAddressesOnly, "SM-VPC-ENI-10", "no-way-through-an-internet-gateway", Documented, INTERFACES,
    "The interfaces of jobs have private addresses only, so that a route to an internet gateway leads them nowhere.",
    "Route the subnet to a NAT gateway in another, public subnet, or make endpoints in the VPC.",
);

hops!(
    /// An internet gateway takes public addresses.
    PublicAddress, "EC2-IGW-PUBLIC", "public-address-for-internet-gateway", Documented, INTERFACES,
    "What goes through an internet gateway has a public address. Jobs have none: for them SM-VPC-ENI-10 says so.",
    "Nothing to do for jobs; give instances of EC2 a public address.",
);

hops!(
    /// Routes whose target is gone.
    NoBlackHole, "EC2-RT-BLACKHOLE", "no-black-hole", Documented, INTERFACES,
    "The target of the route that a job's packets take is there still: a route outlives the gateway that it leads to, \
     as a black hole.",
    "Replace the route, or delete it.",
);

hops!(
    /// Within the VPC.
    LocalRoute, "EC2-RT-LOCAL", "local-route", Documented, INTERFACES,
    "Within its VPC a job's packets always have a route.",
    "Nothing to do: this rule tells which way packets went.",
);

hops!(
    /// A gateway endpoint that works.
    WayThroughEndpoint, "SM-S3-GW-02", "way-through-a-gateway-endpoint", Documented, STEPS,
    "A gateway endpoint for the region's S3 service leads to S3 without leaving the network of AWS.",
    "Nothing to do: this rule tells which way packets went.",
);

hops!(
    /// NAT gateways need a way out themselves.
    NatInPublicSubnet, "SM-OUT-03", "nat-gateway-in-a-public-subnet", Documented, NAT,
    "A NAT gateway leads out if the table of its own subnet has a route to an internet gateway.",
    "Put the NAT gateway into a subnet with a route to an internet gateway, and route the job's subnet to it.",
);

hops!(
    /// NAT gateways that work.
    NatAvailable, "EC2-NAT-STATE", "nat-gateway-available", Documented, NAT,
    "The NAT gateway that a route leads to is available.",
    "Wait until the gateway is available, or make one that works.",
);

hops!(
    /// Peered VPCs.
    PeeringLeadsBack, "EC2-PCX-ROUTE", "peering-leads-there-and-back", Documented, INTERFACES,
    "A peering connection leads to the addresses of the other VPC if it is active and both sides have routes.",
    "Accept the peering connection, and route each VPC's addresses to it in the other one's tables.",
);

hops!(
    /// APIs of AWS.
    EndpointForService, "EC2-VPCE-NEED", "interface-endpoint-for-a-service", Documented, NAT,
    "In a VPC without a way out, an API of AWS is in reach through an interface endpoint with private DNS.",
    "Make an interface endpoint for the service, with private DNS.",
);

hops!(
    /// The groups of an interface endpoint.
    EndpointGroups, "EC2-VPCE-SG", "groups-of-an-endpoint-let-in", Documented, INTERFACES,
    "The security groups of an interface endpoint let in what a job sends to it.",
    "Add an ingress rule for TCP port 443 from the job's group to a group of the endpoint.",
);
