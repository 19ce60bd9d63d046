#!/usr/bin/env bash
# The story with the AWS CLI, as a user would script it, with a check after every step.
# Needs AWS_ENDPOINT_URL, keys and a region in the environment, and an account without VPCs of its own.
set -euo pipefail
export AWS_PAGER='' AWS_EC2_METADATA_DISABLED=true

fail() { echo "FAILED: $*" >&2; exit 1; }
equal() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; echo "ok: $1"; }
refused() {    # refused CODE COMMAND...: the CLI names the code and exits with 255 (version 1) or 254 (version 2)
    local code=$1 output rc=0; shift
    output=$("$@" 2>&1) || rc=$?
    [ "$rc" = 255 ] || [ "$rc" = 254 ] || fail "$*: exit code $rc: $output"
    case "$output" in *"($code)"*) echo "ok: $code";; *) fail "$*: $output";; esac
}

account=$(aws sts get-caller-identity --query Account --output text)
trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
access='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:CreateNetworkInterface","ec2:CreateNetworkInterfacePermission","ec2:DeleteNetworkInterface","ec2:DeleteNetworkInterfacePermission","ec2:DescribeNetworkInterfaces","ec2:DescribeVpcs","ec2:DescribeDhcpOptions","ec2:DescribeSubnets","ec2:DescribeSecurityGroups","s3:*"],"Resource":"*"}]}'

vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text)
one=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.1.0/28 --availability-zone us-east-1a --query Subnet.SubnetId --output text)
two=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.2.0/28 --availability-zone us-east-1b --query Subnet.SubnetId --output text)
group=$(aws ec2 create-security-group --vpc-id "$vpc" --group-name training --description 'training jobs' --query GroupId --output text)
aws ec2 authorize-security-group-ingress --group-id "$group" --protocol all --source-group "$group" >/dev/null
table=$(aws ec2 describe-route-tables --filters "Name=vpc-id,Values=$vpc" --query 'RouteTables[0].RouteTableId' --output text)
endpoint=$(aws ec2 create-vpc-endpoint --vpc-id "$vpc" --service-name com.amazonaws.us-east-1.s3 --route-table-ids "$table" --query VpcEndpoint.VpcEndpointId --output text)
role=$(aws iam create-role --role-name trainer --assume-role-policy-document "$trust" --query Role.Arn --output text)
aws iam put-role-policy --role-name trainer --policy-name vpc --policy-document "$access"
equal 'role' "$role" "arn:aws:iam::$account:role/trainer"
equal 'VPC' "$(aws ec2 describe-vpcs --vpc-ids "$vpc" --query 'Vpcs[0].State' --output text)" available

free() { aws ec2 describe-subnets --subnet-ids "$@" --query 'sum(Subnets[].AvailableIpAddressCount)' --output text | sed 's/\.0$//'; }
interfaces() { aws ec2 describe-network-interfaces --filters "Name=vpc-id,Values=$vpc" --query 'length(NetworkInterfaces)' --output text; }
status() { aws sagemaker describe-training-job --training-job-name "$1" --query TrainingJobStatus --output text; }
train() {    # train NAME INSTANCES [more arguments]
    local name=$1 instances=$2; shift 2
    aws sagemaker create-training-job --training-job-name "$name" --role-arn "$role" \
        --algorithm-specification TrainingImage=123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1,TrainingInputMode=File \
        --output-data-config S3OutputPath=s3://training-output/models \
        --resource-config "InstanceType=ml.m5.large,InstanceCount=$instances,VolumeSizeInGB=10" \
        --stopping-condition MaxRuntimeInSeconds=3600 "$@" --query TrainingJobArn --output text
}
in_vpc=(--vpc-config "Subnets=$one,$two,SecurityGroupIds=$group")

equal 'free addresses at first' "$(free "$one" "$two")" 22
# A clock that stands still makes the running job visible however slow this machine is.
clock() { curl -fsS -H 'content-type: application/json' -d "{\"account\":\"$account\",$1}" "$AWS_ENDPOINT_URL/_mockplane/clock" >/dev/null; }
clock '"mode":"manual","start":"2026-01-05T09:00:00Z"'
equal 'job' "$(train story 2 "${in_vpc[@]}")" "arn:aws:sagemaker:us-east-1:$account:training-job/story"
for _ in $(seq 40); do
    [ "$(interfaces)" = 0 ] || break
    clock '"advance":"250ms"'
done
equal 'status while it runs' "$(status story)" InProgress
equal 'interfaces while it runs' "$(interfaces)" 4
equal 'free addresses while it runs' "$(free "$one" "$two")" 18
clock '"mode":"real"'
SECONDS=0
aws sagemaker wait training-job-completed-or-stopped --training-job-name story
[ "$SECONDS" -lt 20 ] || fail "the waiter took $SECONDS s"
equal 'status after the wait' "$(status story)" Completed
equal 'interfaces afterwards' "$(interfaces)" 0
equal 'free addresses afterwards' "$(free "$one" "$two")" 22

train outside 2 >/dev/null
aws sagemaker wait training-job-completed-or-stopped --training-job-name outside
equal 'job without a VPC' "$(status outside)" Completed

train too-big 6 "${in_vpc[@]}" >/dev/null
aws sagemaker wait training-job-completed-or-stopped --training-job-name too-big 2>/dev/null && fail 'the waiter of a failed job succeeds'
equal 'six instances in a /28' "$(status too-big)" Failed
equal 'free addresses after the failure' "$(free "$one")" 11

train stopped 1 "${in_vpc[@]}" >/dev/null
aws sagemaker stop-training-job --training-job-name stopped
aws sagemaker wait training-job-completed-or-stopped --training-job-name stopped
equal 'stopped' "$(status stopped)" Stopped
equal 'all jobs' "$(aws sagemaker list-training-jobs --query 'length(TrainingJobSummaries)' --output text)" 4

refused ResourceInUse train story 1
refused ValidationException aws sagemaker describe-training-job --training-job-name nobody
refused InvalidVpcID.NotFound aws ec2 describe-vpcs --vpc-ids vpc-0123456789abcdef0
refused InvalidSubnet.Conflict aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.1.0/24
refused DryRunOperation aws ec2 create-vpc --cidr-block 10.1.0.0/16 --dry-run
refused NoSuchEntity aws iam get-role --role-name nobody
refused DependencyViolation aws ec2 delete-vpc --vpc-id "$vpc"

aws ec2 delete-subnet --subnet-id "$one"
aws ec2 delete-subnet --subnet-id "$two"
aws ec2 delete-security-group --group-id "$group" >/dev/null
aws ec2 delete-vpc-endpoints --vpc-endpoint-ids "$endpoint" >/dev/null
aws ec2 delete-vpc --vpc-id "$vpc"
aws iam delete-role-policy --role-name trainer --policy-name vpc
aws iam delete-role --role-name trainer
equal 'VPCs in the end' "$(aws ec2 describe-vpcs --query 'length(Vpcs)' --output text)" 1
echo 'the story holds'
