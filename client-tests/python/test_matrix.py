"""The matrix of rules and kinds of job: which test looks at which cell.

What a row of it says about a kind is in the tests that are named here. Rows about ways out of a VPC are a table of their
own, in test_matrix_paths.py; those about permissions of roles have a cell for each action, in test_authz.py.
"""

import pytest
import test_authz
import test_hosting_scale
import test_matrix_hosting
import test_matrix_jobs
import test_matrix_paths

JOBS = ("training", "processing", "transform", "compilation")
KINDS = (*JOBS, "hosting")

# What a row asks: the test of the four kinds of job, and the test of hosting. A cell that differs stands by itself.
MATRIX = {
    # === Where and when ===
    "where-the-vpc-is-given": (
        "test_the_network_is_given_where_the_kind_takes_it",
        "test_the_vpc_is_that_of_the_model_and_interfaces_come_with_the_endpoint"),
    "role-that-makes-the-interfaces": (
        "test_the_interfaces_are_made_by_the_role_that_the_kind_has",
        "test_the_role_of_the_model_makes_the_interfaces_and_they_carry_all_groups"),
    "interfaces-are-made": (
        "test_interfaces_live_from_the_start_of_a_job_to_its_end",
        "test_the_vpc_is_that_of_the_model_and_interfaces_come_with_the_endpoint"),
    "interfaces-of-an-update": (None, "test_an_update_holds_old_and_new_at_once"),
    "interfaces-go-away": (
        "test_interfaces_live_from_the_start_of_a_job_to_its_end", "test_interfaces_linger_after_the_endpoint"),
    "where-a-failure-is-told": (
        "test_a_failure_is_told_where_the_kind_tells_it",
        "test_one_subnet_is_accepted_by_the_model_and_fails_the_endpoint"),
    "status-words": (
        "test_the_words_for_a_status_are_the_kind_s_own", "test_describe_tells_the_deployment_in_progress"),
    # DescribeEndpoint has no such member.
    "secondary-status": ("test_a_failure_is_told_where_the_kind_tells_it", None),
    "instances-that-count": ("test_every_instance_counts", "test_instances_are_those_of_all_variants"),
    # === Rules ===
    "SM-VPC-DEFAULT-01": (
        "test_without_a_network_nothing_of_a_network_applies", "test_without_a_vpc_nothing_is_taken"),
    "SM-VPC-ENI-08": (
        "test_the_interfaces_lie_in_one_subnet_and_carry_all_groups",
        "test_the_role_of_the_model_makes_the_interfaces_and_they_carry_all_groups"),
    "SM-VPC-ENI-10": (
        "test_the_interfaces_have_private_addresses_only", "test_the_interfaces_have_private_addresses_only"),
    "SM-VPC-TENANCY": (
        "test_dedicated_tenancy_is_refused_where_the_page_says_so", "test_dedicated_tenancy_is_no_matter"),
    "SM-VPC-IP-01": ("test_each_instance_takes_two_addresses", "test_ten_instances_fit_two_28s_and_eleven_do_not"),
    "SM-VPC-IP-02": (
        "test_only_training_needs_five_addresses_for_an_elastic_fabric_adapter",
        "test_an_elastic_fabric_adapter_takes_no_more_addresses"),
    "SM-HOST-AZ-01": ("test_one_zone_is_enough_for_a_job", "test_two_subnets_of_one_zone_do_not_do"),
    "SM-F-DHCP": (
        "test_dhcp_options_have_to_name_a_domain_and_name_servers",
        "test_dhcp_options_have_to_name_a_domain_and_name_servers"),
    "SM-SG-SELF": (
        "test_instances_of_a_distributed_job_have_to_reach_each_other",
        "test_instances_need_no_rule_for_each_other_nor_for_their_subnets"),
    "SM-SG-NEO-06": (
        "test_only_compilation_has_to_reach_its_subnets",
        "test_instances_need_no_rule_for_each_other_nor_for_their_subnets"),
    "SM-F-SUBNET-404-SG-404-VPC-MIX": (
        "test_unknown_parts_of_a_network_and_mixed_ones_are_refused",
        "test_unknown_subnets_and_groups_are_refused_by_create_model"),
    "SM-ROLE-TRUST-07": ("test_the_role_has_to_trust_the_service", "test_the_role_must_trust_the_service"),
    "name-in-use": ("test_a_name_is_used_once", "test_names_are_unique_and_unknown_ones_are_named"),
}
CELLS = {(row, kind): jobs for row, (jobs, _) in MATRIX.items() if jobs for kind in JOBS}
CELLS |= {(row, "hosting"): hosting for row, (_, hosting) in MATRIX.items() if hosting}
CELLS |= {
    ("instances-that-count", "compilation"): "test_a_compilation_job_has_one_instance",
}
# Cells in which there is nothing that could be tested, and why.
EMPTY = {
    ("secondary-status", "hosting"): "no such member",
    ("SM-VPC-IP-02", "processing"): "no instance type with an adapter",
    ("SM-VPC-IP-02", "compilation"): "no instance type",
    **{("interfaces-of-an-update", kind): "jobs are not updated" for kind in JOBS},
}
CELLS = {cell: test for cell, test in CELLS.items() if cell not in EMPTY}


# Rows about ways out, with the kinds whose pages do not state them, and why there is nothing to test of those.
SAMPLE, SILENT = "the sample is of the page of hosting", "the page is silent"
PATHS = {
    "SM-S3-NOPATH-01": {},
    "SM-VPC-ENI-10": {},
    "SM-S3-GW-02": {},
    "SM-S3-RTB-03": {},
    "SM-S3-POL-04": {},
    "SM-S3-POL-05": {},
    "SM-S3-POL-06": dict.fromkeys(JOBS, SAMPLE),
    "SM-S3-BKT-07": {"hosting": SILENT},
    "SM-S3-REPO-10": {"compilation": SILENT},
    "SM-S3-REPO-11": {"compilation": SILENT},
    "SM-S3-DNS-13": {},
    "SM-SG-NEO-06-S3": {},
    "SM-SG-NAT-07": {"compilation": SILENT},
    "SM-OUT-01": {"compilation": SILENT},
    "SM-OUT-02": {"compilation": SILENT},
    "SM-OUT-03": {"compilation": SILENT},
    "SM-ROLE-FULL-06": {},
}
# Rows that have a test of their own for each kind.
OWN = {
    "SM-S3-REPO-12": test_matrix_paths.test_a_policy_that_only_denies_keeps_all_out,
    "SM-VPC-FLOWLOGS-04": test_matrix_paths.test_flow_logs_show_the_traffic_of_containers,
}
# Which permission of a role each kind needs.
NINE = {
    "CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface",
    "DeleteNetworkInterfacePermission", "DescribeNetworkInterfaces", "DescribeVpcs", "DescribeDhcpOptions",
    "DescribeSubnets", "DescribeSecurityGroups",
}
PERMISSIONS = {
    "training": NINE, "processing": NINE, "transform": NINE, "hosting": NINE | {"DescribeVpcEndpoints"},
    "compilation": NINE | {"DescribeVpcEndpoints", "ModifyNetworkInterfaceAttribute"},
}


def kinds_of(function):
    """The kinds that a test is run for; `None` if it is not run for several."""
    for mark in getattr(function, "pytestmark", []):
        if mark.name == "parametrize" and mark.args[0] == "kind":
            return {str(kind) for kind in mark.args[1]}
    return None


@pytest.mark.parametrize("row, kind", [(row, kind) for row in MATRIX for kind in KINDS], ids=lambda part: part)
def test_every_cell_has_its_test(row, kind):
    if (row, kind) in EMPTY:
        assert (row, kind) not in CELLS
        return
    module = test_matrix_hosting if kind == "hosting" else test_matrix_jobs
    test = getattr(module, CELLS[row, kind], None)
    assert callable(test), f"{module.__name__} has no {CELLS[row, kind]}"
    kinds = kinds_of(test)
    assert kinds is None or kind in kinds, f"{CELLS[row, kind]} leaves {kind} out"
    assert kinds is not None or kind in ("hosting", "compilation"), f"{CELLS[row, kind]} is of one kind"


@pytest.mark.parametrize("row, kind", [(row, kind) for row in PATHS for kind in KINDS], ids=lambda part: part)
def test_every_way_out_has_its_test(row, kind):
    tested = [name for name, kind_of in test_matrix_paths.CASES
              if kind_of == kind and test_matrix_paths.ROWS[name].rule == row]
    if kind in PATHS[row]:
        return
    assert tested, f"no way of {row} is tested with {kind}"


def test_no_other_way_is_tested():
    """A row of the table of ways is one of the matrix, or of a rule that all ways have in common."""
    rules = {way.rule for way in test_matrix_paths.ROWS.values()}
    assert rules - set(PATHS) == {"EC2-NACL-EVAL"}


def test_interfaces_are_made_when_an_endpoint_grows():
    """The one fact of where and when that belongs to hosting alone, and to no test of the columns above."""
    assert callable(test_hosting_scale.test_out_and_in) and callable(test_hosting_scale.test_new_interfaces_are_as_the_first_ones)


@pytest.mark.parametrize("row", OWN)
def test_rows_with_tests_of_their_own_have_every_kind(row):
    assert kinds_of(OWN[row]) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_permission_of_a_role_has_its_test(kind):
    tested = {make.__name__: {action.removeprefix("ec2:") for action in actions}
              for make, _, actions in test_authz.KINDS}
    assert tested[kind] == PERMISSIONS[kind]
