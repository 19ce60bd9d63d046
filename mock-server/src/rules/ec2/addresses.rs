//! Elastic IP addresses and NAT gateways.

use super::Basis::{Assumed, Documented, Observed};
use super::{API, Ec2Rule, LOGS, QUOTAS, VPC, rule};

pub(super) const RULES: &[Ec2Rule] = &[
    // === Elastic IP addresses ===
    rule(
        "EC2-EIP-404",
        Observed,
        "The Elastic IP address has to be allocated in the account and region of the call.",
        LOGS,
        "Look the allocation id up with DescribeAddresses.",
    ),
    rule(
        "EC2-EIP-LIMIT",
        Documented,
        "A region has at most five Elastic IP addresses, unless the quota is raised.",
        QUOTAS,
        "Release addresses that nothing uses, or start with `--quotas off`.",
    ),
    rule(
        "EC2-EIP-BY-ID",
        Observed,
        "An address is associated and released by its allocation id, and disassociated by its association id; a public address does not do.",
        "Amazon EC2 API Reference; answers of AWS in public logs and recordings",
        "Look the ids up with DescribeAddresses.",
    ),
    rule(
        "EC2-EIP-ASSOC-404",
        Observed,
        "An association ends when its address is disassociated or moves, or its interface goes.",
        LOGS,
        "Look the association up with DescribeAddresses.",
    ),
    rule(
        "EC2-EIP-IGW",
        Observed,
        "An address can be associated in a VPC that has an internet gateway.",
        LOGS,
        "Attach an internet gateway to the VPC first.",
    ),
    rule(
        "EC2-EIP-USED",
        Documented,
        "An associated address moves by itself unless AllowReassociation is false.",
        API,
        "Leave AllowReassociation out, or disassociate the address first.",
    ),
    rule(
        "EC2-EIP-INUSE",
        Documented,
        "Outside the default VPC, an address is disassociated before it is released.",
        API,
        "Disassociate the address; if a NAT gateway has it, delete the gateway.",
    ),
    rule(
        "EC2-EIP-PTR",
        Observed,
        "An address with a reverse DNS record cannot be released.",
        LOGS,
        "Remove the record with ResetAddressAttribute.",
    ),
    // === NAT gateways ===
    rule(
        "EC2-NAT-404",
        Observed,
        "The NAT gateway has to exist in the account and region of the call; it is shown for about an hour after it failed or was deleted.",
        LOGS,
        "Look the id up with DescribeNatGateways.",
    ),
    rule(
        "EC2-NAT-LIMIT",
        Documented,
        "A zone has at most five NAT gateways that are pending, available or being deleted.",
        QUOTAS,
        "Delete gateways and wait until they are gone, or start with `--quotas off`.",
    ),
    rule(
        "EC2-NAT-TYPE",
        Documented,
        "A public NAT gateway has an Elastic IP address for each private one; a private gateway has none.",
        API,
        "Give AllocationId, or ConnectivityType private.",
    ),
    rule(
        "EC2-NAT-ADDRESSES",
        Documented,
        "A public NAT gateway has at most two Elastic IP addresses, a private one at most eight private addresses, unless the quota is raised.",
        QUOTAS,
        "Use another gateway, or start with `--quotas off`.",
    ),
    rule(
        "EC2-NAT-STATE",
        Documented,
        "The addresses of a NAT gateway are changed while it is available and no address is being drained.",
        API,
        "Wait for the gateway, then try again.",
    ),
    rule(
        "EC2-NAT-PRIMARY",
        Documented,
        "A NAT gateway keeps its primary address.",
        VPC,
        "Make another gateway and delete this one.",
    ),
    rule(
        "EC2-NAT-SUBNET",
        Assumed,
        "A NAT gateway is made in a subnet that exists; in what way that is refused was seen once.",
        LOGS,
        "Give the id of a subnet.",
    ),
];
