"""Studio as boto3 sees it: domains, user profiles, spaces and apps, what they have in a VPC, and what is refused."""

import pytest

from mockplane import refused

HELD = "Unable to delete {} [{}] because {}(s) are associated with it."


class Studio:
    """A VPC with subnets in two zones, a group, a role, and short words for what tests do in a domain."""

    def __init__(self, aws):
        self.aws, self.sm = aws, aws.sm
        aws.manual_clock()
        self.vpc = aws.vpc()
        self.subnets = [aws.subnet(self.vpc, f"10.0.{n}.0/28", AvailabilityZone=f"us-east-1{zone}")
                        for n, zone in enumerate("ab")]
        self.group = aws.group(self.vpc)
        self.role = aws.role()

    def request(self, **more):
        return {"DomainName": "d", "AuthMode": "IAM", "VpcId": self.vpc, "SubnetIds": self.subnets,
                "AppNetworkAccessType": "VpcOnly",
                "DefaultUserSettings": {"ExecutionRole": self.role, "SecurityGroups": [self.group]}, **more}

    def domain(self, **more):
        self.id = self.sm.create_domain(**self.request(**more))["DomainId"]
        self.aws.advance("1h")
        return self.id

    def told(self):
        return self.sm.describe_domain(DomainId=self.id)

    def user(self, name="ann", **more):
        arn = self.sm.create_user_profile(DomainId=self.id, UserProfileName=name, **more)["UserProfileArn"]
        self.aws.advance("1h")
        return arn

    def of(self, name="default", user="ann", kind="JupyterServer"):
        return {"DomainId": self.id, "UserProfileName": user, "AppType": kind, "AppName": name}

    def app(self, name="default", **more):
        arn = self.sm.create_app(**{**self.of(name), **more})["AppArn"]
        self.aws.advance("1h")
        return arn

    def arn(self, what):
        return f"arn:aws:sagemaker:us-east-1:{self.aws.number}:{what}"

    def free(self):
        return [self.aws.free(subnet) for subnet in self.subnets]

    def interfaces(self, word):
        return [one for one in self.aws.interfaces(vpc_id=self.vpc) if word in one["Description"]]


@pytest.fixture
def studio(aws):
    return Studio(aws)


def test_the_network_of_a_domain_is_changed_while_it_has_no_apps(studio):
    studio.domain()
    studio.user()
    studio.app()
    message = "{} only if the domain has no apps in status InService, Pending or Deleting."
    with refused("ValidationException", message.format("AppNetworkAccessType can be modified")):
        studio.sm.update_domain(DomainId=studio.id, AppNetworkAccessType="PublicInternetOnly")
    with refused("ValidationException", message.format("Subnets can be removed")):
        studio.sm.update_domain(DomainId=studio.id, SubnetIds=studio.subnets[:1])
    assert (studio.told()["Status"], studio.told()["SubnetIds"]) == ("InService", studio.subnets)
    studio.sm.delete_app(**studio.of())
    studio.aws.advance("1h")
    studio.sm.update_domain(
        DomainId=studio.id, SubnetIds=studio.subnets[:1], AppNetworkAccessType="PublicInternetOnly")
    studio.aws.advance("1h")
    assert studio.told()["SubnetIds"] == studio.subnets[:1]


def test_a_domain_in_a_vpc(studio):
    aws = studio.aws
    made = studio.sm.create_domain(**studio.request(Tags=[{"Key": "a", "Value": "b"}]))
    studio.id = made["DomainId"]
    assert made["DomainArn"] == studio.arn(f"domain/{studio.id}")
    assert made["Url"] == f"https://{studio.id}.studio.us-east-1.sagemaker.aws"
    assert studio.told()["Status"] == "Pending"
    with refused("ResourceInUse", f"Domain [{made['DomainArn']}] is in status Pending."):
        studio.user()
    aws.advance("1h")
    told = studio.told()
    assert (told["Status"], told["VpcId"], told["SubnetIds"]) == ("InService", studio.vpc, studio.subnets)
    assert told["DefaultUserSettings"] == {"ExecutionRole": studio.role, "SecurityGroups": [studio.group]}
    assert told["HomeEfsFileSystemId"].startswith("fs-")
    assert studio.sm.list_tags(ResourceArn=made["DomainArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    mounts = studio.interfaces(f"EFS mount target for {told['HomeEfsFileSystemId']} (fsmt-")
    assert len(mounts) == 2 and all(one["RequesterManaged"] for one in mounts)
    assert studio.free() == [10, 10]
    named = {one["GroupName"]: one for one in aws.ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [studio.vpc]}])["SecurityGroups"]}
    inbound = named[f"security-group-for-inbound-nfs-{studio.id}"]
    outbound = named[f"security-group-for-outbound-nfs-{studio.id}"]
    assert {one["Groups"][0]["GroupId"] for one in mounts} == {inbound["GroupId"]}
    (rule,) = inbound["IpPermissions"]
    assert (rule["FromPort"], rule["UserIdGroupPairs"][0]["GroupId"]) == (2049, outbound["GroupId"])
    # Each holds the other.
    for group in inbound, outbound:
        with refused("DependencyViolation", f"resource {group['GroupId']} has a dependent object"):
            aws.ec2.delete_security_group(GroupId=group["GroupId"])


def test_apps_have_an_interface_for_each_instance(studio):
    studio.domain()
    other = studio.aws.group(studio.vpc, "other")
    studio.user(UserSettings={"SecurityGroups": [other]})
    assert studio.app() == studio.arn(f"app/{studio.id}/ann/jupyterserver/default")
    (interface,) = studio.interfaces("Studio Domain")
    head = f"[DO NOT DELETE] ENI managed by SageMaker for Studio Domain({studio.id}) - "
    assert interface["Description"].startswith(head) and len(interface["Description"]) == len(head) + 32
    assert [tag["Key"] for tag in interface["TagSet"]] == ["ManagedByAmazonSageMakerResource"]
    groups = {group["GroupName"] for group in interface["Groups"]}
    assert groups == {"jobs", "other", f"security-group-for-outbound-nfs-{studio.id}"}
    kernel = {"AppType": "KernelGateway", "ResourceSpec": {"InstanceType": "ml.t3.medium"}}
    studio.app("one", **kernel)
    studio.app("two", **kernel)
    assert len(studio.interfaces("Studio Domain")) == 2 and studio.free() == [8, 10]
    studio.sm.delete_app(**studio.of("one", kind="KernelGateway"))
    studio.aws.advance("1h")
    assert studio.free() == [8, 10]
    studio.sm.delete_app(**studio.of("two", kind="KernelGateway"))
    studio.aws.advance("1h")
    assert studio.free() == [9, 10]
    told = studio.sm.describe_app(**studio.of("two", kind="KernelGateway"))
    assert told["Status"] == "Deleted"
    studio.aws.advance("25h")
    with refused("ResourceNotFound"):
        studio.sm.describe_app(**studio.of("two", kind="KernelGateway"))
    with refused("DependencyViolation"):
        studio.aws.ec2.delete_subnet(SubnetId=studio.subnets[0])
    with refused("DependencyViolation"):
        studio.aws.ec2.delete_security_group(GroupId=studio.group)


def test_what_is_in_a_domain_goes_first(studio):
    domain = studio.domain()
    user = studio.user()
    app = studio.app()
    space = studio.sm.create_space(
        DomainId=domain, SpaceName="s", OwnershipSettings={"OwnerUserProfileName": "ann"},
        SpaceSharingSettings={"SharingType": "Private"})["SpaceArn"]
    studio.aws.advance("1h")
    with refused("ResourceInUse", HELD.format("Domain", studio.told()["DomainArn"], "UserProfile")):
        studio.sm.delete_domain(DomainId=domain)
    with refused("ResourceInUse", HELD.format("UserProfile", user, "App")):
        studio.sm.delete_user_profile(DomainId=domain, UserProfileName="ann")
    studio.sm.delete_app(**studio.of())
    with refused("ResourceInUse", f"App [{app}] is in status Deleting."):
        studio.sm.delete_app(**studio.of())
    studio.aws.advance("1h")
    with refused("ResourceInUse", HELD.format("UserProfile", user, "Space")):
        studio.sm.delete_user_profile(DomainId=domain, UserProfileName="ann")
    in_space = {"DomainId": domain, "SpaceName": "s", "AppType": "JupyterLab", "AppName": "default"}
    studio.sm.create_app(**in_space)
    with refused("ResourceInUse", HELD.format("Space", space, "App")):
        studio.sm.delete_space(DomainId=domain, SpaceName="s")
    studio.aws.advance("1h")
    studio.sm.delete_app(**in_space)
    studio.aws.advance("1h")
    studio.sm.delete_space(DomainId=domain, SpaceName="s")
    studio.aws.advance("1h")
    studio.sm.delete_user_profile(DomainId=domain, UserProfileName="ann")
    studio.aws.advance("1h")
    studio.sm.delete_domain(DomainId=domain, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    assert studio.told()["Status"] == "Deleting"
    studio.aws.advance("1h")
    with refused("ResourceNotFound", f"Domain [{domain}] does not exist."):
        studio.told()
    assert studio.free() == [11, 11]


@pytest.mark.parametrize("policy, left", [({}, 2), ({"HomeEfsFileSystem": "Delete"}, 0)])
def test_what_stays_of_a_domain(studio, policy, left):
    domain = studio.domain()
    studio.sm.delete_domain(DomainId=domain, RetentionPolicy=policy)
    studio.aws.advance("1h")
    assert len(studio.interfaces("EFS mount target")) == left
    ec2 = studio.aws.ec2
    if left:
        with refused("DependencyViolation"):
            ec2.delete_subnet(SubnetId=studio.subnets[0])
        return
    for subnet in studio.subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_security_group(GroupId=studio.group)
    # The groups of the file system keep the VPC, and each other.
    with refused("DependencyViolation", f"The vpc '{studio.vpc}' has dependencies and cannot be deleted."):
        ec2.delete_vpc(VpcId=studio.vpc)
    groups = [one for one in ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [studio.vpc]}])["SecurityGroups"] if one["GroupName"] != "default"]
    for group in groups:
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    for group in sorted(groups, key=lambda one: one["GroupName"], reverse=True):
        ec2.delete_security_group(GroupId=group["GroupId"])
    ec2.delete_vpc(VpcId=studio.vpc)


def test_what_does_not_fit_together(studio):
    aws, settings = studio.aws, studio.request()["DefaultUserSettings"]

    def create(**more):
        studio.sm.create_domain(**studio.request(**more))

    with refused("ValidationException", "The subnet ID 'subnet-0123456789abcdef0' does not exist"):
        create(SubnetIds=["subnet-0123456789abcdef0"])
    with refused("ValidationException", "The security group 'sg-0123456789abcdef0' does not exist"):
        create(DefaultUserSettings={"SecurityGroups": ["sg-0123456789abcdef0"]})
    with refused("ValidationException", lambda text: text.startswith("Could not assume role ")):
        create(DefaultUserSettings={**settings, "ExecutionRole": f"arn:aws:iam::{aws.number}:role/nobody"})
    with refused("ValidationException", "The VPC vpc-0123456789abcdef0 does not exist."):
        create(VpcId="vpc-0123456789abcdef0")
    with refused("ValidationException", lambda text: text.endswith(f"are not in the VPC {other}.")):
        other = aws.vpc("10.9.0.0/16")
        create(VpcId=other)
    with refused("ValidationException", "SecurityGroups must be specified when AppNetworkAccessType is VpcOnly."):
        create(DefaultUserSettings={"ExecutionRole": studio.role})
    with refused("ValidationException", "No more than 4 SecurityGroups can be specified."):
        create(DefaultUserSettings={"SecurityGroups": [aws.group(studio.vpc, f"g{n}") for n in range(5)]})
    assert studio.sm.list_domains()["Domains"] == [] and studio.free() == [11, 11]


def test_a_full_subnet(studio):
    studio.domain(SubnetIds=studio.subnets[:1])
    studio.user()
    studio.aws.ec2.create_subnet_cidr_reservation(
        SubnetId=studio.subnets[0], ReservationType="explicit", Cidr="10.0.0.8/29")
    for _ in range(3):
        if studio.free()[0]:
            studio.aws.interface(studio.subnets[0])
    while studio.free()[0]:
        studio.aws.interface(studio.subnets[0])
    studio.app()
    told = studio.sm.describe_app(**studio.of())
    assert told["Status"] == "Failed" and "enough free IP addresses" in told["FailureReason"]
    studio.sm.delete_app(**studio.of())


def test_updates(studio):
    domain = studio.domain(SubnetIds=studio.subnets[:1])
    assert studio.free() == [10, 11]
    studio.sm.update_domain(DomainId=domain, SubnetIds=studio.subnets, DefaultUserSettings={
        "DefaultLandingUri": "studio::"})
    assert studio.told()["Status"] == "Updating"
    studio.aws.advance("1h")
    assert studio.free() == [10, 10]
    assert studio.told()["DefaultUserSettings"] == {
        "ExecutionRole": studio.role, "SecurityGroups": [studio.group], "DefaultLandingUri": "studio::"}
    studio.user()
    studio.sm.update_user_profile(DomainId=domain, UserProfileName="ann", UserSettings={"ExecutionRole": studio.role})
    studio.aws.advance("1h")
    told = studio.sm.describe_user_profile(DomainId=domain, UserProfileName="Ann")
    assert told["UserSettings"] == {"ExecutionRole": studio.role} and told["HomeEfsFileSystemUid"].isdigit()
    studio.sm.create_space(DomainId=domain, SpaceName="s")
    studio.aws.advance("1h")
    studio.sm.update_space(DomainId=domain, SpaceName="s", SpaceDisplayName="A space")
    studio.aws.advance("1h")
    assert studio.sm.describe_space(DomainId=domain, SpaceName="s")["SpaceDisplayName"] == "A space"


def test_names_and_owners(studio):
    domain = studio.domain()
    user = studio.user()
    with refused("ResourceInUse", f"UserProfile [{user}] already exists."):
        studio.user("ANN")
    with refused("ResourceNotFound", f"UserProfile [{domain}/bob] does not exist."):
        studio.sm.describe_user_profile(DomainId=domain, UserProfileName="bob")
    with refused("ValidationException", "You must specify exactly one of UserProfileName and SpaceName."):
        studio.app(SpaceName="s")
    with refused("ValidationException", "OwnershipSettings and SpaceSharingSettings must be specified together."):
        studio.sm.create_space(DomainId=domain, SpaceName="s", SpaceSharingSettings={"SharingType": "Shared"})
    url = studio.sm.create_presigned_domain_url(DomainId=domain, UserProfileName="ann")["AuthorizedUrl"]
    assert url.startswith(f"https://{domain}.studio.us-east-1.sagemaker.aws/auth?token=")


def test_lists(studio):
    domain = studio.domain()
    for name in ["bob", "ann"]:
        studio.user(name)
    studio.app()
    studio.sm.create_space(DomainId=domain, SpaceName="s")
    (listed,) = studio.sm.list_domains()["Domains"]
    assert (listed["DomainId"], listed["DomainName"], listed["Status"]) == (domain, "d", "InService")

    def users(**more):
        return [one["UserProfileName"] for one in studio.sm.list_user_profiles(**more)["UserProfiles"]]

    assert users(DomainIdEquals=domain) == ["bob", "ann"]
    assert users(SortOrder="Descending", MaxResults=1) == ["ann"]
    assert users(UserProfileNameContains="o") == ["bob"] and users(DomainIdEquals="d-none") == []
    (app,) = studio.sm.list_apps(UserProfileNameEquals="ann")["Apps"]
    assert (app["AppName"], app["AppType"], app["Status"]) == ("default", "JupyterServer", "InService")
    assert studio.sm.list_apps(UserProfileNameEquals="bob")["Apps"] == []
    assert [one["SpaceName"] for one in studio.sm.list_spaces(DomainIdEquals=domain)["Spaces"]] == ["s"]
