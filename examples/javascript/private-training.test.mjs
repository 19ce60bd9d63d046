// Training in a private VPC with the AWS SDK for JavaScript v3: node --test
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, CreateSubnetCommand, CreateVpcCommand,
  CreateVpcEndpointCommand, DeleteSubnetCommand, DescribeRouteTablesCommand, EC2Client,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTrainingJobCommand, DescribeTrainingJobCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { account, serve } from './mockplane.mjs';

let server, aws, ec2, iam, sagemaker;
before(async () => { server = await serve(); });
after(async () => { await server?.stop(); });
beforeEach(async context => {
  aws = await account(server, context.name);
  [ec2, iam, sagemaker] = [EC2Client, IAMClient, SageMakerClient].map(Client => new Client(aws.settings));
});

async function network(block) {
  const { Vpc: { VpcId } } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const { Subnet: { SubnetId } } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: block }));
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId, GroupName: 'training', Description: 'training jobs' }));
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({
    GroupId, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }],
  }));
  const statement = more => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] });
  const { Role: { Arn } } = await iam.send(new CreateRoleCommand({
    RoleName: 'trainer',
    AssumeRolePolicyDocument: statement({ Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: 'trainer', PolicyName: 'jobs', PolicyDocument: statement({ Action: ['ec2:*', 's3:*'], Resource: '*' }),
  }));
  return { VpcId, SubnetId, GroupId, RoleArn: Arn };
}

async function wayToS3({ VpcId }) {
  const { RouteTables: [{ RouteTableId }] } = await ec2.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] }));
  await ec2.send(new CreateVpcEndpointCommand({
    VpcId, ServiceName: 'com.amazonaws.us-east-1.s3', RouteTableIds: [RouteTableId],
  }));
}

// The code under test.
const train = ({ SubnetId, GroupId, RoleArn }, InstanceCount) => sagemaker.send(new CreateTrainingJobCommand({
  TrainingJobName: 'nightly', RoleArn,
  AlgorithmSpecification: {
    TrainingImage: '123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1', TrainingInputMode: 'File',
  },
  InputDataConfig: [{
    ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://training-data/train' } },
  }],
  OutputDataConfig: { S3OutputPath: 's3://models/nightly' },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  VpcConfig: { Subnets: [SubnetId], SecurityGroupIds: [GroupId] },
}));
const status = async () =>
  (await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'nightly' }))).TrainingJobStatus;

test('a job completes with a way to S3', async () => {
  await aws.stopClock();
  const net = await network('10.0.1.0/24');
  await wayToS3(net);
  await train(net, 2);
  assert.equal(await status(), 'InProgress');
  await aws.advance('1h');
  assert.equal(await status(), 'Completed');
});

test('a job fails in a sealed VPC', async () => {
  await aws.stopClock();
  await train(await network('10.0.1.0/24'), 1);
  await aws.advance('1h');
  assert.equal(await status(), 'Failed');
  assert.equal(await aws.decidedBy('training-job/nightly'), 'SM-S3-NOPATH-01');
});

test('a subnet in use cannot be deleted', async () => {
  await aws.stopClock();
  const net = await network('10.0.1.0/24');
  await train(net, 1);
  await aws.advance('1s');
  await assert.rejects(
    ec2.send(new DeleteSubnetCommand({ SubnetId: net.SubnetId })), { name: 'DependencyViolation' });
});

test('S3 keeps what it is given', async () => {
  const s3 = new S3Client(aws.settings);
  await s3.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  await s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'a.csv', Body: '1,2\n' }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'uploads', Key: 'a.csv' }));
  assert.equal(await Body.transformToString(), '1,2\n');
});
