//! Multipart uploads that are under way.
//!
//! Source: S3 user guide, "Uploading and copying objects using multipart upload".

use super::*;
use crate::kernel::{Rehome, Row, SimTime};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, Rehome)]
pub struct Upload {
    pub at: ObjectKey,
    pub id: Arc<str>,
    pub started: SimTime,
    /// What the object will be, as far as it is told when an upload begins.
    pub object: ObjectVersion,
    /// The algorithm of the checksums of all its parts, if the upload has one.
    pub algorithm: Option<&'static str>,
    /// Whether the checksum of the object is that of its bytes, and not that of the checksums of its parts.
    pub full_object: bool,
    /// By their numbers.
    pub parts: BTreeMap<u16, Arc<Part>>,
}

#[derive(Clone, Debug, Rehome)]
pub struct Part {
    pub content: Content,
    /// Without quotes.
    pub etag: Arc<str>,
    pub modified: SimTime,
    /// As those of objects.
    pub checksums: BTreeMap<&'static str, String>,
}

impl Part {
    pub(super) fn kept(&self) -> u64 {
        self.content.kept()
    }
}

/// In the order in which S3 lists: by key, and then by age, which the id does not tell.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct UploadKey {
    pub at: ObjectKey,
    pub started: SimTime,
    pub id: Arc<str>,
}

impl Row for Upload {
    type Key = UploadKey;
    type Index = Arc<str>;
    fn key(&self) -> UploadKey {
        UploadKey { at: self.at.clone(), started: self.started, id: self.id.clone() }
    }
    fn indexes(&self, emit: &mut dyn FnMut(Arc<str>)) {
        emit(self.id.clone());
    }
}

impl State {
    /// The upload of this id, if it is one to this object.
    pub fn upload(&self, at: &ObjectKey, id: &str) -> Option<&Arc<Upload>> {
        self.uploads.by(&Arc::from(id)).find(|upload| upload.at == *at)
    }

    /// The uploads to a bucket, in order.
    pub fn uploads_to<'a>(&'a self, bucket: &'a str) -> impl Iterator<Item = &'a Arc<Upload>> + use<'a> {
        let at = ObjectKey { bucket: bucket.into(), key: "".into() };
        let first = UploadKey { at, started: SimTime::from_millis(i64::MIN), id: "".into() };
        self.uploads.after(&first).take_while(move |upload| &*upload.at.bucket == bucket)
    }

    /// Adds a part to an upload, in place of the one that had its number.
    pub fn put_part(&mut self, key: &UploadKey, number: u16, part: Part) {
        let kept = part.kept();
        let mut before = 0;
        let found = self.uploads.update(key, |upload| {
            before = upload.parts.insert(number, Arc::new(part)).map_or(0, |old| old.kept());
        });
        if found.is_some() {
            self.s3_bytes = self.s3_bytes + kept - before;
        }
    }

    /// Ends an upload; its parts go.
    pub fn remove_upload(&mut self, key: &UploadKey) {
        if let Some(upload) = self.uploads.remove(key) {
            self.s3_bytes -= upload.parts.values().map(|part| part.kept()).sum::<u64>();
        }
    }
}

/// The bytes of parts, one after the other. If any is a mere size, so is the whole.
pub fn joined<'a>(parts: impl Iterator<Item = &'a Part> + Clone) -> Content {
    let size = parts.clone().map(|part| part.content.len()).sum::<u64>();
    let mut bytes = Vec::new();
    for part in parts {
        match &part.content {
            Content::Bytes(more) => bytes.extend_from_slice(more),
            Content::Size(_) => return Content::Size(size),
        }
    }
    Content::Bytes(Bytes::from(bytes))
}
