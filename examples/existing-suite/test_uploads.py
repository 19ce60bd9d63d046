"""A suite that knows nothing of Mockplane: `with-mockplane pytest examples/existing-suite`, or AWS_ENDPOINT_URL of a server
that runs already."""

import boto3


def test_what_was_uploaded_is_there():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_object(Bucket="uploads", Key="a.csv", Body=b"1,2\n")
    assert s3.get_object(Bucket="uploads", Key="a.csv")["Body"].read() == b"1,2\n"


def test_there_is_a_default_network():
    (vpc,) = boto3.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert vpc["CidrBlock"] == "172.31.0.0/16"
