#!/usr/bin/env bash
# `aws ... wait` as scripts use it: every waiter of SageMaker, and those of EC2, IAM and S3 for what is here. Each waits for
# what is under way, and gives up at once when it ends otherwise.
# Needs AWS_ENDPOINT_URL, keys and a region in the environment, and an account without VPCs of its own.
set -euo pipefail
export AWS_PAGER='' AWS_EC2_METADATA_DISABLED=true

fail() { echo "FAILED: $*" >&2; exit 1; }
waits() {    # waits SERVICE WAITER ARGUMENTS...: it ends well
    aws "$1" wait "${@:2}" || fail "wait $*"
    echo "ok: $1 $2"
}
gives_up() {    # gives_up SERVICE WAITER ARGUMENTS...: it finds a state from which nothing leads to what it waits for
    local output rc=0
    output=$(aws "$1" wait "${@:2}" 2>&1) || rc=$?
    [ "$rc" = 255 ] || fail "wait $*: exit code $rc"
    case "$output" in *"terminal failure state"*) echo "ok: $1 $2 gives up";; *) fail "wait $*: $output";; esac
}
gone() {    # gone WAITER ARGUMENTS...: the CLI's own waiters for images await a code that SageMaker does not have
    local output
    output=$(aws sagemaker wait "$@" 2>&1) || case "$output" in *"(ResourceNotFound)"*) ;; *) fail "wait $*: $output";; esac
    echo "ok: sagemaker $1"
}

account=$(aws sts get-caller-identity --query Account --output text)
bucket="waits-$account"
image=123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1
trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
allow='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:*","s3:*","logs:*"],"Resource":"*"}]}'

# IAM and S3.
role=$(aws iam create-role --role-name trainer --assume-role-policy-document "$trust" --query Role.Arn --output text)
aws iam put-role-policy --role-name trainer --policy-name all --policy-document "$allow"
waits iam role-exists --role-name trainer
aws iam create-user --user-name who >/dev/null
waits iam user-exists --user-name who
aws iam create-instance-profile --instance-profile-name profile >/dev/null
waits iam instance-profile-exists --instance-profile-name profile
policy=$(aws iam create-policy --policy-name all --policy-document "$allow" --query Policy.Arn --output text)
waits iam policy-exists --policy-arn "$policy"
aws s3api create-bucket --bucket "$bucket" >/dev/null
waits s3api bucket-exists --bucket "$bucket"
waits s3api bucket-not-exists --bucket "$bucket-never"
printf 1,2 | aws s3 cp - "s3://$bucket/data/1.csv"
waits s3api object-exists --bucket "$bucket" --key data/1.csv
waits s3api object-not-exists --bucket "$bucket" --key data/2.csv
printf weights | aws s3 cp - "s3://$bucket/model/model.tar.gz"

# EC2.
vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text)
waits ec2 vpc-exists --vpc-ids "$vpc"
waits ec2 vpc-available --vpc-ids "$vpc"
one=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.1.0/24 --availability-zone us-east-1a --query Subnet.SubnetId --output text)
two=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.0.2.0/24 --availability-zone us-east-1b --query Subnet.SubnetId --output text)
waits ec2 subnet-available --subnet-ids "$one" "$two"
group=$(aws ec2 create-security-group --vpc-id "$vpc" --group-name jobs --description jobs --query GroupId --output text)
aws ec2 authorize-security-group-ingress --group-id "$group" --protocol all --source-group "$group" >/dev/null
waits ec2 security-group-exists --group-ids "$group"
gateway=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId --output text)
waits ec2 internet-gateway-exists --internet-gateway-ids "$gateway"
aws ec2 attach-internet-gateway --internet-gateway-id "$gateway" --vpc-id "$vpc"
interface=$(aws ec2 create-network-interface --subnet-id "$one" --query NetworkInterface.NetworkInterfaceId --output text)
waits ec2 network-interface-available --network-interface-ids "$interface"
address=$(aws ec2 allocate-address --query AllocationId --output text)
nat=$(aws ec2 create-nat-gateway --subnet-id "$one" --allocation-id "$address" --query NatGateway.NatGatewayId --output text)
waits ec2 nat-gateway-available --nat-gateway-ids "$nat"
aws ec2 delete-nat-gateway --nat-gateway-id "$nat" >/dev/null
waits ec2 nat-gateway-deleted --nat-gateway-ids "$nat"
other=$(aws ec2 create-vpc --cidr-block 10.1.0.0/16 --query Vpc.VpcId --output text)
inside=$(aws ec2 create-subnet --vpc-id "$other" --cidr-block 10.1.1.0/24 --query Subnet.SubnetId --output text)
nat=$(aws ec2 create-nat-gateway --subnet-id "$inside" --allocation-id "$address" --query NatGateway.NatGatewayId --output text)
gives_up ec2 nat-gateway-available --nat-gateway-ids "$nat"    # no internet gateway there
peering=$(aws ec2 create-vpc-peering-connection --vpc-id "$vpc" --peer-vpc-id "$other" --query VpcPeeringConnection.VpcPeeringConnectionId --output text)
waits ec2 vpc-peering-connection-exists --vpc-peering-connection-ids "$peering"
aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id "$peering" >/dev/null
waits ec2 vpc-peering-connection-deleted --vpc-peering-connection-ids "$peering"
ami=$(aws ssm get-parameter --name /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64 --query Parameter.Value --output text)
instance=$(aws ec2 run-instances --image-id "$ami" --instance-type t3.micro --subnet-id "$one" --query 'Instances[0].InstanceId' --output text)
waits ec2 instance-exists --instance-ids "$instance"
waits ec2 instance-running --instance-ids "$instance"
aws ec2 stop-instances --instance-ids "$instance" >/dev/null
waits ec2 instance-stopped --instance-ids "$instance"
aws ec2 terminate-instances --instance-ids "$instance" >/dev/null
waits ec2 instance-terminated --instance-ids "$instance"

# SageMaker, in that VPC.
table=$(aws ec2 describe-route-tables --filters "Name=vpc-id,Values=$vpc" --query 'RouteTables[0].RouteTableId' --output text)
aws ec2 create-vpc-endpoint --vpc-id "$vpc" --service-name com.amazonaws.us-east-1.s3 --route-table-ids "$table" >/dev/null
closed=$(aws ec2 create-security-group --vpc-id "$vpc" --group-name closed --description closed --query GroupId --output text)
aws ec2 revoke-security-group-egress --group-id "$closed" --protocol all --cidr 0.0.0.0/0 >/dev/null
channel="ChannelName=train,DataSource={S3DataSource={S3DataType=S3Prefix,S3Uri=s3://$bucket/data/}}"
train() {    # train NAME GROUP
    aws sagemaker create-training-job --training-job-name "$1" --vpc-config "Subnets=$one,$two,SecurityGroupIds=$2" \
        --algorithm-specification "TrainingImage=$image,TrainingInputMode=File" --input-data-config "$channel" \
        --output-data-config "S3OutputPath=s3://$bucket/out" --stopping-condition MaxRuntimeInSeconds=3600 \
        --resource-config InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=10 --role-arn "$role" >/dev/null
}
train good "$group"
waits sagemaker training-job-completed-or-stopped --training-job-name good
train shut "$closed"
gives_up sagemaker training-job-completed-or-stopped --training-job-name shut

process() {    # process NAME GROUP
    aws sagemaker create-processing-job --processing-job-name "$1" --role-arn "$role" --app-specification "ImageUri=$image" \
        --network-config "VpcConfig={Subnets=[$one,$two],SecurityGroupIds=[$2]}" \
        --processing-resources 'ClusterConfig={InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=10}' \
        --processing-inputs "InputName=in,S3Input={S3Uri=s3://$bucket/data/,LocalPath=/opt/ml/processing/in,S3DataType=S3Prefix,S3InputMode=File}" >/dev/null
}
process good "$group"
waits sagemaker processing-job-completed-or-stopped --processing-job-name good
process shut "$closed"
gives_up sagemaker processing-job-completed-or-stopped --processing-job-name shut

serve() {    # serve NAME GROUP: a transform job and an endpoint with a model
    aws sagemaker create-model --model-name "$1" --execution-role-arn "$role" \
        --vpc-config "Subnets=$one,$two,SecurityGroupIds=$2" \
        --primary-container "Image=$image,ModelDataUrl=s3://$bucket/model/model.tar.gz" >/dev/null
    aws sagemaker create-transform-job --transform-job-name "$1" --model-name "$1" \
        --transform-input "DataSource={S3DataSource={S3DataType=S3Prefix,S3Uri=s3://$bucket/data/}}" \
        --transform-output "S3OutputPath=s3://$bucket/answers" \
        --transform-resources InstanceType=ml.m5.large,InstanceCount=1 >/dev/null
    aws sagemaker create-endpoint-config --endpoint-config-name "$1" --production-variants \
        "VariantName=all,ModelName=$1,InstanceType=ml.m5.large,InitialInstanceCount=2" >/dev/null
    aws sagemaker create-endpoint --endpoint-name "$1" --endpoint-config-name "$1" >/dev/null
}
serve good "$group"
serve shut "$closed"
waits sagemaker transform-job-completed-or-stopped --transform-job-name good
gives_up sagemaker transform-job-completed-or-stopped --transform-job-name shut
waits sagemaker endpoint-in-service --endpoint-name good
gives_up sagemaker endpoint-in-service --endpoint-name shut
aws sagemaker delete-endpoint --endpoint-name good
waits sagemaker endpoint-deleted --endpoint-name good

aws sagemaker create-notebook-instance --notebook-instance-name book --instance-type ml.t3.medium --role-arn "$role" \
    --subnet-id "$one" --security-group-ids "$group" >/dev/null
waits sagemaker notebook-instance-in-service --notebook-instance-name book
aws sagemaker stop-notebook-instance --notebook-instance-name book
waits sagemaker notebook-instance-stopped --notebook-instance-name book
aws sagemaker delete-notebook-instance --notebook-instance-name book
waits sagemaker notebook-instance-deleted --notebook-instance-name book

aws sagemaker create-image --image-name custom --role-arn "$role" >/dev/null
waits sagemaker image-created --image-name custom
aws sagemaker update-image --image-name custom --description changed >/dev/null
waits sagemaker image-updated --image-name custom
aws sagemaker create-image-version --image-name custom --base-image "$image" --client-token one >/dev/null
waits sagemaker image-version-created --image-name custom
aws sagemaker delete-image-version --image-name custom --version 1
gone image-version-deleted --image-name custom --version 1
aws sagemaker delete-image --image-name custom
gone image-deleted --image-name custom

# The rest of EC2.
peer=$(aws ec2 create-vpc --cidr-block 10.3.0.0/16 --query Vpc.VpcId --output text)
aws ec2 associate-security-group-vpc --group-id "$group" --vpc-id "$peer" >/dev/null
waits ec2 security-group-vpc-association-associated --filters "Name=group-id,Values=$group" "Name=vpc-id,Values=$peer"
aws ec2 disassociate-security-group-vpc --group-id "$group" --vpc-id "$peer" >/dev/null
waits ec2 security-group-vpc-association-disassociated --filters "Name=group-id,Values=$group" "Name=vpc-id,Values=$peer"
waits ec2 image-exists --image-ids "$ami"
waits ec2 image-available --image-ids "$ami"
instance=$(aws ec2 run-instances --image-id "$ami" --instance-type t3.micro --subnet-id "$one" --query 'Instances[0].InstanceId' --output text)
waits ec2 instance-status-ok --instance-ids "$instance"
waits ec2 system-status-ok --instance-ids "$instance"
echo 'every wait ends'
