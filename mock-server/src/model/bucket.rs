//! Buckets and what is in them: rows of the account-wide cell.

use super::*;
use crate::kernel::{AccountId, Elsewhere, Row, Scope, SimTime};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether older versions of objects stay. Source: S3 user guide, "Using versioning in S3 buckets".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Versioning {
    /// Nobody ever switched it on.
    #[default]
    Unversioned,
    Enabled,
    Suspended,
}

/// Source: S3 user guide, "Blocking public access to your Amazon S3 storage".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PublicAccessBlock {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict_buckets: bool,
}

impl PublicAccessBlock {
    /// What every new bucket has. Source: S3 user guide, "Default settings for new S3 buckets".
    pub const ALL: Self =
        Self { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true };
}

#[derive(Clone, PartialEq, Debug)]
pub struct Bucket {
    pub name: Arc<str>,
    pub account: AccountId,
    /// Where it is; S3 calls that its location.
    pub region: Arc<str>,
    pub created: SimTime,
    pub policy: Option<PolicyDocument>,
    /// `None`: it was deleted, so nothing is blocked.
    pub public_access: Option<PublicAccessBlock>,
    pub versioning: Versioning,
    pub tags: Tags,
}

impl Row for Bucket {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// Where an object is: in the order in which S3 lists.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ObjectKey {
    pub bucket: Arc<str>,
    pub key: Arc<str>,
}

/// What is in an object.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    Bytes(Bytes),
    /// So many bytes that nobody wrote: a fixture's "50 GB object".
    Size(u64),
}

impl Content {
    /// In bytes.
    pub fn len(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Size(size) => *size,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One version of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct ObjectVersion {
    /// `None`: the version `null`, of a bucket without versioning.
    pub id: Option<Arc<str>>,
    /// `None`: a delete marker.
    pub content: Option<Content>,
    /// Without quotes.
    pub etag: Arc<str>,
    pub modified: SimTime,
    /// Headers that are told again, by their names in lower case: `content-type`, `cache-control` and so on.
    pub headers: BTreeMap<&'static str, String>,
    /// What follows `x-amz-meta-`, in lower case.
    pub metadata: BTreeMap<String, String>,
    /// Checksums by algorithm as S3 names it (`CRC64NVME`), in base64.
    pub checksums: BTreeMap<&'static str, String>,
    /// Of an object that was uploaded in parts: their sizes.
    pub parts: Vec<u64>,
    pub tags: Tags,
}

/// An object: all its versions, the newest last. A row has at least one.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    pub at: ObjectKey,
    pub versions: Vec<ObjectVersion>,
}

impl Object {
    /// The newest version, unless it is a delete marker.
    pub fn current(&self) -> Option<&ObjectVersion> {
        self.versions.last().filter(|version| version.content.is_some())
    }
}

impl Row for Object {
    type Key = ObjectKey;
    type Index = ();
    fn key(&self) -> ObjectKey {
        self.at.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// A bucket, and the account-wide state of the account that has it.
#[derive(Clone, Debug)]
pub struct FoundBucket {
    pub bucket: Arc<Bucket>,
    pub home: Home,
}

/// The account-wide state in which a bucket was found.
#[derive(Clone)]
pub struct Home(pub Arc<State>);

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Home")
    }
}

/// The bucket that a name means to an account: its own, or else the one other account's that has such a bucket. Names
/// are unique in an account, so that accounts that run side by side never collide; a name that several other accounts
/// have means none of them.
pub fn find(account: AccountId, name: &str, elsewhere: &dyn Elsewhere<State>) -> Option<FoundBucket> {
    let in_account = |id: AccountId| {
        let state = elsewhere.peek(id, &Scope::Global)?;
        let bucket = state.buckets.get(&Arc::from(name))?.clone();
        Some(FoundBucket { bucket, home: Home(state) })
    };
    in_account(account).or_else(|| {
        let others = elsewhere.accounts();
        let mut found = others.into_iter().filter(|id| *id != account).filter_map(in_account);
        found.next().filter(|_| found.next().is_none())
    })
}

impl State {
    /// The objects of a bucket whose keys begin like this, in order. Only of the account-wide state that has the bucket.
    pub fn objects_under<'a>(
        &'a self,
        bucket: &'a str,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let first = ObjectKey { bucket: bucket.into(), key: prefix.into() };
        let exact = self.objects.get(&first);
        exact
            .into_iter()
            .chain(self.objects.after(&first))
            .take_while(move |object| &*object.at.bucket == bucket && object.at.key.starts_with(prefix))
    }

    /// The newest version of an object, unless it was deleted.
    pub fn object(&self, bucket: &str, key: &str) -> Option<&ObjectVersion> {
        self.objects.get(&ObjectKey { bucket: bucket.into(), key: key.into() })?.current()
    }
}
