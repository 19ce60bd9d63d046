//! Buckets and what is in them: rows of the account-wide cell.

use super::*;
use crate::kernel::{AccountId, Elsewhere, Rehome, Row, Scope, SimTime};
use bytes::Bytes;
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether older versions of objects stay. Source: S3 user guide, "Using versioning in S3 buckets".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Versioning {
    /// Nobody ever switched it on.
    #[default]
    Unversioned,
    Enabled,
    Suspended,
}

/// Source: S3 user guide, "Blocking public access to your Amazon S3 storage".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
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

#[derive(Clone, PartialEq, Debug, Rehome)]
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

impl Bucket {
    /// A bucket as `CreateBucket` makes it. Source: S3 user guide, "Default settings for new S3 buckets".
    pub fn new(name: &str, account: AccountId, region: Arc<str>, created: SimTime) -> Self {
        Self {
            name: name.into(),
            account,
            region,
            created,
            policy: None,
            public_access: Some(PublicAccessBlock::ALL),
            versioning: Versioning::default(),
            tags: Tags::default(),
        }
    }
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct ObjectKey {
    pub bucket: Arc<str>,
    pub key: Arc<str>,
}

/// What is in an object.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum Content {
    Bytes(Bytes),
    /// So many bytes that nobody wrote: a fixture's "50 GB object".
    Size(u64),
}

impl Content {
    /// Some of it.
    #[must_use]
    pub fn slice(&self, span: std::ops::Range<u64>) -> Self {
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        match self {
            Content::Bytes(bytes) => Content::Bytes(bytes.slice(index(span.start)..index(span.end))),
            Content::Size(_) => Content::Size(span.end - span.start),
        }
    }

    /// What is kept of it in memory, in bytes.
    pub fn kept(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Size(_) => 0,
        }
    }

    /// The ETag of an object that was put whole: of bytes their MD5, and of a mere size something like it.
    pub fn etag(&self) -> Arc<str> {
        let digest = match self {
            Content::Bytes(bytes) => Md5::digest(bytes),
            Content::Size(size) => Md5::digest(size.to_be_bytes()),
        };
        hex(&digest).into()
    }

    /// How long it is, in bytes.
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

/// Bytes in lower case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// One version of an object.
#[derive(Clone, PartialEq, Debug, Rehome)]
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

impl ObjectVersion {
    /// What is put without saying anything of it.
    pub fn new(content: Content, modified: SimTime) -> Self {
        Self {
            id: None,
            etag: content.etag(),
            content: Some(content),
            modified,
            headers: BTreeMap::new(),
            metadata: BTreeMap::new(),
            checksums: BTreeMap::new(),
            parts: Vec::new(),
            tags: Tags::default(),
        }
    }

    /// What stands for an object that was deleted.
    pub fn delete_marker(modified: SimTime) -> Self {
        Self { etag: "".into(), content: None, ..Self::new(Content::Size(0), modified) }
    }

    /// The id as S3 tells it.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(NULL_VERSION)
    }

    /// How many bytes it is long; a delete marker is not.
    pub fn len(&self) -> u64 {
        self.content.as_ref().map_or(0, Content::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kept(&self) -> u64 {
        self.content.as_ref().map_or(0, Content::kept)
    }
}

/// What the version without an id is called.
pub const NULL_VERSION: &str = "null";

/// How many bytes of objects and parts are kept of one account, unless whoever runs the server chooses.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// An object: all its versions, the newest last. A row has at least one.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Object {
    pub at: ObjectKey,
    pub versions: Vec<Arc<ObjectVersion>>,
}

impl Object {
    /// The newest version, unless it is a delete marker.
    pub fn current(&self) -> Option<&ObjectVersion> {
        self.versions.last().map(|version| &**version).filter(|version| version.content.is_some())
    }

    /// The version of this id.
    pub fn version(&self, id: &str) -> Option<&Arc<ObjectVersion>> {
        self.versions.iter().find(|version| version.id() == id)
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

/// What a job or something like it writes: the bucket's account is told by a letter.
#[derive(Clone, Debug)]
pub struct PutObject {
    pub at: ObjectKey,
    pub content: Content,
}

/// Writes what another cell wants written, dated now. If the bucket has gone meanwhile, or there is no room, that is
/// told by an event.
pub fn receive(txn: &mut Txn<'_>, put: PutObject) {
    let name = format!("s3://{}/{}", put.at.bucket, put.at.key);
    let version = ObjectVersion::new(put.content, txn.now);
    if version.kept() > txn.state.free_bytes() {
        txn.note("ObjectLost", name, None, "there is no room for it: --s3-max-bytes");
    } else if put_object(txn, &put.at, version).is_none() {
        txn.note("ObjectLost", name, None, "its bucket does not exist");
    }
}

/// Makes a version the newest of its object, and gives it its id. `None`: there is no such bucket.
///
/// Source: S3 user guide, "Adding objects to versioning-enabled buckets" and "... versioning-suspended buckets".
pub fn put_object(
    txn: &mut Txn<'_>,
    at: &ObjectKey,
    mut version: ObjectVersion,
) -> Option<Arc<ObjectVersion>> {
    let versioning = txn.state.buckets.get(&at.bucket)?.versioning;
    version.id = (versioning == Versioning::Enabled).then(|| version_id(txn.mint("version")));
    txn.state.edit_versions(at, |versions| {
        if version.id.is_none() {
            versions.retain(|old| old.id.is_some());
        }
        let version = Arc::new(version);
        versions.push(version.clone());
        Some(version)
    })
}

/// 32 characters, as S3's are.
fn version_id(bits: u128) -> Arc<str> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ._0123";
    let letters = (0..25).map(|n| char::from(ALPHABET[(bits >> (5 * n)) as usize % 32]));
    letters.chain("mockpln".chars()).collect::<String>().into()
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

    /// The same, but only those after this key.
    pub fn objects_after<'a>(
        &'a self,
        bucket: &'a str,
        prefix: &'a str,
        after: &str,
    ) -> Box<dyn Iterator<Item = &'a Arc<Object>> + 'a> {
        if after < prefix || after.is_empty() {
            return Box::new(self.objects_under(bucket, prefix));
        }
        let first = ObjectKey { bucket: bucket.into(), key: after.into() };
        let rest = self.objects.after(&first);
        Box::new(
            rest.take_while(move |object| &*object.at.bucket == bucket && object.at.key.starts_with(prefix)),
        )
    }

    /// The newest version of an object, unless it was deleted.
    pub fn object(&self, bucket: &str, key: &str) -> Option<&ObjectVersion> {
        self.objects.get(&ObjectKey { bucket: bucket.into(), key: key.into() })?.current()
    }
    /// Changes the versions of an object, and counts what they keep. An object without versions is none.
    ///
    /// The only code that changes the table of objects.
    pub fn edit_versions<R>(
        &mut self,
        at: &ObjectKey,
        change: impl FnOnce(&mut Vec<Arc<ObjectVersion>>) -> R,
    ) -> R {
        let mut versions = self.objects.get(at).map(|row| row.versions.clone()).unwrap_or_default();
        let kept =
            |versions: &[Arc<ObjectVersion>]| versions.iter().map(|version| version.kept()).sum::<u64>();
        self.s3_bytes -= kept(&versions);
        let result = change(&mut versions);
        self.s3_bytes += kept(&versions);
        if versions.is_empty() {
            self.objects.remove(at);
        } else {
            self.objects.insert(Object { at: at.clone(), versions });
        }
        result
    }

    /// How many more bytes of objects the account may keep.
    pub fn free_bytes(&self) -> u64 {
        self.most_bytes().saturating_sub(self.s3_bytes)
    }

    /// How many bytes of objects the account may keep.
    pub fn most_bytes(&self) -> u64 {
        self.choices.s3_bytes.unwrap_or(MOST_BYTES)
    }
}

pub(crate) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for object in state.objects.iter() {
        let name = format!("s3://{}/{}", object.at.bucket, object.at.key);
        if !state.buckets.contains(&object.at.bucket) {
            broken.push(format!("{name} is in no bucket"));
        }
        let ids: std::collections::BTreeSet<_> = object.versions.iter().map(|version| version.id()).collect();
        if object.versions.is_empty() || ids.len() != object.versions.len() {
            broken.push(format!("{name} has no version, or two of one id"));
        }
    }
    for upload in state.uploads.iter().filter(|upload| !state.buckets.contains(&upload.at.bucket)) {
        broken.push(format!("upload {} is to no bucket", upload.id));
    }
    let objects = state.objects.iter().flat_map(|object| &object.versions).map(|version| version.kept());
    let parts = state.uploads.iter().flat_map(|upload| upload.parts.values()).map(|part| part.kept());
    if objects.chain(parts).sum::<u64>() != state.s3_bytes {
        broken.push("the bytes of objects and parts are miscounted".into());
    }
    broken
}
