//! What happens at S3: the bucket, and the policies of all who have a say.

use super::target::{intended, public_source};
use super::{Arrival, Sender, Walk, name, range};
use crate::iam::bucket::{Asker, Came, verdicts};
use crate::kernel::{AccountId, SimTime};
use crate::model::bucket::find;
use crate::model::path::{BucketUse, Goal, HopKind};
use crate::model::{Bucket, Evidence, IamMode, PolicyDocument, VpcEndpoint};
use crate::policy::{Decision, Effect, Policy, Verdict};
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

/// What lets everybody read a repository of AWS's.
static FOR_EVERYBODY: LazyLock<PolicyDocument> = LazyLock::new(|| {
    PolicyDocument::new(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}}"#,
    )
});

/// Whether a bucket is one of the Amazon Linux repositories, which are named like their hosts.
/// Source: SageMaker's pages on VPCs, the policy that keeps users from installing packages; SM-S3-REPO-10.
fn is_repository(bucket: &str) -> bool {
    let named = ["packages.", "repo.", "amazonlinux."].iter().any(|start| bucket.starts_with(start));
    named && matches!(name::read(bucket), name::Host::S3 { .. })
}

/// Verdicts of one side over several actions.
struct Side {
    kind: HopKind,
    at: String,
    /// The first action that is refused, with its key, or else the first of all.
    told: Option<(Decision, &'static str, Option<Arc<str>>)>,
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
    /// The region of a bucket, if somebody has it.
    pub(super) fn bucket_region(&self, wanted: &BucketUse) -> Option<Arc<str>> {
        self.bucket(&wanted.bucket).map(|bucket| bucket.region.clone())
    }

    /// The bucket that a name means here.
    fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        let Some(own) = self.terrain.global.buckets.get(&Arc::from(name)) else {
            return find(self.terrain.state.site.account, name, self.terrain.elsewhere)
                .map(|found| found.bucket);
        };
        Some(own.clone())
    }

    /// A bucket that is there although nobody here has made it: AWS's own, or one of an account that keeps its buckets
    /// elsewhere.
    fn stand_in(&self, name: &str) -> Option<Arc<Bucket>> {
        let site = &self.terrain.state.site;
        let repository = is_repository(name);
        let external = self.terrain.global.buckets.is_empty();
        (repository || external).then(|| {
            Arc::new(Bucket {
                name: name.into(),
                account: if repository { AccountId::default() } else { site.account },
                region: site.region.clone(),
                created: SimTime::from_millis(0),
                policy: repository.then(|| FOR_EVERYBODY.clone()),
                public_access: None,
                versioning: crate::model::Versioning::Unversioned,
                tags: crate::model::Tags::default(),
            })
        })
    }

    /// Asks what is left to ask: of a bucket, whether it is there, and what policies say.
    pub(super) fn ask_policies(&mut self, from: Option<&Sender<'a>>) {
        let repository;
        let wanted = match &self.flow.to {
            goal @ Goal::Bucket(_) => goal.bucket(),
            Goal::Host(host) if is_repository(host) => {
                repository = BucketUse {
                    bucket: host.clone(),
                    acts: vec![("s3:GetObject", Some("index".into()))],
                    role_arn: None,
                };
                Some(&repository)
            }
            _ => None,
        };
        let Some(wanted) = wanted else { return };
        let known = self.bucket(&wanted.bucket);
        let external = known.is_none();
        let bucket = known.or_else(|| self.stand_in(&wanted.bucket));
        let name = wanted.bucket.to_string();
        let evidence = Evidence::of(name.clone()).with("bucket", &name);
        let region = &self.terrain.state.site.region;
        let Some(bucket) = bucket else {
            let evidence = evidence.with("region", region).with("service_region", region);
            return self.hop(HopKind::Bucket, name, false, "SM-F-S3-EMPTY", evidence);
        };
        let evidence = evidence
            .with("region", &bucket.region)
            .with("service_region", region)
            .with("owner", bucket.account)
            .with("external", external);
        self.hop(HopKind::Bucket, name, true, "SM-F-S3-EMPTY", evidence);
        self.weigh(from, wanted, &bucket);
    }

    fn weigh(&mut self, from: Option<&Sender<'a>>, wanted: &BucketUse, bucket: &Bucket) {
        let terrain = self.terrain;
        let asker = match &wanted.role_arn {
            None => Some(Asker::nobody()),
            Some(arn) => {
                let account = terrain.state.site.account;
                Asker::role(arn, account, terrain.global, terrain.elsewhere, None)
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
            let endpoint = intended(&from?.place)?;
            Some(Arrival::Endpoint { endpoint, source: from?.address })
        });
        let (endpoint, source) = match &arrival {
            Some(Arrival::Endpoint { endpoint, source }) => (Some(endpoint.clone()), *source),
            Some(Arrival::Public(known)) => (None, public_source(*known)),
            None => (None, public_source(None)),
        };
        let side = |kind, at: &str| Side { kind, at: at.to_owned(), told: None };
        let mut role = side(HopKind::RolePolicy, &name);
        let mut through = side(HopKind::EndpointPolicy, "");
        let mut bucket_side = side(HopKind::BucketPolicy, &name);
        for (action, key) in &wanted.acts {
            let came = match &endpoint {
                Some(endpoint) => {
                    through.at = endpoint.id.to_string();
                    Came::Endpoint { endpoint, vpc: endpoint.vpc, source: IpAddr::V4(source) }
                }
                None => Came::Public(IpAddr::V4(source)),
            };
            let sides = verdicts(asker.ask(action, bucket, key.as_deref(), came));
            role.add(sides.asker, action, key.as_ref());
            through.add(sides.endpoint, action, key.as_ref());
            bucket_side.add(sides.resource, action, key.as_ref());
        }
        if wanted.role_arn.is_some() {
            let served = asker.mode() != IamMode::Enforce;
            self.say(&role, wanted, bucket, endpoint.as_deref(), served);
        }
        if endpoint.is_some() {
            self.say(&through, wanted, bucket, endpoint.as_deref(), false);
        }
        if arrival.is_some() {
            self.say(&bucket_side, wanted, bucket, endpoint.as_deref(), false);
        }
    }

    /// Tells what one side says.
    fn say(
        &mut self,
        side: &Side,
        wanted: &BucketUse,
        bucket: &Bucket,
        endpoint: Option<&VpcEndpoint>,
        served: bool,
    ) {
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
            ("endpoint", endpoint.map(|endpoint| endpoint.id.to_string())),
            ("vpc", endpoint.map(|endpoint| endpoint.vpc.to_string())),
        ] {
            if let Some(value) = value {
                evidence = evidence.with(name, value);
            }
        }
        let rule = match side.kind {
            HopKind::RolePolicy => "SM-F-S3-DENIED",
            HopKind::EndpointPolicy => self.endpoint_rule(passed, &wanted.bucket, endpoint),
            _ => "SM-S3-BKT-07",
        };
        self.hop(side.kind, side.at.clone(), passed, rule, evidence);
    }

    fn endpoint_rule(&self, passed: bool, bucket: &str, endpoint: Option<&VpcEndpoint>) -> &'static str {
        let Some(text) = endpoint.and_then(|endpoint| endpoint.policy.as_deref()) else {
            return "SM-S3-POL-04";
        };
        let policy = Policy::parse(text).unwrap_or_default();
        let denies_only = policy.statements().iter().all(|statement| statement.effect() == Effect::Deny);
        match (passed, is_repository(bucket)) {
            (true, _) => "SM-S3-POL-05",
            (false, true) => "SM-S3-REPO-11",
            (false, false) if denies_only => "SM-S3-REPO-12",
            (false, false) => "SM-S3-POL-05",
        }
    }
}
