"""What SageMaker only keeps, as boto3 sees it: model packages, experiments, lineage, model cards, feature groups, images."""

import json

import pytest
from botocore.exceptions import WaiterError

from mockplane import job_request, refused

CARD = json.dumps({"model_overview": {"model_description": "a model"}})


@pytest.fixture
def lab(aws):
    """An account whose time stands still, with a role and a network."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    aws.net = aws.network("10.0.1.0/28")
    return aws


def arn(lab, resource):
    return f"arn:aws:sagemaker:us-east-1:{lab.number}:{resource}"


def specification(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"):
    return {"Containers": [{"Image": image, "ModelDataUrl": "s3://data/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}


def version(lab, group="models", **more):
    return lab.sm.create_model_package(ModelPackageGroupName=group, **more)["ModelPackageArn"]


def test_a_version_is_registered_approved_and_made_a_model_in_the_vpc(lab):
    lab.sm.create_model_package_group(ModelPackageGroupName="models", Tags=[{"Key": "a", "Value": "b"}])
    first = version(lab, InferenceSpecification=specification())
    assert first == arn(lab, "model-package/models/1")
    told = lab.sm.describe_model_package(ModelPackageName=first)
    assert told["ModelPackageStatus"] == "Completed" and told["ModelApprovalStatus"] == "PendingManualApproval"
    assert told["InferenceSpecification"] == specification() and told["ModelPackageVersion"] == 1
    lab.sm.update_model_package(ModelPackageArn=first, ModelApprovalStatus="Approved")
    approved = lab.sm.list_model_packages(ModelPackageGroupName="models", ModelApprovalStatus="Approved")
    assert [one["ModelPackageArn"] for one in approved["ModelPackageSummaryList"]] == [first]
    lab.sm.create_model(ModelName="m", ExecutionRoleArn=lab.role_arn, VpcConfig=lab.net.config,
                        PrimaryContainer={"ModelPackageName": first})
    container = lab.sm.describe_model(ModelName="m")["PrimaryContainer"]
    assert container["ModelPackageName"] == first
    batch = lab.sm.batch_describe_model_package(ModelPackageArnList=[first, arn(lab, "model-package/models/9")])
    assert batch["ModelPackageSummaries"][first]["ModelApprovalStatus"] == "Approved"
    assert list(batch["BatchDescribeModelPackageErrorMap"]) == [arn(lab, "model-package/models/9")]


def test_what_is_wrong_with_model_packages(lab):
    sm = lab.sm
    with refused("ValidationException", "Missing ARN."):
        sm.create_model_package()
    with refused("ValidationException", f"ModelPackageGroup {arn(lab, 'model-package-group/g')} does not exist."):
        sm.describe_model_package_group(ModelPackageGroupName="g")
    sm.create_model_package_group(ModelPackageGroupName="g")
    with refused("ValidationException", f"Model Package Group already exists: {arn(lab, 'model-package-group/g')}"):
        sm.create_model_package_group(ModelPackageGroupName="g")
    with refused("ValidationException", f"Cannot find resource policy for: {arn(lab, 'model-package-group/g')}"):
        sm.get_model_package_group_policy(ModelPackageGroupName="g")
    version(lab, "g")
    with refused("ConflictException", lambda text: "still contains" in text):
        sm.delete_model_package_group(ModelPackageGroupName="g")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    sm.put_model_package_group_policy(ModelPackageGroupName="g", ResourcePolicy=policy)
    assert sm.get_model_package_group_policy(ModelPackageGroupName="g")["ResourcePolicy"] == policy


def test_a_pipeline_registers_a_model(lab):
    lab.iam.put_role_policy(RoleName="trainer", PolicyName="pipelines", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": ["sagemaker:*", "iam:PassRole"], "Resource": "*"}}))
    step = {"Name": "Register", "Type": "RegisterModel", "Arguments": {
        "ModelPackageGroupName": "of-line", "InferenceSpecification": specification(),
        "ModelApprovalStatus": "PendingManualApproval"}}
    condition = {"Name": "If", "Type": "Condition", "Arguments": {
        "Conditions": [{"Type": "Equals", "LeftValue": {"Get": "Steps.Register.ModelApprovalStatus"},
                        "RightValue": "PendingManualApproval"}],
        "IfSteps": [{"Name": "Make", "Type": "Model", "Arguments": {
            "ExecutionRoleArn": lab.role_arn, "VpcConfig": lab.net.config,
            "PrimaryContainer": {"ModelPackageName": {"Get": "Steps.Register.ModelPackageArn"}}}}],
        "ElseSteps": []}}
    definition = json.dumps({"Version": "2020-12-01", "Steps": [step, condition]})
    lab.sm.create_pipeline(PipelineName="line", PipelineDefinition=definition, RoleArn=lab.role_arn)
    execution = lab.sm.start_pipeline_execution(PipelineName="line")["PipelineExecutionArn"]
    assert lab.sm.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"] == "Succeeded"
    steps = lab.sm.list_pipeline_execution_steps(PipelineExecutionArn=execution)["PipelineExecutionSteps"]
    made = {one["StepName"]: one["Metadata"] for one in steps}
    assert made["Register"] == {"RegisterModel": {"Arn": arn(lab, "model-package/of-line/1")}}
    model = lab.sm.list_models()["Models"][0]["ModelName"]
    package = lab.sm.describe_model(ModelName=model)["PrimaryContainer"]["ModelPackageName"]
    assert package == arn(lab, "model-package/of-line/1")


def test_a_job_is_a_component_of_its_trial(lab):
    sm = lab.sm
    config = {"ExperimentName": "E", "TrialName": "T"}
    request = {**job_request("j", lab.role_arn, lab.net.config, 1), "ExperimentConfig": config}
    with refused("ResourceNotFound", f"Experiment '{arn(lab, 'experiment/e')}' does not exist."):
        sm.create_training_job(**request)
    sm.create_experiment(ExperimentName="E")
    with refused("ValidationException", lambda text: "Experiment with name (E) already exists" in text):
        sm.create_experiment(ExperimentName="E")
    sm.create_trial(ExperimentName="E", TrialName="T")
    sm.create_training_job(**request)
    [component] = sm.list_trial_components(TrialName="T")["TrialComponentSummaries"]
    assert component["TrialComponentName"] == "j-aws-training-job"
    assert component["TrialComponentSource"]["SourceArn"] == arn(lab, "training-job/j")
    assert component["Status"]["PrimaryStatus"] == "InProgress"
    told = sm.describe_trial_component(TrialComponentName="j-aws-training-job")
    assert told["Parameters"]["SageMaker.InstanceCount"] == {"NumberValue": 1.0}
    with refused("ValidationException",
                 f"TrialComponent '{component['TrialComponentArn']}' is linked to 1 or more trials and cannot be deleted."):
        sm.delete_trial_component(TrialComponentName="j-aws-training-job")
    with refused("ValidationException", lambda text: "trials" in text):
        sm.delete_experiment(ExperimentName="E")
    sm.disassociate_trial_component(TrialComponentName="j-aws-training-job", TrialName="T")
    sm.delete_trial_component(TrialComponentName="j-aws-training-job")
    sm.delete_trial(TrialName="T")
    sm.delete_experiment(ExperimentName="E")
    with refused("ResourceNotFound", f"Experiment '{arn(lab, 'experiment/e')}' does not exist."):
        sm.describe_experiment(ExperimentName="E")


def test_lineage(lab):
    sm = lab.sm
    data = sm.create_artifact(ArtifactType="DataSet", Source={"SourceUri": "s3://data"})["ArtifactArn"]
    action = sm.create_action(ActionName="a", ActionType="Train", Source={"SourceUri": "job"})["ActionArn"]
    sm.add_association(SourceArn=data, DestinationArn=action, AssociationType="ContributedTo")
    [one] = sm.list_associations(DestinationArn=action)["AssociationSummaries"]
    assert (one["SourceArn"], one["SourceType"], one["DestinationName"]) == (data, "DataSet", "a")
    with refused("ValidationException", lambda text: "has associations" in text):
        sm.delete_action(ActionName="a")
    sm.delete_association(SourceArn=data, DestinationArn=action)
    sm.delete_action(ActionName="a")
    sm.delete_artifact(Source={"SourceUri": "s3://data"})
    with refused("ResourceNotFound"):
        sm.describe_artifact(ArtifactArn=data)


def test_model_cards_have_versions(lab):
    sm = lab.sm
    with refused("ValidationException", lambda text: "JSON schema" in text):
        sm.create_model_card(ModelCardName="c", ModelCardStatus="Draft", Content="{")
    sm.create_model_card(ModelCardName="c", ModelCardStatus="Draft", Content=CARD)
    sm.update_model_card(ModelCardName="c", ModelCardStatus="Approved")
    assert sm.describe_model_card(ModelCardName="c")["ModelCardVersion"] == 2
    first = sm.describe_model_card(ModelCardName="c", ModelCardVersion=1)
    assert (first["ModelCardStatus"], first["Content"]) == ("Draft", CARD)
    with refused("ResourceNotFound"):
        sm.describe_model_card(ModelCardName="c", ModelCardVersion=3)
    assert len(sm.list_model_card_versions(ModelCardName="c")["ModelCardVersionSummaryList"]) == 2
    with refused("NotImplemented", status=501):
        sm.create_model_card_export_job(ModelCardName="c", ModelCardExportJobName="e",
                                        OutputConfig={"S3OutputPath": "s3://data"})


def feature_group(lab, **more):
    features = [{"FeatureName": "id", "FeatureType": "String"}, {"FeatureName": "at", "FeatureType": "String"}]
    return lab.sm.create_feature_group(
        FeatureGroupName="f", RecordIdentifierFeatureName="id", EventTimeFeatureName="at",
        FeatureDefinitions=features, RoleArn=lab.role_arn, **more)


def test_a_feature_group_is_made(lab):
    offline = {"S3StorageConfig": {"S3Uri": "s3://data/store"}}
    with refused("ValidationException", lambda text: "cannot be both disabled" in text):
        feature_group(lab)
    feature_group(lab, OfflineStoreConfig=offline)
    assert lab.sm.describe_feature_group(FeatureGroupName="f")["FeatureGroupStatus"] == "Creating"
    lab.advance("1s")
    told = lab.sm.describe_feature_group(FeatureGroupName="f")
    assert told["FeatureGroupStatus"] == "Created" and told["OfflineStoreStatus"] == {"Status": "Active"}
    resolved = told["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    assert resolved.startswith(f"s3://data/store/{lab.number}/us-east-1/offline-store/f-")
    with refused("ResourceInUse"):
        feature_group(lab, OfflineStoreConfig=offline)
    lab.sm.delete_feature_group(FeatureGroupName="f")
    lab.advance("1s")
    with refused("ResourceNotFound"):
        lab.sm.describe_feature_group(FeatureGroupName="f")


def test_waiters_see_images_come_and_go(aws):
    sm = aws.sm
    sm.create_image(ImageName="i", RoleArn=aws.role())
    sm.get_waiter("image_created").wait(ImageName="i", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    sm.create_image_version(ImageName="i", BaseImage="image:1")
    sm.get_waiter("image_version_created").wait(ImageName="i", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    assert sm.describe_image_version(ImageName="i")["Version"] == 1
    sm.update_image(ImageName="i", Description="d")
    sm.get_waiter("image_updated").wait(ImageName="i", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    sm.delete_image(ImageName="i")
    sm.get_waiter("image_deleted").wait(ImageName="i", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    with pytest.raises(WaiterError):
        sm.get_waiter("image_created").wait(ImageName="i", WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def test_everything_that_is_kept_has_tags(lab):
    sm = lab.sm
    tags = [{"Key": "team", "Value": "red"}]
    git = {"RepositoryUrl": "https://example.com/r"}
    made = [
        sm.create_experiment(ExperimentName="e", Tags=tags)["ExperimentArn"],
        sm.create_model_package_group(ModelPackageGroupName="g", Tags=tags)["ModelPackageGroupArn"],
        sm.create_model_package(ModelPackageName="p", Tags=tags)["ModelPackageArn"],
        sm.create_model_card(ModelCardName="c", ModelCardStatus="Draft", Content=CARD, Tags=tags)["ModelCardArn"],
        sm.create_app_image_config(AppImageConfigName="a", Tags=tags)["AppImageConfigArn"],
        sm.create_code_repository(CodeRepositoryName="r", GitConfig=git, Tags=tags)["CodeRepositoryArn"],
        sm.create_context(ContextName="x", ContextType="t", Source={"SourceUri": "u"}, Tags=tags)["ContextArn"],
    ]
    for one in made:
        assert sm.list_tags(ResourceArn=one)["Tags"] == tags, one
    assert sm.list_code_repositories()["CodeRepositorySummaryList"][0]["GitConfig"] == git
    assert sm.describe_app_image_config(AppImageConfigName="a")["AppImageConfigArn"] == made[4]
