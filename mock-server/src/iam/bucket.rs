//! Whether somebody may do something in a bucket: policies of who asks, of the VPC endpoint that the request came
//! through, and of the bucket.

use crate::model::{Bucket, VpcEndpoint, VpcId};
use crate::policy::{self, Context, Decision, Policies, Request, decide as weigh};
use std::net::IpAddr;

/// How a request gets to S3. Only what comes through a VPC endpoint has `aws:SourceVpc`, `aws:SourceVpce` and
/// `aws:VpcSourceIp`; only what does not has `aws:SourceIp`. Source: IAM user guide, "AWS global condition context keys".
#[derive(Clone, Copy, Debug)]
pub enum Came<'a> {
    /// Over public addresses: from outside, or out of a VPC by a NAT gateway.
    Public(IpAddr),
    Endpoint {
        endpoint: &'a VpcEndpoint,
        vpc: VpcId,
        source: IpAddr,
    },
}

/// A request for something in a bucket.
pub struct Ask<'a> {
    pub who: &'a policy::Principal,
    /// What was given to who asks: its own policies, boundary, session and control policies.
    pub given: Policies<'a>,
    /// Such as `s3:GetObject`.
    pub action: &'a str,
    pub bucket: &'a Bucket,
    /// `None`: the bucket itself.
    pub key: Option<&'a str>,
    pub came: Came<'a>,
    /// The keys that follow from who asks, the time and the request; those of the way are added here.
    pub context: Context,
}

/// Decides.
pub fn decide(ask: Ask<'_>) -> Decision {
    let resource = ask.bucket.name.to_string();
    let request = Request {
        principal: ask.who,
        action: ask.action,
        resource: &resource,
        resource_account: None,
        context: &ask.context,
    };
    weigh(&request, &ask.given)
}
