//! Whether whoever sends a request to S3 may do what it asks for.
//!
//! An operation takes one action or more ([`acts`](super::acts)); each must be allowed by who asks, by the VPC endpoint
//! that the request came through, and by the bucket. What an account does with what is not allowed follows from its
//! mode; each account's counts for its own policies.

use super::acts::Act;
use super::keys;
use crate::iam::bucket::{self, Ask, Came};
use crate::iam::grants::Held;
use crate::iam::{control, who};
use crate::kernel::{AccountId, Event, Scope, SimTime};
use crate::model::{
    Account, FoundBucket, IamMode, Id, Partition, Principal, State, Tags, VpcEndpoint, VpcEndpointId,
};
use crate::policy::{self, Context, Decision, Policies, Request, Sides, Verdict};
use crate::services::{Caller, sts};
use hyper::header::HeaderMap;
use percent_encoding::percent_decode_str;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The header that says through which VPC endpoint of the caller's account a request comes. Clients on this machine
/// come through none.
pub const SOURCE_VPCE: &str = "x-mockplane-source-vpce";
/// The header that says from which address a request comes; else it is the loopback address.
pub const SOURCE_IP: &str = "x-mockplane-source-ip";

/// What an action is done to.
#[derive(Clone, Copy, Debug)]
pub enum On<'a> {
    /// Whatever buckets there are.
    Buckets,
    /// A bucket that is about to be made, in a region.
    New {
        name: &'a str,
        region: &'a str,
    },
    Bucket(&'a FoundBucket),
    Object(&'a FoundBucket, &'a str),
}

/// How S3 refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denied {
    pub code: &'static str,
    pub status: u16,
    pub message: String,
    /// `None`: it was not for policies to decide.
    pub ground: Option<Ground>,
}

/// Why policies refuse, whether or not S3 tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ground {
    /// The rule of the side that denies.
    pub rule: &'static str,
    /// Who may not do what, and the policy and statement that decided.
    pub because: String,
}

impl Denied {
    pub(super) fn access(message: impl Into<String>, ground: Option<Ground>) -> Self {
        Self { code: "AccessDenied", status: 403, message: message.into(), ground }
    }
}

/// One of those who all must allow a request.
struct Side {
    decision: Decision,
    /// The mode of its account.
    mode: IamMode,
    rule: &'static str,
    /// Whose policies these are.
    of: String,
}

/// What a request was found to do: to be recorded once it is done.
#[must_use = "what was done is recorded, so that policies can be written for it"]
#[derive(Debug, Default)]
pub struct Permit {
    done: Vec<(&'static str, String)>,
}

/// Somebody's request to S3, as policies see it.
pub struct Visit<'a> {
    /// `None`: the request is not signed.
    pub(super) caller: Option<&'a Caller>,
    /// The caller's account.
    account: &'a Account,
    pub(super) headers: &'a HeaderMap,
    pub(super) query: Vec<(String, String)>,
    address: IpAddr,
    endpoint: Option<Arc<VpcEndpoint>>,
    pub(super) now: SimTime,
    global: Arc<State>,
}

impl<'a> Visit<'a> {
    /// `account` is the caller's; of a request that is not signed, the one where it looks for its bucket first.
    ///
    /// # Errors
    /// The request says that it comes from somewhere that does not exist.
    pub fn new(
        caller: Option<&'a Caller>,
        account: &'a Account,
        headers: &'a HeaderMap,
        query: &str,
        now: SimTime,
    ) -> Result<Self, Denied> {
        let wrong = |message: String| Denied { code: "InvalidArgument", status: 400, message, ground: None };
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let address = header(SOURCE_IP).map(|text| {
            text.parse().map_err(|_| wrong(format!("{SOURCE_IP}: `{text}` is no address of the IP")))
        });
        let address = address.transpose()?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let endpoint = header(SOURCE_VPCE).map(|text| {
            s3_endpoint(account, text).ok_or_else(|| {
                wrong(format!("{SOURCE_VPCE}: account {} has no S3 endpoint {text}", account.id))
            })
        });
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        let query = query.collect();
        let global = account.read(&Scope::Global);
        Ok(Self { caller, account, headers, query, address, endpoint: endpoint.transpose()?, now, global })
    }

    /// Whether the operation of this name may be done. `source`: where it copies from.
    ///
    /// # Errors
    /// The refusal, in S3's words.
    pub fn authorise(&self, operation: &str, on: On<'_>, source: Option<On<'_>>) -> Result<Permit, Denied> {
        let acts = self.acts(operation, on, source);
        // What nobody can be allowed to do nobody does. There is no such operation (a test says so).
        if acts.is_empty() {
            return Err(Denied::access("Access Denied", None));
        }
        self.may(&acts)
    }

    /// Whether each of these may be done.
    ///
    /// # Errors
    /// The refusal of the first that may not.
    pub fn may(&self, acts: &[Act<'_>]) -> Result<Permit, Denied> {
        let mut permit = Permit::default();
        for act in acts {
            self.ask(act)?;
            permit.done.push((act.action, self.recorded(act)));
        }
        Ok(permit)
    }

    /// What to answer instead of saying that an object is not there: only who may list the bucket is told so.
    /// Source: S3 API reference, GetObject, "Permissions".
    ///
    /// # Errors
    /// That access is denied.
    pub fn may_know(&self, bucket: &FoundBucket) -> Result<(), Denied> {
        self.ask(&Act::new("ListBucket", On::Bucket(bucket)))
    }

    /// Remembers what was done. Objects count as all of their bucket: who writes policies names no single ones.
    pub fn record(&self, permit: Permit) {
        let Some(caller) = self.caller else { return };
        let who = match &caller.principal {
            Principal::Role { role_arn, .. } => role_arn.clone(),
            principal => who::arn(caller.partition, caller.account, principal),
        };
        for (action, resource) in permit.done {
            self.account.deeds.add(&who, ("s3", action), &resource);
        }
    }

    fn recorded(&self, act: &Act<'_>) -> String {
        match act.on {
            On::Object(found, _) => bucket::arn(&found.bucket, Some("*")),
            _ => self.resource(act),
        }
    }

    fn ask(&self, act: &Act<'_>) -> Result<(), Denied> {
        let own = self.global.authorization.mode;
        let owner = match act.on {
            On::Bucket(found) | On::Object(found, _) => found.home.0.authorization.mode,
            On::Buckets | On::New { .. } => own,
        };
        if (own, owner) == (IamMode::Off, IamMode::Off) {
            return Ok(());
        }
        let sides = self.sides(act);
        if [&sides.asker, &sides.endpoint, &sides.resource].iter().all(|side| side.allowed()) {
            return Ok(());
        }
        // The root of a bucket's account can always get at its policy.
        // Source: S3 API reference, PutBucketPolicy.
        let rescued = ["GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"].contains(&act.action)
            && self.is_home(act)
            && self.caller.is_some_and(|caller| caller.principal == Principal::Root);
        let bucket_mode = if rescued { IamMode::Off } else { owner };
        let mut sides = [
            self.asker_side(sides.asker, own),
            self.endpoint_side(sides.endpoint, own),
            bucket_side(act, sides.resource, bucket_mode),
        ];
        // Who denies is told before who only does not allow.
        sides.sort_by_key(|side| !matches!(side.decision.verdict, Verdict::ExplicitDeny(_)));
        let denied = |mode: IamMode| sides.iter().find(|side| !side.decision.allowed() && side.mode == mode);
        if let Some(side) = denied(IamMode::Enforce) {
            let ground = Ground { rule: side.rule, because: self.because(act, side) };
            return Err(Denied::access(self.sentence(act, &side.decision), Some(ground)));
        }
        if let Some(Side { decision, .. }) = denied(IamMode::Audit) {
            self.account.events.push([Event {
                at: self.now,
                kind: "WouldDeny",
                place: self.caller.map(|caller| caller.region.to_string()).unwrap_or_default(),
                resource: self.resource(act),
                message: format!("{}: {}", self.sentence(act, decision), decision.because()),
                rule: None,
            }]);
        }
        Ok(())
    }

    fn asker_side(&self, decision: Decision, mode: IamMode) -> Side {
        Side { decision, mode, rule: "SM-F-S3-DENIED", of: self.asker() }
    }

    fn endpoint_side(&self, decision: Decision, mode: IamMode) -> Side {
        let policy = self.endpoint.as_ref().and_then(|endpoint| endpoint.policy.as_ref());
        let of = self.endpoint.as_ref().map(|endpoint| endpoint.id.to_string()).unwrap_or_default();
        let rule = policy.map_or("SM-S3-POL-05", |policy| bucket::endpoint_rule(policy.policy()));
        Side { decision, mode, rule, of }
    }

    /// The ARN of who asks.
    fn asker(&self) -> String {
        match self.caller {
            Some(caller) => who::arn(caller.partition, caller.account, &caller.principal),
            None => "anonymous".to_owned(),
        }
    }

    /// What S3 tells strangers nothing of: who may not do what, and what decided.
    fn because(&self, act: &Act<'_>, side: &Side) -> String {
        let (asker, action, resource) = (self.asker(), act.name(), self.resource(act));
        let told = format!("{asker} may not do {action} on {resource}: {}", side.decision.because());
        match side.decision.verdict {
            // A statement that denies says whose it is.
            Verdict::ExplicitDeny(_) => told,
            _ => format!("{told} ({})", side.of),
        }
    }

    fn sides(&self, act: &Act<'_>) -> Sides {
        let mut context = Context::new();
        keys::request(self, act, &mut context);
        let (principal, held, session) = match self.caller {
            None => (policy::Principal::Anonymous, None, None),
            Some(caller) => {
                let session = caller.session.as_deref();
                who::keys(&self.global, &caller.principal, session, self.now, &mut context);
                let asker = who::asker(caller.partition, caller.account, &caller.principal);
                (asker, who::held(&self.global, &caller.principal), sts::limits(caller, &self.global))
            }
        };
        let control = if self.caller.is_some() { control::levels(&self.global) } else { Vec::new() };
        let given = Policies { session, control, ..held.as_ref().map(Held::policies).unwrap_or_default() };
        let came = match &self.endpoint {
            None => Came::Public(self.address),
            Some(endpoint) => {
                let account = self.account.id;
                Came::Endpoint { endpoint, account, vpc: endpoint.vpc, source: self.address }
            }
        };
        let (bucket, key) = match act.on {
            On::Bucket(found) => (&found.bucket, None),
            On::Object(found, key) => (&found.bucket, Some(key)),
            On::Buckets | On::New { .. } => {
                bucket::tell_way(&came, &mut context);
                let resource = self.resource(act);
                let request = Request {
                    principal: &principal,
                    action: &act.name(),
                    resource: &resource,
                    resource_account: None,
                    context: &context,
                };
                return bucket::through(&came, given, |policies| policy::sides(&request, policies));
            }
        };
        let action = act.name();
        bucket::verdicts(Ask { who: &principal, given, action: &action, bucket, key, came, context })
    }

    /// Whether the caller is of the account that it asks for something of.
    fn is_home(&self, act: &Act<'_>) -> bool {
        let Some(caller) = self.caller else { return false };
        match act.on {
            On::Bucket(found) | On::Object(found, _) => found.bucket.account == caller.account,
            On::Buckets | On::New { .. } => true,
        }
    }

    fn resource(&self, act: &Act<'_>) -> String {
        match act.on {
            On::Buckets => "*".to_owned(),
            On::New { name, region } => Partition::of(region).arn("s3", "", "", name),
            On::Bucket(found) => bucket::arn(&found.bucket, None),
            On::Object(found, key) => bucket::arn(&found.bucket, Some(key)),
        }
    }

    /// What S3 says: to callers of the bucket's account who is denied what and why, to all others nothing of it.
    /// Source: S3 user guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3"; its form was seen in
    /// public logs.
    fn sentence(&self, act: &Act<'_>, decision: &Decision) -> String {
        self.refusal(act, &decision.reason(&act.name()))
    }

    /// The same for other reasons than what policies say.
    pub(super) fn refusal(&self, act: &Act<'_>, reason: &str) -> String {
        let Some(caller) = self.caller.filter(|_| self.is_home(act)) else {
            return "Access Denied".to_owned();
        };
        let arn = who::arn(caller.partition, caller.account, &caller.principal);
        let action = act.name();
        match act.on {
            On::Buckets => format!("User: {arn} is not authorized to perform: {action} {reason}"),
            _ => {
                let resource = self.resource(act);
                format!(
                    "User: {arn} is not authorized to perform: {action} on resource: \"{resource}\" {reason}"
                )
            }
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, or what stands for it in the query string of a presigned address.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.get(name).and_then(|value| value.to_str().ok());
        let in_query = || {
            let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        header.or_else(in_query)
    }
}

fn bucket_side(act: &Act<'_>, decision: Decision, mode: IamMode) -> Side {
    let of = match act.on {
        On::Bucket(found) | On::Object(found, _) => bucket::arn(&found.bucket, None),
        On::Buckets | On::New { .. } => String::new(),
    };
    Side { decision, mode, rule: "SM-S3-BKT-07", of }
}

/// An endpoint for S3 of the account, in any region.
fn s3_endpoint(account: &Account, id: &str) -> Option<Arc<VpcEndpoint>> {
    let id = VpcEndpointId::parse(id)?;
    let states = account.scopes().into_iter().map(|scope| account.read(&scope));
    let found = states.into_iter().find_map(|state| state.vpc_endpoints.get(&id).cloned())?;
    found.service.name.ends_with(".s3").then_some(found)
}

/// The account whose bucket policy operations these are is the caller's, or the method is not allowed, whatever policies
/// say. Source: S3 API reference, PutBucketPolicy.
///
/// # Errors
/// The caller is of another account.
pub fn owns(caller: Option<&Caller>, bucket: &FoundBucket) -> Result<(), Denied> {
    let account: Option<AccountId> = caller.map(|caller| caller.account);
    if account == Some(bucket.bucket.account) {
        return Ok(());
    }
    let message = "The specified method is not allowed against this resource.".to_owned();
    Err(Denied { code: "MethodNotAllowed", status: 405, message, ground: None })
}

/// Tags as they are given in a header: `a=1&b=2`.
pub(super) fn tags_in_header(text: &str) -> Tags {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

#[cfg(feature = "s3")]
#[cfg(test)]
mod tests;
