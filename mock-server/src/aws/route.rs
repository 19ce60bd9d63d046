//! Which service a request is for, and a few things that the gateway asks of its headers.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::RequestParts;
use super::model::ServiceId;
use super::sigv4::{Scope, query_parameter};

/// The service that a request is for.
///
/// The `X-Amz-Target` header decides, which names it with the operation; then the signature, the `Version` of a query
/// request, and the host name. `None` if none of them says so.
pub fn service_of(parts: &RequestParts<'_>, scope: Option<&Scope>) -> Option<ServiceId> {
    let target = parts.headers.get("x-amz-target");
    target
        .and_then(ServiceId::from_target)
        .or_else(|| ServiceId::from_signing_name(&scope?.service, parts.path))
        .or_else(|| {
            parameter(parts, "Action")?;
            ServiceId::from_api_version(&parameter(parts, "Version")?)
        })
        .or_else(|| ServiceId::from_host(parts.headers.get("host")?))
}

/// A parameter of a query request, from the query string or a form body.
pub fn parameter<'a>(parts: &RequestParts<'a>, name: &str) -> Option<Cow<'a, str>> {
    query_parameter(parts.query, name).or_else(|| {
        let pairs = parts.body.split(|byte| *byte == b'&');
        for pair in pairs {
            let Some(value) = pair.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
            else {
                continue;
            };
            return Some(percent_decode(value).decode_utf8_lossy());
        }
        None
    })
}

/// Whether an SDK says in its User-Agent that a waiter makes the call.
///
/// SDKs list the features in use after `m/`, as short ids with commas between; `B` is the waiter.
pub fn is_waiter_call(user_agent: &str) -> bool {
    user_agent
        .split_ascii_whitespace()
        .filter_map(|part| part.strip_prefix("m/"))
        .any(|ids| ids.split(',').any(|id| id == "B"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sigv4;
    use bytes::Bytes;

    fn route(headers: &[(&str, &str)], path: &str, query: &str, body: &str) -> Option<ServiceId> {
        let (headers, body) = (headers.to_vec(), Bytes::copy_from_slice(body.as_bytes()));
        let parts = RequestParts { method: "POST", path, query, headers: &headers, body: &body };
        service_of(&parts, sigv4::scope(&parts).as_ref())
    }

    #[test]
    fn every_way_to_name_a_service() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=A/20260105/eu-west-1/{service}/aws4_request, SignedHeaders=host"
            )
        };
        let by_scope = |service: &str, path| route(&[("authorization", &signed(service))], path, "", "");
        assert_eq!(by_scope("ec2", "/"), Some(ServiceId::Ec2));
        assert_eq!(by_scope("sagemaker", "/"), Some(ServiceId::SageMaker));
        assert_eq!(by_scope("sagemaker", "/endpoints/a/invocations"), Some(ServiceId::SageMakerRuntime));
        assert_eq!(by_scope("s3", "/"), None);
        assert_eq!(
            route(&[("x-amz-target", "SageMaker.ListModels")], "/", "", ""),
            Some(ServiceId::SageMaker)
        );
        // Signed for another service: which one it should have been signed for can be told.
        let of_logs = signed("logs");
        let both = [("x-amz-target", "SageMaker.ListModels"), ("authorization", &*of_logs)];
        assert_eq!(route(&both, "/", "", ""), Some(ServiceId::SageMaker));
        assert_eq!(route(&[("x-amz-target", "Logs_20140328.X")], "/", "", ""), Some(ServiceId::Logs));
        assert_eq!(route(&[], "/", "", "Action=GetUser&Version=2010-05-08"), Some(ServiceId::Iam));
        assert_eq!(route(&[], "/", "Action=X&Version=2011-06-15", ""), Some(ServiceId::Sts));
        assert_eq!(route(&[("host", "ec2.eu-west-1.amazonaws.com")], "/", "", ""), Some(ServiceId::Ec2));
        assert_eq!(route(&[("host", "localhost:4545")], "/", "", ""), None);
    }

    #[test]
    fn every_model_is_reached_by_its_own_facts() {
        for id in ServiceId::ALL {
            let model = crate::aws::ServiceModel::get(id);
            let meta = model.meta();
            if let Some(prefix) = meta.target_prefix {
                assert_eq!(ServiceId::from_target(&format!("{prefix}.X")), Some(id));
            }
            if matches!(id.protocol(), crate::aws::Protocol::Ec2 | crate::aws::Protocol::Query) {
                assert_eq!(ServiceId::from_api_version(meta.api_version), Some(id));
            }
            assert_eq!(meta.signing_name.unwrap_or(meta.endpoint_prefix), id.signing_name());
            let host = format!("{}.eu-west-1.amazonaws.com", meta.endpoint_prefix);
            assert_eq!(ServiceId::from_host(&host), Some(id), "{host}");
        }
    }

    #[test]
    fn waiters() {
        assert!(is_waiter_call("Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux m/b,B,E lang/python#3.11"));
        assert!(!is_waiter_call("Boto3/1.44.5 m/b,E,Bx cfg/retry-mode#legacy"));
        assert!(!is_waiter_call("m/ B"));
        assert!(!is_waiter_call(""));
    }
}
