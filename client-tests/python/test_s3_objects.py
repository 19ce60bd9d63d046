"""Objects with boto3: what is put is got back, in ranges, versions, parts and pages."""

import base64
import datetime
import hashlib
import urllib.error
import urllib.request
import zlib

import pytest

from mockplane import refused

MIB = 1024 * 1024


@pytest.fixture
def s3(aws):
    client = aws.client("s3")
    client.create_bucket(Bucket="data")
    return client


def keys(answer):
    return [o["Key"] for o in answer.get("Contents", [])], [p["Prefix"] for p in answer.get("CommonPrefixes", [])]


def test_what_is_put_is_got(s3):
    given = {
        "ContentType": "text/plain; charset=utf-8", "CacheControl": "no-cache", "ContentDisposition": "attachment",
        "ContentEncoding": "gzip", "ContentLanguage": "de", "Metadata": {"owner": "me", "dash-ed": "x"},
        "StorageClass": "STANDARD_IA", "Tagging": "a=1&b=two%20words", "WebsiteRedirectLocation": "/there",
    }
    put = s3.put_object(Bucket="data", Key="a/b c+é.txt", Body=b"hello", **given)
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"' and put["ServerSideEncryption"] == "AES256"
    assert put["ChecksumCRC32"] == base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    got = s3.get_object(Bucket="data", Key="a/b c+é.txt")
    assert got["Body"].read() == b"hello" and got["ContentLength"] == 5 and got["TagCount"] == 2
    head = s3.head_object(Bucket="data", Key="a/b c+é.txt")
    for name, value in given.items():
        if name != "Tagging":
            assert got[name] == head[name] == value, name
    assert "VersionId" not in head and head["AcceptRanges"] == "bytes"
    assert s3.get_object_tagging(Bucket="data", Key="a/b c+é.txt")["TagSet"] == [
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "two words"}]
    s3.put_object(Bucket="data", Key="empty")
    plain = s3.head_object(Bucket="data", Key="empty")
    assert plain["ContentType"] == "binary/octet-stream" and plain["ContentLength"] == 0
    with refused("NoSuchKey", "The specified key does not exist.", 404) as caught:
        s3.get_object(Bucket="data", Key="nothing")
    assert caught.value.response["Error"]["Key"] == "nothing"
    with refused("404", "Not Found", 404):
        s3.head_object(Bucket="data", Key="nothing")


def test_ranges(s3):
    s3.put_object(Bucket="data", Key="digits", Body=b"0123456789")
    for asked, want, told in (
            ("bytes=0-3", b"0123", "bytes 0-3/10"), ("bytes=7-", b"789", "bytes 7-9/10"),
            ("bytes=-2", b"89", "bytes 8-9/10"), ("bytes=5-99", b"56789", "bytes 5-9/10")):
        got = s3.get_object(Bucket="data", Key="digits", Range=asked)
        assert (got["Body"].read(), got["ContentRange"]) == (want, told)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert s3.get_object(Bucket="data", Key="digits", Range="bytes=0-1,3-4")["Body"].read() == b"0123456789"
    with refused("InvalidRange", "The requested range is not satisfiable", 416) as caught:
        s3.get_object(Bucket="data", Key="digits", Range="bytes=10-")
    assert caught.value.response["Error"]["ActualObjectSize"] == "10"
    assert s3.get_object(Bucket="data", Key="digits", PartNumber=1)["ContentRange"] == "bytes 0-9/10"
    with refused("InvalidPartNumber", status=416):
        s3.get_object(Bucket="data", Key="digits", PartNumber=2)


def test_conditions(s3):
    tag = s3.put_object(Bucket="data", Key="k", Body=b"1")["ETag"]
    modified = s3.head_object(Bucket="data", Key="k")["LastModified"]
    minute = datetime.timedelta(minutes=1)
    for fine in ({"IfMatch": tag}, {"IfNoneMatch": '"x"'}, {"IfModifiedSince": modified - minute},
                 {"IfUnmodifiedSince": modified + minute}, {"IfMatch": tag, "IfUnmodifiedSince": modified - minute}):
        s3.get_object(Bucket="data", Key="k", **fine)
    for known in ({"IfNoneMatch": tag}, {"IfModifiedSince": modified}):
        with refused("304", status=304):
            s3.get_object(Bucket="data", Key="k", **known)
    for failing in ({"IfMatch": '"x"'}, {"IfUnmodifiedSince": modified - minute}):
        with refused("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412):
            s3.get_object(Bucket="data", Key="k", **failing)
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket="data", Key="k", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket="data", Key="new", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket="data", Key="k", Body=b"2", IfMatch=tag)
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket="data", Key="k", Body=b"3", IfMatch=tag)
    with refused("NoSuchKey", status=404):
        s3.put_object(Bucket="data", Key="nobody", Body=b"3", IfMatch=tag)


def test_digests_are_compared(aws, s3):
    body = b"content"
    right = base64.b64encode(hashlib.md5(body).digest()).decode()
    s3.put_object(Bucket="data", Key="k", Body=body, ContentMD5=right)
    with refused("BadDigest", "The Content-MD5 you specified did not match what we received."):
        s3.put_object(Bucket="data", Key="bad", Body=b"other", ContentMD5=right)
    with refused("InvalidDigest", "The Content-MD5 you specified was invalid."):
        s3.put_object(Bucket="data", Key="bad", Body=b"other", ContentMD5="nonsense")
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        put = s3.put_object(Bucket="data", Key=algorithm, Body=body, ChecksumAlgorithm=algorithm)
        name = f"Checksum{algorithm}"
        head = s3.head_object(Bucket="data", Key=algorithm, ChecksumMode="ENABLED")
        assert put[name] == head[name] and head["ChecksumType"] == "FULL_OBJECT"
        with refused("BadDigest", f"The {algorithm} you specified did not match the calculated checksum."):
            s3.put_object(Bucket="data", Key="bad", Body=b"other", **{name: put[name]})
    with refused("InvalidRequest", "Value for x-amz-checksum-sha1 header is invalid."):
        s3.put_object(Bucket="data", Key="bad", Body=b"other", ChecksumSHA1="AAAA")
    quiet = aws.client("s3", request_checksum_calculation="when_required")
    assert quiet.put_object(Bucket="data", Key="k", Body=body)["ChecksumCRC64NVME"]
    assert keys(s3.list_objects_v2(Bucket="data", Prefix="bad")) == ([], [])


def test_listings(s3):
    names = ["a/1", "a/2", "a/b/3", "b", "c/4", "d e+f"]
    for name in names:
        s3.put_object(Bucket="data", Key=name, Body=b"x")
    assert keys(s3.list_objects_v2(Bucket="data")) == (names, [])
    assert keys(s3.list_objects_v2(Bucket="data", Delimiter="/")) == (["b", "d e+f"], ["a/", "c/"])
    assert keys(s3.list_objects_v2(Bucket="data", Delimiter="/", Prefix="a/")) == (["a/1", "a/2"], ["a/b/"])
    assert keys(s3.list_objects_v2(Bucket="data", StartAfter="b")) == (["c/4", "d e+f"], [])
    assert "Owner" in s3.list_objects_v2(Bucket="data", FetchOwner=True)["Contents"][0]
    page = s3.list_objects_v2(Bucket="data", MaxKeys=2)
    assert page["IsTruncated"] and page["KeyCount"] == 2 and page["MaxKeys"] == 2
    for size in (1, 2, 3):
        for call in ("list_objects_v2", "list_objects"):
            pages = list(s3.get_paginator(call).paginate(
                Bucket="data", Delimiter="/", PaginationConfig={"PageSize": size}))
            found = [keys(page) for page in pages]
            assert [k for page in found for k in page[0]] == ["b", "d e+f"]
            assert [p for page in found for p in page[1]] == ["a/", "c/"]
    empty = s3.list_objects_v2(Bucket="data", MaxKeys=0)
    assert not empty["IsTruncated"] and empty["KeyCount"] == 0
    with refused("InvalidArgument", "The continuation token provided is incorrect"):
        s3.list_objects_v2(Bucket="data", ContinuationToken="nonsense")
    answer = s3.delete_objects(Bucket="data", Delete={"Objects": [{"Key": n} for n in [*names, "never"]]})
    assert [d["Key"] for d in answer["Deleted"]] == [*names, "never"]
    assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 0


def test_versions(s3):
    s3.put_object(Bucket="data", Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    one, two = (s3.put_object(Bucket="data", Key="k", Body=body)["VersionId"] for body in (b"one", b"two"))
    assert len(one) == 32 and one != two
    deleted = s3.delete_object(Bucket="data", Key="k")
    assert deleted["DeleteMarker"] and deleted["VersionId"] not in (one, two)
    with refused("NoSuchKey", status=404) as caught:
        s3.get_object(Bucket="data", Key="k")
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    with refused("MethodNotAllowed", status=405):
        s3.get_object(Bucket="data", Key="k", VersionId=deleted["VersionId"])
    for version, body in ((one, b"one"), (two, b"two"), ("null", b"before")):
        assert s3.get_object(Bucket="data", Key="k", VersionId=version)["Body"].read() == body
    listed = s3.list_object_versions(Bucket="data")
    assert [(v["VersionId"], v["IsLatest"]) for v in listed["Versions"]] == [(two, False), (one, False), ("null", False)]
    assert [(m["VersionId"], m["IsLatest"]) for m in listed["DeleteMarkers"]] == [(deleted["VersionId"], True)]
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="data", PaginationConfig={"PageSize": 1})
    ids = [v["VersionId"] for page in pages for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
    assert ids == [deleted["VersionId"], two, one, "null"]
    with refused("BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.", 409):
        s3.delete_bucket(Bucket="data")
    gone = s3.delete_object(Bucket="data", Key="k", VersionId=deleted["VersionId"])
    assert gone["DeleteMarker"] and gone["VersionId"] == deleted["VersionId"]
    assert s3.get_object(Bucket="data", Key="k")["Body"].read() == b"two"
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Suspended"})
    assert s3.put_object(Bucket="data", Key="k", Body=b"after")["VersionId"] == "null"
    ids = [v["VersionId"] for v in s3.list_object_versions(Bucket="data")["Versions"]]
    assert ids == ["null", two, one], "it took the place of the one before"
    with refused("NoSuchVersion", "The specified version does not exist.", 404):
        s3.get_object(Bucket="data", Key="k", VersionId="x" * 32)
    with refused("InvalidArgument", "Invalid version id specified"):
        s3.get_object(Bucket="data", Key="k", VersionId="x")


def test_uploads_in_parts(s3):
    first, last = b"a" * 5 * MIB, b"end"
    upload = s3.create_multipart_upload(Bucket="data", Key="big", ContentType="x/y", Metadata={"m": "1"})["UploadId"]
    at = {"Bucket": "data", "Key": "big", "UploadId": upload}
    parts = [{"PartNumber": n, "ETag": s3.upload_part(**at, PartNumber=n, Body=body)["ETag"]}
             for n, body in ((1, first), (7, last))]
    assert [(p["PartNumber"], p["Size"]) for p in s3.list_parts(**at)["Parts"]] == [(1, 5 * MIB), (7, 3)]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket="data")["Uploads"]] == [upload]
    with refused("InvalidPartOrder"):
        s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts[::-1]})
    with refused("InvalidPart", lambda text: "could not be found" in text):
        s3.complete_multipart_upload(**at, MultipartUpload={"Parts": [{"PartNumber": 2, "ETag": '"x"'}]})
    done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    digest = hashlib.md5(hashlib.md5(first).digest() + hashlib.md5(last).digest()).hexdigest()
    assert done["ETag"] == f'"{digest}-2"' and done["Bucket"] == "data"
    got = s3.get_object(Bucket="data", Key="big")
    assert got["Body"].read() == first + last and got["ContentType"] == "x/y" and got["Metadata"] == {"m": "1"}
    part = s3.get_object(Bucket="data", Key="big", PartNumber=2)
    assert part["Body"].read() == last and part["PartsCount"] == 2
    with refused("NoSuchUpload", status=404):
        s3.list_parts(**at)
    upload = s3.create_multipart_upload(Bucket="data", Key="small")["UploadId"]
    at = {"Bucket": "data", "Key": "small", "UploadId": upload}
    parts = [{"PartNumber": n, "ETag": s3.upload_part(**at, PartNumber=n, Body=b"x")["ETag"]} for n in (1, 2)]
    with refused("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"):
        s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    with refused("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"):
        s3.upload_part(**at, PartNumber=10001, Body=b"x")
    copied = s3.upload_part_copy(**at, PartNumber=1, CopySource="data/big", CopySourceRange=f"bytes=0-{5 * MIB - 1}")
    parts[0]["ETag"] = copied["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    assert s3.head_object(Bucket="data", Key="small")["ContentLength"] == 5 * MIB + 1
    upload = s3.create_multipart_upload(Bucket="data", Key="never")["UploadId"]
    s3.abort_multipart_upload(Bucket="data", Key="never", UploadId=upload)
    with refused("NoSuchUpload", lambda text: text.startswith("The specified upload does not exist."), 404):
        s3.abort_multipart_upload(Bucket="data", Key="never", UploadId=upload)


def test_copies(s3):
    s3.create_bucket(Bucket="target")
    s3.put_object(Bucket="data", Key="k", Body=b"1", Metadata={"a": "1"}, ContentType="x/y", Tagging="t=1")
    copied = s3.copy_object(Bucket="target", Key="c", CopySource={"Bucket": "data", "Key": "k"})
    assert copied["CopyObjectResult"]["ETag"]
    head = s3.head_object(Bucket="target", Key="c")
    assert head["Metadata"] == {"a": "1"} and head["ContentType"] == "x/y"
    assert s3.get_object_tagging(Bucket="target", Key="c")["TagSet"] == [{"Key": "t", "Value": "1"}]
    s3.copy_object(Bucket="target", Key="c", CopySource="data/k", MetadataDirective="REPLACE", Metadata={"b": "2"},
                   TaggingDirective="REPLACE", Tagging="u=2")
    assert s3.head_object(Bucket="target", Key="c")["Metadata"] == {"b": "2"}
    assert s3.get_object_tagging(Bucket="target", Key="c")["TagSet"] == [{"Key": "u", "Value": "2"}]
    with refused("InvalidRequest", lambda text: text.startswith("This copy request is illegal")):
        s3.copy_object(Bucket="data", Key="k", CopySource="data/k")
    s3.copy_object(Bucket="data", Key="k", CopySource="data/k", MetadataDirective="REPLACE")
    with refused("PreconditionFailed", status=412):
        s3.copy_object(Bucket="target", Key="c", CopySource="data/k", CopySourceIfMatch='"x"')
    with refused("NoSuchKey", status=404):
        s3.copy_object(Bucket="target", Key="c", CopySource="data/none")
    with refused("NoSuchBucket", status=404):
        s3.copy_object(Bucket="target", Key="c", CopySource="nowhere/none")


def test_tags_and_attributes(s3):
    s3.put_object(Bucket="data", Key="k", Body=b"12345")
    at = {"Bucket": "data", "Key": "k"}
    assert s3.get_object_tagging(**at)["TagSet"] == []
    s3.put_object_tagging(**at, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    assert s3.get_object_tagging(**at)["TagSet"] == [{"Key": "a", "Value": "1"}]
    with refused("BadRequest", "Object tags cannot be greater than 10"):
        s3.put_object_tagging(**at, Tagging={"TagSet": [{"Key": str(n), "Value": ""} for n in range(11)]})
    s3.delete_object_tagging(**at)
    assert s3.get_object_tagging(**at)["TagSet"] == []
    with refused("NoSuchKey", status=404):
        s3.get_object_tagging(Bucket="data", Key="none")
    told = s3.get_object_attributes(**at, ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass", "ObjectParts"])
    assert told["ObjectSize"] == 5 and told["StorageClass"] == "STANDARD" and "ObjectParts" not in told
    assert told["Checksum"]["ChecksumCRC32"] and told["ETag"].strip('"') == hashlib.md5(b"12345").hexdigest()
    assert [g["Permission"] for g in s3.get_object_acl(**at)["Grants"]] == ["FULL_CONTROL"]
    with refused("AccessControlListNotSupported"):
        s3.put_object_acl(**at, ACL="public-read")
    with refused("AccessControlListNotSupported"):
        s3.put_object(**at, ACL="public-read")
    s3.put_object(**at, ACL="bucket-owner-full-control")


def test_an_object_of_50_gb_without_its_bytes(aws, s3):
    size = 50 * 1000**3
    client = aws.client("s3", retries={"total_max_attempts": 1, "mode": "standard"})
    client.meta.events.register(
        "before-sign.s3.PutObject", lambda request, **_: request.headers.add_header("x-mockplane-size", str(size)))
    client.put_object(Bucket="data", Key="huge")
    head = s3.head_object(Bucket="data", Key="huge")
    assert head["ContentLength"] == size
    assert s3.list_objects_v2(Bucket="data")["Contents"][0]["Size"] == size
    assert s3.get_object(Bucket="data", Key="huge", Range="bytes=0-9")["Body"].read() == bytes(10)
    with refused("NotImplemented", lambda text: "no bytes" in text, 501):
        s3.get_object(Bucket="data", Key="huge")


def test_a_presigned_address(aws, s3):
    s3.put_object(Bucket="data", Key="k", Body=b"shared")
    get = s3.generate_presigned_url("get_object", Params={
        "Bucket": "data", "Key": "k", "ResponseContentType": "x/y", "ResponseContentDisposition": "inline"})
    with urllib.request.urlopen(get) as answer:
        assert answer.read() == b"shared"
        assert (answer.headers["content-type"], answer.headers["content-disposition"]) == ("x/y", "inline")
    for number, version in enumerate((None, "s3v4")):
        signer = aws.client("s3", signature_version=version)
        put = signer.generate_presigned_url("put_object", Params={"Bucket": "data", "Key": f"up{number}"})
        request = urllib.request.Request(put, b"sent", {"content-type": "x/y"}, method="PUT")
        urllib.request.urlopen(request).close()
        assert s3.get_object(Bucket="data", Key=f"up{number}")["Body"].read() == b"sent"


def test_the_bucket_in_the_host(aws, s3):
    s3.put_object(Bucket="data", Key="dir/k", Body=b"here")
    scope = f"AWS4-HMAC-SHA256 Credential={aws.number}/20260105/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
    for host in ("data.localhost:4545", "data.s3.localhost", "data.s3.amazonaws.com", "data.s3.us-east-1.amazonaws.com",
                 "data.s3.dualstack.us-east-1.amazonaws.com"):
        request = urllib.request.Request(f"{aws.server.endpoint}/dir/k", headers={"host": host, "authorization": scope})
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b"here", host
    request = urllib.request.Request(
        f"{aws.server.endpoint}/?list-type=2", headers={"host": "data.localhost", "authorization": scope})
    with urllib.request.urlopen(request) as answer:
        assert b"<Key>dir/k</Key>" in answer.read()
    wrong = urllib.request.Request(f"{aws.server.endpoint}/data", headers={
        "host": "s3.eu-west-1.amazonaws.com", "authorization": scope})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(wrong)
    assert caught.value.code == 301
