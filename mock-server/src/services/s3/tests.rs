//! What must hold of objects whatever is done to them.

use super::condition::Conditions;
use super::multipart::{self, Named};
use super::{S3Error, bucket, object};
use crate::kernel::{AccountId, Origin, Scope, SimTime};
use crate::model::bucket::NULL_VERSION;
use crate::model::upload::joined;
use crate::model::{Bucket, Content, ObjectKey, ObjectVersion, Part, State, Txn, Versioning};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn origin() -> Origin {
    Origin::new(1, AccountId::from_number(111_122_223_333).unwrap(), Scope::Global)
}

fn at(ms: i64) -> SimTime {
    SimTime::from_millis(ms)
}

/// A transaction over an account with one bucket.
fn txn(origin: &Origin) -> Txn<'_> {
    let mut state = State::default();
    state.buckets.insert(Bucket::new("b", origin.account, "us-east-1".into(), at(0)));
    Txn::for_test(state, origin, at(1), Arc::default())
}

fn key(name: &str) -> ObjectKey {
    ObjectKey { bucket: "b".into(), key: name.into() }
}

fn bytes(text: &[u8]) -> Content {
    Content::Bytes(Bytes::copy_from_slice(text))
}

fn sound(txn: &Txn<'_>) {
    let broken = crate::model::bucket::broken_invariants(&txn.state);
    assert!(broken.is_empty(), "{broken:?}");
}

#[derive(Debug, Clone)]
enum Step {
    Switch(bool),
    Put(u8),
    Delete,
    /// One of the versions there are.
    DeleteVersion(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(Step::Switch),
        any::<u8>().prop_map(Step::Put),
        Just(Step::Delete),
        any::<usize>().prop_map(Step::DeleteVersion),
    ]
}

proptest! {
    /// Against a list of what S3's user guide says should be there: ids (or none), and bytes (or none).
    #[test]
    fn versions_are_what_was_done(steps in prop::collection::vec(step(), 0..30)) {
        let origin = origin();
        let mut txn = txn(&origin);
        let at = key("k");
        let mut expected: Vec<(String, Option<u8>)> = Vec::new();
        let mut versioning = Versioning::Unversioned;
        for step in steps {
            match step {
                Step::Switch(on) => {
                    versioning = if on { Versioning::Enabled } else { Versioning::Suspended };
                    txn.state.buckets.update(&Arc::from("b"), |row| row.versioning = versioning);
                }
                Step::Put(byte) => {
                    let version = ObjectVersion::new(bytes(&[byte]), txn.now);
                    let id = object::put(&mut txn, &at, version).unwrap().id().to_owned();
                    prop_assert_eq!(id == NULL_VERSION, versioning != Versioning::Enabled);
                    expected.retain(|(there, _)| *there != id);
                    expected.push((id, Some(byte)));
                }
                Step::Delete => {
                    let deleted = object::delete(&mut txn, &at, None).unwrap();
                    match deleted.version {
                        None => expected.clear(),
                        Some(id) => {
                            expected.retain(|(there, _)| *there != id);
                            expected.push((id, None));
                        }
                    }
                    prop_assert_eq!(deleted.marker, versioning != Versioning::Unversioned);
                }
                Step::DeleteVersion(which) if !expected.is_empty() => {
                    let (id, byte) = expected.remove(which % expected.len());
                    let deleted = object::delete(&mut txn, &at, Some(&id)).unwrap();
                    prop_assert_eq!(deleted, object::Deleted { marker: byte.is_none(), version: Some(id) });
                }
                Step::DeleteVersion(_) => {}
            }
            sound(&txn);
            let there: Vec<_> = txn.state.objects.get(&at).map(|object| object.versions.clone()).unwrap_or_default();
            let told: Vec<_> = there.iter().map(|version| (version.id().to_owned(), version.len())).collect();
            let wanted: Vec<_> = expected.iter().map(|(id, byte)| (id.clone(), u64::from(byte.is_some()))).collect();
            prop_assert_eq!(told, wanted);
            let newest = object::find(&txn.state, &at, None);
            prop_assert_eq!(newest.is_ok(), expected.last().is_some_and(|(_, byte)| byte.is_some()));
        }
    }

    #[test]
    fn an_upload_is_its_parts_one_after_the_other(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..8)) {
        let made: Vec<Part> = parts
            .iter()
            .map(|part| Part { content: bytes(part), etag: "".into(), modified: at(0), checksums: BTreeMap::new() })
            .collect();
        prop_assert_eq!(joined(made.iter()), bytes(&parts.concat()));
        let sized = Part { content: Content::Size(7), ..made[0].clone() };
        let size = parts.concat().len() as u64 + 7;
        prop_assert_eq!(joined(made.iter().chain([&sized])), Content::Size(size));
    }
}

/// A part of the smallest size that may stand before others.
fn large(fill: u8) -> Content {
    Content::Bytes(vec![fill; 5 * 1024 * 1024].into())
}

fn upload(txn: &mut Txn<'_>, parts: &[(u16, Content)]) -> (Arc<str>, Vec<Named>) {
    let object = ObjectVersion::new(Content::Size(0), txn.now);
    let id = multipart::begin(txn, &key("k"), object, None, true).unwrap();
    let named = parts.iter().map(|(number, content)| {
        let part = multipart::add(txn, &key("k"), &id, *number, content.clone(), BTreeMap::new()).unwrap();
        Named { number: i32::from(*number), etag: part.etag.to_string(), ..Named::default() }
    });
    let named = named.collect();
    (id, named)
}

fn complete(txn: &mut Txn<'_>, id: &str, named: &[Named]) -> Result<Arc<ObjectVersion>, S3Error> {
    multipart::complete(txn, &key("k"), id, named, &BTreeMap::new(), &Conditions::default())
}

#[test]
fn parts_count_once_and_go_with_their_upload() {
    let origin = origin();
    let mut txn = txn(&origin);
    let (id, named) = upload(&mut txn, &[(1, large(1)), (2, bytes(b"end")), (3, bytes(b"unused"))]);
    sound(&txn);
    let version = complete(&mut txn, &id, &named[..2]).unwrap();
    sound(&txn);
    assert_eq!((version.len(), &version.parts[..]), (5 * 1024 * 1024 + 3, &[5 * 1024 * 1024, 3][..]));
    assert_eq!(txn.state.s3_bytes, version.len());
    assert!(version.etag.ends_with("-2"));
    assert_eq!(complete(&mut txn, &id, &named[..2]), Err(S3Error::NoSuchUpload(id.to_string())));
    let (_, _) = upload(&mut txn, &[(1, bytes(b"x"))]);
    assert!(matches!(bucket::delete(&mut txn, &"b".into()), Err(S3Error::BucketNotEmpty(_))));
    object::delete(&mut txn, &key("k"), None).unwrap();
    bucket::delete(&mut txn, &"b".into()).unwrap();
    sound(&txn);
    assert_eq!((txn.state.s3_bytes, txn.state.uploads.len()), (0, 0));
}

#[test]
fn there_is_no_room_beyond_the_bound() {
    let origin = origin();
    let mut txn = txn(&origin);
    txn.state.choices.s3_bytes = Some(10);
    let put = |txn: &mut Txn<'_>, content| object::put(txn, &key("k"), ObjectVersion::new(content, at(1)));
    put(&mut txn, bytes(b"123456")).unwrap();
    assert_eq!(put(&mut txn, bytes(b"12345")), Err(S3Error::NoRoom(10)));
    put(&mut txn, Content::Size(50_000_000_000)).unwrap();
    assert_eq!(txn.state.free_bytes(), 10, "a mere size takes none");
}

#[test]
fn what_is_elsewhere_written_arrives_or_is_told() {
    use crate::model::{PutObject, bucket::receive};
    let origin = origin();
    let mut txn = txn(&origin);
    receive(&mut txn, PutObject { at: key("out/model.tar.gz"), content: bytes(b"model") });
    let there = txn.state.object("b", "out/model.tar.gz").unwrap();
    assert_eq!((there.len(), there.modified), (5, txn.now));
    receive(
        &mut txn,
        PutObject { at: ObjectKey { bucket: "gone".into(), key: "k".into() }, content: bytes(b"") },
    );
    sound(&txn);
    assert_eq!(txn.state.objects.len(), 1);
}
