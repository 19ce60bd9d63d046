"""What the descriptions in SageMaker's service model do not allow, as boto3 sees it: a refused call changes nothing."""

import json

import pytest

from mockplane import refused

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}


class Jobs:
    """A role and a bucket, and the least that each kind of job is asked for."""

    def __init__(self, aws):
        self.aws, self.sm = aws, aws.sm
        aws.manual_clock()
        self.role = aws.role()
        self.bucket = f"documented-{aws.number}"
        self.s3 = aws.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_object(Bucket=self.bucket, Key="in/a.csv", Body=b"1,2\n")

    def url(self, key):
        return f"s3://{self.bucket}/{key}"

    def processing(self, name="j", cluster=CLUSTER, inputs=(), outputs=()):
        return self.sm.create_processing_job(
            ProcessingJobName=name, RoleArn=self.role, AppSpecification={"ImageUri": IMAGE},
            ProcessingResources={"ClusterConfig": cluster}, ProcessingInputs=list(inputs),
            ProcessingOutputConfig={"Outputs": list(outputs)})

    def training(self, name="j", **more):
        return self.sm.create_training_job(**{
            "TrainingJobName": name, "RoleArn": self.role, "ResourceConfig": CLUSTER,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": self.url("models")},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600}, **more})

    def transform(self, data_type="S3Prefix", **resources):
        source = {"S3DataType": data_type, "S3Uri": self.url("in")}
        return self.sm.create_transform_job(
            TransformJobName="j", ModelName="m", TransformInput={"DataSource": {"S3DataSource": source}},
            TransformOutput={"S3OutputPath": self.url("out")},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1, **resources})

    def model(self, *containers, **more):
        named = {"PrimaryContainer": containers[0]} if len(containers) == 1 else {"Containers": list(containers)}
        return self.sm.create_model(ModelName="m", ExecutionRoleArn=self.role, **named, **more)

    def ended(self, name):
        self.aws.advance("1h")
        job = self.sm.describe_processing_job(ProcessingJobName=name)
        return job["ProcessingJobStatus"], job.get("FailureReason")


@pytest.fixture
def jobs(aws):
    return Jobs(aws)


def s3_input(jobs, key="in", **more):
    return {"InputName": "i", "S3Input": {"S3Uri": jobs.url(key), "S3DataType": "S3Prefix", **more}}


def s3_output(url):
    return {"OutputName": "o", "S3Output": {
        "S3Uri": url, "LocalPath": "/opt/ml/processing/o", "S3UploadMode": "EndOfJob"}}


PATH = {"LocalPath": "/opt/ml/processing/i"}


@pytest.mark.parametrize("more, message", [
    ({}, "LocalPath must be specified for the processing input i unless its AppManaged is true."),
    ({"LocalPath": "/tmp/i"}, "LocalPath of the processing input i must begin with /opt/ml/processing/"),
    ({**PATH, "S3InputMode": "File", "S3CompressionType": "Gzip"},
     "Gzip can be the S3CompressionType of the processing input i only if its S3InputMode is Pipe."),
])
def test_inputs_of_processing_jobs(jobs, more, message):
    with refused("ValidationException", message):
        jobs.processing(inputs=[s3_input(jobs, **more)])
    jobs.processing(inputs=[s3_input(jobs, **PATH, S3InputMode="Pipe", S3CompressionType="Gzip")])


def test_data_sets_and_outputs_of_processing_jobs(jobs):
    with refused("ValidationException", "Exactly one of AthenaDatasetDefinition and RedshiftDatasetDefinition must be "
                                        "specified for the processing input i."):
        jobs.processing(inputs=[{"InputName": "i", "DatasetDefinition": {}}])
    with refused("ValidationException",
                 "Exactly one of S3Output and FeatureStoreOutput must be specified for the processing output o."):
        jobs.processing(outputs=[{"OutputName": "o"}])
    features = {"OutputName": "o", "FeatureStoreOutput": {"FeatureGroupName": "people"}}
    with refused("ValidationException",
                 "AppManaged must be true for the processing output o, which has a FeatureStoreOutput."):
        jobs.processing(outputs=[features])
    jobs.processing(outputs=[{**features, "AppManaged": True}])


def test_what_the_application_manages_the_service_leaves_alone(jobs):
    gone = {**s3_input(jobs, "none"), "AppManaged": True}
    jobs.processing("by-itself", inputs=[gone], outputs=[{**s3_output(jobs.url("out")), "AppManaged": True}])
    assert jobs.ended("by-itself") == ("Completed", None)
    assert "Contents" not in jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix="out")


def test_an_output_in_no_bucket_is_told_as_that(jobs):
    jobs.processing("nowhere", outputs=[s3_output(f"s3://none-{jobs.aws.number}/out")])
    assert jobs.ended("nowhere") == ("Failed", (
        f"ClientError: Failed to upload data. PutObject failed for s3://none-{jobs.aws.number}/out/result.txt: The "
        "specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket)"))


def test_local_storage_has_no_key_of_its_own(jobs):
    def message(name):
        return f"VolumeKmsKeyId cannot be specified for instance type {name}, which has local storage."
    jobs.model({"Image": IMAGE})
    with refused("ValidationException", message("ml.p4d.24xlarge")):
        jobs.training(ResourceConfig={**CLUSTER, "InstanceType": "ml.p4d.24xlarge", "VolumeKmsKeyId": "k"})
    groups = [{"InstanceGroupName": name, "InstanceType": of, "InstanceCount": 1}
              for name, of in (("a", "ml.m5.large"), ("b", "ml.g5.xlarge"))]
    with refused("ValidationException", message("ml.g5.xlarge")):
        jobs.training(ResourceConfig={"InstanceGroups": groups, "VolumeSizeInGB": 10, "VolumeKmsKeyId": "k"})
    with refused("ValidationException", message("ml.g4dn.xlarge")):
        jobs.processing(cluster={**CLUSTER, "InstanceType": "ml.g4dn.xlarge", "VolumeKmsKeyId": "k"})
    with refused("ValidationException", message("ml.g4dn.xlarge")):
        jobs.transform(InstanceType="ml.g4dn.xlarge", VolumeKmsKeyId="k")
    assert jobs.sm.list_training_jobs()["TrainingJobSummaries"] == []
    jobs.training(ResourceConfig={**CLUSTER, "VolumeKmsKeyId": "k"})
    jobs.processing(cluster={**CLUSTER, "InstanceType": "ml.g4dn.xlarge"})
    jobs.transform(VolumeKmsKeyId="k")
    # Here the key does not encrypt local storage, and no more is said of it.
    jobs.sm.create_endpoint_config(EndpointConfigName="c", KmsKeyId="k", ProductionVariants=[
        {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}])


def test_a_transform_job_takes_no_augmented_manifest(jobs):
    jobs.model({"Image": IMAGE})
    with refused("ValidationException", "AugmentedManifestFile is not supported for transform jobs."):
        jobs.transform("AugmentedManifestFile")


def test_a_transform_job_lists_what_it_captured(jobs):
    jobs.model({"Image": IMAGE})
    source = {"S3DataType": "S3Prefix", "S3Uri": jobs.url("in/")}
    jobs.sm.create_transform_job(
        TransformJobName="j", ModelName="m", TransformInput={"DataSource": {"S3DataSource": source}},
        TransformOutput={"S3OutputPath": jobs.url("out")}, DataCaptureConfig={"DestinationS3Uri": jobs.url("captured")},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
    jobs.aws.advance("1h")
    assert jobs.sm.describe_transform_job(TransformJobName="j")["TransformJobStatus"] == "Completed"
    for side, expected in (("input", [{"prefix": jobs.url("in/")}, "a.csv"]),
                           ("output", [{"prefix": jobs.url("out/")}, "a.csv.out"])):
        listed = jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix=f"captured/{side}/2026/01/05/09/")["Contents"]
        text = jobs.s3.get_object(Bucket=jobs.bucket, Key=listed[0]["Key"])["Body"].read()
        assert (len(listed), json.loads(text)) == (1, expected)


def test_the_profiler_has_six_intervals(jobs):
    profiler = {"S3OutputPath": jobs.url("profile"), "ProfilingIntervalInMilliseconds": 300}
    with refused("ValidationException",
                 "ProfilingIntervalInMilliseconds must be one of 100, 200, 500, 1000, 5000 and 60000; it is 300."):
        jobs.training(ProfilerConfig=profiler)


def test_containers_of_a_pipeline_have_names_of_their_own_or_none(jobs):
    def container(name):
        return {"Image": IMAGE, "ContainerHostname": name}
    with refused("ValidationException",
                 "ContainerHostname must be specified for every container of an inference pipeline if it is for one."):
        jobs.model(container("a"), {"Image": IMAGE}, InferenceExecutionConfig={"Mode": "Direct"})
    with refused("ValidationException", "ContainerHostname must be unique within an inference pipeline: a"):
        jobs.model(container("a"), container("a"))
    jobs.model(container("a"), container("b"))


def test_a_prefix_of_a_model_is_a_folder(jobs):
    def container(url):
        source = {"S3Uri": url, "S3DataType": "S3Prefix", "CompressionType": "None"}
        return {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    with refused("ValidationException", f"S3Uri must end with a slash if S3DataType is S3Prefix: {jobs.url('in')}"):
        jobs.model(container(jobs.url("in")))
    jobs.model(container(jobs.url("in/")))


def test_a_model_that_is_no_archive_is_not_compiled(jobs):
    def ended(name, key):
        jobs.s3.put_object(Bucket=jobs.bucket, Key=key, Body=b"model")
        jobs.sm.create_compilation_job(
            CompilationJobName=name, RoleArn=jobs.role, StoppingCondition={"MaxRuntimeInSeconds": 900},
            InputConfig={"S3Uri": jobs.url(key), "Framework": "PYTORCH", "DataInputConfig": '{"x": [1, 3]}'},
            OutputConfig={"S3OutputLocation": jobs.url("compiled"), "TargetDevice": "ml_c5"})
        jobs.aws.advance("1h")
        job = jobs.sm.describe_compilation_job(CompilationJobName=name)
        return job["CompilationJobStatus"], job["FailureReason"]
    assert ended("zipped", "model.zip") == ("FAILED", (
        "ClientError: InputConfiguration: Unable to untar input model. Please confirm the model is a tar.gz file"))
    assert ended("packed", "model.tar.gz") == ("COMPLETED", "")
