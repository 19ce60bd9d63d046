//! How many requests EC2 lets through: each operation has a bucket of tokens for each account and region, as large as its
//! category says; launching, starting, stopping and terminating instances costs tokens for the instances too.
//!
//! Source: EC2 developer guide, "Request throttling for the Amazon EC2 API": its three tables. Nobody calls from the
//! console here, so its category is left out; so is `DeleteCoipPoolPermission`, which the API does not have.

use crate::model::Toll;

/// The size of a bucket and what flows into it, in thousandths of a token per second.
type Size = (u64, u64);

const NON_MUTATING: Size = (100, 20_000);
const UNFILTERED: Size = (50, 10_000);
const MUTATING: Size = (50, 5_000);
const RESOURCE_INTENSIVE: Size = (50, 5_000);

/// Operations with a smaller bucket for requests that give no filter and want no page.
const LARGE_LISTS: &[&str] = &[
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSnapshots",
    "DescribeSpotInstanceRequests",
    "DescribeVolumes",
];

const INTENSIVE: &[&str] = &[
    "AcceptVpcPeeringConnection",
    "AuthorizeSecurityGroupIngress",
    "CancelSpotInstanceRequests",
    "CreateKeyPair",
    "CreateVpcPeeringConnection",
    "DeleteVpcPeeringConnection",
    "RejectVpcPeeringConnection",
    "RevokeSecurityGroupIngress",
    "RequestSpotInstances",
];

/// Operations with buckets of a size of their own ("uncategorized actions").
const OWN: &[(Size, &[&str])] = &[
    (
        (1, 100),
        &[
            "AdvertiseByoipCidr",
            "DeprovisionByoipCidr",
            "DisableImageBlockPublicAccess",
            "DisableSnapshotBlockPublicAccess",
            "EnableImageBlockPublicAccess",
            "EnableSnapshotBlockPublicAccess",
            "ProvisionByoipCidr",
            "WithdrawByoipCidr",
        ],
    ),
    (
        (1, 500),
        &[
            "AssociateCapacityReservationBillingOwner",
            "DescribeByoipCidrs",
            "DisassociateCapacityReservationBillingOwner",
        ],
    ),
    (
        (1, 1_000),
        &[
            "CancelDeclarativePoliciesReport",
            "CreateDefaultSubnet",
            "CreateDefaultVpc",
            "DescribeInstanceTopology",
            "DescribeMovingAddresses",
            "MoveAddressToVpc",
            "RestoreAddressToClassic",
            "StartDeclarativePoliciesReport",
        ],
    ),
    ((2, 2_000), &["ModifyInstanceMetadataDefaults"]),
    ((4, 300), &["CreateVpcEndpoint", "DeleteVpcEndpoints", "ModifyVpcEndpoint"]),
    (
        (5, 1_000),
        &[
            "CreateCoipCidr",
            "CreateCoipPool",
            "CreateSubnetCidrReservation",
            "DeleteCoipCidr",
            "DeleteCoipPool",
            "DeleteSubnetCidrReservation",
        ],
    ),
    (
        (5, 2_000),
        &[
            "AuthorizeClientVpnIngress",
            "CreateClientVpnRoute",
            "DeleteClientVpnRoute",
            "DescribeHostReservationOfferings",
            "DescribeHostReservations",
            "DisableFastLaunch",
            "EnableFastLaunch",
            "GetHostReservationPurchasePreview",
            "PurchaseHostReservation",
            "RevokeClientVpnIngress",
            "RunInstances",
            "StartInstances",
        ],
    ),
    (
        (5, 5_000),
        &[
            "DeleteQueuedReservedInstances",
            "DescribeDeclarativePoliciesReports",
            "GetDeclarativePoliciesReportSummary",
            "PurchaseReservedInstancesOffering",
        ],
    ),
    (
        (10, 150),
        &[
            "DescribeCapacityBlockExtensionOfferings",
            "DescribeCapacityBlockOfferings",
            "PurchaseCapacityBlock",
            "PurchaseCapacityBlockExtension",
        ],
    ),
    (
        (10, 1_000),
        &[
            "AcceptVpcEndpointConnections",
            "AssignPrivateNatGatewayAddress",
            "AssociateEnclaveCertificateIamRole",
            "AssociateNatGatewayAddress",
            "CreateNatGateway",
            "CreateVpcEndpointServiceConfiguration",
            "DeleteNatGateway",
            "DeleteVpcEndpointServiceConfigurations",
            "DisassociateEnclaveCertificateIamRole",
            "DisassociateNatGatewayAddress",
            "GetAssociatedEnclaveCertificateIamRoles",
            "ModifyVpcEndpointServiceConfiguration",
            "RejectVpcEndpointConnections",
            "UnassignPrivateNatGatewayAddress",
        ],
    ),
    (
        (10, 2_000),
        &[
            "AttachVerifiedAccessTrustProvider",
            "CreateVerifiedAccessGroup",
            "CreateVerifiedAccessInstance",
            "CreateVerifiedAccessTrustProvider",
            "DeleteVerifiedAccessGroup",
            "DeleteVerifiedAccessInstance",
            "DeleteVerifiedAccessTrustProvider",
            "DescribeVerifiedAccessInstanceLoggingConfigurations",
            "DetachVerifiedAccessTrustProvider",
            "ModifyVerifiedAccessGroup",
            "ModifyVerifiedAccessInstance",
            "ModifyVerifiedAccessInstanceLoggingConfiguration",
            "ModifyVerifiedAccessTrustProvider",
        ],
    ),
    (
        (10, 10_000),
        &[
            "DescribeAggregateIdFormat",
            "DescribeIdFormat",
            "DescribeIdentityIdFormat",
            "DescribePrincipalIdFormat",
            "DescribeReservedInstancesOfferings",
        ],
    ),
    (
        (20, 4_000),
        &[
            "CreateVerifiedAccessEndpoint",
            "DeleteVerifiedAccessEndpoint",
            "ModifyVerifiedAccessEndpoint",
            "ModifyVerifiedAccessEndpointPolicy",
            "ModifyVerifiedAccessGroupPolicy",
        ],
    ),
    ((20, 5_000), &["DescribeSecurityGroupReferences", "DescribeStaleSecurityGroups"]),
    ((50, 100), &["CreateRestoreImageTask", "CreateStoreImageTask"]),
    ((50, 500), &["DescribeStoreImageTasks"]),
    (
        (50, 3_000),
        &["CreateSpotDatafeedSubscription", "DeleteSpotDatafeedSubscription", "DescribeSpotFleetRequests"],
    ),
    ((100, 1_000), &["CopyImage"]),
    (
        (100, 5_000),
        &[
            "AssignIpv6Addresses",
            "AssignPrivateIpAddresses",
            "AssociateIamInstanceProfile",
            "CreateLaunchTemplateVersion",
            "CreateNetworkInterface",
            "CreateSnapshot",
            "CreateSnapshots",
            "CreateVolume",
            "DeleteNetworkInterface",
            "DeleteSnapshot",
            "DeleteVolume",
            "DeregisterImage",
            "DescribeSpotFleetInstances",
            "DescribeSpotFleetRequestHistory",
            "DisassociateIamInstanceProfile",
            "ModifyImageAttribute",
            "ModifyInstanceMetadataOptions",
            "ModifyLaunchTemplate",
            "ModifyNetworkInterfaceAttribute",
            "ModifySnapshotAttribute",
            "TerminateInstances",
            "UnassignPrivateIpAddresses",
        ],
    ),
    ((100, 10_000), &["CreateTags", "DeleteTags"]),
    ((100, 13_000), &["DescribeSpotDatafeedSubscription"]),
];

/// The buckets that are emptied by instances.
const INSTANCES: &[(&str, Size)] = &[
    ("RunInstances", (1_000, 2_000)),
    ("StartInstances", (1_000, 2_000)),
    ("StopInstances", (1_000, 20_000)),
    ("TerminateInstances", (1_000, 20_000)),
];

/// What a request costs.
///
/// `narrowed`: it gives a filter or wants a page; `instances`: so many it is about.
pub fn tolls(operation: &str, region: &str, narrowed: bool, instances: u64) -> Vec<Toll> {
    let (large, reads) = (LARGE_LISTS.contains(&operation), is_read(operation));
    let own = OWN.iter().find(|(_, operations)| operations.contains(&operation));
    let (size, kind) = match own {
        Some((size, _)) => (*size, ""),
        None if large && !narrowed => (UNFILTERED, " (unfiltered)"),
        None if reads => (NON_MUTATING, ""),
        None if INTENSIVE.contains(&operation) => (RESOURCE_INTENSIVE, ""),
        None => (MUTATING, ""),
    };
    let toll = |(burst, milli_per_second): Size, kind: &str, tokens| Toll {
        bucket: format!("{region} {operation}{kind}").into(),
        burst,
        milli_per_second,
        // A request for more than there ever are is for the quotas to refuse.
        tokens: u64::min(tokens, burst),
    };
    let of_instances = INSTANCES.iter().find(|(name, _)| *name == operation);
    let of_instances = of_instances.map(|(_, size)| toll(*size, " (instances)", instances));
    [toll(size, kind, 1)].into_iter().chain(of_instances).collect()
}

fn is_read(operation: &str) -> bool {
    ["Describe", "List", "Search", "Get"].iter().any(|verb| operation.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{ServiceId, ServiceModel};

    fn sizes(operation: &str, narrowed: bool) -> Vec<Size> {
        let tolls = tolls(operation, "us-east-1", narrowed, 7);
        tolls.iter().map(|toll| (toll.burst, toll.milli_per_second)).collect()
    }

    #[test]
    fn each_category_has_its_size() {
        for (operation, narrowed, size) in [
            ("DescribeVpcs", false, (100, 20_000)),
            ("SearchTransitGatewayRoutes", false, (100, 20_000)),
            ("DescribeSecurityGroups", true, (100, 20_000)),
            ("DescribeSecurityGroups", false, (50, 10_000)),
            ("CreateVpc", false, (50, 5_000)),
            ("AuthorizeSecurityGroupIngress", false, (50, 5_000)),
            ("CreateVpcEndpoint", false, (4, 300)),
            ("CreateTags", false, (100, 10_000)),
        ] {
            assert_eq!(sizes(operation, narrowed), [size], "{operation}");
        }
        assert_eq!(sizes("RunInstances", false), [(5, 2_000), (1_000, 2_000)]);
        let run = tolls("RunInstances", "us-east-1", false, 7);
        assert_eq!((run[0].tokens, run[1].tokens), (1, 7));
        assert_ne!(tolls("CreateVpc", "us-east-1", false, 0), tolls("CreateVpc", "eu-west-1", false, 0));
    }

    /// Names are those of the API; each is in one table, and no bucket of its own is that of a category.
    #[test]
    fn the_tables_name_operations_once() {
        let own = OWN.iter().flat_map(|(_, operations)| operations.iter());
        let mut all: Vec<_> = own.chain(LARGE_LISTS).chain(INTENSIVE).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), count), (count, 136));
        let model = ServiceModel::get(ServiceId::Ec2);
        for name in all.into_iter().chain(INSTANCES.iter().map(|(name, _)| name)) {
            assert!(model.operation(name).is_some(), "{name}");
        }
    }
}
