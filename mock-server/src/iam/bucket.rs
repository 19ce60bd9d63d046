//! Whether somebody may do something in a bucket: policies of who asks, of the VPC endpoint that the request came
//! through, and of the bucket.

use super::grants::{self, Held};
use super::public::is_public;
use super::{control, who};
use crate::kernel::{AccountId, Elsewhere, Scope, SimTime};
use crate::model::iam::SERVICE_SESSION;
use crate::model::{Bucket, IamMode, Partition, Principal, Role, State, VpcEndpoint, VpcId};
use crate::policy::actions::Actions;
use crate::policy::{self, Context, Decision, Kind, Policies, Request, Sides, Source, decide as weigh};
use std::net::IpAddr;
use std::sync::Arc;

/// How a request gets to S3. Only what comes through a VPC endpoint has `aws:SourceVpc`, `aws:SourceVpce`,
/// `aws:VpceAccount` and `aws:VpcSourceIp`; only what does not has `aws:SourceIp`. Source: IAM user guide, "AWS global condition context keys".
#[derive(Clone, Copy, Debug)]
pub enum Came<'a> {
    /// Over public addresses: from outside, or out of a VPC by a NAT gateway.
    Public(IpAddr),
    Endpoint {
        endpoint: &'a VpcEndpoint,
        /// Whose the endpoint is.
        account: AccountId,
        vpc: VpcId,
        source: IpAddr,
    },
    /// Within AWS: a service asks for itself.
    Service,
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
    ask.put(weigh)
}

/// Decides, each side for itself: who asks, the VPC endpoint, and the bucket. The request is allowed if all of them
/// allow it.
pub fn verdicts(ask: Ask<'_>) -> Sides {
    ask.put(policy::sides)
}

/// The ARN of a bucket, or of an object in it. Both are in the partition of the bucket's region.
pub fn arn(bucket: &Bucket, key: Option<&str>) -> String {
    let partition = Partition::of(&bucket.region);
    match key {
        None => partition.arn("s3", "", "", &bucket.name),
        Some(key) => partition.arn("s3", "", "", format_args!("{}/{key}", bucket.name)),
    }
}

/// What requests of SDKs with credentials tell. Source: S3 API reference, "Amazon S3 Signature Version 4 authentication
/// specific policy keys".
const SIGNED: &[(&str, &str)] =
    &[("s3:authType", "REST-HEADER"), ("s3:signatureversion", "AWS4-HMAC-SHA256")];

impl Ask<'_> {
    /// As SDKs ask, with these condition keys, as far as the action has them. Source: service authorization reference.
    #[must_use]
    pub fn with(mut self, keys: &[(&'static str, Arc<str>)]) -> Self {
        let known = || {
            let (prefix, name) = self.action.split_once(':')?;
            let actions = Actions::of(prefix)?;
            Some(actions.keys(actions.get(name)?.keys))
        };
        let known = known().unwrap_or_default();
        let signed = SIGNED.iter().filter(|_| !matches!(self.who, policy::Principal::Anonymous));
        let keys = keys.iter().map(|(key, value)| (*key, &**value));
        for (key, value) in signed.copied().chain(keys).filter(|(key, _)| known.contains(key)) {
            self.context.set(key, value);
        }
        self
    }

    fn put<T>(mut self, decide: impl FnOnce(&Request<'_>, &Policies<'_>) -> T) -> T {
        let owner = self.bucket.account.to_string();
        let context = &mut self.context;
        context.set("aws:ResourceAccount", &*owner);
        context.set("s3:ResourceAccount", &*owner);
        context.set("aws:RequestedRegion", &*self.bucket.region);
        tell_way(&self.came, context);
        let resource = arn(self.bucket, self.key);
        let request = Request {
            principal: self.who,
            action: self.action,
            resource: &resource,
            resource_account: Some(&owner),
            context: &self.context,
        };
        let source = |document| Source { name: arn(self.bucket, None).into(), policy: document };
        let document = self.bucket.policy.as_ref().filter(|_| !self.is_locked_out());
        let resource = document.map(|document| source(document.policy()));
        let given = Policies { resource, resource_kind: Kind::Resource, ..self.given };
        through(&self.came, given, |policies| decide(&request, policies))
    }
}

impl Ask<'_> {
    /// Whether the bucket's policy is public, the bucket restricts what such a policy grants to its own account and to
    /// services of AWS, and who asks is neither. Source: S3 user guide, "Block public access settings".
    fn is_locked_out(&self) -> bool {
        let stranger = match self.who {
            policy::Principal::Service { .. } => false,
            who => who.account().is_none_or(|account| account != self.bucket.account.to_string()),
        };
        stranger
            && self.bucket.public_access.is_some_and(|block| block.restrict_buckets)
            && self.bucket.policy.as_ref().is_some_and(|document| is_public(document.text()))
    }
}

/// Asks with the policy of the VPC endpoint that a request came through, if it did.
pub fn through<'a, T>(came: &Came<'a>, given: Policies<'a>, ask: impl FnOnce(&Policies<'_>) -> T) -> T {
    let Came::Endpoint { endpoint, .. } = came else { return ask(&given) };
    let Some(policy) = &endpoint.policy else { return ask(&given) };
    // A text that is no policy allows nothing.
    let endpoint = Some(Source { name: endpoint.id.to_string().into(), policy: policy.policy() });
    ask(&Policies { endpoint, ..given })
}

/// The rule behind what an endpoint of this policy refuses: one that only denies allows nothing.
pub fn endpoint_rule(policy: &policy::Policy) -> &'static str {
    let denies_only = policy.statements().iter().all(|statement| statement.effect() == policy::Effect::Deny);
    if denies_only { "SM-S3-REPO-12" } else { "SM-S3-POL-05" }
}

/// The condition keys of the way. `s3:BucketTag` and `aws:ResourceTag` are for buckets that have ABAC switched on, which
/// none has here (S3 user guide, "Enabling ABAC in general purpose buckets").
pub fn tell_way(came: &Came<'_>, context: &mut Context) {
    who::every(context);
    context.set("s3:TlsVersion", "1.3");
    match came {
        Came::Public(address) => context.set("aws:SourceIp", address.to_string()),
        Came::Service => {}
        Came::Endpoint { endpoint, account, vpc, source } => {
            context.set("aws:SourceVpce", endpoint.id.to_string());
            context.set("aws:SourceVpc", vpc.to_string());
            context.set("aws:VpceAccount", account.to_string());
            context.set("aws:VpcSourceIp", source.to_string());
        }
    }
}

/// The account-wide state of whoever asks.
enum Home<'a> {
    Near(&'a State),
    Far(Arc<State>),
}

/// Somebody who asks for things in buckets, with all that was given to it: nobody in particular, or a role that a
/// service acts as.
pub struct Asker<'a> {
    who: policy::Principal,
    held: Held,
    /// `None`: it is of no account.
    home: Option<Home<'a>>,
    context: Context,
}

impl<'a> Asker<'a> {
    /// Nobody in particular: the request is not signed.
    pub fn nobody() -> Self {
        let who = policy::Principal::Anonymous;
        Self { who, held: Held::default(), home: None, context: Context::new() }
    }

    /// A role as services act as it. It may be of another account than `account`, whose account-wide state is `global`.
    /// A role that does not exist holds nothing. `None`: that is no ARN of a role.
    pub fn role(
        arn: &str,
        account: AccountId,
        global: &'a State,
        elsewhere: &dyn Elsewhere<State>,
        now: SimTime,
    ) -> Option<Self> {
        let mut parts = arn.splitn(6, ':').skip(1);
        let (partition, service, _, owner, path) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let partition = Partition::ALL.into_iter().find(|known| known.id() == partition)?;
        let owner = AccountId::parse(owner).filter(|_| service == "iam")?;
        let (_, name) = path.strip_prefix("role").and_then(|path| path.rsplit_once('/'))?;
        let home = if owner == account {
            Some(Home::Near(global))
        } else {
            elsewhere.peek(owner, &Scope::Global).map(Home::Far)
        };
        let state = home.as_ref().map(Home::state);
        let role = state.and_then(|state| state.roles.get(&Role::key_of(name)));
        let role = role.filter(|role| role.arn == arn);
        let principal = Principal::Role {
            role_arn: arn.to_owned(),
            role_name: name.to_owned(),
            role_unique_id: role.map(|role| role.unique_id.clone()).unwrap_or_default(),
            session_name: SERVICE_SESSION.to_owned(),
        };
        let mut context = Context::new();
        let held = state.zip(role).map(|(state, role)| grants::of_role(state, role)).unwrap_or_default();
        if let Some(state) = state {
            who::of_service(state, &principal, now, &mut context);
        }
        let who = who::asker(partition, owner, &principal);
        Some(Self { who, held, home, context })
    }

    /// Asks for something in a bucket.
    pub fn ask<'b>(
        &'b self,
        action: &'b str,
        bucket: &'b Bucket,
        key: Option<&'b str>,
        came: Came<'b>,
    ) -> Ask<'b> {
        let control = self.home.as_ref().map(|home| control::levels(home.state())).unwrap_or_default();
        let given = Policies { control, ..self.held.policies() };
        Ask { who: &self.who, given, action, bucket, key, came, context: self.context.clone() }
    }

    /// What becomes of what its own account does not allow it.
    pub fn mode(&self) -> IamMode {
        self.home.as_ref().map(|home| home.state().authorization.mode).unwrap_or_default()
    }
}

impl Home<'_> {
    fn state(&self) -> &State {
        match self {
            Home::Near(state) => state,
            Home::Far(state) => state,
        }
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
