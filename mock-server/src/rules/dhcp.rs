//! The DHCP options of a job's VPC.

use super::*;
use crate::model::DhcpOptions;

const SERVERS: &str = "domain-name-servers";
const DOMAIN: &str = "domain-name";

/// Name servers and a domain name.
pub struct BothKeys;
impl Rule for BothKeys {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-DHCP",
        aliases: &[],
        name: "dhcp-options-with-both-keys",
        jobs: ALL,
        phases: &[Phase::Start],
        basis: Basis::Observed,
        docs: &[Doc { page: "process-vpc", anchor: "process-vpc-route-table" }],
        summary: "The DHCP options of the job's VPC name both domain-name-servers and domain-name. Instances of EC2 do \
                  without; a processing job was seen to fail. That jobs of the other kinds fail alike is assumed.",
        hint: "Associate DHCP options that have both keys with the VPC, such as the region's default ones.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(vpc) = case.subnets().next().and_then(|subnet| case.vpc_of(subnet)) else {
            return Verdict::NotApplicable;
        };
        let options = vpc.dhcp_options.and_then(|id| case.state.dhcp_options.get(&id));
        let values = |key| options.and_then(|options| values(options, key)).filter(|list| !list.is_empty());
        let (servers, domain) = (values(SERVERS), values(DOMAIN));
        // As the service prints them: a list, or its word for nothing.
        let printed = |list: Option<&[String]>| {
            list.map_or_else(|| "<nil>".to_owned(), |list| format!("[{}]", list.join(" ")))
        };
        // A VPC without options has the set `default`, which holds nothing.
        let id = options.map_or_else(|| "default".to_owned(), |options| options.id.to_string());
        let evidence = Evidence::of(id)
            .with("servers", printed(servers))
            .with("domain", printed(domain))
            .with("vpc", vpc.id);
        Verdict::require(servers.is_some() && domain.is_some(), evidence)
    }
}

fn values<'a>(options: &'a DhcpOptions, key: &str) -> Option<&'a [String]> {
    options.options.iter().find(|(known, _)| known == key).map(|(_, values)| values.as_slice())
}
