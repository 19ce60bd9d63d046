"""A thousand jobs at once in one account: every address and every interface is accounted for, all the time."""

from concurrent.futures import ThreadPoolExecutor

from mockplane import job_request

JOBS = 1000


def test_a_thousand_jobs_at_once(aws):
    aws.manual_clock()
    net = aws.network("10.0.0.0/20")
    role = aws.role()
    [subnet] = net.subnets
    at_first = aws.free(subnet)

    def create(number):
        aws.sm.create_training_job(**job_request(f"job-{number}", role, net.config, 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(JOBS)))

    most = 0
    for _ in range(60):
        pages = aws.ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=[{"Name": "subnet-id", "Values": [subnet]}], PaginationConfig={"PageSize": 1000})
        interfaces = [one for page in pages for one in page["NetworkInterfaces"]]
        addresses = {one["PrivateIpAddress"] for one in interfaces}
        assert len(addresses) == len(interfaces) == at_first - aws.free(subnet)
        most = max(most, len(interfaces))
        if most and not interfaces and not aws.sm.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]:
            break
        aws.advance("250ms")
    assert most == 2 * JOBS
    pages = aws.sm.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 100})
    statuses = [one["TrainingJobStatus"] for page in pages for one in page["TrainingJobSummaries"]]
    assert statuses == ["Completed"] * JOBS
    assert aws.free(subnet) == at_first
