"""The AWS CLI's `aws s3`, boto3's transfers, and how much the server keeps."""

import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from mockplane import Account, Server, environment, refused

MIB = 1024 * 1024


def cli(aws, *words, cwd=None, fails=False):
    env = environment(
        AWS_ENDPOINT_URL=aws.server.endpoint, AWS_ACCESS_KEY_ID=aws.number, AWS_SECRET_ACCESS_KEY="any",
        AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    done = subprocess.run(
        [sys.executable, "-m", "awscli", "s3", *map(str, words)], env=env, cwd=cwd, text=True, timeout=300,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode != 0) == fails, done.stdout
    return done.stdout


def test_the_cli_moves_files(aws, tmp_path):
    cli(aws, "mb", "s3://files")
    big = os.urandom(20 * MIB)  # in three parts
    (tmp_path / "big.bin").write_bytes(big)
    cli(aws, "cp", "big.bin", "s3://files/in/big.bin", cwd=tmp_path)
    s3 = aws.client("s3")
    assert s3.head_object(Bucket="files", Key="in/big.bin")["ETag"].endswith('-3"')
    cli(aws, "cp", "s3://files/in/big.bin", "back.bin", cwd=tmp_path)
    assert (tmp_path / "back.bin").read_bytes() == big
    cli(aws, "cp", "s3://files/in/big.bin", "s3://files/copied.bin")
    assert s3.head_object(Bucket="files", Key="copied.bin")["ContentLength"] == len(big)
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b c.txt", "sub/ü.txt"):
        (tree / name).write_text(name)
    assert cli(aws, "sync", tree, "s3://files/tree").count("upload:") == 3
    assert cli(aws, "sync", tree, "s3://files/tree") == ""
    (tree / "a.txt").unlink()
    assert "delete: s3://files/tree/a.txt" in cli(aws, "sync", tree, "s3://files/tree", "--delete")
    listed = cli(aws, "ls", "s3://files/")
    assert "PRE in/" in listed and "PRE tree/" in listed and "copied.bin" in listed
    assert len(cli(aws, "ls", "s3://files", "--recursive").splitlines()) == 4
    cli(aws, "sync", "s3://files/tree", tmp_path / "got")
    assert (tmp_path / "got/sub/ü.txt").read_text() == "sub/ü.txt"
    cli(aws, "mv", "s3://files/copied.bin", "s3://files/moved.bin")
    address = cli(aws, "presign", "s3://files/moved.bin").strip()
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == big
    assert "BucketNotEmpty" in cli(aws, "rb", "s3://files", fails=True)
    cli(aws, "rm", "s3://files/in/big.bin")
    cli(aws, "rb", "s3://files", "--force")
    assert s3.list_buckets()["Buckets"] == []


def test_boto3_transfers_files(aws, tmp_path):
    import boto3
    from boto3.s3.transfer import TransferConfig
    session = boto3.Session(aws_access_key_id=aws.number, aws_secret_access_key="any", region_name="us-east-1")
    s3 = session.resource("s3", endpoint_url=aws.server.endpoint)
    bucket = s3.create_bucket(Bucket="moved")
    body = os.urandom(12 * MIB)
    (tmp_path / "up").write_bytes(body)
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    bucket.upload_file(str(tmp_path / "up"), "k", Config=parts, ExtraArgs={"Metadata": {"a": "1"}})
    assert bucket.Object("k").metadata == {"a": "1"} and bucket.Object("k").e_tag.endswith('-3"')
    told = s3.meta.client.get_object_attributes(Bucket="moved", Key="k", ObjectAttributes=["Checksum", "ObjectParts"])
    assert told["ObjectParts"]["TotalPartsCount"] == 3
    assert told["Checksum"]["ChecksumType"] in ("COMPOSITE", "FULL_OBJECT")
    bucket.download_file("k", str(tmp_path / "down"), Config=parts)
    assert (tmp_path / "down").read_bytes() == body
    bucket.copy({"Bucket": "moved", "Key": "k"}, "k2", Config=parts)
    assert bucket.Object("k2").content_length == len(body)
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture(scope="module")
def small():
    with Server("--s3-max-bytes", "9MiB", "--verify-signatures", "--root-secret", "right") as server:
        yield server


def test_there_is_a_bound(small):
    account = Account(small)
    s3 = account.client("s3", secret="right", key=account.number)
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a", Body=b"x" * 6 * MIB)
    with refused("ServiceUnavailable", lambda text: "--s3-max-bytes" in text, 503):
        s3.put_object(Bucket="kept", Key="c", Body=b"x" * 6 * MIB)
    # So much that it is not even kept while it is read.
    with refused("ServiceUnavailable", lambda text: "--s3-max-bytes" in text, 503):
        s3.put_object(Bucket="kept", Key="c", Body=b"x" * 20 * MIB)
    s3.delete_object(Bucket="kept", Key="a")
    s3.put_object(Bucket="kept", Key="c", Body=b"x" * 6 * MIB)
    account.reset()
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="c", Body=b"x" * 6 * MIB)


def test_signatures_count_where_they_are_verified(small):
    account = Account(small)
    right = account.client("s3", secret="right", key=account.number)
    right.create_bucket(Bucket="kept")
    right.put_object(Bucket="kept", Key="a b+c/é", Body=b"x")  # signed with the digest of its body, or in chunks
    assert right.get_object(Bucket="kept", Key="a b+c/é")["Body"].read() == b"x"
    right.upload_part(
        Bucket="kept", Key="k", PartNumber=1, Body=b"x",
        UploadId=right.create_multipart_upload(Bucket="kept", Key="k")["UploadId"])
    wrong = account.client("s3", secret="wrong", key=account.number)
    with refused("SignatureDoesNotMatch", lambda text: text.endswith("Check your key and signing method."), 403):
        wrong.list_buckets()
    nobody = account.client("s3", secret="x", key="AKIAIOSFODNN7EXAMPLE")
    with refused("SignatureDoesNotMatch", status=403):
        nobody.list_buckets()
    asked = {"Bucket": "kept", "Key": "a b+c/é", "ResponseContentType": "x/y z"}
    # Presigned in us-east-1, unless told otherwise, in the old way.
    for version in (None, "s3v4"):
        more = {"signature_version": version, "connect_timeout": 9}
        signer = account.client("s3", secret="right", key=account.number, **more)
        address = signer.generate_presigned_url("get_object", Params=asked)
        assert ("X-Amz-Signature" in address) == (version is not None)
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == b"x" and answer.headers["content-type"] == "x/y z"
        signer = account.client("s3", secret="wrong", key=account.number, **more)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(signer.generate_presigned_url("get_object", Params=asked))
        assert caught.value.code == 403 and b"SignatureDoesNotMatch" in caught.value.read()
