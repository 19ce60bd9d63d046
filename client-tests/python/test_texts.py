"""The texts that SageMaker, IAM, STS and signatures are known for: which test sees which, and those that no other test sees.

A row names a situation as the reference has it, and the tests that show code, status and text of it.
"""

import importlib
import json

import pytest
from mockplane import job_request, refused
from test_matrix_paths import IMAGE, Place, quick  # noqa: F401
from test_s3_access import through

TEXTS = {
    # No way to S3
    "SM-F-NOROUTE-DL": ["test_matrix_paths.test_a_way", "test_failures.test_the_sealed_room"],
    "SM-F-NOROUTE-UL": ["test_failures.test_the_upload_fails_at_the_end"],
    "SM-F-PROC-DL": ["test_matrix_paths.test_a_way", "test_failures.test_a_processing_job_says_it_in_its_own_words"],
    "SM-F-EP-DL-VPC": ["test_matrix_paths.test_a_way"],
    "SM-F-EP-DL-PERM": ["test_matrix_paths.test_a_policy_that_only_denies_keeps_all_out"],
    "SM-F-NEO-DL": ["test_matrix_paths.test_a_way"],
    "SM-F-XFORM": ["test_matrix_paths.test_a_way"],
    # Denied
    "SM-F-S3-DENIED": ["test_matrix_paths.test_a_way"],
    "SM-F-S3-HEAD": ["test_texts.test_code_that_the_container_may_not_read"],
    "SM-F-S3-EMPTY": ["test_texts.test_data_that_are_not_there_refuse_a_training_job"],
    "SM-F-S3-EMPTY-PROC": ["test_texts.test_data_that_are_not_there_fail_a_processing_job"],
    "SM-F-MODEL-DATA": ["test_texts.test_model_data_that_are_not_there_refuse_a_model"],
    "SM-F-BUCKET-REGION": ["test_texts.test_a_bucket_of_another_region_fails_a_compilation_job"],
    "SM-F-NEO-404": ["test_texts.test_a_model_that_is_not_there_fails_a_compilation_job"],
    "SM-F-IMAGE": ["test_sagemaker_capacity.test_the_service_fails_endpoints"],
    # Names
    "SM-F-DHCP": ["test_matrix_jobs.test_dhcp_options_have_to_name_a_domain_and_name_servers",
                  "test_matrix_hosting.test_dhcp_options_have_to_name_a_domain_and_name_servers"],
    "SM-F-DNS-OFF": ["test_matrix_paths.test_a_way"],
    # Roles
    "SM-F-ROLE-SYNC": ["test_matrix_jobs.test_the_role_has_to_trust_the_service",
                       "test_matrix_hosting.test_the_role_must_trust_the_service"],
    "SM-F-ROLE-ASYNC1": ["test_texts.test_a_role_that_goes_before_its_job_has_begun"],
    "SM-F-ROLE-ASYNC2": ["test_texts.test_a_role_that_goes_before_its_job_has_begun"],
    "SM-F-ROLE-FMT": ["test_wire.test_patterns"],
    "SM-F-CALLER": ["test_authz.test_whoever_may_not_create_a_job_is_told_so"],
    "SM-F-SCP-VPC": ["test_authz.test_jobs_can_be_kept_within_a_network"],
    "SM-F-ENI-PERM-PROC": ["test_authz.test_a_role_short_of_one_action"],
    "SM-F-ENI-PERM": ["test_authz.test_a_role_short_of_one_action"],
    # Networks
    "SM-F-SUBNET-404": ["test_matrix_jobs.test_unknown_parts_of_a_network_and_mixed_ones_are_refused",
                        "test_matrix_hosting.test_unknown_subnets_and_groups_are_refused_by_create_model"],
    "SM-F-SG-404": ["test_matrix_jobs.test_unknown_parts_of_a_network_and_mixed_ones_are_refused"],
    "SM-F-VPC-MIX": ["test_matrix_jobs.test_unknown_parts_of_a_network_and_mixed_ones_are_refused",
                     "test_matrix_hosting.test_networks_are_not_mixed"],
    "SM-F-IP": ["test_matrix_jobs.test_each_instance_takes_two_addresses",
                "test_matrix_hosting.test_ten_instances_fit_two_28s_and_eleven_do_not"],
    "SM-HOST-AZ": ["test_matrix_hosting.test_one_subnet_is_accepted_by_the_model_and_fails_the_endpoint"],
    # Instances
    "SM-F-CAPACITY": ["test_sagemaker_capacity.test_jobs_wait_and_fail"],
    "SM-F-CAPACITY-MSG": ["test_sagemaker_capacity.test_jobs_wait_and_fail"],
    "SM-F-LIMIT": ["test_sagemaker_capacity.test_a_quota_of_each_use"],
    "SM-F-LIMIT-PROC": ["test_sagemaker_capacity.test_spot_and_totals"],
    # Containers
    "SM-F-ALGO": ["test_behaviours.test_a_failure_with_its_exit_code_logs_and_metrics"],
    "SM-F-PING": ["test_matrix_paths.test_a_way"],
    "SM-F-EP-RETRY": ["test_texts.test_an_endpoint_fails_with_words_of_the_users_own"],
    "SM-F-INTERNAL": ["test_sagemaker_capacity.test_the_service_fails_a_job", "test_authz.test_a_role_short_of_one_action"],
    "SM-F-NEO": ["test_texts.test_a_compiler_that_fails_says_why"],
    "1024-characters": ["test_texts.test_a_reason_has_1024_characters_at_most"],
    "hosts-apart": ["test_matrix_jobs.test_instances_of_a_distributed_job_have_to_reach_each_other",
                    "test_matrix_jobs.test_a_hanging_job_is_stopped_by_its_time_limit"],
    # Validation
    "required": ["test_wire.test_required_members"],
    "pattern": ["test_wire.test_patterns", "test_wire.test_members_of_lists_are_named_by_number"],
    "enum": ["test_wire.test_enums_and_ranges"],
    "length": ["test_wire.test_lengths"],
    "range": ["test_wire.test_enums_and_ranges"],
    "members-of-a-list": ["test_wire.test_list_members"],
    "values-of-a-map": ["test_texts.test_values_of_maps_are_told_with_the_map"],
    "json-of-the-wrong-type": ["test_wire.test_json_of_the_wrong_type"],
    # Names in use, unknown names, wrong states
    "in-use-jobs": ["test_matrix_jobs.test_a_name_is_used_once"],
    "in-use-hosting": ["test_matrix_hosting.test_names_are_unique_and_unknown_ones_are_named"],
    "in-use-tuning": ["test_texts.test_tuning_jobs_have_words_of_their_own"],
    "unknown-jobs": ["test_matrix_jobs.test_an_unknown_job_is_told_in_the_kind_s_words"],
    "unknown-hosting": ["test_matrix_hosting.test_names_are_unique_and_unknown_ones_are_named"],
    "unknown-model-of-a-job": ["test_texts.test_a_transform_job_names_a_model_that_there_is"],
    "unknown-tuning": ["test_texts.test_tuning_jobs_have_words_of_their_own"],
    "unknown-notebook": ["test_texts.test_notebooks_have_words_of_their_own"],
    "ended-job": ["test_matrix_jobs.test_the_words_for_a_status_are_the_kind_s_own"],
    "endpoint-in-progress": ["test_matrix_hosting.test_an_endpoint_under_way_is_left_alone"],
    "running-job-deleted": ["test_matrix_jobs.test_a_job_is_deleted_when_it_has_ended"],
    "order-of-checks": ["test_texts.test_what_is_wrong_is_told_in_order"],
    # IAM and STS
    "identity-implicit": ["test_authz.test_whoever_may_not_create_a_job_is_told_so"],
    "identity-explicit": ["test_authz.test_a_denial_wins_and_a_managed_policy_that_denies_is_named"],
    "boundary": ["test_authz.test_a_boundary_bounds"],
    "session-policy": ["test_authz.test_a_session_policy_limits_its_session"],
    "control-policy": ["test_authz.test_control_policies_bind_the_root_too"],
    "trust": ["test_iam_sts.test_a_role_that_trusts_only_a_service_cannot_be_assumed_by_a_user"],
    "endpoint-policy-implicit": ["test_s3_access.test_a_bucket_for_one_endpoint"],
    "endpoint-policy-explicit": ["test_texts.test_an_endpoint_policy_that_denies_is_named"],
    "resource-policy": ["test_s3_access.test_another_account_needs_both_sides"],
    "s3-denied": ["test_s3_access.test_a_user_is_told_what_is_missing"],
    "malformed-trust": ["test_iam_sts.test_the_text_of_a_malformed_trust_policy"],
    "policy-in-use": ["test_iam_policies.test_a_policy_comes_and_goes"],
    "sts-input": ["test_iam_sts.test_bad_requests_to_assume_a_role"],
    "expired": ["test_sts.test_a_session_expires_on_the_clock_of_its_account"],
    "unknown-key": ["test_signatures.test_unknown_keys_are_refused"],
    "pass-role": ["test_authz.test_a_role_must_be_passed"],
    "codes-of-services": ["test_authz.test_ec2_tells_in_code_what_was_asked"],
    # Signatures
    "signature": ["test_signatures.test_a_wrong_secret"],
    "skew": ["test_signatures.test_clocks_may_differ_by_a_quarter_of_an_hour"],
    "skew-of-services": ["test_signatures.test_a_wrong_clock_in_the_words_of_each_service"],
    "scope": ["test_signatures.test_a_scope_of_another_day", "test_signatures.test_a_scope_of_another_service",
              "test_signatures.test_a_scope_of_no_region"],
}


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_has_its_test(text):
    assert TEXTS[text]
    for name in TEXTS[text]:
        module, _, function = name.partition(".")
        assert callable(getattr(importlib.import_module(module), function, None)), f"there is no {name}"


# === Data ===

@pytest.fixture
def place(quick):  # noqa: F811
    """A place whose jobs get to S3, with a bucket that has nothing in it."""
    made = Place(quick)
    made.endpoint()
    return made


def test_code_that_the_container_may_not_read(place):
    [endpoint] = place.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [place.vpc]}])["VpcEndpoints"]
    place.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=json.dumps({"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{place.bucket}/code/*"}]}))
    request = job_request("code", place.role, place.config, 1)
    request["HyperParameters"] = {"sagemaker_submit_directory": json.dumps(f"s3://{place.bucket}/code/source.tar.gz")}
    place.sm.create_training_job(**request)
    told = place.aws.job("code")
    assert (told["TrainingJobStatus"], told["FailureReason"]) == ("Failed", (
        "AlgorithmError: framework error: An error occurred (403) when calling the HeadObject operation: Forbidden"))


def test_data_that_are_not_there_refuse_a_training_job(place):
    place.s3.create_bucket(Bucket=place.bucket)
    with refused("ValidationException", (
            f'No S3 objects found under S3 URL "s3://{place.bucket}/in" given in input data source. Please ensure that the '
            "bucket exists in the selected region (us-east-1), that objects exist under that S3 prefix, and that the role "
            f'"{place.role}" has "s3:ListBucket" permissions on bucket "{place.bucket}".')):
        place.run("training", "job")
    assert place.sm.list_training_jobs()["TrainingJobSummaries"] == []


def test_data_that_are_not_there_fail_a_processing_job(place):
    place.s3.create_bucket(Bucket=place.bucket)
    ended = place.run("processing", "job")
    assert (ended.status, ended.reason) == ("Failed", (
        f'ClientError: No S3 objects found under S3 URL "s3://{place.bucket}/in" given in input data source. Please ensure '
        "that the bucket exists in the selected region (us-east-1), that objects exist under that S3 prefix, and that the "
        f'role has "s3:ListBucket" permissions on bucket "{place.bucket}".'))
    assert place.aws.interfaces(group_id=place.group) == []


def test_model_data_that_are_not_there_refuse_a_model(place):
    place.s3.create_bucket(Bucket=place.bucket)
    with refused("ValidationException", lambda text: text.startswith(
            f"Could not access model data at s3://{place.bucket}/model.tar.gz. Please ensure that the role "
            f'"{place.role}" exists and that its trust relationship policy allows the action "sts:AssumeRole" for the '
            'service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and '
            "that the object is located in us-east-1.")):
        place._model("model", place.role)
    assert place.sm.list_models()["Models"] == []


def test_a_model_that_is_not_there_fails_a_compilation_job(place):
    place.s3.create_bucket(Bucket=place.bucket)
    ended = place.run("compilation", "job")
    assert (ended.status, ended.reason) == ("FAILED", (
        f"ClientError: InputConfiguration: S3 object does not exist. Bucket: {place.bucket}, Key: model.tar.gz"))


def test_a_bucket_of_another_region_fails_a_compilation_job(place):
    s3 = place.aws.client("s3", region="eu-west-1", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket=place.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=place.bucket, Key="model.tar.gz", Body=b"1")
    ended = place.run("compilation", "job")
    assert (ended.status, ended.reason) == ("FAILED", (
        f"ClientError: InputConfiguration: Bucket {place.bucket} is in region eu-west-1 which is different from AWS "
        "Sagemaker service region us-east-1"))


def test_a_role_that_goes_before_its_job_has_begun(aws):
    """The create call was fine; what wants to load data as the role is not."""
    aws.manual_clock()
    network = aws.network("10.0.1.0/24")
    role = aws.role("worker")
    aws.sm.create_training_job(**job_request("t", role, network.config, 1))
    aws.sm.create_processing_job(
        ProcessingJobName="p", RoleArn=role, AppSpecification={"ImageUri": IMAGE},
        NetworkConfig={"VpcConfig": network.config}, ProcessingResources={"ClusterConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}})
    aws.iam.update_assume_role_policy(RoleName="worker", PolicyDocument=json.dumps({"Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}))
    aws.advance("10m")
    assert aws.job("t")["FailureReason"] == (
        "ClientError: TrainingHostAgent Initialization failed:InvalidInputException: SageMaker is unable to perform: "
        "sts:AssumeRole on the role. Check if you have a trust relationship for 'sagemaker.amazonaws.com' to assume the role.")
    told = aws.sm.describe_processing_job(ProcessingJobName="p")
    assert told["FailureReason"] == f"ClientError: SageMaker was unable to assume the role '{role}'"
    for job in ("training-job/t", "processing-job/p"):
        why = aws.server.control("GET", f"/_mockplane/explain/{job}?account={aws.number}")
        assert why["decidedBy"] == "SM-ROLE-TRUST-07" and "update-assume-role-policy" in json.dumps(why["fixes"])
    assert aws.interfaces(group_id=network.group) == []


def test_an_endpoint_policy_that_denies_is_named(place):
    """As a container hears it that lists what its endpoint's policy denies."""
    [endpoint] = place.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [place.vpc]}])["VpcEndpoints"]
    place.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=json.dumps({"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}))
    place.s3.create_bucket(Bucket=place.bucket)
    place.s3.put_object(Bucket=place.bucket, Key="a", Body=b"1")
    inside = through(place.aws.client("s3", user_agent="inside", s3={"addressing_style": "path"}),
                     x_mockplane_source_vpce=endpoint["VpcEndpointId"])
    with refused("AccessDenied", lambda text: text.endswith("with an explicit deny in a VPC endpoint policy"), 403):
        inside.get_object(Bucket=place.bucket, Key="a")


# === Containers ===

def declare(place, **behaviour):
    place.server.control(
        "POST", f"/_mockplane/behaviours?account={place.aws.number}", {"behaviours": [behaviour]})


def test_a_compiler_that_fails_says_why(place):
    declare(place, kinds=["compilation"], exitCode=1, failure=(
        "InputConfiguration: Unable to untar input model. Please confirm the model is a tar.gz file"))
    ended = place.run("compilation", "job")
    assert (ended.status, ended.reason) == ("FAILED", (
        "ClientError: InputConfiguration: Unable to untar input model. Please confirm the model is a tar.gz file"))


def test_an_endpoint_fails_with_words_of_the_users_own(place):
    """What AWS says when a deployment fails for no reason of its user's is not known for sure: it is declared."""
    place.s3.create_bucket(Bucket=place.bucket)
    place.s3.put_object(Bucket=place.bucket, Key="model.tar.gz", Body=b"1")
    words = "Request to service failed. If failure persists after retry, contact customer support."
    declare(place, kinds=["hosting"], serviceFailure={"at": "starting", "reason": words})
    ended = place.run("hosting", "endpoint")
    assert (ended.status, ended.reason, ended.rule) == ("Failed", words, None)


def test_a_reason_has_1024_characters_at_most(place):
    declare(place, kinds=["training", "compilation"], exitCode=1, failure="x" * 3000)
    for kind in ("training", "compilation"):
        reason = place.run(kind, "job").reason
        assert reason.partition(": ")[0] in ("AlgorithmError", "ClientError") and 900 < len(reason) <= 1024


# === Refusals ===

def test_values_of_maps_are_told_with_the_map(aws):
    request = job_request("job", aws.role())
    request["HyperParameters"] = {"a": "x" * 2501}
    with refused("ValidationException", lambda text: text.startswith(
            "1 validation error detected: Value '{a=xxx") and "' at 'hyperParameters' failed to satisfy constraint: Map "
            "value must satisfy constraint: [Member must have length less than or equal to 2500, Member must have length "
            "greater than or equal to 0, Member must satisfy regular expression pattern: " in text):
        aws.raw("sagemaker").create_training_job(**request)


def test_a_transform_job_names_a_model_that_there_is(aws):
    with refused("ValidationException", f'Could not find model "arn:aws:sagemaker:us-east-1:{aws.number}:model/nobody".'):
        aws.sm.create_transform_job(
            TransformJobName="job", ModelName="nobody",
            TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}}},
            TransformOutput={"S3OutputPath": "s3://data/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})


def test_tuning_jobs_have_words_of_their_own(aws):
    aws.manual_clock()
    job = job_request("x", aws.role())
    definition = {key: job[key] for key in (
        "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition")}
    request = {
        "HyperParameterTuningJobName": "tune",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]}},
        "TrainingJobDefinition": {**definition, "AlgorithmSpecification": {
            **job["AlgorithmSpecification"], "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}]}},
    }
    aws.sm.create_hyper_parameter_tuning_job(**request)
    with refused("ResourceInUse", "A hyperparameter tuning job with the name, tune, already exists. Choose a different name."):
        aws.sm.create_hyper_parameter_tuning_job(**request)
    with refused("ResourceNotFound", lambda text: text.startswith("Amazon SageMaker can't find a tuning job")):
        aws.sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="nobody")


def test_notebooks_have_words_of_their_own(aws):
    with refused("ValidationException", lambda text: text.startswith("RecordNotFound")):
        aws.sm.describe_notebook_instance(NotebookInstanceName="nobody")
    with refused("ValidationException", lambda text: text.startswith(
            "Unable to describe Notebook Instance Lifecycle Config")):
        aws.sm.describe_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="nobody")


def test_what_is_wrong_is_told_in_order(place):
    """Shape, permission, name, role, network, data: each once what comes before it is mended."""
    place.s3.create_bucket(Bucket=place.bucket)
    place.s3.put_object(Bucket=place.bucket, Key="in/part-0", Body=b"1")
    assert place.run("training", "taken").status == "Completed"
    user = place.aws.iam.create_user(UserName="dev") and place.aws.iam.create_access_key(UserName="dev")["AccessKey"]
    sm = place.aws.client("sagemaker", key=user["AccessKeyId"], secret=user["SecretAccessKey"], validate=False)
    nobody = f"arn:aws:iam::{place.aws.number}:role/nobody"
    request = job_request("taken", nobody, {"Subnets": ["subnet-0123456789abcdef0"], "SecurityGroupIds": [place.group]}, 1)
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{place.bucket}/nothing"
    request["OutputDataConfig"]["S3OutputPath"] = f"s3://{place.bucket}/out"
    request["ResourceConfig"]["InstanceCount"] = -1

    def says(code, part):
        with refused(code, lambda text: part in text):
            sm.create_training_job(**request)

    says("ValidationException", "'resourceConfig.instanceCount' failed to satisfy constraint")
    request["ResourceConfig"]["InstanceCount"] = 1
    says("AccessDeniedException", "sagemaker:CreateTrainingJob")
    place.aws.iam.put_user_policy(UserName="dev", PolicyName="all", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    says("ResourceInUse", "Training job names must be unique")
    request["TrainingJobName"] = "free"
    says("ValidationException", f"Could not assume role {nobody}.")
    request["RoleArn"] = place.role
    says("ValidationException", "The subnet ID 'subnet-0123456789abcdef0' does not exist")
    request["VpcConfig"]["Subnets"] = place.subnets
    says("ValidationException", "No S3 objects found under S3 URL")
    source["S3Uri"] = f"s3://{place.bucket}/in"
    sm.create_training_job(**request)
