"""Search, as boto3 sees it."""

import json

import pytest

from mockplane import job_request, refused


@pytest.fixture
def jobs(aws):
    """Three training jobs."""
    role = aws.role()
    for name, count in (("one", 1), ("two", 2), ("three", 3)):
        request = job_request(name, role, instances=count)
        request |= {"Tags": [{"Key": "team", "Value": name}], "HyperParameters": {"rate": str(count / 10)}}
        aws.sm.create_training_job(**request)
    return aws


def names(told):
    return [one["TrainingJob"]["TrainingJobName"] for one in told["Results"]]


def found(aws, *filters, **more):
    expression = {"Filters": [dict(zip(("Name", "Operator", "Value"), one)) for one in filters]}
    return sorted(names(aws.sm.search(Resource="TrainingJob", SearchExpression=expression, **more)))


def test_filters(jobs):
    assert found(jobs, ("TrainingJobName", "Contains", "t")) == ["three", "two"]
    assert found(jobs, ("TrainingJobName", "In", "one,two")) == ["one", "two"]
    assert found(jobs, ("Tags.team", "Equals", "two")) == ["two"]
    assert found(jobs, ("HyperParameters.rate", "GreaterThan", "0.15")) == ["three", "two"]
    assert found(jobs, ("ResourceConfig.InstanceCount", "LessThan", "3"), ("Tags.team", "Exists")) == ["one", "two"]
    assert found(jobs, ("CreationTime", "GreaterThan", "2001-01-01T00:00:00")) == ["one", "three", "two"]


def test_order_and_pages(jobs):
    pages = jobs.sm.get_paginator("search").paginate(
        Resource="TrainingJob", SortBy="ResourceConfig.InstanceCount", SortOrder="Ascending",
        PaginationConfig={"PageSize": 2})
    assert [names(page) for page in pages] == [["one", "two"], ["three"]]
    told = jobs.sm.search(Resource="TrainingJob", MaxResults=1)
    assert told["TotalHits"] == {"Value": 3, "Relation": "EqualTo"}
    assert told["Results"][0]["TrainingJob"]["Tags"][0]["Key"] == "team"


def test_refusals(jobs):
    with refused("ValidationException", "'CONTAINS' operator usage limit of 1 exceeded."):
        found(jobs, ("TrainingJobName", "Contains", "o"), ("TrainingJobName", "Contains", "n"))
    for one in (("Nothing", "Equals", "x"), ("TrainingJobName", "LessThan", "x"),
                ("ResourceConfig.InstanceCount", "Equals", "x")):
        with refused("ValidationException"):
            found(jobs, one)
    with refused("NotImplemented", status=501):
        jobs.sm.search(Resource="Image")


def test_suggestions(jobs):
    told = jobs.sm.get_search_suggestions(
        Resource="TrainingJob", SuggestionQuery={"PropertyNameQuery": {"PropertyNameHint": "T"}})
    assert told["PropertyNameSuggestions"] == [{"PropertyName": "Tags.team"}]


def test_what_is_only_kept(aws):
    sm = aws.sm
    sm.create_experiment(ExperimentName="e")
    sm.create_trial(TrialName="t", ExperimentName="e")
    sm.create_trial_component(TrialComponentName="c", Parameters={"rate": {"NumberValue": 0.5}})

    def components(name, value):
        expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
        told = sm.search(Resource="ExperimentTrialComponent", SearchExpression=expression)["Results"]
        return [one["TrialComponent"] for one in told]

    assert components("Parents.ExperimentName", "e") == []
    sm.associate_trial_component(TrialComponentName="c", TrialName="t")
    assert components("Parents.ExperimentName", "e")[0]["Parents"] == [{"TrialName": "t", "ExperimentName": "e"}]
    assert components("Parameters.rate", "0.5")[0]["TrialComponentName"] == "c"
    sm.create_model_package_group(ModelPackageGroupName="g")
    sm.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="Approved")
    told = sm.search(Resource="ModelPackage", SearchExpression={"Filters": [
        {"Name": "ModelPackageGroupName", "Value": "g"}, {"Name": "ModelApprovalStatus", "Value": "Approved"}]})
    assert told["Results"][0]["ModelPackage"]["ModelPackageVersion"] == 1
    assert sm.search(Resource="FeatureMetadata")["TotalHits"]["Value"] == 0


def test_versions_of_pipelines(aws):
    def definition(reason):
        steps = [{"Name": "end", "Type": "Fail", "Arguments": {"ErrorMessage": reason}}]
        return json.dumps({"Version": "2020-12-01", "Steps": steps})

    sm = aws.sm
    sm.create_pipeline(PipelineName="line", PipelineDefinition=definition("one"), RoleArn=aws.role(),
                       ClientRequestToken="c" * 32)
    assert sm.update_pipeline(PipelineName="line", PipelineDefinition=definition("two"))["PipelineVersionId"] == 2
    execution = sm.start_pipeline_execution(PipelineName="line", ClientRequestToken="s" * 32)["PipelineExecutionArn"]
    told = sm.search(Resource="PipelineVersion", SortBy="PipelineVersionId")["Results"]
    assert [one["PipelineVersion"]["PipelineVersionId"] for one in told] == [2, 1]
    assert told[0]["PipelineVersion"]["LastExecutedPipelineExecutionArn"] == execution
    assert "LastExecutedPipelineExecutionArn" not in told[1]["PipelineVersion"]
