"""How often EC2 may be asked."""

from ec2_rules import behaves


@behaves("EC2-THROTTLE")
def one_default_vpc_a_second(w):
    w.aws.manual_clock()
    fault = {"match": {"service": "ec2"}, "effect": {"throttle": "aws"}}
    w.server.control("POST", f"/_mockplane/faults?account={w.mine}", {"faults": [fault]})
    there = ("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
    w.refuses("CreateDefaultVpc", {}, *there, rule="EC2-VPC-DEFAULT")
    w.refuses("CreateDefaultVpc", {}, "RequestLimitExceeded", "Request limit exceeded.", 503)
    w.aws.advance("1s")
    w.refuses("CreateDefaultVpc", {}, *there, rule="EC2-VPC-DEFAULT")
