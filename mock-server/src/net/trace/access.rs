//! What happens at S3: the bucket, and the policies of all who have a say.

use super::target::{intended, public_source};
use super::{Arrival, Sender, Walk, range};
use crate::iam::bucket::{self, Asker, Came, verdicts};
use crate::model::path::{BucketUse, Goal, HopKind};
use crate::model::sight::sight;
use crate::model::{Bucket, Evidence, IamMode, Sight, VpcEndpoint};
use crate::policy::{Decision, Verdict};
use std::net::IpAddr;
use std::sync::Arc;

/// Verdicts of one side over several actions.
struct Side {
    kind: HopKind,
    at: String,
    /// The first action that is refused, with its key, or else the first of all.
    told: Option<(Decision, &'static str, Option<Arc<str>>)>,
}

/// What is done where, and how it gets there.
struct Use<'a> {
    wanted: &'a BucketUse,
    bucket: &'a Bucket,
    /// Whether it is one of the Amazon Linux repositories.
    repository: bool,
    endpoint: Option<Arc<VpcEndpoint>>,
}

impl Side {
    fn add(&mut self, decision: Decision, action: &'static str, key: Option<&Arc<str>>) {
        let refused = |told: &(Decision, &str, Option<Arc<str>>)| !told.0.allowed();
        if self.told.is_none() || (!decision.allowed() && !self.told.as_ref().is_some_and(refused)) {
            self.told = Some((decision, action, key.cloned()));
        }
    }
}

impl<'a> Walk<'a> {
    /// What the name of a bucket leads to.
    pub(super) fn sight(&self, bucket: &str) -> Sight {
        let terrain = self.terrain;
        sight(&terrain.state.site, terrain.global, bucket, terrain.elsewhere)
    }

    /// Asks what is left to ask: of a bucket, whether it is there, and what policies say.
    pub(super) fn ask_policies(&mut self, from: Option<&Sender<'a>>) {
        let reading;
        let wanted = match &self.flow.to {
            Goal::Bucket(wanted) => wanted,
            // Whoever connects to a repository reads from it. Its bucket is called as its host, or in its host.
            Goal::Host(host) => {
                let bucket = host.split(".s3").next().unwrap_or(host).into();
                reading = BucketUse {
                    bucket,
                    acts: vec![("s3:GetObject", Some("index".into()))],
                    keys: Vec::new(),
                    role_arn: None,
                };
                if !matches!(self.sight(&reading.bucket), Sight::Repository(_)) {
                    return;
                }
                &reading
            }
            _ => return,
        };
        let sight = self.sight(&wanted.bucket);
        let name = wanted.bucket.to_string();
        let evidence = Evidence::of(name.clone()).with("bucket", &name);
        let region = &self.terrain.state.site.region;
        let Some(bucket) = sight.bucket() else {
            let evidence = evidence.with("region", region).with("service_region", region);
            return self.hop(HopKind::Bucket, name, false, "SM-F-S3-EMPTY", evidence);
        };
        let evidence = evidence
            .with("region", &bucket.region)
            .with("service_region", region)
            .with("owner", bucket.account)
            .with("external", !matches!(sight, Sight::Known(_)));
        self.hop(HopKind::Bucket, name, true, "SM-F-S3-EMPTY", evidence);
        self.weigh(from, wanted, bucket, matches!(sight, Sight::Repository(_)));
    }

    fn weigh(&mut self, from: Option<&Sender<'a>>, wanted: &BucketUse, bucket: &Bucket, repository: bool) {
        let terrain = self.terrain;
        let asker = match &wanted.role_arn {
            None => Some(Asker::nobody()),
            Some(arn) => {
                let account = terrain.state.site.account;
                Asker::role(arn, account, terrain.global, terrain.elsewhere, terrain.now)
            }
        };
        let name = wanted.bucket.to_string();
        let Some(asker) = asker else {
            let role = wanted.role_arn.as_deref().unwrap_or_default();
            let evidence = Evidence::of(role).with("role", role).with("bucket", &name);
            return self.hop(HopKind::RolePolicy, name, false, "SM-F-S3-DENIED", evidence);
        };
        // What did not get there would take the VPC's endpoint if it has one; else nobody knows how it would come.
        let arrival = self.came.clone().or_else(|| {
            let Sender { place, address, .. } = from?;
            let account = place.state.site.account;
            Some(Arrival::Endpoint { endpoint: intended(place)?, account, source: *address })
        });
        let (endpoint, source) = match &arrival {
            Some(Arrival::Endpoint { endpoint, account, source }) => {
                (Some((endpoint.clone(), *account)), *source)
            }
            Some(Arrival::Public(known)) => (None, public_source(*known)),
            None => (None, public_source(None)),
        };
        let side = |kind, at: &str| Side { kind, at: at.to_owned(), told: None };
        let mut role = side(HopKind::RolePolicy, &name);
        let mut through = side(HopKind::EndpointPolicy, "");
        let mut bucket_side = side(HopKind::BucketPolicy, &name);
        for (action, key) in &wanted.acts {
            let came = match &endpoint {
                Some((endpoint, account)) => {
                    through.at = endpoint.id.to_string();
                    let (account, source) = (*account, IpAddr::V4(source));
                    Came::Endpoint { endpoint, account, vpc: endpoint.vpc, source }
                }
                None => Came::Public(IpAddr::V4(source)),
            };
            let sides = verdicts(asker.ask(action, bucket, key.as_deref(), came).with(&wanted.keys));
            role.add(sides.asker, action, key.as_ref());
            through.add(sides.endpoint, action, key.as_ref());
            bucket_side.add(sides.resource, action, key.as_ref());
        }
        let endpoint = endpoint.map(|(endpoint, _)| endpoint);
        let done = Use { wanted, bucket, repository, endpoint };
        if wanted.role_arn.is_some() {
            let served = asker.mode() != IamMode::Enforce;
            self.say(&role, &done, served);
        }
        if done.endpoint.is_some() {
            self.say(&through, &done, false);
        }
        if arrival.is_some() {
            self.say(&bucket_side, &done, false);
        }
    }

    /// Tells what one side says. `served`: what it refuses is done all the same.
    fn say(&mut self, side: &Side, done: &Use<'_>, served: bool) {
        let Use { wanted, bucket, endpoint, .. } = done;
        let Some((decision, action, key)) = &side.told else { return };
        let passed = decision.allowed() || served;
        let cited = decision.cited.first();
        let role = wanted.role_arn.as_deref();
        let fallback = match side.kind {
            HopKind::RolePolicy => role.unwrap_or_default().to_owned(),
            HopKind::EndpointPolicy => side.at.clone(),
            _ => wanted.bucket.to_string(),
        };
        let policy = cited.map_or_else(|| fallback.clone(), |cited| cited.source.clone());
        let resource = match cited {
            Some(cited) => match &cited.sid {
                Some(sid) => format!("{policy} {sid}"),
                None => format!("{policy} statement {}", cited.statement),
            },
            None => policy.clone(),
        };
        let actions = if passed {
            range::list(wanted.acts.iter().map(|(action, _)| action))
        } else {
            (*action).to_owned()
        };
        let mut evidence = Evidence::of(resource)
            .with("bucket", &wanted.bucket)
            .with("owner", bucket.account)
            .with("policy", policy)
            .with("action", actions)
            .with(
                "verdict",
                match decision.verdict {
                    Verdict::Allowed => "allowed",
                    Verdict::ExplicitDeny(_) => "explicit deny",
                    Verdict::ImplicitDeny(_) => "implicit deny",
                },
            );
        if let (false, Verdict::ExplicitDeny(kind) | Verdict::ImplicitDeny(kind)) = (passed, decision.verdict)
        {
            evidence = evidence.with("policy_type", kind.name());
        }
        for (name, value) in [
            ("key", key.as_deref().map(str::to_owned)),
            ("role", role.map(str::to_owned)),
            ("statement", cited.map(|cited| cited.statement.to_string())),
            ("sid", cited.and_then(|cited| cited.sid.clone())),
            ("endpoint", endpoint.as_ref().map(|endpoint| endpoint.id.to_string())),
            ("vpc", endpoint.as_ref().map(|endpoint| endpoint.vpc.to_string())),
        ] {
            if let Some(value) = value {
                evidence = evidence.with(name, value);
            }
        }
        let rule = match side.kind {
            HopKind::RolePolicy => "SM-F-S3-DENIED",
            HopKind::EndpointPolicy => endpoint_rule(passed, done),
            _ => "SM-S3-BKT-07",
        };
        self.hop(side.kind, side.at.clone(), passed, rule, evidence);
    }
}

/// The rule behind what an endpoint's policy says.
fn endpoint_rule(passed: bool, done: &Use<'_>) -> &'static str {
    let Some(policy) = done.endpoint.as_ref().and_then(|endpoint| endpoint.policy.as_ref()) else {
        return "SM-S3-POL-04";
    };
    match (passed, done.repository) {
        (true, _) => "SM-S3-POL-05",
        (false, true) => "SM-S3-REPO-11",
        (false, false) => bucket::endpoint_rule(policy.policy()),
    }
}
