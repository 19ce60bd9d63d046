"""The life of each thing that SageMaker keeps, as boto3 sees it: it is told of and listed once it is made, changes, and is
gone; what is not there is neither told of, changed nor deleted, and no list goes on from a token that it did not give."""

import json

import pytest
from botocore.exceptions import ClientError


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/custom:1"
CARD = json.dumps({"model_overview": {"model_id": "first"}})
FEATURES = [{"FeatureName": "id", "FeatureType": "String"}, {"FeatureName": "at", "FeatureType": "Fractional"}]
SCRIPT = "ZWNobyBoZWxsbw=="
JOB = {
    "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}},
}


def monitoring(kind, input_more=(), app_more=()):
    captured = {"EndpointName": "served", "LocalPath": "/opt/ml/processing/input"}
    return dict(JOB, **{
        f"{kind}AppSpecification": {"ImageUri": IMAGE, **dict(app_more)},
        f"{kind}JobInput": {"EndpointInput": captured, **dict(input_more)},
        f"{kind}JobOutputConfig": {"MonitoringOutputs": [
            {"S3Output": {"S3Uri": "s3://elsewhere/reports", "LocalPath": "/opt/ml/processing/output"}}]}})


TRUTH = {"GroundTruthS3Input": {"S3Uri": "s3://elsewhere/labels"}}
# The name of each kind, how it is made, and how it is changed if it can be.
KINDS = {
    "experiment": ({}, {"Description": "changed words"}),
    "trial": ({"ExperimentName": "beforehand"}, {"DisplayName": "changed-words"}),
    "trial_component": ({}, {"DisplayName": "changed-words"}),
    "action": ({"ActionType": "sort", "Source": {"SourceUri": "s3://elsewhere"}}, {"Description": "changed words"}),
    "context": ({"ContextType": "sort", "Source": {"SourceUri": "s3://elsewhere"}}, {"Description": "changed words"}),
    "artifact": ({"ArtifactType": "sort", "Source": {"SourceUri": "s3://elsewhere"}},
                 {"ArtifactName": "changed-words"}),
    "app_image_config": ({}, {"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "changed-words"}]}}),
    "code_repository": ({"GitConfig": {"RepositoryUrl": "https://example.com/repository"}},
                        {"GitConfig": {"SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:changed"}}),
    "image": ({"RoleArn": None}, {"Description": "changed words"}),
    "model_package_group": ({"ModelPackageGroupDescription": "said"}, None),
    "model_package": ({"ModelPackageDescription": "said"}, {"SourceUri": "s3://elsewhere/changed"}),
    "model_card": ({"Content": CARD, "ModelCardStatus": "Draft"}, {"ModelCardStatus": "PendingReview"}),
    "feature_group": ({"RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "at", "RoleArn": None,
                       "FeatureDefinitions": FEATURES, "OnlineStoreConfig": {"EnableOnlineStore": True}},
                      {"FeatureAdditions": [{"FeatureName": "changed", "FeatureType": "String"}]}),
    "notebook_instance_lifecycle_config": ({"OnStart": [{"Content": SCRIPT}]}, {"OnCreate": [{"Content": SCRIPT}]}),
    "studio_lifecycle_config": ({"StudioLifecycleConfigContent": SCRIPT,
                                 "StudioLifecycleConfigAppType": "JupyterServer"}, None),
    "data_quality_job_definition": ({**monitoring("DataQuality"), "RoleArn": None}, None),
    "model_quality_job_definition": ({**monitoring("ModelQuality", TRUTH, {"ProblemType": "Regression"}),
                                      "RoleArn": None}, None),
    "model_bias_job_definition": ({**monitoring("ModelBias", TRUTH, {"ConfigUri": "s3://elsewhere/config"}),
                                   "RoleArn": None}, None),
    "model_explainability_job_definition": (
        {**monitoring("ModelExplainability", (), {"ConfigUri": "s3://elsewhere/config"}), "RoleArn": None}, None),
}
NAMES = {kind: "JobDefinitionName" for kind in KINDS if kind.endswith("job_definition")}
LISTS = {"code_repository": "list_code_repositories"}
CAMEL = {kind: "".join(part.capitalize() for part in kind.split("_")) for kind in KINDS}


@pytest.fixture
def lab(aws):
    """An account in which something is there beforehand."""
    aws.role_arn = aws.role()
    aws.sm.create_experiment(ExperimentName="beforehand")
    serve(aws)
    return aws


def serve(aws):
    aws.sm.create_model(ModelName="served", ExecutionRoleArn=aws.role_arn, PrimaryContainer={"Image": IMAGE})
    aws.sm.create_endpoint_config(EndpointConfigName="served", ProductionVariants=[
        {"VariantName": "all", "ModelName": "served", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        DataCaptureConfig={"InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://elsewhere/captured",
                           "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]})
    aws.sm.create_endpoint(EndpointName="served", EndpointConfigName="served")
    aws.advance("1h")


def is_refused(call, **arguments):
    """For what AWS refuses, not for its form."""
    with pytest.raises(ClientError) as told:
        call(**arguments)
    error = told.value.response["Error"]
    assert error["Code"] not in ("NotImplemented", "AccessDeniedException") and "validation error" not in error["Message"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_made_told_listed_changed_and_deleted(lab, kind):
    made, change = KINDS[kind]
    made = {name: lab.role_arn if value is None else value for name, value in made.items()}
    of = lambda verb: getattr(lab.sm, f"{verb}_{kind}")  # noqa: E731
    name = NAMES.get(kind, f"{CAMEL[kind]}Name")
    by, given = {name: f"my-{kind.replace('_', '-')}"}, {name: f"my-{kind.replace('_', '-')}"}
    listed = getattr(lab.sm, LISTS.get(kind, f"list_{kind}s"))
    if kind == "artifact":
        by = {"ArtifactArn": f"arn:aws:sagemaker:us-east-1:{lab.number}:artifact/{'0' * 32}"}
    is_refused(of("describe"), **by)
    is_refused(of("delete"), **by)
    if change:
        wanted = by if kind != "model_package" else {
            "ModelPackageArn": f"arn:aws:sagemaker:us-east-1:{lab.number}:model-package/my-model-package"}
        is_refused(of("update"), **wanted, **change)
    is_refused(listed, NextToken="nobody-gave-this")
    before = listed()
    arn = next(value for key, value in of("create")(**given, **made).items() if key.endswith("Arn"))
    if kind == "artifact":
        by = {"ArtifactArn": arn}
    is_refused(of("create"), **given, **made) if kind != "artifact" else None
    lab.advance("10s")
    told = of("describe")(**by)
    assert arn in told.values()
    assert listed() != before
    if change:
        of("update")(**(by if kind != "model_package" else {"ModelPackageArn": arn}), **change)
        lab.advance("10s")
        assert of("describe")(**by) != told
    of("delete")(**by)
    lab.advance("10s")
    is_refused(of("describe"), **by)
    without = lambda answer: {key: value for key, value in answer.items() if key != "ResponseMetadata"}  # noqa: E731
    assert without(listed()) == without(before)


def plain(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


class Watch:
    """Does things, and sees that each changes what one asks for."""

    def __init__(self, sm, advance):
        self.sm, self.advance = sm, advance

    def refuses(self, *verbs, **arguments):
        for verb in verbs:
            is_refused(getattr(self.sm, verb), **arguments)

    def changes(self, look, arguments, verb, **more):
        """`look` with its arguments answers otherwise once `verb` is done; or not any more."""
        def told():
            try:
                return plain(getattr(self.sm, look)(**arguments))
            except ClientError as error:
                return error.response["Error"]["Code"]
        before = told()
        answer = getattr(self.sm, verb)(**more)
        self.advance("1h")
        assert told() != before, (look, verb)
        return answer


@pytest.fixture
def watch(aws):
    aws.manual_clock()
    aws.role_arn = aws.role()
    return Watch(aws.sm, aws.advance)


STRAY = {"NextToken": "nobody-gave-this"}


def test_versions_of_images(watch, aws):
    nothing = {"ImageName": "nothing-there"}
    watch.refuses("create_image_version", **nothing, BaseImage=IMAGE, ClientToken="first")
    watch.refuses("list_image_versions", "list_aliases", **nothing)
    watch.refuses("update_image_version", "delete_image_version", "describe_image_version", **nothing, Version=1)
    one = {"ImageName": "with-versions"}
    watch.changes("list_images", {}, "create_image", **one, RoleArn=aws.role_arn)
    watch.changes("list_image_versions", one, "create_image_version", **one, BaseImage=IMAGE, ClientToken="first",
                  Aliases=["newest"])
    watch.changes("list_aliases", one, "update_image_version", **one, Version=1, AliasesToAdd=["stable"])
    watch.changes("describe_image_version", {**one, "Version": 1}, "update_image_version", **one, Version=1,
                  ReleaseNotes="words of release")
    watch.changes("describe_image_version", {**one, "Version": 1}, "delete_image_version", **one, Version=1)
    watch.changes("describe_image", one, "delete_image", **one)


def test_policies_features_and_links(watch, aws):
    group = {"ModelPackageGroupName": "shared-models"}
    watch.refuses("put_model_package_group_policy", **group, ResourcePolicy="{}")
    watch.refuses("get_model_package_group_policy", "delete_model_package_group_policy", **group)
    watch.sm.create_model_package_group(**group)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    watch.changes("get_model_package_group_policy", group, "put_model_package_group_policy", **group,
                  ResourcePolicy=policy)
    watch.changes("get_model_package_group_policy", group, "delete_model_package_group_policy", **group)

    feature = {"FeatureGroupName": "customers", "FeatureName": "id"}
    watch.refuses("describe_feature_metadata", "update_feature_metadata", **feature)
    made = KINDS["feature_group"][0]
    watch.sm.create_feature_group(FeatureGroupName="customers", **{**made, "RoleArn": aws.role_arn})
    watch.changes("describe_feature_metadata", feature, "update_feature_metadata", **feature, Description="whose it is")

    watch.sm.create_experiment(ExperimentName="linked-experiment")
    watch.sm.create_trial(TrialName="linked-trial", ExperimentName="linked-experiment")
    watch.sm.create_trial_component(TrialComponentName="linked-component")
    link = {"TrialName": "linked-trial", "TrialComponentName": "linked-component"}
    watch.refuses("associate_trial_component", "disassociate_trial_component", **{**link, "TrialName": "nothing-there"})
    of = {"TrialName": "linked-trial"}
    watch.changes("list_trial_components", of, "associate_trial_component", **link)
    watch.changes("list_trial_components", of, "disassociate_trial_component", **link)

    source = {"SourceUri": "s3://elsewhere"}
    ends = {f"{end}Arn": watch.sm.create_context(ContextName=f"{end}-context", ContextType="sort", Source=source)[
        "ContextArn"] for end in ("Source", "Destination")}
    nobody = {"SourceArn": ends["SourceArn"] + "-not", "DestinationArn": ends["DestinationArn"]}
    watch.refuses("add_association", "delete_association", **nobody)
    watch.refuses("list_associations", **STRAY)
    watch.changes("list_associations", {"SourceArn": ends["SourceArn"]}, "add_association", **ends)
    watch.changes("list_associations", {"SourceArn": ends["SourceArn"]}, "delete_association", **ends)


def test_studio(watch, aws):
    vpc = aws.vpc()
    settings = {"ExecutionRole": aws.role_arn, "SecurityGroups": [aws.group(vpc)]}
    asked = {"DomainName": "watched", "AuthMode": "IAM", "VpcId": vpc, "AppNetworkAccessType": "VpcOnly",
             "SubnetIds": [aws.subnet(vpc, "10.0.1.0/28")], "DefaultUserSettings": settings}
    watch.refuses("list_domains", "list_user_profiles", "list_spaces", "list_apps", **STRAY)
    domain = {"DomainId": watch.changes("list_domains", {}, "create_domain", **asked)["DomainId"]}
    nothing = {"DomainId": "d-nothingthere"}
    watch.refuses("update_domain", "delete_domain", **nothing)
    user, space = {**domain, "UserProfileName": "watched-user"}, {**domain, "SpaceName": "watched-space"}
    watch.refuses("describe_user_profile", "update_user_profile", "delete_user_profile", **user)
    watch.refuses("describe_space", "update_space", "delete_space", **space)
    watch.changes("list_user_profiles", {}, "create_user_profile", **user)
    sharing = {"OwnershipSettings": {"OwnerUserProfileName": "watched-user"},
               "SpaceSharingSettings": {"SharingType": "Private"}}
    watch.changes("list_spaces", {}, "create_space", **space, **sharing)
    watch.changes("describe_user_profile", user, "update_user_profile", **user,
                  UserSettings={**settings, "DefaultLandingUri": "studio::relative"})
    watch.changes("describe_space", space, "update_space", **space, SpaceDisplayName="shown otherwise")
    watch.changes("describe_domain", domain, "update_domain", **domain,
                  DefaultUserSettings={**settings, "DefaultLandingUri": "studio::relative"})
    app = {**user, "AppType": "JupyterServer", "AppName": "default"}
    watch.refuses("describe_app", "delete_app", **app)
    watch.changes("list_apps", {}, "create_app", **app)
    watch.changes("list_apps", {}, "delete_app", **app)
    watch.changes("list_spaces", {}, "delete_space", **space)
    watch.changes("list_user_profiles", {}, "delete_user_profile", **user)
    watch.changes("list_domains", {}, "delete_domain", **domain, RetentionPolicy={"HomeEfsFileSystem": "Delete"})


def test_notebooks_and_clusters(watch, aws):
    book = {"NotebookInstanceName": "watched-notebook"}
    watch.refuses("start_notebook_instance", "stop_notebook_instance", "delete_notebook_instance", **book)
    watch.refuses("list_notebook_instances", "list_clusters", **STRAY)
    watch.changes("list_notebook_instances", {}, "create_notebook_instance", **book, InstanceType="ml.t3.medium",
                  RoleArn=aws.role_arn)
    for verb in ("stop", "start", "stop", "delete"):
        watch.changes("list_notebook_instances", {}, f"{verb}_notebook_instance", **book)

    groups = [{"InstanceGroupName": "workers", "InstanceType": "ml.m5.large", "InstanceCount": 2,
               "ExecutionRole": aws.role_arn,
               "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-scripts/base", "OnCreate": "on_create.sh"}}]
    cluster = {"ClusterName": "watched-cluster"}
    watch.refuses("update_cluster_software", **cluster)
    watch.refuses("batch_delete_cluster_nodes", **cluster, NodeIds=["i-0123456789abcdef0"])
    watch.changes("list_clusters", {}, "create_cluster", **cluster, InstanceGroups=groups)
    nodes = watch.sm.list_cluster_nodes(**cluster)["ClusterNodeSummaries"]
    node = {**cluster, "NodeId": nodes[0]["InstanceId"]}
    watch.changes("describe_cluster_node", node, "update_cluster_software", **cluster)
    watch.changes("describe_cluster_node", node, "batch_delete_cluster_nodes", **cluster, NodeIds=[node["NodeId"]])


def test_lists_of_what_runs(watch, aws):
    watch.refuses("list_auto_ml_jobs", "list_hyper_parameter_tuning_jobs", "list_pipelines", "list_monitoring_schedules",
                  "list_monitoring_executions", "list_inference_components", **STRAY)
    definition = json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {
        "ErrorMessage": "enough"}}]})
    watch.changes("list_pipelines", {}, "create_pipeline", PipelineName="watched-pipeline", RoleArn=aws.role_arn,
                  PipelineDefinition=definition)
    # Alerts of a schedule.
    inline = monitoring("DataQuality")
    definition = {
        "MonitoringInputs": [inline["DataQualityJobInput"]], "MonitoringResources": JOB["JobResources"],
        "MonitoringOutputConfig": inline["DataQualityJobOutputConfig"], "RoleArn": aws.role_arn,
        "MonitoringAppSpecification": inline["DataQualityAppSpecification"]}
    serve(aws)
    schedule = {"MonitoringScheduleName": "watched-schedule"}
    config = {"ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"}, "MonitoringJobDefinition": definition,
              "MonitoringType": "DataQuality"}
    watch.changes("list_monitoring_schedules", {}, "create_monitoring_schedule", **schedule,
                  MonitoringScheduleConfig=config)
    alert = aws.sm.list_monitoring_alerts(**schedule)["MonitoringAlertSummaries"][0]["MonitoringAlertName"]
    watch.changes("list_monitoring_alerts", schedule, "update_monitoring_alert", **schedule, MonitoringAlertName=alert,
                  DatapointsToAlert=17, EvaluationPeriod=93)
    for verb in ("stop", "start", "stop", "delete"):
        watch.changes("describe_monitoring_schedule", schedule, f"{verb}_monitoring_schedule", **schedule)
    watch.refuses("stop_hyper_parameter_tuning_job", HyperParameterTuningJobName="nothing-there")
    watch.refuses("stop_auto_ml_job", AutoMLJobName="nothing-there")
    watch.refuses("stop_monitoring_schedule", "start_monitoring_schedule", "delete_monitoring_schedule",
                  MonitoringScheduleName="nothing-there")
    watch.refuses("list_monitoring_alerts", "list_monitoring_alert_history", MonitoringScheduleName="nothing-there")
    watch.refuses("update_monitoring_alert", MonitoringScheduleName="nothing-there", MonitoringAlertName="any",
                  DatapointsToAlert=1, EvaluationPeriod=1)
    arn = f"arn:aws:sagemaker:us-east-1:{aws.number}:pipeline/watched-pipeline/execution/nothingthere"
    watch.refuses("stop_pipeline_execution", PipelineExecutionArn=arn)
    watch.refuses("update_inference_component", "delete_inference_component", InferenceComponentName="nothing-there")
    watch.refuses("update_inference_component_runtime_config", InferenceComponentName="nothing-there",
                  DesiredRuntimeConfig={"CopyCount": 2})
