//! What policies see of requests, and what they make of them.

use super::*;
use crate::kernel::{Clock, ClockMode};
use crate::model::bucket::{Home, put_object};
use crate::model::{Bucket, Content, Defaults, ObjectKey, ObjectVersion, PolicyDocument, World};
use crate::policy::actions::Actions;
use crate::s3::api::SERVED;
use serde_json::{Value, json};

const NOW: SimTime = SimTime::from_millis(1_767_603_600_000);
const HERE: &str = "111122223333";
const THERE: &str = "444455556666";

fn account(world: &World, number: &str) -> Arc<Account> {
    world.account(AccountId::parse(number).unwrap(), NOW)
}

fn world() -> World {
    World::new(1, Defaults::default(), |wall| Clock::new(ClockMode::Manual, Some(NOW), wall))
}

fn root(number: &str) -> Caller {
    Caller {
        account: AccountId::parse(number).unwrap(),
        region: "us-east-1".into(),
        partition: Partition::Aws,
        principal: Principal::Root,
        session: None,
        access_key: number.to_owned(),
        host: String::new(),
    }
}

/// A bucket `data` of an account, with a tagged object `in/a`.
fn data(world: &World, owner: &str, policy: Option<Value>) -> FoundBucket {
    let account = account(world, owner);
    let done: Result<(), ()> = account.write(&Scope::Global, NOW, true, |txn| {
        let mut bucket = Bucket::new("data", account.id, "us-east-1".into(), NOW);
        bucket.policy = policy.map(|policy| PolicyDocument::new(policy.to_string()));
        bucket.public_access = None;
        txn.state.buckets.insert(bucket);
        let mut version = ObjectVersion::new(Content::Size(5), NOW);
        version.tags = [("team", "a")].into_iter().collect();
        drop(put_object(txn, &ObjectKey { bucket: "data".into(), key: "in/a".into() }, version));
        Ok(())
    });
    done.unwrap();
    let state = account.read(&Scope::Global);
    FoundBucket { bucket: state.buckets.get(&"data".into()).unwrap().clone(), home: Home(state) }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[test]
fn every_operation_that_is_served_has_its_actions() {
    let world = world();
    let (here, none) = (account(&world, HERE), HeaderMap::new());
    let found = data(&world, HERE, None);
    let known = Actions::of("s3").unwrap();
    for query in ["", "versionId=1"] {
        let visit = Visit::new(None, &here, &none, query, NOW).unwrap();
        // Each object that is to be deleted is asked about by itself.
        for operation in SERVED.iter().filter(|name| **name != "DeleteObjects") {
            let acts = visit.acts(operation, On::Object(&found, "k"), None);
            assert!(!acts.is_empty(), "{operation}");
            for act in acts {
                assert!(known.get(act.action).is_some(), "{operation}: {}", act.action);
            }
        }
    }
}

#[test]
fn headers_ask_for_more() {
    let world = world();
    let here = account(&world, HERE);
    let found = data(&world, HERE, None);
    let acts = |operation: &str, pairs: &[(&'static str, &str)], source: Option<&str>| {
        let headers = headers(pairs);
        let visit = Visit::new(None, &here, &headers, "", NOW).unwrap();
        let source = source.map(|key| On::Object(&found, key));
        let acts = visit.acts(operation, On::Object(&found, "k"), source);
        acts.iter().map(|act| act.action).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(acts("PutObject", &[], None), "PutObject");
    assert_eq!(acts("PutObject", &[("x-amz-acl", "private")], None), "PutObject PutObjectAcl");
    assert_eq!(acts("PutObject", &[("x-amz-tagging", "a=b")], None), "PutObject PutObjectTagging");
    assert_eq!(acts("CopyObject", &[], Some("plain")), "GetObject PutObject");
    assert_eq!(acts("CopyObject", &[], Some("in/a")), "GetObject GetObjectTagging PutObject");
    let replace = [("x-amz-tagging-directive", "REPLACE"), ("x-amz-copy-source", "data/in/a?versionId=1")];
    assert_eq!(acts("CopyObject", &replace, Some("in/a")), "GetObjectVersion PutObject");
    assert_eq!(
        acts("CreateBucket", &[("x-amz-object-ownership", "ObjectWriter")], None),
        "CreateBucket PutBucketOwnershipControls"
    );
}

/// What a request says, as a policy of the bucket that denies it shows.
#[test]
fn policies_can_ask_about_the_request() {
    let world = world();
    let caller = root(HERE);
    for (operation, on_object, query, pairs, key, value) in [
        ("ListObjectsV2", false, "list-type=2&prefix=in%2F&max-keys=7", &[][..], "s3:prefix", "in/"),
        ("ListObjectsV2", false, "list-type=2&prefix=in%2F&max-keys=7", &[], "s3:max-keys", "7"),
        ("GetObject", true, "", &[], "s3:ExistingObjectTag/team", "a"),
        ("GetObject", true, "versionId=null", &[], "s3:ExistingObjectTag/team", "a"),
        ("GetObject", true, "versionId=v", &[], "s3:VersionId", "v"),
        ("GetObject", true, "", &[("user-agent", "boto")], "aws:UserAgent", "boto"),
        ("GetObject", true, "", &[], "s3:authType", "REST-HEADER"),
        ("GetObject", true, "X-Amz-Signature=0&X-Amz-Date=20260105T085900Z", &[], "s3:signatureAge", "60000"),
        ("PutObject", true, "", &[("x-amz-acl", "private")], "s3:x-amz-acl", "private"),
        (
            "PutObject",
            true,
            "",
            &[("x-amz-server-side-encryption", "AES256")],
            "s3:x-amz-server-side-encryption",
            "AES256",
        ),
        ("PutObject", true, "", &[("x-amz-tagging", "team=b%20c")], "s3:RequestObjectTag/team", "b c"),
        ("PutObject", true, "", &[("if-none-match", "*")], "s3:if-none-match", "*"),
        ("GetObject", true, "", &[("x-mockplane-source-ip", "203.0.113.5")], "aws:SourceIp", "203.0.113.5"),
        ("GetObject", true, "", &[], "aws:SourceIp", "127.0.0.1"),
    ] {
        let deny = |value: &str| {
            json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"], "Condition": {"StringEquals": {key: value}}}]})
        };
        let headers = headers(pairs);
        let may = |policy| {
            let found = data(&world, HERE, Some(policy));
            let here = account(&world, HERE);
            let visit = Visit::new(Some(&caller), &here, &headers, query, NOW).unwrap();
            let on = if on_object { On::Object(&found, "in/a") } else { On::Bucket(&found) };
            visit.authorise(operation, on, None).is_ok()
        };
        assert!(!may(deny(value)) && may(deny("other")), "{operation} {key}");
    }
}

#[test]
fn s3_tells_its_own_account_why() {
    let world = world();
    let none = HeaderMap::new();
    let deny = json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]}]});
    let found = data(&world, HERE, Some(deny));
    let ask = |caller: Option<&Caller>, operation: &str, on: On<'_>| {
        let account = account(&world, caller.map_or(HERE, |caller| caller.access_key.as_str()));
        let visit = Visit::new(caller, &account, &none, "", NOW).unwrap();
        let refused = visit.authorise(operation, on, None).err();
        refused.map(|denied| (denied.code, denied.status, denied.message))
    };
    let text = format!(
        "User: arn:aws:iam::{HERE}:root is not authorized to perform: s3:GetObject on resource: \
             \"arn:aws:s3:::data/k\" with an explicit deny in a resource-based policy"
    );
    let (own, other) = (root(HERE), root(THERE));
    let object = On::Object(&found, "k");
    assert_eq!(ask(Some(&own), "GetObject", object), Some(("AccessDenied", 403, text)));
    let dumb = Some(("AccessDenied", 403, "Access Denied".to_owned()));
    assert_eq!(ask(Some(&other), "GetObject", object), dumb);
    assert_eq!(ask(None, "GetObject", object), dumb);
    assert_eq!(ask(None, "ListBuckets", On::Buckets), dumb);
    assert_eq!(ask(Some(&own), "ListBuckets", On::Buckets), None);
    // The root of the account is never locked out.
    for operation in ["GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"] {
        assert_eq!(ask(Some(&own), operation, On::Bucket(&found)), None, "{operation}");
        assert_eq!(ask(Some(&other), operation, On::Bucket(&found)), dumb, "{operation}");
    }
    assert_eq!(owns(Some(&other), &found).unwrap_err().code, "MethodNotAllowed");
}

#[test]
fn where_a_request_comes_from_has_to_be_there() {
    let world = world();
    let here = account(&world, HERE);
    for (name, value) in [(SOURCE_IP, "here"), (SOURCE_VPCE, "vpce-0123456789abcdef0"), (SOURCE_VPCE, "x")] {
        let headers = headers(&[(name, value)]);
        let refused = Visit::new(None, &here, &headers, "", NOW).err().unwrap();
        assert_eq!((refused.code, refused.status), ("InvalidArgument", 400), "{name}: {value}");
    }
}
