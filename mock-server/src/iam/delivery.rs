//! Whether services of AWS may deliver logs: to a log group as a role, to a bucket as themselves.

use super::bucket::{Ask, Came, decide as ask_bucket};
use super::trust::{ForSource, trusts};
use super::{control, grants, who};
use crate::model::iam::SERVICE_SESSION;
use crate::model::{Bucket, IamMode, Principal, Role, Site, State};
use crate::policy::{self, Context, Decision, Policies, Request, Verdict, decide};
use std::sync::Arc;

/// Why something was not delivered, and the rule behind that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denied {
    pub rule: &'static str,
    pub message: String,
}

// === To a log group ===

/// The service that delivers flow logs with a role. Source: VPC user guide, "IAM role for publishing flow logs".
pub const FLOW_LOGS: &str = "vpc-flow-logs.amazonaws.com";

/// Where records are to be written.
pub struct IntoGroup<'a> {
    pub site: &'a Site,
    /// The account-wide state.
    pub global: &'a State,
    pub role: &'a str,
    /// The ARN of the flow log.
    pub source: &'a str,
    pub group: &'a str,
    /// Whether the group is to be made.
    pub is_new: bool,
}

impl IntoGroup<'_> {
    /// Whether the flow logs service may write to these streams as the role, each with whether it is to be made: the
    /// role is there, trusts the service, and is allowed what the guide lists, but need not be allowed to make what
    /// there is.
    ///
    /// What an account that does not enforce policies has is what it is: only that the role is there counts.
    ///
    /// Source: VPC user guide, "IAM role for publishing flow logs" and "Troubleshoot VPC Flow Logs". What the actions
    /// are asked about was seen in refusals: a policy that names a group without `:*` does not suffice.
    ///
    /// # Errors
    /// The first thing that is in the way.
    pub fn check(&self, streams: impl Iterator<Item = (Arc<str>, bool)>) -> Result<(), Denied> {
        let denied = |message| Err(Denied { rule: "EC2-FL-DELIVER-ROLE", message });
        let name = self.role.rsplit('/').next().unwrap_or_default();
        let role = self.global.roles.get(&Role::key_of(name)).filter(|role| role.arn == self.role);
        let Some(role) = role else { return denied(format!("{} does not exist", self.role)) };
        if self.global.authorization.mode != IamMode::Enforce {
            return Ok(());
        }
        let by = ForSource { service: FLOW_LOGS, account: self.site.account, source: self.source };
        if trusts(role.trust.policy(), by).is_err() {
            return denied(format!("{} does not trust {FLOW_LOGS}", self.role));
        }
        let stream =
            |name: &str| self.site.arn("logs", format_args!("log-group:{}:log-stream:{name}", self.group));
        let make = self.is_new.then_some("logs:CreateLogGroup");
        let of_group = make.into_iter().chain(["logs:DescribeLogGroups", "logs:DescribeLogStreams"]);
        let of_group = of_group.map(|action| (action, stream("")));
        let of_streams = streams.flat_map(|(name, is_new)| {
            let make = is_new.then_some("logs:CreateLogStream");
            make.into_iter().chain(["logs:PutLogEvents"]).map(move |action| (action, stream(&name)))
        });
        let principal = Principal::Role {
            role_arn: role.arn.clone(),
            role_name: role.name.clone(),
            role_unique_id: role.unique_id.clone(),
            session_name: SERVICE_SESSION.to_owned(),
        };
        let asker = who::asker(self.site.partition, self.site.account, &principal);
        let held = grants::of_role(self.global, role);
        let policies = Policies { control: control::levels(self.global), ..held.policies() };
        let mut context = Context::new();
        context.set("aws:RequestedRegion", &*self.site.region);
        for (action, resource) in of_group.chain(of_streams) {
            let request = Request {
                principal: &asker,
                action,
                resource: &resource,
                resource_account: None,
                context: &context,
            };
            let decision = decide(&request, &policies);
            if !decision.allowed() {
                let because = decision.because();
                return denied(format!("{} may not do {action} on {resource}: {because}", self.role));
            }
        }
        Ok(())
    }
}

// === To a bucket ===

/// The service that delivers logs to buckets. Source: VPC user guide, "Amazon S3 bucket permissions for flow logs".
pub const DELIVERY: &str = "delivery.logs.amazonaws.com";

/// What deliveries are for, as policies see it: all of the logs of an account in a region.
pub fn source_arn(site: &Site) -> String {
    site.arn("logs", "*")
}

/// Whether logs may be delivered to this key: the bucket's access control list is looked at, and the object is put.
/// Source: VPC user guide, "Amazon S3 bucket permissions for flow logs".
///
/// # Errors
/// What is not allowed, and why.
pub fn check_bucket(site: &Site, bucket: &Bucket, key: &str) -> Result<(), Denied> {
    let asks = [("s3:GetBucketAcl", None), ("s3:PutObject", Some(key))];
    for (action, key) in asks {
        let decision = in_bucket(site, bucket, action, key);
        if !decision.allowed() {
            let because = match decision.verdict {
                Verdict::ExplicitDeny(_) => decision.because(),
                _ => "no statement of the bucket's policy allows it".to_owned(),
            };
            let place = super::bucket::arn(bucket, key);
            let message = format!("{DELIVERY} may not do {action} on {place}: {because}");
            return Err(Denied { rule: "EC2-FL-DELIVER-BUCKET", message });
        }
    }
    Ok(())
}

fn in_bucket(site: &Site, bucket: &Bucket, action: &str, key: Option<&str>) -> Decision {
    let who = policy::Principal::Service { name: DELIVERY.to_owned() };
    let mut context = Context::new();
    context.set("aws:SourceAccount", site.account.to_string());
    context.set("aws:SourceArn", source_arn(site));
    if key.is_some() {
        context.set("s3:x-amz-acl", "bucket-owner-full-control");
    }
    let given = Policies::default();
    ask_bucket(Ask { who: &who, given, action, bucket, key, came: Came::Service, context })
}
