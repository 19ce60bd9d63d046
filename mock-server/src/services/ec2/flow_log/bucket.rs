//! Whether logs can be delivered to a bucket, and what becomes of the bucket's policy.
//!
//! Source: VPC user guide, "Amazon S3 bucket permissions for flow logs" and "Troubleshoot VPC Flow Logs".

use super::super::error::flow_log::FlowLogError;
use crate::iam::bucket::{Ask, Came, decide};
use crate::iam::delivery::check_bucket;
use crate::iam::grants::Held;
use crate::iam::{control, who};
use crate::model::flow_log::bucket_of;
use crate::model::log_grant::{LogGrant, NotGranted};
use crate::model::sight::{Sight, sight};
use crate::model::{Bucket, FlowLogSettings, FoundBucket, IamMode, LogDestination, Partition, Txn};
use crate::policy::{Context, Policies};
use crate::services::{Caller, sts};

/// How it is about the destination of a log.
pub(super) enum Place {
    /// Nothing is left to be done.
    Ready,
    /// Nobody here can say whether this bucket exists: a log to it is made and stays `ACTIVE`.
    External(String),
    /// The bucket is the caller's, who may put its policy: so it is made to let logs in.
    Grant(LogGrant),
}

/// # Errors
/// The bucket does not exist, or logs cannot be delivered there; EC2-FL-BUCKET, EC2-FL-BUCKET-POLICY.
pub(super) fn place(
    txn: &Txn<'_>,
    caller: &Caller,
    settings: &FlowLogSettings,
) -> Result<Place, FlowLogError> {
    let LogDestination::Bucket(arn) = &settings.destination else { return Ok(Place::Ready) };
    let Some((bucket, folder)) = bucket_of(arn) else { return Ok(Place::Ready) };
    let found = match sight(&txn.state.site, &txn.global, bucket, txn.elsewhere()) {
        Sight::Known(found) => found,
        Sight::External(_, None) => return Ok(Place::External(bucket.to_owned())),
        Sight::External(..) => return Ok(Place::Ready),
        Sight::Missing => return Err(FlowLogError::NoSuchBucket(bucket.to_owned())),
        Sight::Repository(_) => return Err(FlowLogError::BucketDenied(bucket.to_owned())),
    };
    let is_hive = settings.options.is_some_and(|options| options.hive_compatible);
    let account = if is_hive { "aws-account-id=" } else { "" };
    let prefix = format!("{folder}AWSLogs/{account}{}/", txn.origin.account);
    let partition = Partition::of(&found.bucket.region);
    let grant = LogGrant { bucket: bucket.into(), partition, site: txn.state.site.clone(), prefix };
    let lets_in = |bucket: &Bucket| check_bucket(&grant.site, bucket, &grant.prefix).is_ok();
    if lets_in(&found.bucket) {
        return Ok(Place::Ready);
    }
    if may_put_policy(txn, caller, &found) {
        let added = grant.added_to(found.bucket.policy.as_ref());
        if added == Err(NotGranted::TooLong) {
            return Err(FlowLogError::BucketPolicyFull(bucket.to_owned()));
        }
        let with = added.map(|policy| Bucket { policy: Some(policy), ..Bucket::clone(&found.bucket) });
        if with.is_ok_and(|bucket| lets_in(&bucket)) {
            return Ok(Place::Grant(grant));
        }
    }
    match found.home.0.authorization.mode {
        IamMode::Enforce => Err(FlowLogError::BucketDenied(bucket.to_owned())),
        IamMode::Audit | IamMode::Off => Ok(Place::Ready),
    }
}

/// Whether the bucket is the caller's, who may look at its policy and put another one.
fn may_put_policy(txn: &Txn<'_>, caller: &Caller, found: &FoundBucket) -> bool {
    if found.bucket.account != caller.account {
        return false;
    }
    if txn.global.authorization.mode != IamMode::Enforce {
        return true;
    }
    let mut context = Context::new();
    who::keys(&txn.global, &caller.principal, caller.session.as_deref(), txn.now, &mut context);
    let asker = who::asker(caller.partition, caller.account, &caller.principal);
    let held = who::held(&txn.global, &caller.principal);
    let (session, control) = (sts::limits(caller, &txn.global), control::levels(&txn.global));
    let given = Policies { session, control, ..held.as_ref().map(Held::policies).unwrap_or_default() };
    ["s3:GetBucketPolicy", "s3:PutBucketPolicy"].into_iter().all(|action| {
        let (given, context) = (given.clone(), context.clone());
        let ask = Ask {
            who: &asker,
            given,
            action,
            bucket: &found.bucket,
            key: None,
            came: Came::Service,
            context,
        };
        decide(ask).allowed()
    })
}
