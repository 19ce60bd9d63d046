// The story with the AWS SDK for JavaScript v3. Its waiters do not mark their calls, so Mockplane cannot tell
// them from plain polling: give them a small delay instead of the model's two minutes.
import assert from 'node:assert/strict';
import {
  AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, CreateSubnetCommand, CreateVpcCommand,
  CreateVpcEndpointCommand, DescribeRouteTablesCommand, DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client, paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateTrainingJobCommand, DescribeTrainingJobCommand, SageMakerClient, waitUntilTrainingJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';

const ec2 = new EC2Client();
const iam = new IAMClient();
const sagemaker = new SageMakerClient();

const agents = [];
sagemaker.middlewareStack.add(next => args => {
  agents.push(args.request.headers['x-amz-user-agent'] ?? '', args.request.headers['user-agent'] ?? '');
  return next(args);
}, { step: 'finalizeRequest', priority: 'low' });

const { Vpc: { VpcId } } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
const subnets = [];
for (const [block, zone] of [['10.0.1.0/24', 'us-east-1a'], ['10.0.2.0/24', 'us-east-1b']]) {
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: block, AvailabilityZone: zone }));
  subnets.push(Subnet.SubnetId);
}
const { GroupId } = await ec2.send(
  new CreateSecurityGroupCommand({ VpcId, GroupName: 'training', Description: 'training jobs' }));
await ec2.send(new AuthorizeSecurityGroupIngressCommand({
  GroupId, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }],
}));
const { RouteTables: [{ RouteTableId }] } = await ec2.send(
  new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] }));
await ec2.send(new CreateVpcEndpointCommand({
  VpcId, ServiceName: 'com.amazonaws.us-east-1.s3', RouteTableIds: [RouteTableId],
}));
const { Role } = await iam.send(new CreateRoleCommand({
  RoleName: 'trainer',
  AssumeRolePolicyDocument: JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  }),
}));
await iam.send(new PutRolePolicyCommand({
  RoleName: 'trainer',
  PolicyName: 'vpc',
  PolicyDocument: JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['ec2:*', 's3:*'], Resource: '*' }],
  }),
}));

const free = async () => {
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnets }));
  return Subnets.reduce((sum, subnet) => sum + subnet.AvailableIpAddressCount, 0);
};
const interfaces = async () => {
  const found = [];
  const pages = paginateDescribeNetworkInterfaces(
    { client: ec2, pageSize: 5 }, { Filters: [{ Name: 'vpc-id', Values: [VpcId] }] });
  for await (const page of pages) found.push(...page.NetworkInterfaces ?? []);
  return found;
};

assert.equal(await free(), 502);
await sagemaker.send(new CreateTrainingJobCommand({
  TrainingJobName: 'story',
  RoleArn: Role.Arn,
  AlgorithmSpecification: {
    TrainingImage: '123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1', TrainingInputMode: 'File',
  },
  OutputDataConfig: { S3OutputPath: 's3://training-output/models' },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 2, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  VpcConfig: { Subnets: subnets, SecurityGroupIds: [GroupId] },
}));
for (const deadline = Date.now() + 3000; (await interfaces()).length === 0 && Date.now() < deadline;);
assert.equal((await interfaces()).length, 4);
assert.equal(await free(), 498);

await waitUntilTrainingJobCompletedOrStopped(
  { client: sagemaker, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TrainingJobName: 'story' });
const job = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'story' }));
assert.equal(job.TrainingJobStatus, 'Completed');
assert.ok(job.CreationTime instanceof Date);
assert.deepEqual(
  [...new Set(job.SecondaryStatusTransitions.map(one => one.Status))],
  ['Starting', 'Downloading', 'Training', 'Uploading', 'Completed']);
assert.equal(await free(), 502);
assert.equal((await interfaces()).length, 0);

await assert.rejects(
  ec2.send(new DescribeVpcsCommand({ VpcIds: ['vpc-0123456789abcdef0'] })),
  { name: 'InvalidVpcID.NotFound', message: "The vpc ID 'vpc-0123456789abcdef0' does not exist" });
await assert.rejects(
  sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'nobody' })),
  { name: 'ValidationException', message: 'Requested resource not found.' });

// When this fails the SDK has learnt to mark its waiters: say so in the README and drop the delays above.
assert.ok(!agents.some(agent => /\bm\/[^ ]*\bB\b/.test(agent)), agents.join('\n'));
console.log('the story holds');
