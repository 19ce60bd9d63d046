"""The matrix of rules and kinds of job: which test looks at which cell.

Only what belongs to the creation, the placement and the start of a job, and to its instances among themselves: the way
to S3, roles' permissions and flow logs are not built yet.
"""

import pytest
import test_matrix_hosting
import test_matrix_jobs

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
