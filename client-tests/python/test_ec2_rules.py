"""Every rule of EC2 as boto3 sees it: code, status and text of what it refuses, or what it makes so."""

import pytest

import ec2_rules
import ec2_rules_endpoints  # noqa: F401
import ec2_rules_groups  # noqa: F401
import ec2_rules_insights  # noqa: F401
import ec2_rules_interfaces  # noqa: F401
import ec2_rules_pairs  # noqa: F401
import ec2_rules_paths  # noqa: F401
import ec2_rules_quotas
import ec2_rules_routing  # noqa: F401
import ec2_rules_throttling  # noqa: F401
import ec2_rules_vpcs  # noqa: F401

# Rules that cannot be shown here, and why.
NOT_SHOWN = {
    "EC2-FL-DELIVER-BUCKET": "it takes traffic: test_flow_delivery.py",
    "EC2-FL-DELIVER-ROLE": "it takes traffic: test_flow_delivery.py",
}

CASES = [
    pytest.param(rule, entry, id=rule if number == 0 else f"{rule}/{number + 1}")
    for rule, entries in ec2_rules.ENTRIES.items() for number, entry in enumerate(entries)
]


@pytest.mark.parametrize("rule, entry", CASES)
def test_a_rule(server, rule, entry):
    entry(ec2_rules.World(server, rule))


def test_every_rule_is_in_the_table():
    shown = set(ec2_rules.ENTRIES) | set(ec2_rules_quotas.QUOTAS.values())
    assert len(ec2_rules.KNOWN) > 180
    assert [rule for rule in ec2_rules.KNOWN if rule not in shown | set(NOT_SHOWN)] == []
    assert shown & set(NOT_SHOWN) == set()


def test_every_quota_is_reached(aws):
    known = aws.server.control("GET", f"/_mockplane/quotas?account={aws.number}")["quotas"]
    # Those of SageMaker and S3 are reached where their resources are tested.
    assert set(ec2_rules_quotas.QUOTAS) == {name for name in known if " " not in name} - {
        "notebookInstances", "studioDomains", "studioUserProfiles", "serverlessMemory", "buckets"}
