//! Paths and analyses of Reachability Analyzer.

use super::Basis::{Assumed, Documented, Observed};
use super::{API, Ec2Rule, rule};

const ANALYZER: &str = "Reachability Analyzer guide";
const HANDLERS: &str = "public sources of CloudFormation's handlers for network insights";

pub(super) const RULES: &[Ec2Rule] = &[
    // === Reachability Analyzer ===
    rule(
        "EC2-NIP-404",
        Observed,
        "A path that is to be described, analysed or deleted has to exist.",
        HANDLERS,
        "Look the id up; a path is there until it is deleted.",
    ),
    rule(
        "EC2-NIA-404",
        Observed,
        "An analysis that is to be described or deleted has to exist; it is deleted by itself after 120 days.",
        HANDLERS,
        "Look the id up among the analyses of the path.",
    ),
    rule(
        "EC2-NIP-END",
        Observed,
        "A path has ends of supported kinds in the Region of the request, named by id or ARN, that exist when the path is made.",
        HANDLERS,
        "Name an instance, interface, internet gateway, VPC endpoint, peering connection, transit gateway or VPN gateway that is there.",
    ),
    rule(
        "EC2-NIP-DEST",
        Observed,
        "A path has a destination: a resource, or an address in FilterAtSource.DestinationAddress; DestinationIp alone is none.",
        "an answer of AWS in terraform-provider-aws issue 38132",
        "Give Destination, or FilterAtSource with the address as DestinationAddress.",
    ),
    rule(
        "EC2-NIP-FILTER",
        Documented,
        "FilterAtSource excludes SourceIp and DestinationPort, FilterAtDestination excludes DestinationIp; addresses are of IPv4 and ranges of ports are in order.",
        API,
        "Say it in the filter alone.",
    ),
    rule(
        "EC2-NIP-USED",
        Observed,
        "A path that has analyses cannot be deleted.",
        HANDLERS,
        "Delete the analyses of the path first.",
    ),
    rule(
        "EC2-NIA-FILTER",
        Assumed,
        "Resources that a path must or must not traverse are named by their ARNs, additional accounts by their numbers.",
        API,
        "Give the ARN that describing the resource tells.",
    ),
    rule(
        "EC2-NIP-LIMIT",
        Documented,
        "A region has at most 1,000 paths and 10,000 analyses, of which 100 run.",
        ANALYZER,
        "Delete analyses and paths, wait for what runs, or raise the quota.",
    ),
];
