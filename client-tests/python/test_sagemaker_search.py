"""Search, as boto3 sees it."""

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
