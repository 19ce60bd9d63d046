//! The services that VPC endpoints can lead to.

use super::describe::{Nothing, Window};
use super::error::{Ec2Error, EndpointError};
use super::filter::{Filter, Filters, Probe};
use crate::model::endpoint_service::services;
use crate::model::{EndpointService, EndpointType, Tags};
use crate::services::{Operation, Read, View, page};
use serde::{Deserialize, Serialize};

pub const SERVICE_FILTERS: &[&str] = &[
    "owner",
    "service-name",
    "service-region",
    "service-type",
    "supported-ip-address-types",
    "tag",
    "tag-key",
];

/// All services here are AWS's own.
const OWNER: &str = "amazon";
/// Interfaces here have no IPv6 addresses.
const ADDRESS_TYPES: [&str; 1] = ["ipv4"];
/// Most that one answer holds. Source: the page of the operation.
const MOST: usize = 1_000;

/// Source: the page of DescribeVpcEndpointServices; EC2-VPCE-TYPES, EC2-VPCE-SVC.
pub struct DescribeVpcEndpointServices;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeServicesIn {
    service_names: Vec<String>,
    service_regions: Vec<String>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeServicesOut {
    service_names: Vec<&'static str>,
    service_details: Vec<ServiceView>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceView {
    service_name: &'static str,
    service_id: &'static str,
    service_type: [TypeView; 1],
    service_region: String,
    availability_zones: Vec<&'static str>,
    owner: &'static str,
    base_endpoint_dns_names: &'static [String],
    private_dns_name: Option<&'static str>,
    private_dns_names: Option<Vec<NameView>>,
    vpc_endpoint_policy_supported: bool,
    acceptance_required: bool,
    manages_vpc_endpoints: bool,
    tags: Nothing,
    private_dns_name_verification_state: Option<&'static str>,
    supported_ip_address_types: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TypeView {
    service_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NameView {
    private_dns_name: &'static str,
}

impl ServiceView {
    fn new(service: &'static EndpointService, region: &str) -> Self {
        let names = &service.private_names;
        let if_named = !names.is_empty();
        let listed = || names.iter().map(|name| NameView { private_dns_name: name }).collect();
        Self {
            service_name: &service.name,
            service_id: &service.id,
            service_type: [TypeView { service_type: service.kind.name() }],
            service_region: region.to_owned(),
            availability_zones: service.zones.iter().map(|zone| zone.name).collect(),
            owner: OWNER,
            base_endpoint_dns_names: &service.base_names,
            private_dns_name: names.first().map(String::as_str),
            private_dns_names: if_named.then(listed),
            vpc_endpoint_policy_supported: true,
            acceptance_required: false,
            manages_vpc_endpoints: false,
            tags: &[],
            private_dns_name_verification_state: if_named.then_some("verified"),
            supported_ip_address_types: ADDRESS_TYPES,
        }
    }
}

fn values(service: &EndpointService, region: &str, name: &str, probe: &mut Probe<'_>) {
    match name {
        "owner" => probe.is(OWNER),
        "service-name" => probe.is(&service.name),
        "service-region" => probe.is(region),
        "service-type" => probe.is(service.kind.name()),
        "supported-ip-address-types" => ADDRESS_TYPES.into_iter().for_each(|kind| probe.is(kind)),
        _ => probe.unknown(),
    }
}

impl Operation for DescribeVpcEndpointServices {
    const NAME: &'static str = "DescribeVpcEndpointServices";
    type In = DescribeServicesIn;
    type Out = DescribeServicesOut;
    type Error = Ec2Error;
}

/// Lists are in this order.
fn place(service: &EndpointService) -> (&str, EndpointType) {
    (&service.name, service.kind)
}

impl Read for DescribeVpcEndpointServices {
    fn run(view: &View<'_>, input: DescribeServicesIn) -> Result<DescribeServicesOut, Ec2Error> {
        let region = &*view.state.site.region;
        if input.service_regions.iter().any(|asked| asked != region) {
            return Err(Ec2Error::NotBuilt("DescribeVpcEndpointServices of other regions"));
        }
        let all = services(region);
        let known = |id: &str| all.iter().find(|service| service.id == id);
        let window = Window::capped(input.max_results, input.next_token.as_deref(), MOST, known)?;
        let filters = Filters::new(input.filters, SERVICE_FILTERS)?;
        let names = input.service_names;
        if let Some(unknown) = names.iter().find(|name| all.iter().all(|service| service.name != **name)) {
            return Err(EndpointError::ServiceNotFound(unknown.clone()).into());
        }
        let mut scratch = String::new();
        let found = all
            .iter()
            .filter(|service| window.after.is_none_or(|after| place(service) > place(after)))
            .filter(|service| names.is_empty() || names.contains(&service.name))
            .filter(|service| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| {
                    values(service, region, name, probe);
                })
            });
        let (page, next_token) = page::cut(found, window.limit, |service| service.id.clone());
        // A service of both types is named twice, as recorded.
        Ok(DescribeServicesOut {
            service_names: page.iter().map(|service| service.name.as_str()).collect(),
            service_details: page.into_iter().map(|service| ServiceView::new(service, region)).collect(),
            next_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{Lab, text, texts};
    use super::*;
    use serde_json::{Value, json};

    fn describe(lab: &Lab, input: Value) -> Value {
        lab.read::<DescribeVpcEndpointServices>(input)
    }

    #[test]
    fn s3_is_there_twice() {
        let lab = Lab::new();
        let name = "com.amazonaws.us-east-1.s3";
        let found = describe(&lab, json!({ "ServiceNames": [name] }));
        assert_eq!(found["ServiceNames"], json!([name, name]));
        let [gateway, interface] = [&found["ServiceDetails"][0], &found["ServiceDetails"][1]];
        assert_eq!(gateway["ServiceType"], json!([{ "ServiceType": "Gateway" }]));
        assert_eq!(gateway["BaseEndpointDnsNames"], json!(["s3.us-east-1.amazonaws.com"]));
        assert!(gateway.get("PrivateDnsName").is_none());
        assert_eq!(interface["ServiceType"], json!([{ "ServiceType": "Interface" }]));
        assert_eq!(interface["BaseEndpointDnsNames"], json!(["s3.us-east-1.vpce.amazonaws.com"]));
        assert_ne!(gateway["ServiceId"], interface["ServiceId"]);
    }

    #[test]
    fn filters_select_services_and_pages_hold_each_once() {
        let lab = Lab::new();
        let filter = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        let names = |input| texts(&describe(&lab, input)["ServiceDetails"], "ServiceName");
        assert_eq!(
            names(filter("service-type", "Gateway")),
            ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"]
        );
        let all = names(json!({}));
        assert_eq!(names(filter("owner", "amazon")), all);
        assert_eq!(names(filter("service-region", "us-east-1")), all);
        assert_eq!(names(filter("supported-ip-address-types", "ipv6")), Vec::<String>::new());
        assert_eq!(names(filter("tag-key", "*")), Vec::<String>::new());
        assert_eq!(
            names(filter("service-name", "*.sagemaker.run*")),
            ["com.amazonaws.us-east-1.sagemaker.runtime", "com.amazonaws.us-east-1.sagemaker.runtime-fips"]
        );
        let (mut seen, mut input) = (Vec::new(), json!({ "MaxResults": 7 }));
        loop {
            let page = describe(&lab, input.clone());
            assert!(page["ServiceDetails"].as_array().unwrap().len() <= 7);
            seen.extend(texts(&page["ServiceDetails"], "ServiceName"));
            match page.get("NextToken") {
                Some(token) => input["NextToken"] = json!(text(token)),
                None => break,
            }
        }
        assert_eq!(seen, all);
        let row = &services("us-east-1")[0];
        let unknown = super::super::filter::names_without_values(SERVICE_FILTERS, |name, probe| {
            values(row, "us-east-1", name, probe);
        });
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
