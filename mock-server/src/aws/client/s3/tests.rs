//! Requests as S3 takes them, and its answers.

use super::*;
use serde_json::json;

fn encoded(name: &str, parameters: &Value) -> HttpRequest {
    encode(operation(name).unwrap(), parameters).unwrap()
}

fn decoded(name: &str, headers: &[(&str, &str)], body: &str) -> Value {
    decode(operation(name).unwrap(), 200, &headers.to_vec(), body.as_bytes()).unwrap()
}

#[test]
fn members_travel_in_addresses_headers_and_bodies() {
    let request = encoded(
        "PutObject",
        &json!({"Bucket": "data", "Key": "a b/ü", "Body": "text", "Metadata": {"Who": "me"}, "IfNoneMatch": "*"}),
    );
    assert_eq!((request.method, &*request.path_and_query), ("PUT", "/data/a%20b/%C3%BC"));
    assert_eq!(request.body, b"text");
    assert_eq!(request.headers.get("x-amz-meta-who"), Some("me"));
    assert_eq!(request.headers.get("if-none-match"), Some("*"));
    assert_eq!(encoded("PutObject", &json!({"Bucket": "b", "Key": "k", "Body": {"size": 3}})).body.len(), 3);
    assert_eq!(encoded("PutObject", &json!({"Bucket": "b", "Key": "k", "Body": {"text": "a"}})).body, b"a");
    let request = encoded("ListObjectsV2", &json!({"Bucket": "data", "Prefix": "a/&", "MaxKeys": 2}));
    assert_eq!(request.path_and_query, "/data?list-type=2&prefix=a%2F%26&max-keys=2");
    let request = encoded(
        "CreateBucket",
        &json!({"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1", "Tags": [{"Key": "<"}]}}),
    );
    let expected = format!(
        "<CreateBucketConfiguration xmlns=\"{NAMESPACE}\"><LocationConstraint>eu-west-1</LocationConstraint>\
         <Tags><Tag><Key>&lt;</Key></Tag></Tags></CreateBucketConfiguration>"
    );
    assert_eq!(String::from_utf8(request.body).unwrap(), expected);
    let copy = json!({"Bucket": "b", "Key": "k", "CopySource": "a/x y?versionId=1"});
    assert_eq!(encoded("CopyObject", &copy).headers.get(COPY_SOURCE), Some("a/x%20y?versionId=1"));
    let since = json!({"Bucket": "b", "Key": "k", "IfModifiedSince": "2026-01-05T09:00:00Z"});
    let date = Some("Mon, 05 Jan 2026 09:00:00 GMT");
    assert_eq!(encoded("HeadObject", &since).headers.get("if-modified-since"), date);
}

#[test]
fn what_cannot_be_sent_is_told() {
    for (name, parameters, expected) in [
        ("GetObject", json!({"Bucket": "b"}), "GetObject: Key is part of the path and must be given"),
        ("GetObject", json!({"Bucket": 1, "Key": "k"}), "GetObject: Bucket is 1"),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Body": {"size": -1}}),
            "PutObject: Body is {\"size\":-1}",
        ),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Body": {"size": u64::MAX}}),
            "PutObject: Body is {\"size\":18446744073709551615}",
        ),
        (
            "PutBucketVersioning",
            json!({"Bucket": "b", "VersioningConfiguration": {"Status": 1}}),
            "PutBucketVersioning: Status is 1",
        ),
    ] {
        assert_eq!(encode(operation(name).unwrap(), &parameters).unwrap_err().to_string(), expected);
    }
}

#[test]
fn answers_read_as_sdks_show_them() {
    let xml = "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><IsTruncated>false\
               </IsTruncated><Contents><Key>a&amp;b</Key><Size>3</Size></Contents></ListBucketResult>";
    let expected =
        json!({"Name": "b", "KeyCount": 1, "IsTruncated": false, "Contents": [{"Key": "a&b", "Size": 3}]});
    assert_eq!(decoded("ListObjectsV2", &[], xml), expected);
    let headers =
        [("ETag", "\"e\""), ("Last-Modified", "Mon, 05 Jan 2026 09:00:00 GMT"), ("x-amz-meta-who", "me")];
    let expected = json!({
        "ETag": "\"e\"", "LastModified": "2026-01-05T09:00:00.000Z", "Metadata": {"who": "me"}, "Body": "text",
        "ContentLength": 4,
    });
    assert_eq!(decoded("GetObject", &headers, "text"), expected);
    assert_eq!(decoded("GetBucketLocation", &[], "<LocationConstraint/>"), json!({}));
    let eu = "<LocationConstraint>eu-west-1</LocationConstraint>";
    assert_eq!(decoded("GetBucketLocation", &[], eu), json!({"LocationConstraint": "eu-west-1"}));
}

#[test]
fn refusals_have_code_message_and_rule() {
    let refused = |name: &str, status, body: &str| {
        let headers = [("x-mockplane-rule", "R")];
        decode(operation(name).unwrap(), status, &headers.to_vec(), body.as_bytes()).unwrap_err()
    };
    let fault = refused("GetObject", 403, "<Error><Code>AccessDenied</Code><Message>No</Message></Error>");
    assert_eq!((&*fault.code, &*fault.message, fault.status), ("AccessDenied", "No", 403));
    assert_eq!(fault.because.as_deref(), Some("R"));
    let fault = refused("HeadObject", 404, "");
    assert_eq!((&*fault.code, &*fault.message), ("404", "Not Found"));
    assert_eq!(refused("GetObject", 502, "<html/>").code, "UnreadableResponse");
}

#[test]
fn lists_are_flat_or_wrapped() {
    let parts = json!({"Parts": [{"PartNumber": 1, "ETag": "a"}, {"PartNumber": 2, "ETag": "b"}]});
    let call = json!({"Bucket": "b", "Key": "k", "UploadId": "u", "MultipartUpload": parts});
    let request = encoded("CompleteMultipartUpload", &call);
    assert_eq!((request.method, &*request.path_and_query), ("POST", "/b/k?uploadId=u"));
    let expected = format!(
        "<CompleteMultipartUpload xmlns=\"{NAMESPACE}\"><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>\
         <Part><PartNumber>2</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>"
    );
    assert_eq!(String::from_utf8(request.body).unwrap(), expected);
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    let request = encoded("PutBucketTagging", &json!({"Bucket": "b", "Tagging": {"TagSet": tags}}));
    let text = String::from_utf8(request.body).unwrap();
    assert_eq!(decoded("GetBucketTagging", &[], &text), json!({"TagSet": tags}));
    let listed = "<ListPartsResult><Part><Size>3</Size></Part><Part><Size>4</Size></Part></ListPartsResult>";
    assert_eq!(decoded("ListParts", &[], listed), json!({"Parts": [{"Size": 3}, {"Size": 4}]}));
}

#[test]
fn buckets_are_listed_at_the_root() {
    assert_eq!(encoded("ListBuckets", &json!({})).path_and_query, "/");
    assert_eq!(encoded("ListBuckets", &json!({"Prefix": "a"})).path_and_query, "/?prefix=a");
    let xml = "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name><CreationDate>2026-01-05T09:00:00.000Z\
               </CreationDate></Bucket></Buckets><Owner><ID>1</ID></Owner></ListAllMyBucketsResult>";
    let bucket = json!({"Name": "a", "CreationDate": "2026-01-05T09:00:00.000Z"});
    assert_eq!(decoded("ListBuckets", &[], xml), json!({"Buckets": [bucket], "Owner": {"ID": "1"}}));
    let none = "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>";
    assert_eq!(decoded("ListBuckets", &[], none), json!({"Buckets": []}));
}

#[test]
fn several_objects_are_deleted_with_a_checksum() {
    let objects = json!([{"Key": "a"}, {"Key": "b", "VersionId": "1"}]);
    let request =
        encoded("DeleteObjects", &json!({"Bucket": "x", "Delete": {"Objects": objects, "Quiet": true}}));
    assert_eq!((request.method, &*request.path_and_query), ("POST", "/x?delete"));
    let expected = format!(
        "<Delete xmlns=\"{NAMESPACE}\"><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId>\
         </Object><Quiet>true</Quiet></Delete>"
    );
    assert_eq!(String::from_utf8(request.body.clone()).unwrap(), expected);
    let digest = base64_encode(&Sha256::digest(&request.body));
    assert_eq!(request.headers.get("x-amz-checksum-sha256"), Some(&*digest));
    let xml = "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code></Error>\
               </DeleteResult>";
    let expected = json!({"Deleted": [{"Key": "a"}], "Errors": [{"Key": "b", "Code": "AccessDenied"}]});
    assert_eq!(decoded("DeleteObjects", &[], xml), expected);
}

#[test]
fn versions_and_grants_read_as_sdks_show_them() {
    let xml = "<ListVersionsResult><Version><Key>a</Key><IsLatest>false</IsLatest></Version><DeleteMarker><Key>a</Key>\
               <IsLatest>true</IsLatest></DeleteMarker></ListVersionsResult>";
    let expected = json!({
        "Versions": [{"Key": "a", "IsLatest": false}], "DeleteMarkers": [{"Key": "a", "IsLatest": true}],
    });
    assert_eq!(decoded("ListObjectVersions", &[], xml), expected);
    let xml = "<AccessControlPolicy><Owner><ID>1</ID></Owner><AccessControlList><Grant>\
               <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>1</ID>\
               </Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>";
    let grant = json!({"Grantee": {"ID": "1", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"});
    assert_eq!(decoded("GetBucketAcl", &[], xml), json!({"Owner": {"ID": "1"}, "Grants": [grant]}));
    let asked = json!({"Bucket": "b", "Key": "k", "ObjectAttributes": ["ETag", "ObjectSize"]});
    let request = encoded("GetObjectAttributes", &asked);
    assert_eq!(request.headers.get("x-amz-object-attributes"), Some("ETag,ObjectSize"));
    let xml = "<GetObjectAttributesResponse><ETag>e</ETag><ObjectParts><PartsCount>2</PartsCount></ObjectParts>\
               </GetObjectAttributesResponse>";
    let expected = json!({"ETag": "e", "ObjectParts": {"TotalPartsCount": 2}});
    assert_eq!(decoded("GetObjectAttributes", &[], xml), expected);
}
