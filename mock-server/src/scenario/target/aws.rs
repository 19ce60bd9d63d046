//! Where AWS's services are. Source: AWS general reference, "AWS service endpoints"; the standard partition.

use super::Address;
use crate::aws::ServiceId;
use crate::scenario::callee::Callee;

/// The region whose name signatures for services without regions have.
const GLOBAL: &str = "us-east-1";

pub(super) fn address(callee: Callee, region: &str) -> Address {
    match callee {
        Callee::Modelled(model, _) if model.id == ServiceId::Iam => {
            Address { origin: "https://iam.amazonaws.com".into(), region: GLOBAL.into() }
        }
        Callee::Modelled(model, _) => at(model.meta().endpoint_prefix, region),
        // With buckets in paths, as requests are put on the wire.
        Callee::S3(_) => at("s3", region),
    }
}

fn at(prefix: &str, region: &str) -> Address {
    Address { origin: format!("https://{prefix}.{region}.amazonaws.com"), region: region.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_host() {
        for (call, origin, region) in [
            ("ec2.DescribeVpcs", "https://ec2.eu-west-1.amazonaws.com", "eu-west-1"),
            ("sagemaker.ListModels", "https://api.sagemaker.eu-west-1.amazonaws.com", "eu-west-1"),
            (
                "sagemaker-runtime.InvokeEndpoint",
                "https://runtime.sagemaker.eu-west-1.amazonaws.com",
                "eu-west-1",
            ),
            ("iam.ListRoles", "https://iam.amazonaws.com", "us-east-1"),
            ("sts.GetCallerIdentity", "https://sts.eu-west-1.amazonaws.com", "eu-west-1"),
            ("logs.DescribeLogGroups", "https://logs.eu-west-1.amazonaws.com", "eu-west-1"),
            ("ssm.GetParameter", "https://ssm.eu-west-1.amazonaws.com", "eu-west-1"),
            ("s3.CreateBucket", "https://s3.eu-west-1.amazonaws.com", "eu-west-1"),
        ] {
            let found = address(Callee::find(call).unwrap(), "eu-west-1");
            assert_eq!(found, Address { origin: origin.into(), region: region.into() });
        }
    }
}
